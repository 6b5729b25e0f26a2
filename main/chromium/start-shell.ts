import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { spreadOver, type Among } from '#desk/layout.ts';
import type { ShellListener, ShellWindow, WindowId, WindowRole } from '#desk/shell.ts';
import { ChromiumShell, type ChromiumOptions } from './chromium.ts';
import { readDisplays } from './read-displays.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const SCREEN_WAIT_MS = 15_000; // Xvfb is up within a second, also on a loaded machine
// Xvfb does not notice that it is an orphan. This does: its input ends when we do, however we end.
const SCREEN_SCRIPT = 'Xvfb "$@" & exec 3>&-; read -r _; kill $! && wait $!';
const MM_PER_PIXEL = 25.4 / 96;
const RELOADS_MAX = 3; // in a minute; a page that crashes faster is left as it is and told
const RELOADS_WITHIN_MS = 60_000;

/** The browser to drive: what CHROMIUM names, else an installed one; undefined where there is none. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { CHROMIUM: chosen, PATH: path = '' } = environment;
  if (chosen) return chosen;
  const folders = path.split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not ours to run: the answer, not a failure
  }
}

export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

export interface VirtualScreen extends AsyncDisposable {
  /** The value of `DISPLAY` for whoever shows windows on it. */
  readonly display: string;
}

/** A screen that nobody sees, its monitors side by side, the first one primary. */
export async function startVirtualScreen(
  monitors: readonly [ScreenSize, ...ScreenSize[]],
): Promise<VirtualScreen> {
  const width = monitors.reduce((sum, it) => sum + it.width, 0);
  const height = Math.max(...monitors.map((it) => it.height));
  // -displayfd picks a free number; -noreset keeps the monitors once xrandr has gone.
  const size = ['-screen', '0', `${width}x${height}x24`, '-noreset', '-nolisten', 'tcp'];
  const server = spawn('sh', ['-c', SCREEN_SCRIPT, 'sh', '-displayfd', '3', ...size], {
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const stop = async () => {
    server.stdin?.destroy();
    await exited;
  };
  try {
    const display = await new Promise<string>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('no screen in time')), SCREEN_WAIT_MS);
      const settle = (number?: Buffer) => {
        clearTimeout(limit);
        if (number) resolve(`:${number.toString('utf8').trim()}`);
        else reject(new Error('Xvfb did not start: is it installed?'));
      };
      server.once('error', reject);
      server.stdio[3]?.once('data', settle).once('end', () => settle());
    });
    let x = 0;
    for (const [at, it] of monitors.entries()) {
      const [wide, high] = [it.width, it.height].map((side) => Math.round(side * MM_PER_PIXEL));
      const geometry = `${it.width}/${wide}x${it.height}/${high}+${x}+0`;
      const monitor = [`${at === 0 ? '*' : ''}monitor-${at + 1}`, geometry];
      await promisify(execFile)(
        'xrandr',
        ['--setmonitor', ...monitor, at === 0 ? 'screen' : 'none'],
        { env: { ...process.env, DISPLAY: display } },
      );
      x += it.width;
    }
    return { display, [Symbol.asyncDispose]: stop };
  } catch (cause) {
    await stop();
    throw new Error('starting a virtual screen', { cause });
  }
}

export interface StartOptions extends Pick<ChromiumOptions, 'origin' | 'handOver'> {
  /** Of this shell alone: the browser's profile and the keystore's key. Made if it is not there. */
  readonly folder: string;
  readonly listener: ShellListener;
  /** The monitors of a virtual screen of its own; without it the windows stand on the desk's screen. */
  readonly virtualScreen?: readonly [ScreenSize, ...ScreenSize[]];
  readonly environment?: NodeJS.ProcessEnv;
}

export interface StartedShell extends AsyncDisposable {
  readonly shell: ChromiumShell;
  /** For whoever else works on the same screen. */
  readonly environment: NodeJS.ProcessEnv;
  /** One window a display, in the order of the displays; what is left over shares them again. */
  openWindows(roles: readonly WindowRole[], among?: Among): Promise<readonly ShellWindow[]>;
}

/** Starts the shell on an installed Chromium, and brings back a page that crashed. */
export async function startShell(options: StartOptions): Promise<StartedShell> {
  const { folder, origin, handOver, listener, virtualScreen } = options;
  const given = options.environment ?? process.env;
  const executable = findChromium(given);
  if (executable === undefined) {
    throw new Error('no Chromium was found: install chromium, or name one in CHROMIUM');
  }
  await using stack = new AsyncDisposableStack();
  const screen = virtualScreen && stack.use(await startVirtualScreen(virtualScreen));
  const environment = screen ? { ...given, DISPLAY: screen.display } : given;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const windows = new Map<WindowId, ShellWindow>();
  const crashes = new Map<WindowId, number[]>();
  const bringBack = async (id: WindowId) => {
    const since = Date.now() - RELOADS_WITHIN_MS;
    const recent = [...(crashes.get(id) ?? []).filter((at) => at > since), Date.now()];
    crashes.set(id, recent);
    if (recent.length <= RELOADS_MAX) await windows.get(id)?.reload();
  };
  const shell = stack.use(
    await ChromiumShell.start({
      executable,
      profileFolder: join(folder, 'profile'),
      keyFile: join(folder, 'key'),
      origin,
      handOver,
      environment,
      readDisplays: () => readDisplays(environment),
      listener: {
        displaysChanged: () => listener.displaysChanged(),
        windowChanged: (role, id, event) => {
          if (event.type === 'crashed') bringBack(id).catch(() => {}); // closed with its browser
          if (event.type === 'closed') windows.delete(id);
          listener.windowChanged(role, id, event);
        },
      },
    }),
  );
  const started = stack.move();
  return {
    shell,
    environment,
    openWindows: async (roles, among) => {
      const opened: ShellWindow[] = [];
      for (const { role, bounds } of spreadOver(await shell.displays(), roles, among)) {
        const window = await shell.open(role, bounds);
        windows.set(window.id, window);
        opened.push(window);
      }
      return opened;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
