import { randomBytes, randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import type { Asked } from '#domain/commands.ts';
import { commandIdFrom, type CommandId } from '#domain/ids.ts';
import type { Ack } from '#protocol/ack.ts';
import type { DraftContent } from '#protocol/draft.ts';
import { windowDown, type WindowDown } from '#protocol/down.ts';
import { subprotocol } from '#protocol/version.ts';
import type { SeatRow, ViewName } from '#protocol/view.ts';

const JOINED_WITHIN_MS = 30_000;
const AGAIN_AFTER_MS = 250;

/** What a desk told of a command. */
export type Told = Ack['answer'];

/** A window of a desk without a screen: the frames that a browser sends and hears, for a demo that plays a story. */
export class WindowLine {
  readonly #origin: string;
  readonly #views: readonly ViewName[];
  readonly #rows = new Map<string, Map<string, unknown>>();
  readonly #acks = new Map<string, Told[]>();
  readonly #results = new Map<string, 'rows' | 'refused'>();
  readonly #drafts = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #token: string;
  #socket: WebSocket | undefined;

  /** `address` is what the desk gives a person to open. */
  constructor(address: string, views: readonly ViewName[]) {
    const url = new URL(address);
    this.#origin = url.origin;
    this.#token = url.hash.replace('#token=', '');
    this.#views = views;
  }

  /** Joins, or joins again with the token that the last line brought. */
  async join(): Promise<void> {
    const until = Date.now() + JOINED_WITHIN_MS;
    for (;;)
      try {
        await this.#connect();
        return;
      } catch (cause) {
        if (Date.now() > until) throw new Error(`no window at ${this.#origin}`, { cause });
        await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
      }
  }

  async #connect(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const url = `${this.#origin.replace('http', 'ws')}/desk`;
    const socket = new WebSocket(url, [subprotocol, this.#token], { origin: this.#origin });
    // The binary type of `ws` is a Buffer unless it is told otherwise.
    socket.on('message', (data) => this.#hear((data as Buffer).toString('utf8')));
    socket.once('open', resolve);
    socket.on('error', reject);
    await promise;
    this.#socket = socket;
    for (const view of this.#views) this.#send({ frame: 'subscribe', sub: view, view });
  }

  get seat(): SeatRow | undefined {
    return this.rows<SeatRow>('seat')[0];
  }

  /** The rows of a view that is followed; what they are is the view's, so the caller names it. */
  rows<Row>(view: ViewName): readonly Row[] {
    return [...(this.#rows.get(view)?.values() ?? [])] as Row[];
  }

  /** Whether this person sits here now. */
  async signIn(name: string, password: string, withinMs: number): Promise<boolean> {
    const id = randomUUID();
    this.#send({ frame: 'sign-in', id, name, password });
    return (await this.until(() => this.#results.get(id), withinMs)) === 'rows';
  }

  /** Asks, and resolves with what the desk said first: stored here, or why not. Undefined where it says nothing. */
  async ask(
    asked: Asked,
    withinMs: number,
  ): Promise<{ readonly id: CommandId; readonly told: Told | undefined }> {
    const id = commandIdFrom(Date.now(), randomBytes(16));
    this.#send({ frame: 'command', id, ...asked });
    return { id, told: await this.until(() => this.#acks.get(id)?.[0], withinMs) };
  }

  /** The last that was heard of a command. */
  toldOf(id: CommandId): Told | undefined {
    return this.#acks.get(id)?.at(-1);
  }

  /** Keeps what is being typed; whether the desk has it on its disk. */
  async keepDraft(draftId: string, content: DraftContent, withinMs: number): Promise<boolean> {
    this.#send({ frame: 'draft', draftId, revision: 1, content });
    return (await this.until(() => this.#drafts.has(draftId), withinMs)) === true;
  }

  dropDraft(draftId: string): void {
    this.#send({ frame: 'drop-draft', draftId });
  }

  /** Resolves with what `look` finds, looking after each frame; undefined where it is not so in time. */
  async until<Found>(look: () => Found | undefined, withinMs: number): Promise<Found | undefined> {
    const isFound = (found: Found | undefined) => found !== undefined && found !== false;
    const now = look();
    if (isFound(now)) return now;
    const { promise, resolve } = Promise.withResolvers<Found | undefined>();
    const listener = () => {
      const found = look();
      if (isFound(found)) resolve(found);
    };
    const timer = setTimeout(() => resolve(undefined), withinMs);
    this.#listeners.add(listener);
    const found = await promise;
    this.#listeners.delete(listener);
    clearTimeout(timer);
    return found;
  }

  /** Ends the line as a window does whose process was killed: without a word. What it showed is forgotten. */
  cut(): void {
    this.#socket?.terminate();
    this.#rows.clear();
  }

  #send(frame: object): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #hear(text: string): void {
    const frame: WindowDown = windowDown.parse(JSON.parse(text));
    switch (frame.frame) {
      case 'next-token':
        this.#token = frame.token;
        break;
      case 'ack':
        this.#acks.set(frame.commandId, [...(this.#acks.get(frame.commandId) ?? []), frame.answer]);
        break;
      case 'result':
        this.#results.set(frame.id, frame.outcome.kind === 'rows' ? 'rows' : 'refused');
        break;
      case 'draft-stored':
        this.#drafts.add(frame.draftId);
        break;
      case 'view': {
        const rows = (frame.reset ? undefined : this.#rows.get(frame.sub)) ?? new Map();
        for (const row of frame.upsert) rows.set(row.id, row);
        for (const id of frame.remove) rows.delete(id);
        this.#rows.set(frame.sub, rows);
        break;
      }
      default: // what only a person looks at
    }
    for (const listener of this.#listeners) listener();
  }
}
