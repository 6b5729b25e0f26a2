import { describe, expect, test } from 'vitest';
import type { WindowEvent, WindowRole } from '#desk/shell.ts';
import { ElectronShell, type NewLine } from './electron-shell.ts';
import { fakeDisplay, fakeElectron, preventable, type FakePort } from './fake-electron.suite.ts';
import { guardPage } from './guards.ts';

const bounds = { x: 1920, y: 0, width: 1920, height: 1040 };

/** Timers of a test: nothing happens until it says how long has passed. */
function timers() {
  let now = 0;
  let due: { at: number; work: () => void }[] = [];
  return {
    after: (ms: number, work: () => void): Disposable => {
      const timer = { at: now + ms, work };
      due.push(timer);
      return { [Symbol.dispose]: () => void (due = due.filter((it) => it !== timer)) };
    },
    pass: (ms: number) => {
      now += ms;
      const over = due.filter(({ at }) => at <= now);
      due = due.filter(({ at }) => at > now);
      for (const { work } of over) work();
    },
  };
}

async function openDispatch({ isWayland = false } = {}) {
  const { api, seen } = fakeElectron();
  const clock = timers();
  const joined: (Omit<NewLine, 'port'> & { port: string })[] = [];
  const told: (WindowEvent & { role: WindowRole })[] = [];
  let displayChanges = 0;
  const html = { type: 'text/html', body: '<h1>Dispatch</h1>' };
  const shell = new ElectronShell(api, {
    preload: '/app/preload.cjs',
    assets: new Map([['/dispatch', html]]),
    keyFile: '/nowhere/keystore',
    platform: 'linux',
    isWayland,
    after: clock.after,
    joined: ({ port, ...line }) =>
      joined.push({ ...line, port: (port as unknown as FakePort).name }),
    listener: {
      windowChanged: (role, _id, event) => told.push({ role, ...event }),
      displaysChanged: () => (displayChanges += 1),
    },
  });
  const window = await shell.open('dispatch', bounds);
  const [made] = seen.windows;
  if (!made) throw new Error('no window was made');
  const changes = () => displayChanges;
  return { shell, window, made, seen, told, joined, clock, changes };
}

describe('a window under Electron', () => {
  test('is sandboxed, isolated and without Node, stands where it was asked to, and takes no caret', async () => {
    const { made, window } = await openDispatch();
    // Golden: each line of it is a decision of the security table.
    expect(made.options).toEqual({
      ...bounds,
      show: false,
      title: 'Holdfast',
      backgroundColor: '#101418',
      webPreferences: {
        preload: '/app/preload.cjs',
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInSubFrames: false,
        nodeIntegrationInWorker: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
        plugins: false,
        navigateOnDragDrop: false,
        devTools: false,
        disableDialogs: true,
        spellcheck: false,
        backgroundThrottling: false,
        autoplayPolicy: 'no-user-gesture-required',
      },
    });
    expect(made.log).toEqual(['load app://console/dispatch', 'show without focus']);
    expect(await window.bounds()).toEqual(bounds);
  });

  test('goes nowhere, opens nothing and embeds nothing', async () => {
    const { made, seen } = await openDispatch();
    guardPage(made.page as never);
    const tried = ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'];
    const prevented = tried.map((name) => {
      const event = preventable();
      expect(made.page.happen(name, event)).toBe(true);
      return event.isPrevented;
    });
    expect(prevented).toEqual([true, true, true, true]);
    expect(made.page.openHandler?.()).toEqual({ action: 'deny' });
    const download = preventable();
    expect(seen.session.happen('will-download', download)).toBe(true);
    expect(download.isPrevented).toBe(true);
  });

  test('may notify, fill the screen and copy, and nothing else, and nobody else may even that', async () => {
    const { seen } = await openDispatch();
    const permissions = [
      'notifications',
      'fullscreen',
      'clipboard-sanitized-write',
      'media',
      'geolocation',
      'clipboard-read',
      'hid',
      'serial',
      'usb',
      'midi',
      'openExternal',
      'display-capture',
      'fileSystem',
      'idle-detection',
      'window-management',
      'local-network-access',
      'pointerLock',
      'keyboardLock',
      'storage-access',
      'unknown',
    ] as const;
    const asked = (requestingUrl: string, isMainFrame = true) =>
      permissions.filter((permission) => {
        let isGranted: boolean | undefined;
        const details = { requestingUrl, isMainFrame } as never;
        seen.answer?.(null as never, permission, (is) => (isGranted = is), details);
        expect(isGranted).toBeTypeOf('boolean');
        return isGranted;
      });
    const checked = (origin: string, isMainFrame = true) =>
      permissions.filter((it) => seen.check?.(null, it, origin, { isMainFrame }));
    const ours = ['notifications', 'fullscreen', 'clipboard-sanitized-write'];
    expect(asked('app://console/dispatch')).toEqual(ours);
    expect(checked('app://console')).toEqual(ours);
    expect(checked('app://console/')).toEqual(ours);
    const strangers = ['app://console.example/x', 'https://console/', 'null', '', 'app://consolex'];
    expect(strangers.flatMap((it) => [...asked(it), ...checked(it)])).toEqual([]);
    expect([...asked('app://console/x', false), ...checked('app://console', false)]).toEqual([]);
    expect(seen.device?.({} as never)).toBe(false);
    seen.displayMedia?.({}, (streams) => expect(streams).toBeNull());
    expect.hasAssertions();
  });

  test('has no network: it loads our own files and what is in the page itself, and nothing else', async () => {
    const { seen } = await openDispatch();
    const isCancelled = (url: string) => {
      let answer: boolean | undefined;
      seen.beforeRequest?.({ url }, ({ cancel }) => (answer = cancel));
      return answer;
    };
    const fine = ['app://console/x.js', 'blob:app://console/1', 'data:image/png;base64,AA'];
    expect(fine.map(isCancelled)).toEqual([false, false, false]);
    const strange = [
      'https://example.org/',
      'http://127.0.0.1:7100/',
      'ws://127.0.0.1:1/desk',
      'wss://example.org/',
      'ftp://example.org/',
      'file:///etc/passwd',
      'app://console.example.org/',
      'blob:https://example.org/1',
      'chrome://version/',
      '',
    ];
    expect(strange.map(isCancelled)).toEqual(strange.map(() => true));
  });

  test('is served the exact paths of the manifest, each with the policy, and nothing by any other name', async () => {
    const { seen } = await openDispatch();
    const get = async (url: string, method = 'GET') => seen.serve?.(new Request(url, { method }));
    const page = await get('app://console/dispatch');
    expect(page?.status).toBe(200);
    expect(await page?.text()).toBe('<h1>Dispatch</h1>');
    const policy = page?.headers.get('content-security-policy') ?? '';
    for (const rule of [`default-src 'none'`, `connect-src 'self'`, `require-trusted-types-for`])
      expect(policy).toContain(rule);
    expect(policy).not.toContain('unsafe');
    expect(page?.headers.get('x-content-type-options')).toBe('nosniff');
    const wrong = [
      'app://console/..%2fdispatch',
      'app://console/%2e%2e/dispatch/x',
      'app://console/dispatch/',
      'app://console/dispatch%00',
      'app://console/DISPATCH',
      'app://console//dispatch',
      'app://other/dispatch',
      'app://console.example/dispatch',
      'app://console/etc/passwd',
      'app://console/',
    ];
    const statuses = await Promise.all(wrong.map(async (url) => (await get(url))?.status));
    expect(statuses).toEqual(wrong.map(() => 404));
    expect((await get('app://console/dispatch', 'POST'))?.status).toBe(404);
  });

  test('is handed a port of its own at each load, and the one of before is no longer its line', async () => {
    const { made, joined, window, shell } = await openDispatch();
    const line = { role: 'dispatch', id: 'dispatch-1' };
    expect(joined).toEqual([{ ...line, line: 1, port: 'desk end 1' }]);
    await window.reload();
    expect(joined[1]).toEqual({ ...line, line: 2, port: 'desk end 2' });
    shell.lineEnded(1); // of the page that is gone
    expect(joined).toHaveLength(2);
    expect(made.page.posted.map(({ channel, port }) => [channel, port?.name])).toEqual([
      ['holdfast:port', 'window end 1'],
      ['holdfast:port', 'window end 2'],
    ]);
  });

  test('whose line has ended is given another, once, and not while it loads', async () => {
    const { made, joined, shell } = await openDispatch();
    shell.lineEnded(1);
    shell.lineEnded(1);
    expect(joined.map(({ line }) => line)).toEqual([1, 2]);
    made.page.isLoading = true;
    shell.lineEnded(2);
    expect(joined.map(({ line }) => line)).toEqual([1, 2]);
    made.page.load();
    expect(joined.map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  test('that has loaded is joined to a desk that was started again; one that crashed waits for its load', async () => {
    const { made, joined, shell, seen } = await openDispatch();
    await shell.open('map', bounds);
    made.page.happen('render-process-gone', {}, { reason: 'oom' });
    shell.handOverAll();
    expect(joined.map(({ role, line }) => [role, line])).toEqual([
      ['dispatch', 1],
      ['map', 2],
      ['map', 3],
    ]);
    expect(seen.windows).toHaveLength(2);
  });

  test('that hangs is told at once, ended after ten seconds, and left alone when it answers before', async () => {
    const { made, told, clock } = await openDispatch();
    made.happen('unresponsive');
    clock.pass(9_000);
    made.happen('responsive');
    clock.pass(60_000);
    expect(made.page.crashes).toBe(0);
    made.happen('unresponsive');
    clock.pass(10_000);
    expect(made.page.crashes).toBe(1);
    expect(told.map(({ type }) => type)).toEqual(['unresponsive', 'unresponsive', 'crashed']);
  });

  test('is printed and shown as a picture, moved without the caret, and told when it moves or closes', async () => {
    const { window, made, told } = await openDispatch();
    expect(Buffer.from(await window.capture()).toString()).toBe('png');
    expect(JSON.parse(Buffer.from(await window.printToPdf()).toString())).toEqual({
      pageSize: 'A4',
      generateTaggedPDF: true,
    });
    await window.place({ ...bounds, x: 0 });
    expect(await window.bounds()).toEqual({ ...bounds, x: 0 });
    await window.focus();
    await window.close();
    expect(made.log.slice(2)).toEqual(['focus', 'close']);
    expect(told).toEqual([
      { role: 'dispatch', type: 'moved' },
      { role: 'dispatch', type: 'closed' },
    ]);
  });
});

test('monitors are told of with what they are known by again, and a burst of changes is one change', async () => {
  const { shell, seen, clock, changes } = await openDispatch();
  const left = { x: -1920, y: 0, width: 1920, height: 1080 };
  const work = { ...left, height: 1040 };
  seen.displays = [
    fakeDisplay(7, 'DELL A', bounds),
    fakeDisplay(8, 'DELL B', { ...left, extra: 1 } as never, work),
  ];
  expect(await shell.displays()).toEqual([
    { id: '7', label: 'DELL A', bounds, workArea: bounds, isPrimary: true },
    { id: '8', label: 'DELL B', bounds: left, workArea: work, isPrimary: false },
  ]);
  for (const event of ['display-removed', 'display-metrics-changed', 'display-added']) {
    expect(seen.screen.happen(event)).toBe(true);
    clock.pass(400);
  }
  expect(changes()).toBe(0);
  clock.pass(100);
  expect(changes()).toBe(1);
});

test('a hotkey reaches the whole desktop; one that another program holds, or people type with, is refused', async () => {
  const { shell, seen } = await openDispatch();
  let pressed = 0;
  expect(await shell.registerHotkey('Shift+CmdOrCtrl+F1', () => (pressed += 1))).toEqual({
    outcome: 'registered',
    reach: 'desktop',
  });
  seen.hotkeys.get('Ctrl+Shift+F1')?.();
  expect(pressed).toBe(1);
  seen.takenKeys.add('F9');
  const taken = { outcome: 'refused', reason: 'taken' };
  expect(await shell.registerHotkey('F9', () => {})).toEqual(taken);
  expect(await shell.registerHotkey('Ctrl+Shift+F1', () => {})).toEqual(taken);
  expect(await shell.registerHotkey('A', () => {})).toMatchObject({ reason: 'not-an-accelerator' });
  expect(await shell.registerHotkey('Super+K', () => {})).toMatchObject({ outcome: 'registered' });
  expect([...seen.hotkeys.keys()]).toEqual(['Ctrl+Shift+F1', 'Super+K']);
});

test('a key that was given back can be taken again, and under Wayland it is only asked for', async () => {
  const { shell, seen } = await openDispatch({ isWayland: true });
  const asked = { outcome: 'registered', reach: 'asked-for' };
  expect(await shell.registerHotkey('Ctrl+Super+F1', () => {})).toEqual(asked);
  await shell.releaseHotkey('Ctrl+Super+F2'); // another key
  expect([...seen.hotkeys.keys()]).toEqual(['Ctrl+Super+F1']);
  await shell.releaseHotkey('Meta+Control+F1');
  expect(seen.hotkeys.size).toBe(0);
  expect(await shell.registerHotkey('Ctrl+Super+F1', () => {})).toEqual(asked);
});

test('a notification is handed over', async () => {
  const { shell, seen } = await openDispatch();
  expect(await shell.notify('Emergency', 'HT22')).toBe('handed-over');
  expect(seen.notified).toEqual([{ title: 'Emergency', body: 'HT22' }]);
});

test('a shell that ends leaves no window, no hotkey and no scheme behind, and tells nobody of late changes', async () => {
  const { shell, seen, made, clock, changes } = await openDispatch();
  await shell.registerHotkey('F9', () => {});
  seen.screen.happen('display-added');
  await shell[Symbol.asyncDispose]();
  clock.pass(1_000);
  expect([made.log.at(-1), seen.hotkeys.size, seen.serve, changes()]).toEqual([
    'close',
    0,
    undefined,
    0,
  ]);
});

test('the fake throws on what it does not model, on a misspelt event and on a set', () => {
  const { api } = fakeElectron();
  expect(() => (api as unknown as Record<string, unknown>)['shell']).toThrow(
    'electron.shell is not modelled by the fake',
  );
  expect(() => api.screen.getCursorScreenPoint()).toThrow('not modelled');
  expect(() => api.app.on('will-quit', () => {})).toThrow('app has no event will-quit');
  expect(() => {
    api.app.applicationMenu = null;
  }).toThrow('app.applicationMenu is not modelled');
});
