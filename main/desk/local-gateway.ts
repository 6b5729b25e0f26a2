import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { limits } from '#protocol/limits.ts';
import { contentSecurityPolicy, type Assets } from '#protocol/page.ts';
import type { NextToken } from '#protocol/next-token.ts';
import { subprotocol } from '#protocol/version.ts';
import {
  windowRoles,
  type Admission,
  type Channel,
  type WindowId,
  type WindowRole,
} from './shell.ts';

/*
 * How a window gets in, and gets in again:
 *
 *   shell window   admit() ── token, posted into the page by the shell ──> socket
 *                  after a reload or a lost line the shell posts another one
 *   plain browser  address() ── token in the fragment, opened by a person ──> socket
 *                  the first frame of each line is the token for the next one
 *
 * Every token is good once, for one role and one window, and only its hash is kept. The alternative
 * to a next token, a request that trades one credential for another, would need a credential that is
 * good more than once. A next token lives as long as its line and 30 s more; it outlives a desk that
 * was killed because the hashes are on the shelf.
 */

const TOKEN_LIFE_MS = 30_000; // from the hand-over to the socket takes well under a second
const RESTART_GRACE_MS = 90_000; // a hidden tab's timers may run once a minute only
const TOKENS_MAX = 256; // far more than windows; the oldest unused one goes first
const LINES_MAX = 64; // six screens for each of ten people, and some
const CONNECTIONS_MAX = 512; // each line, and the files of all windows that load at once
const GONE_MAX = 512; // tokens of which it is still known why they are none any more
const REQUEST_WITHIN_MS = 10_000;
const SWEEP_EVERY_MS = 1_000;
const PATH = '/desk';

/** Close codes of our own (RFC 6455, 7.4.2). The page does not come back by itself after the first. */
const REPLACED = 4001; // the same window joined again: this line is its past
const NOT_TEXT = 1003;
const FAILED = 1011;

/** Why somebody was turned away. Closed, so that counting them needs no limit. */
export type DoorReason =
  | 'wrong-host'
  | 'foreign-origin'
  | 'wrong-path'
  | 'wrong-protocol'
  | 'unknown-token'
  | 'used-token'
  | 'expired-token'
  | 'too-many-windows'
  | 'not-text'
  | 'broken-frame';

/** Keeps the hashes of next tokens over a restart of the desk. */
export interface TokenShelf {
  read(): string | undefined;
  write(text: string): void;
}

export interface GatewayOptions {
  readonly assets: Assets;
  readonly now: () => number;
  /** The port of before, so that open windows find the desk again. Any free one when none is given. */
  readonly port?: number;
  /** Without it, a page that a person opened has to be opened anew after a restart of the desk. */
  readonly shelf?: TokenShelf;
  /** Attach `onFrame` before returning: what the page sends first is not kept. */
  readonly windowJoined: (role: WindowRole, id: WindowId, channel: Channel) => void;
  /**
   * Told about once a second who was turned away, and how often, for the audit: knocking a thousand
   * times must not cost a thousand writes.
   */
  readonly refused?: (reason: DoorReason, times: number) => void;
  /** A listener threw, or the shelf could not be written. The gateway goes on. */
  readonly failed: (error: Error) => void;
}

interface Seat {
  readonly role: WindowRole;
  readonly id: WindowId;
}

interface Token extends Seat {
  readonly isNext: boolean;
  /** Undefined while the line that was given this token is open. */
  expiresAt: number | undefined;
}

/** Serves windows that are browser pages: their files, and one WebSocket each. Loopback only. */
export class LocalGateway implements AsyncDisposable {
  readonly #options: GatewayOptions;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameMaxBytes,
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
    // Each frame in a turn of its own: hundreds that come at once hold up no other window.
    allowSynchronousEvents: false,
  });
  /** By the hash of the token. */
  readonly #tokens = new Map<string, Token>();
  /** Of tokens that are good no longer, why; the oldest goes first. */
  readonly #gone = new Map<string, 'used-token' | 'expired-token'>();
  readonly #lines = new Map<WindowId, Line>();
  readonly #refusals = new Map<DoorReason, number>();
  readonly #sweep: NodeJS.Timeout;
  #host = '';

  private constructor(options: GatewayOptions) {
    this.#options = options;
    const limitsOfHttp = { headersTimeout: REQUEST_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS };
    this.#http = createServer(limitsOfHttp, (request, response) => this.#serve(request, response));
    this.#http.maxConnections = CONNECTIONS_MAX;
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#sweep = setInterval(() => {
      for (const line of this.#lines.values()) line.cutIfStuck();
      this.#tellRefusals();
    }, SWEEP_EVERY_MS).unref();
  }

  static async listen(options: GatewayOptions): Promise<LocalGateway> {
    const gateway = new LocalGateway(options);
    const { port = 0 } = options;
    try {
      await new Promise<void>((resolve, reject) => {
        gateway.#http.once('error', reject).listen(port, '127.0.0.1', resolve);
      });
    } catch (cause) {
      clearInterval(gateway.#sweep);
      throw new Error(`opening the desk's local port ${port}`, { cause });
    }
    const address = gateway.#http.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP address');
    gateway.#host = `127.0.0.1:${address.port}`;
    gateway.#takeFromShelf();
    return gateway;
  }

  get origin(): string {
    return `http://${this.#host}`;
  }

  get port(): number {
    return Number(this.#host.split(':')[1]);
  }

  /** A token good for one connection as this window. The shell gives it to the page, nobody else. */
  admit(role: WindowRole, id: WindowId): Admission {
    this.#forgetExpired();
    if (this.#tokens.size >= TOKENS_MAX) {
      const [oldest] = [...this.#tokens].find(([, { isNext }]) => !isNext) ?? [];
      if (oldest !== undefined) this.#tokens.delete(oldest);
    }
    const expiresAt = this.#options.now() + TOKEN_LIFE_MS;
    return { url: `ws://${this.#host}${PATH}`, token: this.#mint({ role, id }, false, expiresAt) };
  }

  /** What a person opens in a browser of their own. The page takes the token out of the address at once. */
  address(role: WindowRole, id: WindowId): string {
    return `${this.origin}/${role}#token=${this.admit(role, id).token}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweep);
    this.#tellRefusals();
    for (const socket of this.#sockets.clients) socket.terminate();
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    // The exact Host stops a foreign name that was re-bound to loopback.
    const isOurHost = request.headers.host === this.#host;
    if (!isOurHost) this.#refused('wrong-host');
    const isOurs = isOurHost && request.method === 'GET';
    const asset = isOurs ? this.#options.assets.get(request.url?.split('?')[0] ?? '') : undefined;
    response.writeHead(asset ? 200 : 404, {
      'content-type': asset?.type ?? 'text/plain',
      'content-security-policy': contentSecurityPolicy(`ws://${this.#host}`),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    response.end(asset?.body ?? 'There is nothing here.');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {}); // It closes too, which is all there is to know.
    const { host, origin, 'sec-websocket-protocol': offered = '' } = request.headers;
    const [spoken, token = '', ...more] = offered.split(/,\s*/);
    // Spent whatever the rest says: a token that was shown at a wrong door has leaked.
    const seat = this.#spend(token);
    const isUnderstood = spoken === subprotocol && more.length === 0;
    const refuse = (reason: DoorReason, status = '401 Unauthorized') => {
      this.#refused(reason);
      hangUp(socket, status);
    };
    if (host !== this.#host) return refuse('wrong-host');
    if (origin !== this.origin) return refuse('foreign-origin');
    if (request.url !== PATH) return refuse('wrong-path');
    if (!isUnderstood) return refuse('wrong-protocol');
    if (typeof seat === 'string') return refuse(seat);
    if (this.#sockets.clients.size >= LINES_MAX)
      return refuse('too-many-windows', '503 Service Unavailable');
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => this.#join(seat, accepted));
  }

  #join({ role, id }: Seat, socket: WebSocket): void {
    const { now, failed } = this.#options;
    const refused = (reason: DoorReason) => this.#refused(reason);
    const line = new Line(socket, { now, failed, refused });
    const past = this.#lines.get(id);
    this.#lines.set(id, line);
    past?.replace();
    for (const [hash, { id: theirs, isNext }] of this.#tokens) {
      if (isNext && theirs === id) this.#tokens.delete(hash);
    }
    const token = this.#mint({ role, id }, true, undefined);
    this.#putOnShelf();
    line.onClosed(() => {
      if (this.#lines.get(id) !== line) return; // replaced: the new line has its own token
      this.#lines.delete(id);
      const next = this.#tokens.get(hashOf(token));
      if (next) next.expiresAt = this.#options.now() + TOKEN_LIFE_MS;
      this.#putOnShelf();
    });
    line.send(JSON.stringify({ frame: 'next-token', token } satisfies NextToken));
    try {
      this.#options.windowJoined(role, id, line);
    } catch (cause) {
      this.#options.failed(new Error(`letting the window ${id} in`, { cause }));
      socket.close(FAILED);
    }
  }

  #mint({ role, id }: Seat, isNext: boolean, expiresAt: number | undefined): string {
    const token = randomBytes(32).toString('base64url');
    this.#tokens.set(hashOf(token), { role, id, isNext, expiresAt });
    return token;
  }

  /** Whose token it was, or why it is nobody's. */
  #spend(token: string): Seat | 'unknown-token' | 'used-token' | 'expired-token' {
    this.#forgetExpired();
    const hash = hashOf(token);
    const found = this.#tokens.get(hash);
    if (!found) return this.#gone.get(hash) ?? 'unknown-token';
    this.#end(hash, 'used-token');
    if (found.isNext) this.#putOnShelf();
    return found;
  }

  #end(hash: string, why: 'used-token' | 'expired-token'): void {
    this.#tokens.delete(hash);
    this.#gone.set(hash, why);
    if (this.#gone.size <= GONE_MAX) return;
    const [oldest] = this.#gone.keys();
    if (oldest !== undefined) this.#gone.delete(oldest);
  }

  #refused(reason: DoorReason): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  #tellRefusals(): void {
    const { refused, failed } = this.#options;
    const counted = [...this.#refusals];
    this.#refusals.clear();
    try {
      for (const [reason, times] of counted) refused?.(reason, times);
    } catch (cause) {
      failed(new Error('telling who was turned away', { cause }));
    }
  }

  #forgetExpired(): void {
    const now = this.#options.now();
    for (const [hash, { expiresAt }] of this.#tokens) {
      if (expiresAt !== undefined && expiresAt <= now) this.#end(hash, 'expired-token');
    }
  }

  #takeFromShelf(): void {
    const restored = this.#options.now() + RESTART_GRACE_MS;
    try {
      const kept: unknown = JSON.parse(this.#options.shelf?.read() ?? '[]');
      for (const row of Array.isArray(kept) ? kept.slice(0, TOKENS_MAX) : []) {
        if (!isShelved(row)) continue;
        const { hash, role, id, expiresAt = restored } = row;
        this.#tokens.set(hash, { role, id, isNext: true, expiresAt });
      }
    } catch (cause) {
      // Pages that a person opened are turned away and opened anew; nothing else is lost.
      this.#options.failed(new Error('reading the next tokens', { cause }));
    }
  }

  #putOnShelf(): void {
    const next = [...this.#tokens].filter(([, { isNext }]) => isNext);
    const rows = next.map(([hash, { role, id, expiresAt }]) => ({ hash, role, id, expiresAt }));
    try {
      this.#options.shelf?.write(JSON.stringify(rows));
    } catch (cause) {
      this.#options.failed(new Error('keeping the next tokens', { cause }));
    }
  }
}

/** A shelf in a file that only this account can read; it holds hashes, so reading it lets nobody in. */
export function fileTokenShelf(path: string): TokenShelf {
  return {
    read: () => {
      try {
        return readFileSync(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // the first start
        throw error;
      }
    },
    write: (text) => {
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path); // whole or not at all
    },
  };
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

interface Shelved extends Seat {
  readonly hash: string;
  readonly expiresAt?: number;
}

function isShelved(row: unknown): row is Shelved {
  const { hash, role, id, expiresAt } = (row ?? {}) as Partial<Record<keyof Shelved, unknown>>;
  return (
    typeof hash === 'string' &&
    windowRoles.some((known) => known === role) &&
    typeof id === 'string' &&
    (expiresAt === undefined || typeof expiresAt === 'number')
  );
}

function hangUp(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}

interface LineOptions extends Pick<GatewayOptions, 'now' | 'failed'> {
  readonly refused: (reason: DoorReason) => void;
}

/** A window's line, with the limits of back-pressure: it is told to wait first and cut off at last. */
class Line implements Channel {
  readonly #socket: WebSocket;
  readonly #options: LineOptions;
  readonly #drained: (() => void)[] = [];
  #laggingSince: number | undefined;

  constructor(socket: WebSocket, options: LineOptions) {
    this.#socket = socket;
    this.#options = options;
    // `close` always follows, and that is where the desk reacts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('WS_ERR') === true) options.refused('broken-frame');
    });
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get isLagging(): boolean {
    return this.#laggingSince !== undefined;
  }

  send(frame: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > limits.cutBytes) return this.#socket.terminate();
    this.#socket.send(frame, () => this.#flushed());
    if (this.#socket.bufferedAmount > limits.lagBytes) this.#laggingSince ??= this.#options.now();
  }

  onDrained(listener: () => void): void {
    this.#drained.push(listener);
  }

  onFrame(listener: (frame: string) => void): void {
    this.#socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.#options.refused('not-text');
        return this.#socket.close(NOT_TEXT);
      }
      // Always a Buffer: that is the default `binaryType`.
      this.#guard('taking a frame', () => listener((data as Buffer).toString('utf8')));
    });
  }

  onClosed(listener: () => void): void {
    this.#socket.on('close', () => this.#guard('closing a line', listener));
  }

  close(): void {
    this.#socket.close();
  }

  replace(): void {
    this.#socket.close(REPLACED, 'replaced');
  }

  cutIfStuck(): void {
    if (this.#laggingSince === undefined) return;
    if (this.#options.now() - this.#laggingSince > limits.lagMs) this.#socket.terminate();
  }

  #flushed(): void {
    if (this.#laggingSince === undefined) return;
    // Half, so that a line on the edge is not stopped and started for each frame.
    if (this.#socket.bufferedAmount > limits.lagBytes / 2) return;
    this.#laggingSince = undefined;
    for (const listener of this.#drained) this.#guard('filling a line again', listener);
  }

  /** One bad frame costs itself: neither the line nor the desk ends with it. */
  #guard(what: string, work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#options.failed(new Error(what, { cause }));
    }
  }
}
