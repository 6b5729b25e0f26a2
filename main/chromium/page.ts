import { setTimeout as delay } from 'node:timers/promises';
import type {
  Admission,
  HandOver,
  Rectangle,
  ShellWindow,
  WindowId,
  WindowRole,
} from '#desk/shell.ts';
import type { Target } from './browser.ts';
import type { Cdp } from './cdp.ts';
import { keyFor, parseKeys, type Key, type KeyPress } from './keys.ts';
import { listenInPage } from './listen-in-page.ts';

const HAND_OVER_WAIT_MS = 5_000; // a desk that does not answer is asked again
const HAND_OVER_AGAIN_MS = 200; // a desk that was killed is back within a second or two
const REACH_AGAIN_MS = 400; // the same, for a page that could not be loaded
const WORLD = 'holdfast-shell';
const BINDING = 'holdfastShell';

export interface PageOptions {
  readonly cdp: Cdp;
  readonly role: WindowRole;
  readonly id: WindowId;
  readonly url: string;
  /** Where the desk serves its pages. */
  readonly origin: string;
  readonly handOver: (role: WindowRole, id: WindowId) => Promise<Admission>;
  /** The hotkeys that the page listens for, as chords. */
  readonly hotkeys: () => Iterable<string>;
  readonly isOpen: () => boolean;
}

/** One window and the page in it: its place, its loads, its line to the desk, and what a hand would do in it. */
export class Page {
  readonly role: WindowRole;
  readonly id: WindowId;
  readonly sessionId: string;
  readonly #targetId: string;
  readonly #options: PageOptions;
  readonly #cdp: Cdp;
  /** The document that was last seen to load, so that one load is handled once. */
  #loaderId = '';
  #isWaitingForDesk = false;
  #isHandingOver = false;
  #hasEmulatedFocus = false;
  #stood: string | undefined;
  readonly #crashed: (() => void)[] = [];

  constructor({ targetId, sessionId }: Target, options: PageOptions) {
    this.role = options.role;
    this.id = options.id;
    this.sessionId = sessionId;
    this.#targetId = targetId;
    this.#options = options;
    this.#cdp = options.cdp;
  }

  /** Puts the window in its place and lets its page run. */
  async begin(bounds: Rectangle): Promise<void> {
    await this.#place(bounds);
    await this.hasMoved(); // from here on
    await this.#send('Page.enable');
    await this.#send('Runtime.enable');
    await this.#send('Runtime.addBinding', { name: BINDING, executionContextName: WORLD });
    // Lifecycle events are replayed, a plain load event is not: some pages load before we listen.
    await this.#send('Page.setLifecycleEventsEnabled', { enabled: true });
    await this.#send('Runtime.runIfWaitingForDebugger');
  }

  /** The window as everybody outside the shell knows it. */
  handle(): ShellWindow {
    const ask = async (method: string) => {
      const { data } = await this.#send<{ data: string }>(method);
      return Buffer.from(data, 'base64');
    };
    return {
      role: this.role,
      id: this.id,
      bounds: async () => {
        const { bounds } = await this.#window();
        return { x: bounds.left, y: bounds.top, width: bounds.width, height: bounds.height };
      },
      place: (bounds) => this.#place(bounds),
      focus: async () => void (await this.#send('Page.bringToFront')),
      reload: async () => void (await this.#send('Page.reload')),
      close: async () =>
        void (await this.#cdp.send('Target.closeTarget', { targetId: this.#targetId })),
      capture: () => ask('Page.captureScreenshot'),
      printToPdf: () => ask('Page.printToPDF'),
    };
  }

  /** Whether it stands elsewhere than when this was last asked. */
  async hasMoved(): Promise<boolean> {
    const { bounds } = await this.#window();
    const stands = JSON.stringify(bounds);
    const before = this.#stood;
    this.#stood = stands;
    return before !== stands;
  }

  /** One hand-over for one load, however often that load is reported. */
  loaded(frameId: string, loaderId: string): void {
    if (frameId !== this.#targetId || this.#loaderId === loaderId) return;
    this.#loaderId = loaderId;
    this.#settle().catch(() => {
      // It closed, crashed or went on to another page meanwhile, which is reported by itself;
      // a page that is left without a line asks for one.
    });
  }

  /** The renderer is gone; whatever loads next is a load of its own. */
  crashed(): void {
    this.#loaderId = '';
    this.tellCrashed();
  }

  /** Whoever waits for the end of the page's process hears it. */
  tellCrashed(): void {
    for (const tell of this.#crashed.splice(0)) tell();
  }

  /** Gives the page its line to the desk, however long the desk is away. */
  handOver(): void {
    this.#isWaitingForDesk = true;
    if (this.#isHandingOver) return;
    this.#isHandingOver = true;
    this.#handOverUntilDone()
      .catch(() => {}) // as in `loaded`: whoever is left without a line asks for one
      .finally(() => {
        this.#isHandingOver = false;
      });
  }

  /** In a world of its own: the page can neither see the listener nor fake a hotkey. */
  async listenIn(): Promise<void> {
    // A page's main frame has its id. The same name gives the same world again.
    const { executionContextId: contextId } = await this.#send<{ executionContextId: number }>(
      'Page.createIsolatedWorld',
      { frameId: this.#targetId, worldName: WORLD },
    );
    const chords = JSON.stringify([...this.#options.hotkeys()]);
    const expression = `(${listenInPage.toString()})(${chords}, ${JSON.stringify(BINDING)})`;
    await this.#send('Runtime.evaluate', { expression, contextId });
  }

  /** Shows a notification; false where the page could not. */
  async notify(title: string, body: string): Promise<boolean> {
    const expression = `void new Notification(${JSON.stringify(title)}, ${JSON.stringify({ body })})`;
    const { exceptionDetails } = await this.#send<Evaluated>('Runtime.evaluate', { expression });
    return exceptionDetails === undefined;
  }

  /** The value of an expression in the page, awaited if it is a promise. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#send<Evaluated>('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails) {
      const { exception, text } = exceptionDetails;
      throw new Error(exception?.description ?? text);
    }
    return result.value;
  }

  async pressKeys(chords: readonly string[]): Promise<void> {
    await this.#emulateFocus();
    for (const chord of chords) await this.#press(parseKeys(chord));
  }

  async typeText(text: string): Promise<void> {
    await this.#emulateFocus();
    for (const character of text) {
      const press = keyFor(character);
      if (press) await this.#press(press);
      else await this.#send('Input.insertText', { text: character });
    }
  }

  /** The page as PNG as it would be at this size. */
  async captureAt(size: Pick<Rectangle, 'width' | 'height'>): Promise<Uint8Array> {
    const metrics = { ...size, deviceScaleFactor: 1, mobile: false };
    await this.#send('Emulation.setDeviceMetricsOverride', metrics);
    try {
      // Two frames: the first is laid out at the new size, the second has been painted.
      const painted =
        'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';
      await this.evaluate(`${painted}.then(() => 0)`);
      return await this.handle().capture();
    } finally {
      await this.#send('Emulation.clearDeviceMetricsOverride');
    }
  }

  /** Resolves when the browser has seen that the page's process has died. */
  async killRenderer(): Promise<void> {
    const crashed = new Promise<void>((resolve) => this.#crashed.push(resolve));
    // The one who would answer is the one who dies.
    this.#send('Page.crash').catch(() => {});
    await crashed;
  }

  #send<Answer>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    return this.#cdp.send<Answer>(method, params, this.sessionId);
  }

  #window() {
    type Bounds = { left: number; top: number; width: number; height: number };
    return this.#cdp.send<{ windowId: number; bounds: Bounds }>('Browser.getWindowForTarget', {
      targetId: this.#targetId,
    });
  }

  async #place({ x, y, width, height }: Rectangle): Promise<void> {
    const { windowId: number } = await this.#window();
    const bounds = { left: x, top: y, width, height };
    await this.#cdp.send('Browser.setWindowBounds', { windowId: number, bounds });
  }

  /** A page of ours is given its line; any other (the desk was gone, or it strayed) is brought back. */
  async #settle(): Promise<void> {
    type Tree = { frameTree: { frame: { url: string; unreachableUrl?: string } } };
    const { frameTree } = await this.#send<Tree>('Page.getFrameTree');
    const { url, unreachableUrl } = frameTree.frame;
    const isOurs = url.startsWith(`${this.#options.origin}/`) && unreachableUrl === undefined;
    if (isOurs) {
      await this.listenIn();
      return this.handOver();
    }
    await delay(REACH_AGAIN_MS);
    if (!this.#options.isOpen()) return;
    await this.#send('Page.navigate', { url: this.#options.url });
  }

  /** Mirrors Electron's hand-over: the page is posted a fresh, one-time token. */
  async #handOverUntilDone(): Promise<void> {
    const { handOver, origin, isOpen } = this.#options;
    while (this.#isWaitingForDesk && isOpen()) {
      const admission = await answerOf(handOver(this.role, this.id));
      if (!admission) {
        await delay(HAND_OVER_AGAIN_MS);
        continue;
      }
      this.#isWaitingForDesk = false; // Whatever asks from here on came after this one.
      const message: HandOver = { type: 'holdfast:gateway', ...admission };
      const expression = `postMessage(${JSON.stringify(message)}, ${JSON.stringify(origin)})`;
      await this.#send('Runtime.evaluate', { expression });
    }
  }

  async #emulateFocus(): Promise<void> {
    if (this.#hasEmulatedFocus) return;
    // Several windows are typed in side by side, and only one can have the screen's focus.
    await this.#send('Emulation.setFocusEmulationEnabled', { enabled: true });
    this.#hasEmulatedFocus = true;
  }

  async #press({ held, key, modifiers }: KeyPress): Promise<void> {
    const dispatch = (type: 'down' | 'up', { text, ...rest }: Key, mask: number) => {
      const isWriting = type === 'down' && text !== undefined;
      const params = {
        type: type === 'up' ? 'keyUp' : isWriting ? 'keyDown' : 'rawKeyDown',
        modifiers: mask,
        ...rest,
        ...(isWriting && { text, unmodifiedText: text }),
      };
      return this.#send('Input.dispatchKeyEvent', params);
    };
    for (const it of held) await dispatch('down', it, modifiers);
    await dispatch('down', key, modifiers);
    await dispatch('up', key, modifiers);
    for (const it of held.toReversed()) await dispatch('up', it, 0);
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

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
}
