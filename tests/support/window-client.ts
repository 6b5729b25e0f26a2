import { WebSocket } from 'ws';
import type { Asked } from '#domain/commands.ts';
import type { Doing } from '#protocol/administer.ts';
import type { Ack } from '#protocol/ack.ts';
import { windowDown, type WindowDown } from '#protocol/down.ts';
import type { LookChange } from '#protocol/look.ts';
import type { QueryName, Result } from '#protocol/query.ts';
import type { Presence } from '#protocol/signal.ts';
import { subprotocol } from '#protocol/version.ts';
import type { SeatRow, ViewName } from '#protocol/view.ts';
import { freshCommandId } from './fresh.ts';

const NEVER_MS = 30_000; // far beyond what is usually awaited, on any machine

/** A window without a screen: the same frames over the same line, for what needs many of them. */
export class WindowClient {
  readonly #origin: string;
  readonly #listeners = new Set<() => void>();
  readonly #rows = new Map<string, Map<string, unknown>>();
  readonly #views: { readonly sub: string; readonly view: ViewName; readonly key?: string }[] = [];
  /** Every answer that came, by command, in order. */
  readonly acks = new Map<string, Ack['answer'][]>();
  readonly #results = new Map<string, Result['outcome']>();
  readonly #drafts = new Map<string, number[]>();
  #largestFrame = 0;
  #socket: WebSocket | undefined;
  #token: string;

  /** `address` is what the desk gives a person to open: its origin, and a token in the fragment. */
  constructor(address: string) {
    const url = new URL(address);
    this.#origin = url.origin;
    this.#token = url.hash.replace('#token=', '');
  }

  /** Joins, or joins again with the token that the last line brought. Rejects while the desk is away. */
  async join(): Promise<void> {
    const socket = new WebSocket(
      `${this.#origin.replace('http', 'ws')}/desk`,
      [subprotocol, this.#token],
      { origin: this.#origin },
    );
    socket.on('message', (data) => this.#hear((data as Buffer).toString('utf8'))); // ws gives a Buffer
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {}); // followed by `close`
    socket.on('close', () => this.#tell());
    this.#socket = socket;
    for (const view of this.#views) this.#send({ frame: 'subscribe', ...view });
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  async signIn(name: string, password: string, newPassword?: string): Promise<Result['outcome']> {
    const id = crypto.randomUUID();
    this.#send({ frame: 'sign-in', id, name, password, ...(newPassword && { newPassword }) });
    return this.until(`sign-in of ${name}`, () => this.#results.get(id));
  }

  follow(view: ViewName, key?: string): void {
    const subscription = { sub: key === undefined ? view : `${view}/${key}`, view };
    this.#views.push({ ...subscription, ...(key !== undefined && { key }) });
    this.#send({ frame: 'subscribe', ...subscription, ...(key !== undefined && { key }) });
  }

  /** The rows of a view that is followed; what they are is the view's, so the caller names it. */
  rows<Row>(view: string): readonly Row[] {
    return [...(this.#rows.get(view)?.values() ?? [])] as Row[];
  }

  get seat(): SeatRow | undefined {
    return this.rows<SeatRow>('seat')[0];
  }

  /** Sends a command under a fresh id, or again under the id it had. */
  ask(asked: Asked, id: string = freshCommandId()): string {
    this.#send({ frame: 'command', id, ...asked });
    return id;
  }

  lock(): void {
    this.#send({ frame: 'lock', id: crypto.randomUUID() });
  }

  setLook(change: LookChange): void {
    this.#send({ frame: 'set-look', change });
  }

  signOut(): void {
    this.#send({ frame: 'sign-out', id: crypto.randomUUID() });
  }

  /** Keeps what is being typed, as a window does. */
  type(draftId: string, revision: number, fields: Readonly<Record<string, string>>): void {
    this.#send({ frame: 'draft', draftId, revision, content: { about: draftId, fields } });
  }

  dropDraft(draftId: string): void {
    this.#send({ frame: 'drop-draft', draftId });
  }

  /** The revisions of a draft that the desk has said it has. */
  storedRevisions(draftId: string): readonly number[] {
    return this.#drafts.get(draftId) ?? [];
  }

  /** Waits for the first answer to a command: stored here, or why not. */
  async answerTo(id: string): Promise<Ack['answer']> {
    return this.until(`an answer to ${id}`, () => this.acks.get(id)?.[0]);
  }

  /** Keeps what is being typed, as a window does, until the desk says that it is on its disk. */
  async keepDraft(draftId: string, narrative: string): Promise<void> {
    const content = { about: draftId, fields: { narrative } };
    this.#send({ frame: 'draft', draftId, revision: 1, content });
    await this.until(`the draft ${draftId}`, () => this.#drafts.has(draftId));
  }

  /** Looks something up; the rows are the query's, so the caller names what they are. */
  async query<Row>(query: QueryName, params: object): Promise<readonly Row[]> {
    const id = crypto.randomUUID();
    this.#send({ frame: 'query', id, query, params });
    const outcome = await this.until(`the answer to ${query}`, () => this.#results.get(id));
    if (outcome.kind === 'refused') throw new Error(outcome.message);
    return outcome.rows as Row[];
  }

  find(text: string): Promise<readonly unknown[]> {
    return this.query('find', { text });
  }

  /** Asks as an administrator does: once, under a fresh id or the one it had. */
  async administer(doing: Doing, id: string = freshCommandId()): Promise<Result['outcome']> {
    this.#results.delete(id);
    this.#send({ frame: 'administer', id, doing });
    return this.until(`the answer to ${doing.what}`, () => this.#results.get(id));
  }

  signal(presence: Presence): void {
    this.#send({ frame: 'signal', presence });
  }

  paint(ms: readonly number[]): void {
    this.#send({ frame: 'keys-painted', ms });
  }

  /**
   * Resolves with what `look` finds. It looks after each frame and not a moment later, so that it also
   * sees what the next frame ends.
   */
  async until<Value>(
    what: string,
    look: () => Value | undefined | false,
    withinMs = NEVER_MS,
  ): Promise<Value> {
    const found = look();
    if (found !== undefined && found !== false) return found;
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const listener = () => {
      try {
        const later = look();
        if (later !== undefined && later !== false) resolve(later);
      } catch (error) {
        reject(error);
      }
    };
    const limit = setTimeout(() => {
      reject(new Error(`never happened: ${what}; the seat: ${JSON.stringify(this.seat)}`));
    }, withinMs);
    this.#listeners.add(listener);
    try {
      return await promise;
    } finally {
      this.#listeners.delete(listener);
      clearTimeout(limit);
    }
  }

  /** Reads nothing until `resume`, as a window that hangs. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#socket?.terminate();
  }

  #send(frame: object): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** The most characters that came in one frame. */
  get largestFrame(): number {
    return this.#largestFrame;
  }

  #hear(text: string): void {
    this.#largestFrame = Math.max(this.#largestFrame, text.length);
    const frame: WindowDown = windowDown.parse(JSON.parse(text));
    switch (frame.frame) {
      case 'next-token':
        this.#token = frame.token;
        break;
      case 'ack':
        this.acks.set(frame.commandId, [...(this.acks.get(frame.commandId) ?? []), frame.answer]);
        break;
      case 'result':
        this.#results.set(frame.id, frame.outcome);
        break;
      case 'refused': {
        const { id, reason, message } = frame;
        if (id !== undefined) this.#results.set(id, { kind: 'refused', reason, message });
        break;
      }
      case 'draft-stored':
        this.#drafts.set(frame.draftId, [...this.storedRevisions(frame.draftId), frame.revision]);
        break;
      case 'view': {
        const rows = (frame.reset ? undefined : this.#rows.get(frame.sub)) ?? new Map();
        for (const row of frame.upsert) rows.set(row.id, row);
        for (const id of frame.remove) rows.delete(id);
        this.#rows.set(frame.sub, rows);
        break;
      }
      default:
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What the desks told these windows of their commands. */
export const toldBy = (windows: readonly WindowClient[]) =>
  windows.flatMap(({ acks }) => [...acks]);

/** Resolves once the desk of a window has taken in all that its server sent before it stopped. */
export const withoutServer = (window: WindowClient) =>
  window.until('the server has gone', () => !window.isOpen || window.seat?.mode !== 'online');
