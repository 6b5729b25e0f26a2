import { setTimeout as delay } from 'node:timers/promises';
import { parseAccelerator } from '#desk/accelerator.ts';
import { openFileKeystore } from '#desk/file-keystore.ts';
import {
  windowId,
  type Admission,
  type Display,
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
import { Browser, type BrowserOptions } from './browser.ts';
import type { CdpEvent } from './cdp.ts';
import { Page } from './page.ts';

const START_TRIES_MAX = 10; // the browser of a shell that was killed needs a moment to leave its profile
const START_AGAIN_MS = 300;
const DISPLAYS_EVERY_MS = 2_000;
const DISPLAYS_QUIET_MS = 500; // changes come in bursts

export interface ChromiumOptions extends BrowserOptions {
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
}

/** Drives an installed Chromium: one browser, one `--app` window for each role. */
export class ChromiumShell implements Shell {
  /** Resolves when the browser has ended, by itself or by us. Every window has been reported then. */
  readonly gone: Promise<void>;
  readonly #options: ChromiumOptions;
  readonly #browser: Browser;
  readonly #pages = new Map<string, Page>();
  readonly #hotkeys = new Map<string, () => void>();
  readonly #ending = new AbortController();
  #lastWindow = 0;

  private constructor(options: ChromiumOptions) {
    this.#options = options;
    const gone = Promise.withResolvers<void>();
    this.gone = gone.promise;
    this.#browser = new Browser(options, {
      hear: (event) => this.#hear(event),
      gone: () => {
        this.#ending.abort();
        this.#lose([...this.#pages.values()], { type: 'crashed', cause: 'browser exited' });
        gone.resolve();
      },
    });
  }

  static async start(options: ChromiumOptions): Promise<ChromiumShell> {
    for (let tries = 1; ; tries++) {
      const shell = new ChromiumShell(options);
      try {
        await shell.#begin();
        return shell;
      } catch (cause) {
        const hasLeft = shell.#browser.wasStarted && shell.#ending.signal.aborted;
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
    const { origin, handOver } = this.#options;
    const number = ++this.#lastWindow;
    const url = `${origin}/${role}?window=${number}`;
    const target = await this.#browser.open(url, role);
    const { sessionId } = target;
    const page = new Page(target, {
      cdp: this.#browser.cdp,
      role,
      id: windowId(role, number),
      url,
      origin,
      handOver,
      hotkeys: () => this.#hotkeys.keys(),
      isOpen: () => this.#pages.has(sessionId),
    });
    this.#pages.set(sessionId, page);
    await page.begin(bounds);
    return page.handle();
  }

  async registerHotkey(accelerator: string, action: () => void): Promise<HotkeyResult> {
    const chord = parseAccelerator(accelerator);
    if (!chord) return { outcome: 'refused', reason: 'not-an-accelerator' };
    if (this.#hotkeys.has(chord)) return { outcome: 'refused', reason: 'taken' };
    this.#hotkeys.set(chord, action);
    // A window that is just loading is given all hotkeys at the end of its load.
    await Promise.allSettled([...this.#pages.values()].map((page) => page.listenIn()));
    const statement = `${chord} works only while a Holdfast window has the focus.`;
    return { outcome: 'registered', reach: 'own-windows', statement };
  }

  async releaseHotkey(accelerator: string): Promise<void> {
    const chord = parseAccelerator(accelerator);
    if (chord === undefined || !this.#hotkeys.delete(chord)) return;
    await Promise.allSettled([...this.#pages.values()].map((page) => page.listenIn()));
  }

  keystore(): Promise<Keystore> {
    return openFileKeystore(this.#options.keyFile);
  }

  async notify(title: string, body: string): Promise<'handed-over' | 'not-available'> {
    const [page] = this.#pages.values();
    if (!page) return 'not-available';
    return (await page.notify(title, body)) ? 'handed-over' : 'not-available';
  }

  /** For tests: the value of an expression in a window's page, awaited if it is a promise. */
  async evaluate(window: ShellWindow, expression: string): Promise<unknown> {
    return this.#find(window).evaluate(expression);
  }

  /** For tests: presses and lets go of each, as a hand would: 'Ctrl+Enter', 'Shift+Tab', 'F2', 'a'. */
  async pressKeys(window: ShellWindow, ...chords: readonly string[]): Promise<void> {
    await this.#find(window).pressKeys(chords);
  }

  /** For tests: writes a text key by key; what no key writes is put in as an input method would. */
  async typeText(window: ShellWindow, text: string): Promise<void> {
    await this.#find(window).typeText(text);
  }

  /** For tests and pictures: the window's page as PNG as it would be at this size, title bar apart. */
  async captureAt(
    window: ShellWindow,
    size: Pick<Rectangle, 'width' | 'height'>,
  ): Promise<Uint8Array> {
    return this.#find(window).captureAt(size);
  }

  /** For tests: the window's renderer process dies at once. Resolves when the browser has seen it. */
  async killRenderer(window: ShellWindow): Promise<void> {
    await this.#find(window).killRenderer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#pages.clear(); // We are leaving: nobody is told that windows closed.
    await this.#browser[Symbol.asyncDispose]();
  }

  async #begin(): Promise<void> {
    await this.#browser.begin();
    // Grants these and refuses every other permission; a second call would replace the first.
    await this.#browser.cdp.send('Browser.grantPermissions', {
      origin: this.#options.origin,
      permissions: ['notifications', 'audioCapture'],
    });
    void this.#watchDisplays(this.#ending.signal);
  }

  #find({ id }: ShellWindow): Page {
    const found = [...this.#pages.values()].find((page) => page.id === id);
    if (!found) throw new Error(`the window ${id} is closed`);
    return found;
  }

  #hear({ method, params, sessionId = '' }: CdpEvent): void {
    const closed = method === 'Target.detachedFromTarget';
    const page = this.#pages.get(closed ? String(params['sessionId']) : sessionId);
    if (!page) return;
    if (closed) return this.#lose([page], { type: 'closed' });
    if (method === 'Page.lifecycleEvent' && params['name'] === 'load') {
      page.loaded(String(params['frameId']), String(params['loaderId']));
    }
    if (method === 'Runtime.bindingCalled') this.#called(page, String(params['payload']));
    if (method === 'Inspector.targetCrashed') {
      page.crashed();
      const event = { type: 'crashed', cause: 'renderer gone' } as const;
      this.#options.listener.windowChanged(page.role, page.id, event);
    }
  }

  #called(page: Page, payload: string): void {
    if (payload === 'again') page.handOver();
    else this.#hotkeys.get(payload)?.();
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
        await this.#tellMoved();
      } catch {
        // The screens could not be read, which says nothing about them: what was known stays.
      }
      const waitMs = seen === known ? DISPLAYS_EVERY_MS : DISPLAYS_QUIET_MS;
      await delay(waitMs, undefined, { signal, ref: false }).catch(() => {}); // the shell is ending
    }
  }

  /** The protocol has no word for it: each window is looked at. */
  async #tellMoved(): Promise<void> {
    for (const page of this.#pages.values())
      // oxlint-disable-next-line no-await-in-loop -- one window after the other
      if (await page.hasMoved())
        this.#options.listener.windowChanged(page.role, page.id, { type: 'moved' });
  }

  #lose(pages: readonly Page[], event: WindowEvent): void {
    for (const page of pages) {
      this.#pages.delete(page.sessionId);
      page.tellCrashed();
      this.#options.listener.windowChanged(page.role, page.id, event);
    }
  }
}
