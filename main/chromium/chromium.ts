import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  windowId,
  type Admission,
  type Display,
  type HandOver,
  type HotkeyResult,
  type Keystore,
  type Rectangle,
  type Shell,
  type ShellListener,
  type ShellWindow,
  type WindowEvent,
  type WindowId,
  type WindowRole,
} from '#desk/shell.ts';
import { parseAccelerator } from './accelerator.ts';
import { Cdp, type CdpEvent } from './cdp.ts';
import { openFileKeystore } from './file-keystore.ts';
import { keyFor, parseKeys, type Key, type KeyPress } from './keys.ts';
import { listenInPage } from './listen-in-page.ts';

const WINDOW_WAIT_MS = 15_000; // a cold start on a loaded desk; 0.6 s is usual
const START_TRIES_MAX = 10; // the browser of a shell that was killed needs a moment to leave its profile
const START_AGAIN_MS = 300;
const EXIT_WAIT_MS = 5_000; // then it is killed
const HAND_OVER_WAIT_MS = 5_000; // a desk that does not answer is asked again
const HAND_OVER_AGAIN_MS = 200; // a desk that was killed is back within a second or two
const REACH_AGAIN_MS = 400; // the same, for a page that could not be loaded
const DISPLAYS_EVERY_MS = 2_000;
const DISPLAYS_QUIET_MS = 500; // changes come in bursts
const WORLD = 'holdfast-shell';
const BINDING = 'holdfastShell';

const flags = (profileFolder: string) => [
  `--user-data-dir=${profileFolder}`, // never the default one: the pipe is refused there
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-breakpad', // a crash dump would hold what was on the screen
  '--disable-features=Translate,MediaRouter',
  '--password-store=basic',
  '--use-mock-keychain',
  '--autoplay-policy=no-user-gesture-required', // the alarm must sound before the first click
  '--disable-background-timer-throttling', // a covered window still ticks its deadlines
  '--disable-backgrounding-occluded-windows',
  // Root has no sandbox to enter; an operator is never root.
  ...(process.getuid?.() === 0 ? ['--no-sandbox', '--disable-gpu'] : []),
];

export interface ChromiumOptions {
  readonly executable: string;
  readonly profileFolder: string;
  readonly keyFile: string;
  /** Where the desk serves its pages; the same after a restart of the desk. */
  readonly origin: string;
  /**
   * Asks the desk to let a window in. The desk may be another process: while it is gone this rejects,
   * or never answers, and is asked again until the window has its line or is closed.
   */
  readonly handOver: (role: WindowRole, id: WindowId) => Promise<Admission>;
  readonly listener: ShellListener;
  readonly readDisplays: () => Promise<readonly Display[]>;
  /** What the browser is started with: `DISPLAY` stands here. */
  readonly environment?: NodeJS.ProcessEnv;
}

interface OpenWindow {
  readonly role: WindowRole;
  readonly id: WindowId;
  readonly url: string;
  readonly targetId: string;
  readonly sessionId: string;
  /** The document that was last seen to load, so that one load is handled once. */
  loaderId: string;
  isWaitingForDesk: boolean;
  isHandingOver: boolean;
  hasEmulatedFocus: boolean;
  readonly crashed: (() => void)[];
}

interface Target {
  readonly targetId: string;
  readonly sessionId: string;
}

/** Drives an installed Chromium: one browser, one `--app` window for each role. */
export class ChromiumShell implements Shell {
  /** Resolves when the browser has ended, by itself or by us. Every window has been reported then. */
  readonly gone: Promise<void>;
  readonly #options: ChromiumOptions;
  readonly #browser: ChildProcess;
  readonly #cdp: Cdp;
  readonly #windows = new Map<string, OpenWindow>();
  readonly #arrivals = new Map<string, (target: Target) => void>();
  readonly #hotkeys = new Map<string, () => void>();
  readonly #ending = new AbortController();
  #lastWindow = 0;

  private constructor(options: ChromiumOptions) {
    this.#options = options;
    this.#browser = spawn(
      options.executable,
      [...flags(options.profileFolder), '--remote-debugging-pipe', '--no-startup-window'],
      { env: options.environment, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const [, , , out, input] = this.#browser.stdio;
    const gone = Promise.withResolvers<void>();
    this.gone = gone.promise;
    this.#browser.once('error', () => {}); // no such program: its pipe closes too, and `start` tells
    this.#cdp = new Cdp(
      out as Writable, // 'pipe' above
      input as Readable,
      (event) => this.#hear(event),
      () => {
        this.#ending.abort();
        this.#lose([...this.#windows.values()], { type: 'crashed', cause: 'browser exited' });
        gone.resolve();
      },
    );
  }

  static async start(options: ChromiumOptions): Promise<ChromiumShell> {
    for (let tries = 1; ; tries++) {
      const shell = new ChromiumShell(options);
      try {
        await shell.#begin();
        return shell;
      } catch (cause) {
        const hasLeft = shell.#browser.pid !== undefined && shell.#ending.signal.aborted;
        await shell[Symbol.asyncDispose]();
        if (tries >= START_TRIES_MAX || !hasLeft) {
          throw new Error(
            `${options.executable} could not be driven; a policy of this machine may forbid remote debugging`,
            { cause },
          );
        }
        // A browser on the same profile, left by a shell that was killed, takes our command line
        // and ours exits: wait until it has left.
        await delay(START_AGAIN_MS);
      }
    }
  }

  displays(): Promise<readonly Display[]> {
    return this.#options.readDisplays();
  }

  async open(role: WindowRole, bounds: Rectangle): Promise<ShellWindow> {
    const number = ++this.#lastWindow;
    const url = `${this.#options.origin}/${role}?window=${number}`;
    const target = await this.#arrive(role, url);
    const window: OpenWindow = {
      role,
      id: windowId(role, number),
      url,
      ...target,
      loaderId: '',
      isWaitingForDesk: false,
      isHandingOver: false,
      hasEmulatedFocus: false,
      crashed: [],
    };
    this.#windows.set(target.sessionId, window);
    await this.#place(window, bounds);
    const { sessionId } = window;
    await this.#cdp.send('Page.enable', {}, sessionId);
    await this.#cdp.send('Runtime.enable', {}, sessionId);
    const binding = { name: BINDING, executionContextName: WORLD };
    await this.#cdp.send('Runtime.addBinding', binding, sessionId);
    // Lifecycle events are replayed, a plain load event is not: some pages load before we listen.
    await this.#cdp.send('Page.setLifecycleEventsEnabled', { enabled: true }, sessionId);
    await this.#cdp.send('Runtime.runIfWaitingForDebugger', {}, sessionId);
    return this.#handle(window);
  }

  async registerHotkey(accelerator: string, action: () => void): Promise<HotkeyResult> {
    const chord = parseAccelerator(accelerator);
    if (!chord) return { outcome: 'refused', reason: 'not-an-accelerator' };
    if (this.#hotkeys.has(chord)) return { outcome: 'refused', reason: 'taken' };
    this.#hotkeys.set(chord, action);
    // A window that is just loading is given all hotkeys at the end of its load.
    await Promise.allSettled([...this.#windows.values()].map((window) => this.#listenIn(window)));
    const statement = `${chord} works only while a Holdfast window has the focus.`;
    return { outcome: 'registered', reach: 'own-windows', statement };
  }

  keystore(): Promise<Keystore> {
    return openFileKeystore(this.#options.keyFile);
  }

  async notify(title: string, body: string): Promise<'handed-over' | 'not-available'> {
    const [window] = this.#windows.values();
    if (!window) return 'not-available';
    const expression = `void new Notification(${JSON.stringify(title)}, ${JSON.stringify({ body })})`;
    const { exceptionDetails } = await this.#cdp.send<Evaluated>(
      'Runtime.evaluate',
      { expression },
      window.sessionId,
    );
    return exceptionDetails ? 'not-available' : 'handed-over';
  }

  /** For tests: the value of an expression in a window's page, awaited if it is a promise. */
  async evaluate(window: ShellWindow, expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#cdp.send<Evaluated>(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true, userGesture: true },
      this.#find(window).sessionId,
    );
    if (exceptionDetails) {
      const { exception, text } = exceptionDetails;
      throw new Error(exception?.description ?? text);
    }
    return result.value;
  }

  /** For tests: presses and lets go of each, as a hand would: 'Ctrl+Enter', 'Shift+Tab', 'F2', 'a'. */
  async pressKeys(window: ShellWindow, ...chords: readonly string[]): Promise<void> {
    const target = await this.#focused(window);
    for (const chord of chords) await this.#press(target, parseKeys(chord));
  }

  /** For tests: writes a text key by key; what no key writes is put in as an input method would. */
  async typeText(window: ShellWindow, text: string): Promise<void> {
    const target = await this.#focused(window);
    for (const character of text) {
      const press = keyFor(character);
      if (press) await this.#press(target, press);
      else await this.#cdp.send('Input.insertText', { text: character }, target.sessionId);
    }
  }

  /** For tests and pictures: the window's page as PNG as it would be at this size, title bar apart. */
  async captureAt(
    window: ShellWindow,
    size: Pick<Rectangle, 'width' | 'height'>,
  ): Promise<Uint8Array> {
    const { sessionId } = this.#find(window);
    const metrics = { ...size, deviceScaleFactor: 1, mobile: false };
    await this.#cdp.send('Emulation.setDeviceMetricsOverride', metrics, sessionId);
    try {
      // Two frames: the first is laid out at the new size, the second has been painted.
      const painted =
        'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';
      await this.evaluate(window, `${painted}.then(() => 0)`);
      return await window.capture();
    } finally {
      await this.#cdp.send('Emulation.clearDeviceMetricsOverride', {}, sessionId);
    }
  }

  /** For tests: the window's renderer process dies at once. Resolves when the browser has seen it. */
  async killRenderer(window: ShellWindow): Promise<void> {
    const target = this.#find(window);
    const crashed = new Promise<void>((resolve) => target.crashed.push(resolve));
    // The one who would answer is the one who dies.
    this.#cdp.send('Page.crash', {}, target.sessionId).catch(() => {});
    await crashed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#windows.clear(); // We are leaving: nobody is told that windows closed.
    const { pid, exitCode, signalCode } = this.#browser;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const exited = once(this.#browser, 'exit');
    const kill = setTimeout(() => this.#browser.kill('SIGKILL'), EXIT_WAIT_MS);
    await this.#cdp.send('Browser.close').catch(() => this.#browser.kill('SIGKILL'));
    await exited;
    clearTimeout(kill);
  }

  async #begin(): Promise<void> {
    await this.#cdp.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: true,
      flatten: true,
      filter: [{ type: 'page' }],
    });
    // Grants these and refuses every other permission; a second call would replace the first.
    await this.#cdp.send('Browser.grantPermissions', {
      origin: this.#options.origin,
      permissions: ['notifications', 'audioCapture'],
    });
    void this.#watchDisplays(this.#ending.signal);
  }

  async #arrive(role: WindowRole, url: string): Promise<Target> {
    const arrived = Promise.withResolvers<Target>();
    this.#arrivals.set(url, arrived.resolve);
    const timer = setTimeout(
      () => arrived.reject(new Error(`no window for ${role} within ${WINDOW_WAIT_MS} ms`)),
      WINDOW_WAIT_MS,
    );
    // A second Chromium on the same profile passes the URL to the first and exits. Its position
    // flags are not honoured, so the window is put in place before its page may run.
    const relay = spawn(
      this.#options.executable,
      [...flags(this.#options.profileFolder), `--app=${url}`],
      { env: this.#options.environment, stdio: 'ignore' },
    );
    relay.once('error', arrived.reject);
    return arrived.promise.finally(() => {
      clearTimeout(timer);
      this.#arrivals.delete(url);
    });
  }

  #handle(window: OpenWindow): ShellWindow {
    const { role, id, sessionId, targetId } = window;
    const ask = async (method: string) => {
      const { data } = await this.#cdp.send<{ data: string }>(method, {}, sessionId);
      return Buffer.from(data, 'base64');
    };
    return {
      role,
      id,
      bounds: async () => {
        const { bounds } = await this.#windowOf(window);
        return { x: bounds.left, y: bounds.top, width: bounds.width, height: bounds.height };
      },
      focus: async () => void (await this.#cdp.send('Page.bringToFront', {}, sessionId)),
      reload: async () => void (await this.#cdp.send('Page.reload', {}, sessionId)),
      close: async () => void (await this.#cdp.send('Target.closeTarget', { targetId })),
      capture: () => ask('Page.captureScreenshot'),
      printToPdf: () => ask('Page.printToPDF'),
    };
  }

  #find({ id }: ShellWindow): OpenWindow {
    const found = [...this.#windows.values()].find((window) => window.id === id);
    if (!found) throw new Error(`the window ${id} is closed`);
    return found;
  }

  #windowOf({ targetId }: Target) {
    type Bounds = { left: number; top: number; width: number; height: number };
    return this.#cdp.send<{ windowId: number; bounds: Bounds }>('Browser.getWindowForTarget', {
      targetId,
    });
  }

  async #place(window: Target, { x, y, width, height }: Rectangle): Promise<void> {
    const { windowId: number } = await this.#windowOf(window);
    const bounds = { left: x, top: y, width, height };
    await this.#cdp.send('Browser.setWindowBounds', { windowId: number, bounds });
  }

  #hear({ method, params, sessionId = '' }: CdpEvent): void {
    if (method === 'Target.attachedToTarget') return this.#attach(params as unknown as Attached);
    const closed = method === 'Target.detachedFromTarget';
    const window = this.#windows.get(closed ? String(params['sessionId']) : sessionId);
    if (!window) return;
    if (closed) return this.#lose([window], { type: 'closed' });
    if (method === 'Page.lifecycleEvent' && params['name'] === 'load') {
      this.#loaded(window, String(params['frameId']), String(params['loaderId']));
    }
    if (method === 'Runtime.bindingCalled') this.#called(window, String(params['payload']));
    if (method === 'Inspector.targetCrashed') {
      window.loaderId = '';
      for (const tell of window.crashed.splice(0)) tell();
      const event = { type: 'crashed', cause: 'renderer gone' } as const;
      this.#options.listener.windowChanged(window.role, window.id, event);
    }
  }

  #attach({ sessionId, targetInfo: { targetId, url } }: Attached): void {
    const arrived = this.#arrivals.get(url);
    if (arrived) return arrived({ targetId, sessionId });
    // Not a window we asked for: a page opened it. Windows are made here and nowhere else.
    // It shares its opener's thread: left paused, it would freeze the operator's window with it.
    for (const [method, params, session] of [
      ['Runtime.runIfWaitingForDebugger', {}, sessionId],
      ['Target.closeTarget', { targetId }, undefined],
    ] as const) {
      this.#cdp.send(method, params, session).catch(() => {}); // it may be gone already
    }
  }

  #called(window: OpenWindow, payload: string): void {
    if (payload === 'again') this.#handOver(window);
    else this.#hotkeys.get(payload)?.();
  }

  /** One hand-over for one load, however often that load is reported. */
  #loaded(window: OpenWindow, frameId: string, loaderId: string): void {
    if (frameId !== window.targetId || window.loaderId === loaderId) return;
    window.loaderId = loaderId;
    this.#settle(window).catch(() => {
      // It closed, crashed or went on to another page meanwhile, which is reported by itself;
      // a page that is left without a line asks for one.
    });
  }

  /** A page of ours is given its line; any other (the desk was gone, or it strayed) is brought back. */
  async #settle(window: OpenWindow): Promise<void> {
    type Tree = { frameTree: { frame: { url: string; unreachableUrl?: string } } };
    const { frameTree } = await this.#cdp.send<Tree>('Page.getFrameTree', {}, window.sessionId);
    const { url, unreachableUrl } = frameTree.frame;
    const isOurs = url.startsWith(`${this.#options.origin}/`) && unreachableUrl === undefined;
    if (isOurs) {
      await this.#listenIn(window);
      return this.#handOver(window);
    }
    await delay(REACH_AGAIN_MS);
    if (!this.#isOpen(window)) return;
    await this.#cdp.send('Page.navigate', { url: window.url }, window.sessionId);
  }

  #handOver(window: OpenWindow): void {
    window.isWaitingForDesk = true;
    if (window.isHandingOver) return;
    window.isHandingOver = true;
    this.#handOverUntilDone(window)
      .catch(() => {}) // as in #loaded: whoever is left without a line asks for one
      .finally(() => {
        window.isHandingOver = false;
      });
  }

  /** Mirrors Electron's hand-over: the page is posted a fresh, one-time token. */
  async #handOverUntilDone(window: OpenWindow): Promise<void> {
    const { handOver, origin } = this.#options;
    while (window.isWaitingForDesk && this.#isOpen(window)) {
      const admission = await answerOf(handOver(window.role, window.id));
      if (!admission) {
        await delay(HAND_OVER_AGAIN_MS);
        continue;
      }
      window.isWaitingForDesk = false; // Whatever asks from here on came after this one.
      const message: HandOver = { type: 'holdfast:gateway', ...admission };
      const expression = `postMessage(${JSON.stringify(message)}, ${JSON.stringify(origin)})`;
      await this.#cdp.send('Runtime.evaluate', { expression }, window.sessionId);
    }
  }

  /** In a world of its own: the page can neither see the listener nor fake a hotkey. */
  async #listenIn({ targetId, sessionId }: OpenWindow): Promise<void> {
    // A page's main frame has its id. The same name gives the same world again.
    const world = { frameId: targetId, worldName: WORLD };
    const { executionContextId: contextId } = await this.#cdp.send<{ executionContextId: number }>(
      'Page.createIsolatedWorld',
      world,
      sessionId,
    );
    const chords = JSON.stringify([...this.#hotkeys.keys()]);
    const expression = `(${listenInPage.toString()})(${chords}, ${JSON.stringify(BINDING)})`;
    await this.#cdp.send('Runtime.evaluate', { expression, contextId }, sessionId);
  }

  async #focused(window: ShellWindow): Promise<OpenWindow> {
    const target = this.#find(window);
    if (!target.hasEmulatedFocus) {
      // Several windows are typed in side by side, and only one can have the screen's focus.
      const focus = { enabled: true };
      await this.#cdp.send('Emulation.setFocusEmulationEnabled', focus, target.sessionId);
      target.hasEmulatedFocus = true;
    }
    return target;
  }

  async #press({ sessionId }: OpenWindow, { held, key, modifiers }: KeyPress): Promise<void> {
    const dispatch = (type: 'down' | 'up', { text, ...rest }: Key, mask: number) => {
      const isWriting = type === 'down' && text !== undefined;
      const params = {
        type: type === 'up' ? 'keyUp' : isWriting ? 'keyDown' : 'rawKeyDown',
        modifiers: mask,
        ...rest,
        ...(isWriting && { text, unmodifiedText: text }),
      };
      return this.#cdp.send('Input.dispatchKeyEvent', params, sessionId);
    };
    for (const it of held) await dispatch('down', it, modifiers);
    await dispatch('down', key, modifiers);
    await dispatch('up', key, modifiers);
    for (const it of held.toReversed()) await dispatch('up', it, 0);
  }

  /** Tells of a change once it has lasted, so that a re-plug is one change and not five. */
  async #watchDisplays(signal: AbortSignal): Promise<void> {
    let known: string | undefined;
    let seen: string | undefined;
    while (!signal.aborted) {
      try {
        const found = JSON.stringify(await this.displays());
        known ??= found;
        if (found !== known && found === seen) {
          known = found;
          this.#options.listener.displaysChanged();
        }
        seen = found;
      } catch {
        // The screens could not be read, which says nothing about them: what was known stays.
      }
      const waitMs = seen === known ? DISPLAYS_EVERY_MS : DISPLAYS_QUIET_MS;
      await delay(waitMs, undefined, { signal, ref: false }).catch(() => {}); // the shell is ending
    }
  }

  #isOpen({ sessionId }: OpenWindow): boolean {
    return this.#windows.has(sessionId);
  }

  #lose(windows: readonly OpenWindow[], event: WindowEvent): void {
    for (const { role, id, sessionId, crashed } of windows) {
      this.#windows.delete(sessionId);
      for (const tell of crashed.splice(0)) tell();
      this.#options.listener.windowChanged(role, id, event);
    }
  }
}

/** Undefined when the desk did not answer, in time or at all. */
async function answerOf(asked: Promise<Admission>): Promise<Admission | undefined> {
  const late = new AbortController();
  const limit = delay(HAND_OVER_WAIT_MS, undefined, { signal: late.signal });
  try {
    return await Promise.race([asked, limit]);
  } catch {
    return undefined; // The desk is gone or starting: whoever asks will ask again.
  } finally {
    late.abort();
    limit.catch(() => {}); // ended on the line above
  }
}

interface Attached {
  readonly sessionId: string;
  readonly targetInfo: { readonly targetId: string; readonly url: string };
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
}
