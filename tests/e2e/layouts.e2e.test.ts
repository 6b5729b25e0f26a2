import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startShell, startVirtualScreen, type VirtualScreen } from '#chromium/start-shell.ts';
import { LocalGateway } from '#desk/local-gateway.ts';
import type { UserId } from '#domain/ids.ts';
import type { Rectangle, ShellWindow } from '#desk/shell.ts';

const HAPPENS_WITHIN = { timeout: 20_000, interval: 50 }; // usual: the two seconds between two looks

let folder: string;
let screen: VirtualScreen;
let gateway: LocalGateway;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-layouts-'));
  const monitor = { width: 1280, height: 1024 };
  screen = await startVirtualScreen([monitor, monitor]);
  environment = { ...process.env, DISPLAY: screen.display };
  const page = { type: 'text/html', body: '<!doctype html><title>Holdfast</title>' };
  gateway = await LocalGateway.listen({
    assets: new Map([
      ['/dispatch', page],
      ['/map', page],
    ]),
    now: Date.now,
    windowJoined: () => {},
    failed: (error) => expect.fail(String(error)),
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await screen?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const start = (user: string) =>
  startShell({
    folder: join(folder, 'shell'),
    layoutFile: join(folder, 'layouts.json'),
    origin: gateway.origin,
    handOver: async (role, id) => gateway.admit(role, id),
    listener: { windowChanged: () => {}, displaysChanged: () => {} },
    environment,
  }).then((started) => {
    started.hear({ type: 'sat', user: user as UserId });
    return started;
  });

const standAt = (windows: readonly ShellWindow[], where: readonly Rectangle[]) =>
  vi.waitFor(async () => {
    expect(await Promise.all(windows.map((window) => window.bounds()))).toEqual(where);
  }, HAPPENS_WITHIN);

const xrandr = (...args: readonly string[]) => execFileSync('xrandr', args, { env: environment });

const kept = (text: string) =>
  vi.waitFor(
    () => expect(readFileSync(join(folder, 'layouts.json'), 'utf8')).toContain(text),
    HAPPENS_WITHIN,
  );

test('windows of Chromium stand where this person had them, over a restart and a monitor that goes and comes', async () => {
  const map = { x: 1400, y: 120, width: 900, height: 700 };
  let dispatch: Rectangle;
  {
    await using started = await start('ann');
    const [first, second] = await started.openWindows(['dispatch', 'map']);
    if (!first || !second) throw new Error('two windows were to open');
    dispatch = await first.bounds();
    await second.place(map); // as a hand would, later than the system's own changes
    await kept('"x":1400');
  }
  await using started = await start('ann');
  const windows = await started.openWindows(['dispatch', 'map']);
  await standAt(windows, [dispatch, map]);

  xrandr('--delmonitor', 'monitor-2');
  await standAt(windows, [dispatch, { ...map, x: 120 }]);
  xrandr('--setmonitor', 'monitor-2', '1280/339x1024/271+1280+0', 'none');
  await standAt(windows, [dispatch, map]);

  started.hear({ type: 'sat', user: undefined });
  started.hear({ type: 'sat', user: 'bob' as UserId });
  await standAt(windows, [dispatch, map]); // whoever has no layout finds the desk's
  expect(await started.shell.displays()).toHaveLength(2);
});
