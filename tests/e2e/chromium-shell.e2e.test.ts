import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium, type Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChromiumShell } from '#chromium/chromium.ts';
import { readDisplays } from '#chromium/read-displays.ts';
import { findChromium, startShell, type StartedShell } from '#chromium/start-shell.ts';
import { LocalGateway, type TokenShelf } from '#desk/local-gateway.ts';
import {
  windowId,
  type Channel,
  type ShellWindow,
  type WindowEvent,
  type WindowId,
  type WindowRole,
} from '#desk/shell.ts';
import type { Assets } from '#protocol/page.ts';

const HAPPENS_WITHIN_MS = 15_000; // usual: well under one second

interface Joined {
  readonly role: WindowRole;
  readonly id: WindowId;
  readonly channel: Channel;
}

const heard: string[] = [];
const events: ({ role: WindowRole; id: WindowId } & WindowEvent)[] = [];
const joined: Joined[] = [];
const failures: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'holdfast-shell-'));
const windows = new Map<WindowRole, ShellWindow>();
let assets: Assets;
let kept: string | undefined;
let gateway: LocalGateway | undefined;
let port: number;
let started: StartedShell;
let displayChanges = 0;

/** The page: connects, says hello, and shows and answers whatever the desk sends. */
const page = `import { connect } from '/bridge.js';
const show = (text) => { document.querySelector('h1').textContent = text; };
const line = {
  joined(channel) {
    line.channel = channel;
    show('joined');
    channel.onFrame((frame) => {
      show(frame);
      channel.send('answer to ' + frame);
    });
    channel.send('hello from ' + location.pathname + location.hash);
  },
  lost: show,
};
void connect(window, line, new AbortController().signal);
const keys = document.querySelector('textarea');
keys.addEventListener('keydown', (event) => {
  if (event.ctrlKey && event.key === 'Enter') line.channel.send('typed ' + keys.value);
});
document.querySelector('button').addEventListener('click', () => {
  const popup = open('/map?unasked', '_blank', 'width=300,height=300');
  const timer = setInterval(() => popup.closed && (clearInterval(timer), line.channel.send('popup closed')), 50);
});`;

async function until<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  const deadline = Date.now() + HAPPENS_WITHIN_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline)
      throw new Error(`never happened: ${what}; heard ${heard.join(' | ')}`);
    await delay(20);
  }
}

const shelf: TokenShelf = { read: () => kept, write: (text) => void (kept = text) };

async function startDesk() {
  gateway = await LocalGateway.listen({
    assets,
    shelf,
    now: Date.now,
    ...(port && { port }),
    windowJoined: (role, id, channel) => {
      joined.push({ role, id, channel });
      channel.onFrame((frame) => heard.push(`${role}: ${frame}`));
    },
    failed: (error) => failures.push(error.message),
  });
  port = gateway.port;
}

/** As a desk that was killed: its sockets are cut, its memory is gone, its shelf is not. */
async function stopDesk() {
  const stopping = gateway;
  gateway = undefined;
  await stopping?.[Symbol.asyncDispose]();
}

/** A process that has ended and was not yet collected by its parent has ended. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // no such process, which is what was asked
  }
}

const windowOf = (role: WindowRole) => {
  const window = windows.get(role);
  if (!window) throw new Error(`no window for ${role}`);
  return window;
};

/** A line of this window that was opened after `since` others, tried both ways. */
async function newLine(id: WindowId, since: number, says: string) {
  const line = await until(`a line of ${id}`, () =>
    joined.slice(since).findLast((it) => it.id === id),
  );
  line.channel.send(says);
  await until(`the answer to ${says}`, () => heard.includes(`${line.role}: answer to ${says}`));
  return line;
}

beforeAll(async () => {
  const root = join(import.meta.dirname, '../..');
  const built = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      lib: { entry: join(root, 'renderer/app/bridge.ts'), formats: ['es'], fileName: 'bridge' },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const bundle = output && 'output' in output ? output.output[0].code : '';
  const body = `<!doctype html><title>Holdfast</title><h1></h1><textarea></textarea><button>open</button>
    <script type="module" src="/page.js"></script>`;
  assets = new Map([
    ['/dispatch', { type: 'text/html', body }],
    ['/map', { type: 'text/html', body }],
    ['/page.js', { type: 'text/javascript', body: page }],
    ['/bridge.js', { type: 'text/javascript', body: bundle }],
  ]);
  await startDesk();
  started = await startShell({
    folder: join(folder, 'shell'),
    origin: `http://127.0.0.1:${port}`,
    handOver: async (role, id) => {
      if (!gateway) throw new Error('the desk is gone');
      return gateway.admit(role, id);
    },
    virtualScreen: [
      { width: 1280, height: 1024 },
      { width: 1280, height: 1024 },
    ],
    listener: {
      windowChanged: (role, id, event) => events.push({ role, id, ...event }),
      displaysChanged: () => displayChanges++,
    },
  });
});

afterAll(async () => {
  await started?.[Symbol.asyncDispose]();
  await gateway?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test('each display gets its own window, where it was asked for', async () => {
  const displays = await started.shell.displays();
  expect(displays.map(({ label, bounds, isPrimary }) => [label, bounds.x, isPrimary])).toEqual([
    ['monitor-1', 0, true],
    ['monitor-2', 1280, false],
  ]);
  const opened = await started.openWindows(['dispatch', 'map']);
  expect(opened.map(({ role }) => role)).toEqual(['dispatch', 'map']);
  for (const window of opened) windows.set(window.role, window);
  const stood: unknown[] = [];
  for (const window of opened) stood.push(await window.bounds());
  expect(stood).toEqual(displays.map(({ workArea }) => workArea));
});

test('a frame goes from the desk to each window and back', async () => {
  for (const window of windows.values()) await newLine(window.id, 0, `ping ${window.role}`);
  expect(joined.map(({ role, id }) => [role, id])).toEqual([
    ['dispatch', windowOf('dispatch').id],
    ['map', windowOf('map').id],
  ]);
  expect(heard).toContain('dispatch: hello from /dispatch');
});

test('the page finds no token of its own to keep, and no door to the shell', async () => {
  const look = `JSON.stringify([sessionStorage.length, localStorage.length, typeof holdfastShell, location.hash])`;
  expect(await started.shell.evaluate(windowOf('dispatch'), look)).toBe('[0,0,"undefined",""]');
});

test('the screenshot and the printed page are what they should be', async () => {
  const png = await windowOf('map').capture();
  const pdf = await windowOf('map').printToPdf();
  expect(Buffer.from(png.subarray(1, 4)).toString()).toBe('PNG');
  expect(Buffer.from(pdf.subarray(0, 5)).toString()).toBe('%PDF-');
  expect(png.length).toBeGreaterThan(1_000);
  const large = Buffer.from(
    await started.shell.captureAt(windowOf('map'), { width: 2560, height: 1440 }),
  );
  expect([large.readUInt32BE(16), large.readUInt32BE(20)]).toEqual([2560, 1440]);
});

test('keys reach the window they were pressed in, whichever window has the focus', async () => {
  const { shell } = started;
  await windowOf('map').focus();
  await shell.pressKeys(windowOf('dispatch'), 'Tab');
  await shell.typeText(windowOf('dispatch'), 'RTC on the A27, "2 up" – Gwenllïan');
  await shell.pressKeys(windowOf('dispatch'), 'Ctrl+Home', 'Delete', 'r', 'Ctrl+Enter');
  const typed = await until('what was typed', () => heard.find((it) => it.includes(': typed ')));
  expect(typed).toBe('dispatch: typed rTC on the A27, "2 up" – Gwenllïan');
});

test('a hotkey works in our own windows, and the shell says that it is only there', async () => {
  let pressed = 0;
  const result = await started.shell.registerHotkey('CmdOrCtrl+Shift+F9', () => pressed++);
  expect(result).toMatchObject({ outcome: 'registered', reach: 'own-windows' });
  expect(await started.shell.registerHotkey('Shift+Ctrl+F9', () => {})).toEqual({
    outcome: 'refused',
    reason: 'taken',
  });
  await windowOf('map').focus();
  // A real key of the screen, not one of the protocol.
  execFileSync('xdotool', ['key', 'ctrl+shift+F9'], { env: started.environment });
  await until('the hotkey', () => pressed === 1);
});

test('a window that a page opens by itself is closed', async () => {
  await started.shell.evaluate(windowOf('map'), `document.querySelector('button').click()`);
  await until('the popup closed', () => heard.includes('map: popup closed'));
  expect(joined.map(({ role }) => role)).toEqual(['dispatch', 'map']);
});

test('a reloaded window gets a new line under its old name', async () => {
  const before = joined.length;
  await windowOf('dispatch').reload();
  const line = await newLine(windowOf('dispatch').id, before, 'ping after reload');
  expect(line.id).toBe(windowOf('dispatch').id);
});

test('a desk that is killed and started again has its windows back without a reload', async () => {
  const { shell } = started;
  const mark = `document.title = 'not reloaded'`;
  for (const window of windows.values()) await shell.evaluate(window, mark);
  const before = joined.length;
  await stopDesk();
  for (const window of windows.values()) {
    await until('the window says so', async () => {
      return (
        (await shell.evaluate(window, `document.querySelector('h1').textContent`)) === 'dropped'
      );
    });
  }
  await startDesk();
  for (const window of windows.values()) {
    await newLine(window.id, before, `ping ${window.role} after the restart`);
    expect(await shell.evaluate(window, 'document.title')).toBe('not reloaded');
  }
});

test('a window that is reloaded while the desk is gone is there when the desk is back', async () => {
  const before = joined.length;
  await stopDesk();
  await windowOf('map').reload();
  await until('the page that cannot be reached', async () => {
    return (
      (await started.shell.evaluate(windowOf('map'), 'location.href')) !== '' &&
      (await started.shell.evaluate(windowOf('map'), `document.querySelector('textarea')`)) === null
    );
  });
  await startDesk();
  const line = await newLine(windowOf('map').id, before, 'ping after the outage');
  expect(line.id).toBe(windowOf('map').id);
});

test('a window that strays to another address is brought home', async () => {
  const before = joined.length;
  await started.shell.evaluate(windowOf('map'), `void (location.href = 'about:blank')`);
  const line = await newLine(windowOf('map').id, before, 'ping at home again');
  expect(line.id).toBe(windowOf('map').id);
});

test('a window whose renderer dies is reported, comes back by itself and has a new line', async () => {
  const before = joined.length;
  await started.shell.killRenderer(windowOf('map'));
  const { role, id } = windowOf('map');
  expect(events).toContainEqual({ role, id, type: 'crashed', cause: 'renderer gone' });
  const line = await newLine(id, before, 'ping after the crash');
  expect(line.id).toBe(id);
});

test('what the keystore seals it unseals, and its key is readable by this account only', async () => {
  const keystore = await started.shell.keystore();
  const sealed = await keystore.seal('store key');
  expect(await (await started.shell.keystore()).unseal(sealed)).toBe('store key');
  expect(statSync(join(folder, 'shell/key')).mode & 0o777).toBe(0o600);
  expect(keystore.statement).toContain('full disk encryption');
});

test('a monitor that is unplugged is announced once it has stayed away', async () => {
  const before = displayChanges;
  execFileSync('xrandr', ['--delmonitor', 'monitor-2'], { env: started.environment });
  await until('the change of displays', () => displayChanges === before + 1);
  expect((await readDisplays(started.environment)).map(({ label }) => label)).toEqual([
    'monitor-1',
  ]);
});

test('a closed window is reported as closed', async () => {
  const { role, id } = windowOf('map');
  await windowOf('map').close();
  await until('the close', () => events.some((it) => it.id === id && it.type === 'closed'));
  expect(events.at(-1)).toEqual({ role, id, type: 'closed' });
});

test('a browser that cannot be started is an error that says so', async () => {
  const executable = join(folder, 'no-such-browser');
  const starting = ChromiumShell.start({
    executable,
    profileFolder: join(folder, 'no-profile'),
    keyFile: join(folder, 'no-key'),
    origin: 'http://127.0.0.1:1',
    handOver: () => Promise.reject(new Error('unused')),
    listener: { windowChanged: () => {}, displaysChanged: () => {} },
    readDisplays: async () => [],
  });
  await expect(starting).rejects.toThrow('could not be driven');
});

test('a shell that is killed leaves no browser and no screen behind', async () => {
  const own = join(folder, 'killed');
  const script = `import { startShell } from '#chromium/start-shell.ts';
    const { environment } = await startShell({
      folder: process.argv[1],
      origin: 'http://127.0.0.1:1',
      handOver: () => Promise.reject(new Error('unused')),
      virtualScreen: [{ width: 800, height: 600 }],
      listener: { windowChanged() {}, displaysChanged() {} },
    });
    console.log(environment.DISPLAY);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, own], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [display] = (await once(child.stdout, 'data')) as [Buffer];
  const socket = `/tmp/.X11-unix/X${display.toString('utf8').trim().slice(1)}`;
  const browser = Number(readlinkSync(join(own, 'profile/SingletonLock')).split('-').at(-1));
  const isThere = () => [isRunning(browser), existsSync(socket)];
  expect(isThere()).toEqual([true, true]);
  child.kill('SIGKILL');
  await until('both are gone', () => isThere().every((it) => !it));
});

test('a person opens an address, reloads it, and outlives a restart of the desk', async () => {
  const executablePath = findChromium();
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      chromiumSandbox: process.getuid?.() !== 0,
    });
    const tab = await browser.newPage();
    const id = windowId('map', 'from-home');
    const address = gateway?.address('map', id) ?? '';
    const said = () => tab.textContent('h1');

    let before = joined.length;
    await tab.goto(address);
    await newLine(id, before, 'ping home');
    expect(tab.url()).toBe(address.split('#')[0]);
    expect(heard).not.toContain('map: hello from /map#');

    before = joined.length;
    await tab.reload();
    await newLine(id, before, 'ping home after reload');

    before = joined.length;
    await stopDesk();
    await until('the page says so', async () => (await said()) === 'dropped');
    await startDesk();
    await newLine(id, before, 'ping home after the restart');

    // The address is used up: whoever finds it gets the page and no line.
    const other = await browser.newContext();
    const stranger = await other.newPage();
    await stranger.goto(address);
    await until('the stranger is turned away', async () => {
      return (await stranger.textContent('h1')) === 'turned-away';
    });
    // A fresh address pasted over it lets the page in again.
    before = joined.length;
    const fresh = windowId('map', 'fresh');
    await stranger.goto(gateway?.address('map', fresh) ?? '');
    await newLine(fresh, before, 'ping fresh');
  } finally {
    await browser?.close();
  }
  expect(failures).toEqual([]);
});
