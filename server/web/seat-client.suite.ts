import { WebSocket } from 'ws';
import type { ViewReason } from '#domain/view-reason.ts';
import { windowDown, type WindowDown } from '#protocol/down.ts';
import { subprotocol } from '#protocol/version.ts';
import { PASSWORD } from '../gateway/running.suite.ts';

export const reason: ViewReason = { code: 'investigation', text: 'assault at the bar, op Lantern' };

export const page = new Map([
  ['/live-log', { type: 'text/html; charset=utf-8', body: '<!doctype html>' }],
  ['/assets/live-log.js', { type: 'text/javascript; charset=utf-8', body: 'export {};' }],
]);

/** A browser at the live log, without a screen: its cookie, its origin, and one socket. */
export class SeatClient {
  readonly url: string;
  cookie = '';
  /** Everything that came over the socket, byte for byte. */
  raw = '';
  readonly frames: WindowDown[] = [];
  socket: WebSocket | undefined;
  closed: Promise<{ readonly code: number; readonly why: string }> | undefined;
  #wake = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(url: string) {
    this.url = url;
  }

  /** Asks as the page does: with its origin, and its cookie where it has one. */
  async ask(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<{
    readonly status: number;
    readonly body: Record<string, unknown>;
    readonly headers: Headers;
  }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(method !== 'GET' && { origin: this.url }),
        ...(this.cookie !== '' && { cookie: this.cookie }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const set = response.headers.getSetCookie()[0];
    if (set !== undefined) this.cookie = set.split(';')[0] ?? '';
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    const answer = (isJson ? JSON.parse(text) : { text }) as Record<string, unknown>; // every answer is an object
    return { status: response.status, body: answer, headers: response.headers };
  }

  signIn(name: string, password = PASSWORD) {
    return this.ask('POST', '/live-log/session', { name, password });
  }

  async ticket(): Promise<string> {
    const { status, body } = await this.ask('POST', '/ws-ticket');
    if (status !== 201) throw new Error(JSON.stringify(body));
    return String(body['ticket']);
  }

  /** Opens the socket by a ticket; answers the status where it is turned away. */
  async join(
    ticket?: string,
    more: { readonly headers?: Record<string, string>; readonly origin?: string } = {},
  ): Promise<number> {
    const { headers = { cookie: this.cookie }, origin = this.url } = more;
    const good = ticket ?? (await this.ticket());
    const socket = new WebSocket(
      `${this.url.replace(/^http/, 'ws')}/window`,
      [subprotocol, ...(good === '' ? [] : [good])],
      { origin, headers, perMessageDeflate: false },
    );
    socket.on('error', () => {}); // `close` or the status tells
    const status = await new Promise<number>((resolve) => {
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (request, response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
    });
    if (status !== 101) return status;
    this.socket = socket;
    this.#isClosed = false;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, why) => {
        this.#isClosed = true;
        this.#stir();
        resolve({ code, why: why.toString('utf8') });
      });
    });
    socket.on('message', (data) => {
      const text = (data as Buffer).toString('utf8'); // ws gives a Buffer
      this.raw += text;
      this.frames.push(windowDown.parse(JSON.parse(text)));
      this.#stir();
    });
    return 101;
  }

  /** Signs in and joins. */
  async begin(name: string): Promise<void> {
    const { status, body } = await this.signIn(name);
    if (status !== 200) throw new Error(JSON.stringify(body));
    const joined = await this.join();
    if (joined !== 101) throw new Error(`the socket was answered ${joined}`);
  }

  send(frame: object | string): void {
    this.socket?.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  follow(key: string, sub = 'i', why: object | undefined = reason): void {
    this.send({ frame: 'subscribe', sub, view: 'incident', key, ...(why && { reason: why }) });
  }

  /** Rows of a view as they are now, the latest of each. */
  rows(sub = 'i'): readonly Record<string, unknown>[] {
    const rows = new Map<string, Record<string, unknown>>();
    for (const frame of this.frames) {
      if (frame.frame !== 'view' || frame.sub !== sub) continue;
      if (frame.reset) rows.clear();
      for (const id of frame.remove) rows.delete(id);
      for (const row of frame.upsert) rows.set(row.id, row);
    }
    return [...rows.values()];
  }

  /** The texts of the log's lines. */
  texts(sub = 'i'): readonly string[] {
    return this.rows(sub).flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
  }

  /** Waits until it is so; what ends the wait is the line's end, or the test's own limit. */
  async until<Found>(look: () => Found | undefined | false): Promise<Found> {
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (this.#isClosed) throw new Error('closed before it was so');
      await this.#wake.promise;
    }
  }

  refusal(reasonGiven: string) {
    return this.until(() =>
      this.frames.find((it) => it.frame === 'refused' && it.reason === reasonGiven),
    );
  }

  async find(text: string): Promise<readonly Record<string, unknown>[]> {
    const id = crypto.randomUUID();
    this.send({ frame: 'query', id, query: 'find', params: { text } });
    const result = await this.until(() =>
      this.frames.find((it) => it.frame === 'result' && it.id === id),
    );
    if (result.frame !== 'result' || result.outcome.kind !== 'rows') throw new Error('refused');
    return result.outcome.rows as Record<string, unknown>[]; // rows are objects
  }

  close(): void {
    this.socket?.terminate();
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}
