import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { writeDeskSettings } from '#desk/desk-settings.ts';
import { openFileKeystore } from '#desk/file-keystore.ts';
import { openSealedIdentity } from '#desk/identity.ts';
import { fakeDisplay, fakeElectron, preventable, type FakeDesk } from './fake-electron.suite.ts';
import { startApp } from './start-app.ts';

interface Choice {
  readonly isFirst?: boolean;
  readonly backend?: string;
  readonly server?: string;
  readonly argv?: readonly string[];
  readonly isSetUp?: boolean;
  readonly windows?: readonly ('dispatch' | 'call-handling')[];
}

/** A machine with the built programs and a desk's folder, and Electron as the fake has it. */
function machine({ isFirst = true, backend = 'basic_text', ...choice }: Choice = {}) {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-electron-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'desk');
  const here = join(root, 'app/dist/electron');
  const windows = join(root, 'app/dist/renderer/windows/dispatch');
  for (const made of [folder, here, windows]) mkdirSync(made, { recursive: true });
  writeFileSync(join(windows, 'index.html'), '<h1>Dispatch</h1>');
  writeFileSync(join(root, 'app/package.json'), '{"version":"9.8.7"}');
  if (choice.isSetUp !== false)
    writeDeskSettings(folder, {
      server: choice.server ?? 'http://127.0.0.1:1',
      desk: 'D1',
      force: 'HC',
      forceName: 'Test',
      timeZone: 'Europe/London',
      windows: [...(choice.windows ?? (['dispatch', 'dispatch'] as const))],
      isDemo: true,
    });
  const { api, seen } = fakeElectron({ isFirst, backend });
  const screen = { x: 0, y: 0, width: 1920, height: 1080 };
  seen.displays = [fakeDisplay(1, 'A', screen), fakeDisplay(2, 'B', { ...screen, x: 1920 })];
  const lines: string[] = [];
  const reports: string[] = [];
  const stops: (() => void)[] = [];
  const start = () =>
    startApp(api, {
      here,
      argv: [`--folder=${folder}`, ...(choice.argv ?? [])],
      platform: 'linux',
      isWayland: false,
      log: (line) => lines.push(line),
      report: (line) => reports.push(line),
      onSignal: (stop) => stops.push(stop),
    });
  /** As an administrator made it before, with the `holdfast` command. */
  const enrolled = async () =>
    openSealedIdentity(folder, 'D1', [await openFileKeystore(join(folder, 'keystore'))]);
  const desk = () => vi.waitUntil(() => seen.desks.at(-1), { timeout: 10_000 });
  const open = async () => {
    start();
    seen.ready.resolve();
    const child = await desk();
    child.happen('message', { type: 'sat', user: undefined });
    child.happen('message', { type: 'ready' });
    await vi.waitUntil(() => reports.length > 0, { timeout: 10_000 });
    return child;
  };
  return { api, seen, start, lines, reports, stops, folder, here, enrolled, desk, open };
}

const until = (look: () => unknown) => vi.waitUntil(look, { timeout: 10_000 });
const typesOf = (desk: FakeDesk) => desk.got.map(({ message }) => message.type);

test('what must come before "ready" comes before it, and nothing is opened until the lock is had', async () => {
  const { start, seen, folder, here } = machine({ isSetUp: false });
  start();
  expect(seen.log).toEqual([
    'sandbox',
    'no menu',
    'switch disable-http-cache',
    'switch disable-background-networking',
    'switch disable-quic',
    `userData is ${join(folder, 'electron')}`,
    'lock',
  ]);
  expect(seen.schemes).toEqual([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  expect([seen.windows.length, seen.desks.length, existsSync(here)]).toEqual([0, 0, true]);
});

test('a second instance opens nothing, says why and leaves; the first one shows its windows', async () => {
  const second = machine({ isFirst: false });
  second.start();
  second.seen.ready.resolve();
  expect(second.lines).toEqual([
    `this desk runs already in ${second.folder}; its windows are shown`,
  ]);
  expect(second.seen.log.at(-1)).toBe('quit');
  expect([second.seen.desks, second.seen.windows]).toEqual([[], []]);
  expect(existsSync(join(second.folder, 'outbox.db'))).toBe(false);

  const first = machine();
  await first.enrolled();
  await first.open();
  await until(() => first.seen.windows.length === 2);
  first.seen.windows[1]?.close();
  first.seen.app.happen('second-instance');
  await until(() => first.seen.windows.length === 3); // the one that was closed is there again
  await until(() => first.seen.windows[0]?.log.includes('focus'));
});

test('a window stands on each monitor, each with its line to the desk, and whoever started it is told', async () => {
  const { seen, reports, enrolled, open } = machine();
  await enrolled();
  const desk = await open();
  expect(seen.windows.map(({ bounds }) => bounds.x)).toEqual([0, 1920]);
  expect(typesOf(desk)).toEqual(['start', 'join', 'join']);
  expect(JSON.parse(reports[0] ?? '')).toMatchObject({ desk: 'D1', shell: 'electron' });
  const [{ message } = { message: {} }] = desk.got;
  expect(message).toMatchObject({ options: { desk: 'D1', version: '9.8.7', isDemo: true } });
  expect(message).toMatchObject({ options: { protection: expect.stringContaining('basic_text') } });
});

test('a desk that is killed is started again and has its windows back without a load', async () => {
  const { seen, enrolled, open, lines } = machine();
  await enrolled();
  const killed = await open();
  killed.happen('exit', 9);
  await until(() => seen.desks.length === 2);
  const next = seen.desks[1];
  next?.happen('message', { type: 'ready' });
  expect(next && typesOf(next)).toEqual(['start', 'join', 'join']);
  expect(seen.windows.map(({ page }) => page.reloads)).toEqual([0, 0]);
  expect(lines).toEqual(['desk D1 ended (9); starting it again']);
});

test('a window that crashes is loaded again three times in a minute, and then it is said', async () => {
  const { seen, enrolled, open, lines } = machine();
  await enrolled();
  await open();
  const page = seen.windows[0]?.page;
  for (let crash = 1; crash <= 4; crash += 1)
    page?.happen('render-process-gone', {}, { reason: 'crashed' });
  expect(page?.reloads).toBe(3);
  await until(() => seen.notified.length === 1);
  expect(lines.at(-1)).toContain('failed 4 times in a minute and is left as it is');
});

test('the screens stay on while somebody is signed in, and may sleep when the chair is empty', async () => {
  const { seen, enrolled, open } = machine();
  await enrolled();
  const desk = await open();
  const sat = (user: string | undefined) => {
    desk.happen('message', { type: 'sat', user });
    return seen.blockers.size;
  };
  expect([sat('u1'), sat('u2'), sat(undefined), sat('u1')]).toEqual([1, 1, 0, 1]);
});

test('a call handling desk takes the telephone keys, tells its desk which it got and which was pressed; a dispatcher’s takes none', async () => {
  const handler = machine({ windows: ['call-handling'] });
  handler.seen.takenKeys.add('Ctrl+Shift+F2');
  await handler.enrolled();
  const desk = await handler.open();
  desk.happen('message', { type: 'sat', user: 'ann' });
  const told = () => desk.got.map(({ message }) => message as { type: string; rows?: object[] });
  await until(() => told().at(-1)?.rows?.length === 5);
  expect(told().at(-1)?.rows?.[1]).toMatchObject({
    id: 'hold',
    reach: 'nowhere',
    problem: expect.stringContaining('held by another program'),
  });
  desk.happen('message', { type: 'hotkey-wanted', user: 'ann', action: 'hold', keys: 'F13' });
  await until(() => handler.seen.hotkeys.has('F13'));
  handler.seen.hotkeys.get('F13')?.();
  expect(told().at(-1)).toEqual({ type: 'hotkey', action: 'hold' });
  desk.happen('message', { type: 'sat', user: undefined });
  await until(() => handler.seen.hotkeys.size === 0);

  const dispatcher = machine();
  await dispatcher.enrolled();
  const board = await dispatcher.open();
  board.happen('message', { type: 'sat', user: 'bob' });
  await until(() => dispatcher.seen.blockers.size === 1);
  expect(dispatcher.seen.hotkeys.size).toBe(0);
});

test('a page that anybody makes is kept where it is', async () => {
  const { seen, enrolled, open } = machine();
  await enrolled();
  await open();
  for (const { page } of seen.windows) {
    const event = preventable();
    expect(page.happen('will-navigate', event)).toBe(true);
    expect([event.isPrevented, page.openHandler?.()]).toEqual([true, { action: 'deny' }]);
  }
  expect(seen.windows).toHaveLength(2);
});

test.each(['a signal', 'the last window'] as const)(
  '%s ends it once the desk has closed its files',
  async (what) => {
    const { seen, enrolled, open, stops } = machine();
    await enrolled();
    const desk = await open();
    if (what === 'a signal') stops[0]?.();
    else seen.app.happen('window-all-closed');
    expect(seen.log.at(-1)).toBe('quit later');
    await until(() => typesOf(desk).includes('stop'));
    expect(seen.log).not.toContain('quit');
    desk.happen('exit', 0);
    await until(() => seen.log.includes('quit'));
    expect(seen.desks).toHaveLength(1);
  },
);

test('a new desk is enrolled with its code; without one, and where it is not set up, it says so', async () => {
  const unset = machine({ isSetUp: false });
  unset.start();
  unset.seen.ready.resolve();
  await until(() => unset.seen.log.includes('exit 1'));
  expect(unset.lines[0]).toContain('this desk is not set up');

  const unknown = machine();
  unknown.start();
  unknown.seen.ready.resolve();
  await until(() => unknown.seen.log.includes('exit 1'));
  expect(unknown.lines[0]).toContain('ask the administrator for a code');

  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    request.on('data', (body: Buffer) => asked.push(JSON.parse(body.toString('utf8'))));
    request.on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const fresh = machine({
    backend: 'gnome_libsecret',
    server: `http://127.0.0.1:${port}`,
    argv: ['--enrol=CODE'],
  });
  await fresh.open();
  expect(asked).toMatchObject([{ code: 'CODE', desk: 'D1' }]);
  expect(existsSync(join(fresh.folder, 'identity.os-sealed'))).toBe(true);
  // The command keeps to a key file, which never had this desk's key.
  await expect(fresh.enrolled()).rejects.toThrow('is kept by the operating system');
});
