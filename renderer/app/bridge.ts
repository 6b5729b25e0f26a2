import { nextToken } from '#protocol/next-token.ts';
import { subprotocol } from '#protocol/version.ts';

/*
 * A page's way to its desk. There are three:
 *
 *   the shell posts a port (Electron), or a gateway and a token (Chromium), after each load and
 *   whenever the page asks; a person opens an address with a token in its fragment; a page that came
 *   in so uses, after a reload or a lost line, the next token that each line brings as its first frame.
 *
 * The next token stands in sessionStorage of a page that a person opened, and nowhere in a shell's
 * window: there the shell is asked. It is good once, so of two copies of a tab one is shut out.
 */

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000; // a desk that is back is found within this
const NO_HAND_OVER_MS = 10_000; // a shell posts within a second; nobody else ever will
const ASK_EVERY_MS = 5_000; // the shell asks the desk until it answers; this is for a lost request
const REFUSALS_MAX = 2; // in a row, from a desk that answers: the token is used up
const REPLACED = 4001; // the same window joined elsewhere
const STORED_AS = 'holdfast:next-token';

/** One ordered line of text frames between this window and its desk, whatever carries it. */
export interface Channel {
  /** Never throws. What is sent on a line that has ended is lost: send it again on the next one. */
  send(frame: string): void;
  readonly bufferedBytes: number;
  /** Frames wait for the first listener; there is one. */
  onFrame(listener: (frame: string) => void): void;
  /** Told also when the line has ended before. */
  onClosed(listener: () => void): void;
  close(): void;
}

/** What the shell posts to its own page (`main/desk/shell.ts` has the same shape). */
type HandOver =
  | { readonly type: 'holdfast:port' }
  | { readonly type: 'holdfast:gateway'; readonly url: string; readonly token: string };

type Way =
  | { readonly by: 'port'; readonly port: MessagePort }
  | { readonly by: 'gateway'; readonly url: string; readonly token: string }
  | { readonly by: 'token'; readonly token: string };

interface Opened {
  readonly channel: Channel;
  /** Resolves once, with the close code where there is one. */
  readonly closed: Promise<number | undefined>;
}

/** What a window does with its lines. */
export interface LineListener {
  /** A new line; the one before is dead. Attach `onFrame`, subscribe, send again what is unanswered. */
  joined(channel: Channel): void;
  /**
   * `dropped`: the page is finding its way back by itself. `turned-away`: it cannot, and the person has
   * to open the window again from Holdfast; it goes on listening, so a late hand-over is taken.
   */
  lost(why: 'dropped' | 'turned-away'): void;
}

/**
 * Keeps this window joined to its desk until `signal` aborts, and ends then. It takes a token out of the
 * address at once and listens for the shell from then on: call it before the page's `load` event.
 */
export async function connect(
  page: Window,
  line: LineListener,
  signal: AbortSignal,
): Promise<void> {
  const bridge = new Bridge(page, line, signal);
  while (!signal.aborted) {
    // One line at a time: the next is opened when the last has closed.
    // oxlint-disable-next-line no-await-in-loop
    const opened = await bridge.open();
    if (!opened) continue;
    line.joined(opened.channel);
    // oxlint-disable-next-line no-await-in-loop
    bridge.ended(await opened.closed);
  }
}

class Bridge {
  readonly #page: Window;
  readonly #line: LineListener;
  readonly #signal: AbortSignal;
  /** Set by the first hand-over: from then on the shell is asked and nothing is stored. */
  #hasShell = false;
  #isTurnedAway = false;
  #handedOver: Way | undefined;
  /** The line that is open, where it is a port's. */
  #openPort: Opened | undefined;
  #token: string | undefined;
  #arrived: () => void = () => {};
  #refusals = 0;
  #delayMs = 0;
  #joinedAt = 0;

  constructor(page: Window, line: LineListener, signal: AbortSignal) {
    this.#page = page;
    this.#line = line;
    this.#signal = signal;
    page.addEventListener('message', (event) => this.#hear(event), { signal });
    // Someone pastes a fresh address over the one of a page that was turned away.
    page.addEventListener('hashchange', () => this.#takeFromAddress(), { signal });
    this.#token = page.sessionStorage.getItem(STORED_AS) ?? undefined;
    this.#takeFromAddress();
    // Called late: the hand-over of this load may have passed.
    if (page.document.readyState === 'complete') this.#ask();
  }

  /** One try at a line, as soon as there is a way. Call it again after it failed or the line ended. */
  async open(): Promise<Opened | undefined> {
    // A desk that is not there, or lets us in and drops us at once, is not asked without a pause.
    await pause(this.#delayMs, this.#signal);
    this.#delayMs = Math.min(RETRY_MAX_MS, this.#delayMs * 2 || RETRY_FIRST_MS);
    if (this.#hasShell) this.#ask();
    const way = await this.#next();
    if (!way) return undefined;
    if (way.by === 'token' && !(await this.#answers())) {
      this.#refusals = 0;
      return undefined;
    }
    const opened = await this.#openBy(way);
    if (opened) {
      this.#openPort = way.by === 'port' ? opened : undefined;
      this.#joinedAt = performance.now();
      this.#refusals = 0;
      this.#isTurnedAway = false;
      return opened;
    }
    // Refused by a desk that answers, not by one that is starting: the token is used up.
    if (way.by === 'token') this.#refusals += 1;
    if (this.#refusals >= REFUSALS_MAX) this.#turnAway();
    return undefined;
  }

  ended(code: number | undefined): void {
    if (performance.now() - this.#joinedAt > RETRY_MAX_MS) this.#delayMs = 0;
    if (this.#signal.aborted) return;
    if (code === REPLACED && !this.#hasShell) this.#turnAway();
    else this.#line.lost('dropped');
  }

  /** Undefined once aborted. */
  async #next(): Promise<Way | undefined> {
    const startedAt = performance.now();
    while (!this.#signal.aborted) {
      const handedOver = this.#handedOver;
      this.#handedOver = undefined;
      if (handedOver) return handedOver;
      if (this.#token !== undefined) return { by: 'token', token: this.#token };
      // oxlint-disable-next-line no-await-in-loop -- it waits for one thing, again and again
      await this.#arrival();
      this.#ask();
      const waitedMs = performance.now() - startedAt;
      if (!this.#hasShell && waitedMs >= NO_HAND_OVER_MS) this.#turnAway();
    }
    return undefined;
  }

  /** Until a way may have come, or it is time to ask for one. */
  #arrival(): Promise<void> {
    const early = new AbortController();
    this.#arrived = () => early.abort();
    return pause(ASK_EVERY_MS, AbortSignal.any([early.signal, this.#signal]));
  }

  #openBy(way: Way): Opened | Promise<Opened | undefined> {
    const keep = (token: string) => this.#keep(token);
    switch (way.by) {
      case 'port':
        return overPort(way.port, this.#signal);
      case 'gateway':
        return overSocket(way.url, way.token, keep, this.#signal);
      case 'token':
        return overSocket(`ws://${this.#page.location.host}/desk`, way.token, keep, this.#signal);
      default:
        return way satisfies never;
    }
  }

  /** Asks the shell for a hand-over, unless there is a way already. Where there is no shell, nobody hears it. */
  #ask(): void {
    if (this.#signal.aborted || this.#handedOver || this.#token !== undefined) return;
    this.#page.postMessage({ type: 'holdfast:again' }, this.#page.location.origin);
  }

  #hear(event: MessageEvent): void {
    const { origin, host } = this.#page.location;
    // Only our own shell posts from this very window and origin; an opener or a frame cannot.
    if (event.source !== this.#page || event.origin !== origin) return;
    const data: unknown = event.data;
    if (!isHandOver(data)) return;
    if (data.type === 'holdfast:port') {
      const [port] = event.ports;
      if (!port) return;
      // A shell hands over a port only where the one before is dead, which this end may not have heard.
      if (this.#handedOver?.by === 'port') this.#handedOver.port.close();
      this.#openPort?.channel.close();
      this.#take({ by: 'port', port });
    } else if (new URL(data.url).host === host) {
      this.#take({ by: 'gateway', url: data.url, token: data.token });
    }
  }

  #take(way: Way): void {
    this.#hasShell = true;
    this.#forget();
    this.#handedOver = way;
    this.#arrived();
  }

  #takeFromAddress(): void {
    const { hash, pathname, search } = this.#page.location;
    const [, token] = /^#token=([\w-]{32,128})$/.exec(hash) ?? [];
    if (token === undefined) return;
    // At once: the token may not stay in the address bar, the history or a screenshot.
    this.#page.history.replaceState(null, '', pathname + search);
    this.#keep(token);
    this.#arrived();
  }

  #keep(token: string): void {
    if (this.#hasShell) return;
    this.#token = token;
    this.#page.sessionStorage.setItem(STORED_AS, token);
  }

  #forget(): void {
    this.#token = undefined;
    this.#page.sessionStorage.removeItem(STORED_AS);
  }

  #turnAway(): void {
    this.#forget();
    if (this.#isTurnedAway) return; // The person knows.
    this.#isTurnedAway = true;
    this.#line.lost('turned-away');
  }

  /** Whether the desk serves pages at this moment. */
  async #answers(): Promise<boolean> {
    try {
      const here = this.#page.location.pathname;
      const { ok } = await fetch(here, { cache: 'no-store', signal: this.#signal });
      return ok;
    } catch {
      return false; // refused, reset or aborted: it does not answer, which is what was asked
    }
  }
}

function isHandOver(data: unknown): data is HandOver {
  if (typeof data !== 'object' || data === null) return false;
  const { type, url, token } = data as Partial<Record<'type' | 'url' | 'token', unknown>>;
  if (type === 'holdfast:port') return true;
  return (
    type === 'holdfast:gateway' &&
    typeof url === 'string' &&
    URL.canParse(url) &&
    typeof token === 'string'
  );
}

function overPort(port: MessagePort, signal: AbortSignal): Opened {
  const closed = Promise.withResolvers<undefined>();
  const close = () => {
    port.close();
    closed.resolve(undefined); // the end that closes a port hears nothing of it
  };
  signal.addEventListener('abort', close, { once: true });
  port.addEventListener('close', () => closed.resolve(undefined));
  return {
    closed: closed.promise,
    channel: {
      send: (frame) => port.postMessage(frame),
      bufferedBytes: 0, // a port does not tell
      onFrame: (listener) => {
        port.addEventListener('message', ({ data }) => {
          const frame = String(data);
          listener(frame);
          port.postMessage(frame.length); // so that the desk knows how far this window has come
        });
        port.start(); // Until now frames waited in the port; none is lost.
      },
      onClosed: (listener) => void closed.promise.then(() => listener()),
      close,
    },
  };
}

/** Undefined when it was not let in, for whatever reason: a browser does not say which. */
async function overSocket(
  url: string,
  token: string,
  keep: (token: string) => void,
  signal: AbortSignal,
): Promise<Opened | undefined> {
  if (signal.aborted) return undefined;
  // The token travels as a subprotocol: it never appears in a URL, a log or a process list.
  const socket = new WebSocket(url, [subprotocol, token]);
  const abort = () => socket.close();
  signal.addEventListener('abort', abort);
  const early: string[] = [];
  let deliver: (frame: string) => void = (frame) => void early.push(frame);
  const closed = Promise.withResolvers<number>();
  socket.addEventListener('close', ({ code }) => {
    signal.removeEventListener('abort', abort);
    closed.resolve(code);
  });
  // Joined when the next token is here: from then on neither end can forget the other. There is no
  // limit to the wait: given up too early, a token that is good once would be spent for nothing.
  const joined = new Promise<true>((resolve) => {
    let isFirst = true;
    socket.addEventListener('message', (event) => {
      const frame = String(event.data);
      const next = isFirst ? tokenIn(frame) : undefined;
      isFirst = false;
      if (next === undefined) deliver(frame);
      else keep(next);
      resolve(true);
    });
  });
  const isIn = await Promise.race([joined, closed.promise.then(() => false)]);
  if (!isIn) return undefined;
  return {
    closed: closed.promise,
    channel: {
      send: (frame) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame);
      },
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
      onFrame: (listener) => {
        deliver = listener;
        for (const frame of early.splice(0)) listener(frame);
      },
      onClosed: (listener) => void closed.promise.then(() => listener()),
      close: () => socket.close(),
    },
  };
}

function tokenIn(frame: string): string | undefined {
  try {
    return nextToken.safeParse(JSON.parse(frame)).data?.token;
  } catch {
    return undefined; // not JSON, so not ours to judge: whoever reads frames does
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, delayMs);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
