import { randomBytes, randomUUID, sign, type KeyObject } from 'node:crypto';
import { WebSocket } from 'ws';
import * as z from 'zod';
import type { Asked } from '#domain/commands.ts';
import {
  commandIdFrom,
  type CommandId,
  type DeskId,
  type EpochMs,
  type IncidentId,
  type UserId,
} from '#domain/ids.ts';
import { referenceOf } from '#domain/reference.ts';
import type { Answer } from '#protocol/ack.ts';
import { deskDown, type DeskDown } from '#protocol/down.ts';
import { signedText } from '#protocol/hello.ts';
import { limits } from '#protocol/limits.ts';
import type { DeskUp } from '#protocol/up.ts';
import { subprotocol, version } from '#protocol/version.ts';
import type { ForceRecord } from './force-record.ts';

const GENESIS = '0'.repeat(64);
const AGAIN_AFTER_MS = 500;
const AWAY_MAX_MS = 120_000; // a server that is restarted is back by then; after it, somebody has to look
const TICK_MS = 1_000;
const BLOCK = 50;
const NUMBERS_MIN = 10;
const RESERVE_AGAIN_MS = 2_000;
const NOT_ENROLLED = 4401;

/** An `events` frame as far as a line itself has to know it; the record reads the rest. */
const chained = z.object({
  frame: z.literal('events'),
  events: z.array(
    z.object({
      header: z.object({
        seq: z.int(),
        epoch: z.int(),
        type: z.string(),
        prevHash: z.string(),
        hash: z.string(),
      }),
      kept: z.object({ text: z.string() }).optional(),
    }),
  ),
});
const reserved = z.object({ desk: z.string(), from: z.int(), to: z.int() });

export interface LineOptions {
  readonly url: string;
  readonly desk: DeskId;
  readonly key: KeyObject;
  readonly force: string;
  readonly timeZone: string;
  readonly record: ForceRecord;
  /** The line cannot go on; nothing more of it is recorded. */
  readonly failed: (error: Error) => void;
}

interface Pending {
  readonly frame: Extract<DeskUp, { frame: 'stamped-command' }>;
  readonly answered: (answer: Answer) => void;
}

/**
 * A desk of the made-up force on `/sync`: it says who it is, follows the log, and sends commands in order,
 * a window at a time. It keeps nothing on a disk. A line that is lost is made again and goes on where it was.
 */
export class RobotLine {
  readonly #options: LineOptions;
  readonly #outboxId = randomUUID();
  readonly #pending = new Map<CommandId, Pending>();
  readonly #inFlight = new Set<CommandId>();
  readonly #numbers: number[] = [];
  readonly #joined = Promise.withResolvers<void>();
  readonly #ticking: NodeJS.Timeout;
  #wantsNumber: (() => void)[] = [];
  #socket: WebSocket;
  #cursor = { logId: undefined as string | undefined, epoch: 0, seq: 0, hash: GENESIS };
  #applied = 0;
  #deskSeq = 0;
  #offsetMs = 0;
  #reservedAt = 0;
  #heardAt = Date.now();
  #awaySince: number | undefined = Date.now();
  #isEnded = false;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#joined.promise.catch(() => {}); // whoever waits for it hears it
    this.#socket = this.#connect();
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Resolves once the server has welcomed this desk for the first time. */
  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  /** The time by the server's clock. */
  get now(): EpochMs {
    return (Date.now() + this.#offsetMs) as EpochMs; // an instant
  }

  /** Asks for a person at this desk; resolves with the server's last word. */
  ask(
    asked: Asked,
    by: { readonly user: UserId; readonly grant: string },
    reference?: IncidentId,
  ): Promise<Answer> {
    const now = this.now;
    const id = commandIdFrom(now, randomBytes(16));
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const frame = {
      frame: 'stamped-command',
      command: { frame: 'command', id, ...asked },
      occurredAt: now,
      actor: by.user,
      grant: by.grant,
      desk: this.#options.desk,
      ...(reference !== undefined && { reference }),
      outboxId: this.#outboxId,
      deskSeq: (this.#deskSeq += 1),
    } as const;
    this.#pending.set(id, { frame, answered: resolve });
    this.#pump();
    return promise;
  }

  /** The next reference of this desk's block, dated today. Waits where the block is used up. */
  async takeReference(): Promise<IncidentId> {
    for (;;) {
      const number = this.#numbers.shift();
      this.#reserve();
      const { force, timeZone } = this.#options;
      if (number !== undefined) return referenceOf(force, timeZone, this.now, number);
      await new Promise<void>((resolve) => this.#wantsNumber.push(resolve));
    }
  }

  end(): void {
    this.#isEnded = true;
    clearInterval(this.#ticking);
    this.#socket.close();
    this.#socket.terminate();
  }

  get #isLive(): boolean {
    return this.#awaySince === undefined;
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#options.url, subprotocol, {
      maxPayload: 2 * limits.chunkMaxBytes,
      perMessageDeflate: false,
    });
    this.#heardAt = Date.now();
    // The binary type of `ws` is a Buffer unless it is told otherwise.
    socket.on('message', (data) =>
      this.#guard(() => this.#hear((data as Buffer).toString('utf8'))),
    );
    socket.on('error', () => {}); // `close` follows, which is where it is dealt with
    socket.on('close', (code) => this.#lost(code));
    return socket;
  }

  #lost(code: number): void {
    if (this.#isEnded) return;
    this.#awaySince ??= Date.now();
    this.#inFlight.clear();
    const { desk } = this.#options;
    if (code === NOT_ENROLLED) return this.#fail(`${desk} is not enrolled any more`);
    if (Date.now() - this.#awaySince > AWAY_MAX_MS)
      return this.#fail(`${desk} could not come back to the server for ${AWAY_MAX_MS / 1_000} s`);
    setTimeout(() => {
      if (!this.#isEnded) this.#socket = this.#connect();
    }, AGAIN_AFTER_MS);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#fail(`${this.#options.desk} could not use what the server sent`, cause);
    }
  }

  #fail(message: string, cause?: unknown): void {
    if (this.#isEnded) return;
    this.end();
    const error = new Error(message, { cause });
    this.#joined.reject(error);
    this.#options.failed(error);
  }

  #tick(): void {
    const isSilent = Date.now() - this.#heardAt > limits.deadAfterMs;
    if (isSilent && this.#socket.readyState !== WebSocket.CLOSED) return this.#socket.terminate();
    if (!this.#isLive) return;
    this.#send({ frame: 'ping', t0: Date.now() });
    const { seq, hash } = this.#cursor;
    if (seq !== this.#applied) this.#send({ frame: 'applied', cursor: seq, chainHash: hash });
    this.#applied = seq;
    this.#reserve();
  }

  #hear(text: string): void {
    this.#heardAt = Date.now();
    const raw: unknown = JSON.parse(text);
    const events = chained.safeParse(raw);
    if (events.success) return this.#follow(events.data, raw);
    this.#take(deskDown.parse(raw));
  }

  /** Events follow on what this line has, or the line is made anew; the record reads what is new to it. */
  #follow({ events }: z.infer<typeof chained>, raw: unknown): void {
    for (const { header, kept } of events) {
      const { seq, epoch, prevHash, hash, type } = header;
      if (seq !== this.#cursor.seq + 1 || prevHash !== this.#cursor.hash)
        throw new Error(`event ${seq} does not follow on ${this.#cursor.seq}`);
      this.#cursor = { ...this.#cursor, seq, epoch, hash };
      if (type !== 'references.reserved' || !kept) continue;
      const { desk, from, to } = reserved.parse(JSON.parse(kept.text));
      if (desk !== this.#options.desk) continue;
      for (let number = from; number <= to; number += 1) this.#numbers.push(number);
      for (const wake of this.#wantsNumber.splice(0)) wake();
    }
    if (this.#cursor.seq > this.#options.record.seq) this.#options.record.take(raw);
  }

  #take(frame: DeskDown): void {
    switch (frame.frame) {
      case 'challenge':
        return this.#sayHello(frame.nonce);
      case 'welcome':
        if (frame.mode === 'reset') throw new Error('the server holds another log than before');
        this.#cursor = { ...this.#cursor, logId: frame.logId };
        this.#offsetMs = frame.serverNow - Date.now();
        this.#awaySince = undefined;
        this.#joined.resolve();
        // As every desk does: it is here, and has nothing before it.
        this.#send({ frame: 'desk-signal', presence: { about: '', isTyping: false } });
        this.#reserve();
        return this.#pump();
      case 'ack': {
        const pending = this.#pending.get(frame.commandId);
        if (frame.answer.state === 'stored-here') return; // a server says its last word only
        this.#pending.delete(frame.commandId);
        this.#inFlight.delete(frame.commandId);
        pending?.answered(frame.answer);
        return this.#pump();
      }
      case 'refused':
        return this.#notStored(frame);
      case 'ping':
        return this.#send({
          frame: 'pong',
          t0: frame.t0,
          t1: Date.now(),
          head: this.#cursor.seq,
        });
      default: // crimes, presence and what only a desk with a disk is asked for
    }
  }

  /** What can never be recorded is answered as refused; the rest comes again in order, over a new line. */
  #notStored({ id, reason }: Extract<DeskDown, { frame: 'refused' }>): void {
    const pending = this.#pending.get(id as CommandId); // compared, not trusted
    if (!pending) return;
    if (reason !== 'not-recordable') return this.#socket.terminate();
    this.#pending.delete(pending.frame.command.id);
    this.#inFlight.delete(pending.frame.command.id);
    pending.answered({ state: 'refused', refusal: { reason } });
    this.#pump();
  }

  #sayHello(nonce: string): void {
    const { desk, key } = this.#options;
    const { logId, epoch, seq, hash } = this.#cursor;
    this.#send({
      frame: 'hello',
      protocol: { min: version, max: version },
      desk,
      signature: sign(null, Buffer.from(signedText(nonce, desk), 'utf8'), key).toString('base64'),
      outboxId: this.#outboxId,
      ...(seq > 0 && logId !== undefined && { logId }),
      epoch,
      cursor: seq,
      cursorEpoch: epoch,
      chainHash: hash,
    });
  }

  #pump(): void {
    if (!this.#isLive) return;
    for (const [id, { frame }] of this.#pending) {
      if (this.#inFlight.has(id)) continue;
      if (this.#inFlight.size >= limits.windowMax) return;
      this.#inFlight.add(id);
      this.#send(frame);
    }
  }

  #reserve(): void {
    if (!this.#isLive || this.#numbers.length >= NUMBERS_MIN) return;
    if (Date.now() - this.#reservedAt < RESERVE_AGAIN_MS) return;
    this.#reservedAt = Date.now();
    const id = commandIdFrom(this.now, randomBytes(16));
    this.#send({ frame: 'reserve-references', id, count: BLOCK });
  }

  #send(frame: DeskUp): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
