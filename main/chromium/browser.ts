import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { Cdp, type CdpEvent } from './cdp.ts';

const WINDOW_WAIT_MS = 15_000; // a cold start on a loaded desk; 0.6 s is usual
const EXIT_WAIT_MS = 5_000; // then it is killed
const driven: StdioOptions = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']; // the last two drive it

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

export interface BrowserOptions {
  readonly executable: string;
  readonly profileFolder: string;
  /** What the browser is started with: `DISPLAY` stands here. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** A page that the browser has opened, by the names that the browser gives it. */
export interface Target {
  readonly targetId: string;
  readonly sessionId: string;
}

interface Attached {
  readonly sessionId: string;
  readonly targetInfo: { readonly targetId: string; readonly url: string };
}

/** The browser's process and the pipe that drives it: starts it, opens its windows, ends it. */
export class Browser implements AsyncDisposable {
  readonly cdp: Cdp;
  readonly #options: BrowserOptions;
  readonly #process: ChildProcess;
  readonly #arrivals = new Map<string, (target: Target) => void>();

  /** `hear` is told what happens in its pages; `gone`, once, that the pipe has closed. */
  constructor(
    options: BrowserOptions,
    { hear, gone }: { readonly hear: (event: CdpEvent) => void; readonly gone: () => void },
  ) {
    this.#options = options;
    this.#process = this.#spawn(['--remote-debugging-pipe', '--no-startup-window'], driven);
    const [, , , out, input] = this.#process.stdio;
    this.#process.once('error', () => {}); // no such program: its pipe closes too, and `start` tells
    this.cdp = new Cdp(
      out as Writable, // 'pipe' in `driven`
      input as Readable,
      (event) => {
        if (event.method === 'Target.attachedToTarget')
          this.#attach(event.params as unknown as Attached);
        else hear(event);
      },
      gone,
    );
  }

  /** Whether there was a process at all. */
  get wasStarted(): boolean {
    return this.#process.pid !== undefined;
  }

  /** Makes it tell of each page before that page runs. Rejects where it cannot be driven. */
  async begin(): Promise<void> {
    await this.cdp.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: true,
      flatten: true,
      filter: [{ type: 'page' }],
    });
  }

  /** Opens a window on an address that no other window has; its page is held until it is let run. */
  async open(url: string, what: string): Promise<Target> {
    const arrived = Promise.withResolvers<Target>();
    this.#arrivals.set(url, arrived.resolve);
    const timer = setTimeout(
      () => arrived.reject(new Error(`no window for ${what} within ${WINDOW_WAIT_MS} ms`)),
      WINDOW_WAIT_MS,
    );
    // A second Chromium on the same profile passes the URL to the first and exits. Its position
    // flags are not honoured, so the window is put in place before its page may run.
    const relay = this.#spawn([`--app=${url}`], 'ignore');
    relay.once('error', arrived.reject);
    return arrived.promise.finally(() => {
      clearTimeout(timer);
      this.#arrivals.delete(url);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), EXIT_WAIT_MS);
    await this.cdp.send('Browser.close').catch(() => this.#process.kill('SIGKILL'));
    await exited;
    clearTimeout(kill);
  }

  #spawn(args: readonly string[], stdio: StdioOptions): ChildProcess {
    const { executable, profileFolder, environment: env } = this.#options;
    return spawn(executable, [...flags(profileFolder), ...args], { env, stdio });
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
      this.cdp.send(method, params, session).catch(() => {}); // it may be gone already
    }
  }
}
