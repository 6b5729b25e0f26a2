import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startShell, type StartedShell } from '#chromium/start-shell.ts';
import { enrolDesk } from '#desk/identity.ts';
import type { ShellWindow } from '#desk/shell.ts';
import { DeskHost } from '../../cli/desk-host.ts';
import { openIdentity } from '../../cli/identity.ts';
import { NewForce, PASSWORD } from '../support/new-force.ts';

const HAPPENS_WITHIN = { timeout: 20_000, interval: 50 };

let force: NewForce;
let host: DeskHost;
let started: StartedShell;
let window: ShellWindow;
let dataDir: string;

/** What an element of the window says; empty where there is none. */
const textOf = (selector: string) =>
  started.shell.evaluate(
    window,
    `document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`,
  );
const byId = (id: string) => `[data-testid="${id}"]`;
const says = (selector: string, text: string) =>
  vi.waitFor(async () => expect(await textOf(selector)).toContain(text), HAPPENS_WITHIN);
const isThere = (selector: string) =>
  vi.waitFor(
    async () =>
      expect(
        await started.shell.evaluate(
          window,
          `document.querySelector(${JSON.stringify(selector)}) !== null`,
        ),
      ).toBe(true),
    HAPPENS_WITHIN,
  );
/** A real key of the screen, not one of the protocol. */
const realKey = (name: string) =>
  execFileSync('xdotool', ['key', name], { env: started.environment });

beforeAll(async () => {
  force = await NewForce.start();
  await force.addUser('ann', 'call-handler');
  dataDir = join(force.folder, 'desk-CH1');
  const { identity } = await openIdentity(dataDir, 'CH1');
  const { code } = await force.admin('/api/desks/codes', {});
  await enrolDesk(force.url, String(code), identity);
  host = await DeskHost.start(
    {
      dataDir,
      force: 'HC',
      forceName: 'Harbour Constabulary',
      timeZone: 'Europe/London',
      server: force.url,
      ...identity,
      port: 0,
      version: '0',
      isDemo: false,
    },
    () => {},
  );
  started = await startShell({
    folder: join(dataDir, 'shell'),
    hotkeyFile: join(dataDir, 'hotkeys.json'),
    origin: host.origin,
    handOver: (role, id) => host.admit(role, id.slice(role.length + 1)),
    listener: { windowChanged: () => {}, displaysChanged: () => {} },
    virtualScreen: [{ width: 1920, height: 1080 }],
    tell: (news) => host.tell(news),
  });
  host.onNews((news) => started.hear(news));
  const [first] = await started.openWindows(['call-handling']);
  if (!first) throw new Error('a window was to open');
  window = first;
  await isThere(`${byId('sign-in-name')}:focus`);
  await started.shell.typeText(window, 'ann');
  await started.shell.pressKeys(window, 'Tab');
  await started.shell.typeText(window, PASSWORD);
  await started.shell.pressKeys(window, 'Enter');
  await isThere(byId('readiness'));
});

afterAll(async () => {
  await started?.[Symbol.asyncDispose]();
  await host?.stop();
  await force?.[Symbol.asyncDispose]();
});

test('a telephone key works while a Holdfast window has the focus, and the window says how far each reaches', async () => {
  await started.shell.pressKeys(window, 'Alt+k');
  await says(byId('hotkey-ready'), 'Ctrl+Shift+F5');
  await says(byId('hotkey-ready'), 'works in Holdfast windows only');
  await started.shell.pressKeys(window, 'Escape');
  expect(await textOf(byId('readiness'))).not.toContain('Ready');
  await window.focus();
  realKey('ctrl+shift+F5');
  await isThere(`${byId('readiness')}[data-state="ready"]`);
});

test('a person gives it another key by the keyboard, which works at once and is kept', async () => {
  await started.shell.pressKeys(window, 'Alt+k');
  await isThere(`${byId('hotkeys')}:focus`);
  await started.shell.pressKeys(window, '5', 'Ctrl+c');
  await says(byId('hotkey-ready'), 'of the windows or of typing');
  await started.shell.pressKeys(window, '5', 'Ctrl+Shift+F9');
  await says(byId('hotkey-ready'), 'Ctrl+Shift+F9works in');
  const picture = process.env['HOTKEYS_PICTURE'];
  if (picture !== undefined) writeFileSync(picture, await window.capture());
  await started.shell.pressKeys(window, 'Escape');
  realKey('ctrl+shift+F9');
  await isThere(`${byId('readiness')}[data-state="wrap-up"]`);
  const { people } = JSON.parse(readFileSync(join(dataDir, 'hotkeys.json'), 'utf8')) as {
    readonly people: object;
  };
  expect(Object.values(people)).toEqual([{ ready: 'Ctrl+Shift+F9' }]);
});

test('a desk that is killed and started again knows the keys again', async () => {
  const before = host.pid;
  process.kill(before ?? 0, 'SIGKILL');
  await vi.waitFor(() => expect(host.pid).not.toBe(before), HAPPENS_WITHIN);
  await isThere(`${byId('readiness')}[data-state="wrap-up"]`);
  await vi.waitFor(async () => {
    realKey('ctrl+shift+F9');
    expect(await textOf(byId('readiness'))).toContain('Ready');
  }, HAPPENS_WITHIN);
});
