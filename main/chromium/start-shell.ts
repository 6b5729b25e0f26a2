import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { after } from '#desk/after.ts';
import { hotkeyNews, type DeskNews, type ShellNews } from '#desk/desk-news.ts';
import { HotkeyMaps } from '#desk/hotkey-map.ts';
import { KeptHotkeys } from '#desk/kept-hotkeys.ts';
import { KeptWindows } from '#desk/kept-windows.ts';
import { LayoutStore } from '#desk/layout-store.ts';
import type { Among } from '#desk/layout.ts';
import type { ShellListener, ShellWindow, WindowRole } from '#desk/shell.ts';
import { ChromiumShell, type ChromiumOptions } from './chromium.ts';
import { readDisplays } from './read-displays.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const SCREEN_WAIT_MS = 15_000; // Xvfb is up within a second, also on a loaded machine
// Xvfb does not notice that it is an orphan. This does: its input ends when we do, however we end.
const SCREEN_SCRIPT = 'Xvfb "$@" & exec 3>&-; read -r _; kill $! && wait $!';
const MM_PER_PIXEL = 25.4 / 96;

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
  /** Where it is kept where each person's windows stood; beside the profile where nothing is said. */
  readonly layoutFile?: string;
  readonly listener: ShellListener;
  /** Where it is kept which telephone key does what; beside the layouts where nothing is said. */
  readonly hotkeyFile?: string;
  /** What the shell has to say to the desk. Without it there are no telephone keys. */
  readonly tell?: (news: ShellNews) => void;
  /** For what a person who looks after the desk should know. */
  readonly log?: (line: string) => void;
  /** The monitors of a virtual screen of its own; without it the windows stand on the desk's screen. */
  readonly virtualScreen?: readonly [ScreenSize, ...ScreenSize[]];
  readonly environment?: NodeJS.ProcessEnv;
}

export interface StartedShell extends AsyncDisposable {
  readonly shell: ChromiumShell;
  /** For whoever else works on the same screen. */
  readonly environment: NodeJS.ProcessEnv;
  /** Each where this person had it, else one a display in the order of the displays, and round again. */
  openWindows(roles: readonly WindowRole[], among?: Among): Promise<readonly ShellWindow[]>;
  /** What the desk says: who sits there, and that something is being written. */
  hear(news: DeskNews): void;
}

/** Starts the shell on an installed Chromium: its windows stand where they stood, and come back when they crash. */
export async function startShell(options: StartOptions): Promise<StartedShell> {
  const { folder, origin, handOver, listener, virtualScreen, log = () => {} } = options;
  const given = options.environment ?? process.env;
  const executable = findChromium(given);
  if (executable === undefined) {
    throw new Error('no Chromium was found: install chromium, or name one in CHROMIUM');
  }
  await using stack = new AsyncDisposableStack();
  const screen = virtualScreen && stack.use(await startVirtualScreen(virtualScreen));
  const environment = screen ? { ...given, DISPLAY: screen.display } : given;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let kept: KeptWindows | undefined;
  let hotkeys: KeptHotkeys | undefined;
  let user: string | undefined;
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
        displaysChanged: () => {
          kept?.displaysChanged();
          listener.displaysChanged();
        },
        windowChanged: (role, id, event) => {
          kept?.windowChanged(role, id, event);
          listener.windowChanged(role, id, event);
        },
      },
    }),
  );
  const layoutFile = options.layoutFile ?? join(folder, 'layouts.json');
  const layouts = new LayoutStore(layoutFile, ({ message }) => log(message));
  const started = stack.move();
  return {
    shell,
    environment,
    openWindows: (roles, among) => {
      kept = new KeptWindows({ shell, roles, among, layouts, now: Date.now, after, say: log });
      kept.sat(user);
      if (options.tell && roles.includes('call-handling')) {
        const maps = new HotkeyMaps(options.hotkeyFile ?? join(folder, 'hotkeys.json'));
        hotkeys = new KeptHotkeys({ shell, maps, say: log, ...hotkeyNews(options.tell) });
        hotkeys.sat(user);
      }
      return kept.open();
    },
    hear: (news) => {
      if (news.type === 'typed') return kept?.typed();
      if (news.type === 'hotkey-wanted') return hotkeys?.set(news.user, news.action, news.keys);
      user = news.user;
      kept?.sat(user);
      hotkeys?.sat(user);
    },
    [Symbol.asyncDispose]: async () => {
      await hotkeys?.close();
      await kept?.close();
      await started.disposeAsync();
    },
  };
}
