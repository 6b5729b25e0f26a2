import type * as Main from 'electron/main';
import { parseAccelerator } from '#desk/accelerator.ts';
import {
  windowId,
  type Display,
  type HandOver,
  type HotkeyResult,
  type Keystore,
  type Rectangle,
  type Shell,
  type ShellListener,
  type ShellWindow,
  type WindowId,
  type WindowRole,
} from '#desk/shell.ts';
import type { Assets } from '#protocol/page.ts';
import { ORIGIN, SCHEME, serveAsset } from './app-origin.ts';
import type { ElectronApi } from './electron-api.ts';
import { guardSession, webPreferences } from './guards.ts';
import { openKeystore } from './os-keystore.ts';

const UNRESPONSIVE_MAX_MS = 10_000; // from here on it is ended and loaded again; drafts are kept on the desk
const DISPLAYS_QUIET_MS = 500; // changes come in bursts

/** One end of a window's line, with what the desk is told of it. */
export interface NewLine {
  readonly role: WindowRole;
  readonly id: WindowId;
  /** Counts the lines of all windows: the end of a line that has been replaced means nothing. */
  readonly line: number;
  readonly port: Main.MessagePortMain;
}

export interface ElectronOptions {
  readonly preload: string;
  readonly assets: Assets;
  /** Used only where the operating system keeps no keys. */
  readonly keyFile: string;
  readonly platform: NodeJS.Platform;
  /** There a key that was registered may not work: the system's answer comes later than Electron's. */
  readonly isWayland: boolean;
  /** Takes one end of a port to the desk, once for each load of each window, and whenever a line was lost. */
  readonly joined: (line: NewLine) => void;
  readonly listener: ShellListener;
  readonly after: (ms: number, work: () => void) => Disposable;
}

interface Opened {
  readonly role: WindowRole;
  readonly id: WindowId;
  readonly window: Main.BrowserWindow;
  /** The number of the line that the page has; none before its first load. */
  line: number | undefined;
}

const screenEvents = ['display-added', 'display-removed', 'display-metrics-changed'] as const;

/** The windows of a desk under Electron: one `BrowserWindow` a monitor, each with a port to the desk. */
export class ElectronShell implements Shell {
  readonly #electron: ElectronApi;
  readonly #options: ElectronOptions;
  readonly #windows = new Map<WindowId, Opened>();
  readonly #hotkeys = new Set<string>();
  #lastWindow = 0;
  #lastLine = 0;
  #quiet: Disposable | undefined;

  /** Call after `ready`; the scheme was registered before it. */
  constructor(electron: ElectronApi, options: ElectronOptions) {
    this.#electron = electron;
    this.#options = options;
    electron.protocol.handle(SCHEME, (request) => serveAsset(options.assets, request));
    guardSession(electron.session.defaultSession);
    for (const event of screenEvents)
      // The overloads of `on` take one name each, and all three are heard the same way.
      electron.screen.on(event as 'display-added', () => this.#displaysChanged());
  }

  async displays(): Promise<readonly Display[]> {
    const primary = this.#electron.screen.getPrimaryDisplay().id;
    return this.#electron.screen.getAllDisplays().map(({ id, label, bounds, workArea }) => ({
      id: String(id),
      label,
      bounds: rectangle(bounds),
      workArea: rectangle(workArea),
      isPrimary: id === primary,
    }));
  }

  async open(role: WindowRole, bounds: Rectangle): Promise<ShellWindow> {
    const id = windowId(role, ++this.#lastWindow);
    const window = new this.#electron.BrowserWindow({
      ...bounds,
      show: false,
      title: 'Holdfast',
      backgroundColor: '#101418', // as the page's: no flash of white in a dark room
      webPreferences: webPreferences(this.#options.preload),
    });
    const opened: Opened = { role, id, window, line: undefined };
    this.#windows.set(id, opened);
    this.#listen(opened);
    // What went wrong with it is told as a crash, and it is loaded again like any window.
    await window.loadURL(`${ORIGIN}/${role}`).catch(() => {});
    window.showInactive(); // a window that appears never takes the caret from another
    return handleOf(opened);
  }

  async registerHotkey(accelerator: string, action: () => void): Promise<HotkeyResult> {
    const chord = parseAccelerator(accelerator);
    if (chord === undefined) return { outcome: 'refused', reason: 'not-an-accelerator' };
    if (this.#hotkeys.has(chord)) return { outcome: 'refused', reason: 'taken' };
    // A key that another program holds fails silently: only this answer tells.
    if (!this.#electron.globalShortcut.register(electronName(chord), action))
      return { outcome: 'refused', reason: 'taken' };
    this.#hotkeys.add(chord);
    return { outcome: 'registered', reach: this.#options.isWayland ? 'asked-for' : 'desktop' };
  }

  async releaseHotkey(accelerator: string): Promise<void> {
    const chord = parseAccelerator(accelerator);
    if (chord === undefined || !this.#hotkeys.delete(chord)) return;
    this.#electron.globalShortcut.unregister(electronName(chord));
  }

  keystore(): Promise<Keystore> {
    const { keyFile, platform } = this.#options;
    return openKeystore(this.#electron.safeStorage, keyFile, platform);
  }

  async notify(title: string, body: string): Promise<'handed-over' | 'not-available'> {
    if (!this.#electron.Notification.isSupported()) return 'not-available';
    new this.#electron.Notification({ title, body }).show();
    return 'handed-over';
  }

  /** The desk has ended and another one is there: every window that has loaded is given a line to it. */
  handOverAll(): void {
    for (const opened of this.#windows.values())
      if (opened.line !== undefined) this.#handOver(opened);
  }

  /** A line has ended. Its window is given another, unless it has one already or is about to load. */
  lineEnded(line: number): void {
    const opened = [...this.#windows.values()].find((it) => it.line === line);
    if (opened && !opened.window.webContents.isLoadingMainFrame()) this.#handOver(opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#quiet?.[Symbol.dispose]();
    this.#electron.globalShortcut.unregisterAll();
    for (const event of screenEvents) this.#electron.screen.removeAllListeners(event);
    for (const { window } of this.#windows.values()) window.destroy();
    this.#electron.protocol.unhandle(SCHEME);
  }

  #listen(opened: Opened): void {
    const { role, id, window } = opened;
    const page = window.webContents;
    const { listener, after } = this.#options;
    let hung: Disposable | undefined;
    page.on('did-finish-load', () => this.#handOver(opened));
    page.on('render-process-gone', (_event, { reason }) => {
      opened.line = undefined; // what it had is dead, and what loads next is given its own
      listener.windowChanged(role, id, { type: 'crashed', cause: reason });
    });
    window.on('unresponsive', () => {
      listener.windowChanged(role, id, { type: 'unresponsive' });
      hung?.[Symbol.dispose]();
      // Then `render-process-gone` comes, and the window is loaded again like any that crashed.
      hung = after(UNRESPONSIVE_MAX_MS, () => page.forcefullyCrashRenderer());
    });
    window.on('responsive', () => hung?.[Symbol.dispose]());
    const moved = () => listener.windowChanged(role, id, { type: 'moved' });
    window.on('move', moved);
    window.on('resize', moved);
    window.on('closed', () => {
      hung?.[Symbol.dispose]();
      this.#windows.delete(id);
      listener.windowChanged(role, id, { type: 'closed' });
    });
  }

  /** A fresh pair for each load, so that a reloaded page never reads its predecessor's frames. */
  #handOver(opened: Opened): void {
    const { port1, port2 } = new this.#electron.MessageChannelMain();
    const line = ++this.#lastLine;
    opened.line = line;
    this.#options.joined({ role: opened.role, id: opened.id, line, port: port1 });
    const message: HandOver = { type: 'holdfast:port' };
    opened.window.webContents.postMessage(message.type, null, [port2]);
  }

  #displaysChanged(): void {
    this.#quiet?.[Symbol.dispose]();
    this.#quiet = this.#options.after(DISPLAYS_QUIET_MS, () =>
      this.#options.listener.displaysChanged(),
    );
  }
}

/** `Meta` is ours and the browser's; Electron calls that key Super. */
const electronName = (chord: string) => chord.replace('Meta', 'Super');

function handleOf({ role, id, window }: Opened): ShellWindow {
  const page = window.webContents;
  return {
    role,
    id,
    bounds: async () => rectangle(window.getBounds()),
    place: async (bounds) => window.setBounds(bounds),
    focus: async () => window.focus(),
    reload: async () => page.reload(),
    close: async () => window.close(),
    capture: async () => (await page.capturePage()).toPNG(),
    printToPdf: () => page.printToPDF({ pageSize: 'A4', generateTaggedPDF: true }),
  };
}

/** Electron's rectangles may bring more than the four figures, and are kept in a file. */
const rectangle = ({ x, y, width, height }: Rectangle): Rectangle => ({ x, y, width, height });
