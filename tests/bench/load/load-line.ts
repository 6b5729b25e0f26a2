import { randomUUID, sign, type KeyObject } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import type { CommandId, DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { deskDown, type DeskDown } from '#protocol/down.ts';
import { signedText } from '#protocol/hello.ts';
import { limits } from '#protocol/limits.ts';
import type { DeskUp } from '#protocol/up.ts';
import { subprotocol, version } from '#protocol/version.ts';
import { GENESIS } from '#store/chain.ts';
import { freshCommandId, wallClock } from '../../support/fresh.ts';
import { LeanSocket } from './lean-socket.ts';

/** A desk as the server has it enrolled, and who sits there where somebody writes. */
export interface LoadDesk {
  readonly desk: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  readonly writer?: { readonly user: string; readonly grant: string } | undefined;
}

export interface Cursor {
  readonly logId: string | undefined;
  readonly epoch: number;
  readonly seq: number;
  readonly hash: string;
}

export const fromStart: Cursor = { logId: undefined, epoch: 0, seq: 0, hash: GENESIS };

/** An `events` frame that was read whole and checked, for all lines that it comes to. */
export interface Known {
  readonly bytes: Buffer;
  readonly prevHash: string;
  readonly last: Cursor;
  readonly commands: readonly string[];
}

const KNOWN_MAX = 512;
const head = Buffer.from('{"frame":"events"');

/**
 * What all lines of a process share. An `events` frame is parsed by its schema once; on every other line
 * it counts as read only if it is the same to the byte and follows what that line has. So each line is
 * checked whole, and 500 of them cost little more than one.
 */
export class Frames {
  readonly #known = new Map<number, Known>();

  read(bytes: Buffer, after: Cursor): Known {
    const known = this.#known.get(after.seq + 1);
    if (known?.prevHash === after.hash && known.bytes.equals(bytes)) return known;
    const frame = deskDown.parse(JSON.parse(bytes.toString('utf8')));
    if (frame.frame !== 'events') throw new Error(`a frame like events: ${frame.frame}`);
    let { seq, hash } = after;
    for (const { header } of frame.events) {
      if (header.seq !== seq + 1) throw new Error(`${header.seq} came after ${seq}`);
      if (header.prevHash !== hash) throw new Error(`the chain is broken at ${header.seq}`);
      ({ seq, hash } = header);
    }
    const [first, last] = [frame.events[0]?.header, frame.events.at(-1)?.header];
    const { logId, epoch } = last ?? after;
    const fresh: Known = {
      bytes: Buffer.from(bytes),
      prevHash: first?.prevHash ?? after.hash,
      last: { logId, epoch: epoch ?? 0, seq, hash },
      commands: frame.events.map(({ header }) => header.commandId),
    };
    this.#known.set(after.seq + 1, fresh);
    // In the order of insertion: the oldest first.
    for (const old of this.#known.keys()) {
      if (this.#known.size <= KNOWN_MAX) break;
      this.#known.delete(old);
    }
    return fresh;
  }
}

export interface LineEvents {
  /** Events have come to this line, in order and following what it has. */
  readonly seen: (frame: Known, line: LoadLine) => void;
  readonly answered: (command: string, state: string) => void;
  /** The line ended, and not because it was told to. */
  readonly lost: (why: string, line: LoadLine) => void;
}

/** One desk's line to the server, over the real protocol: challenge, hello, events, commands, pings. */
export class LoadLine {
  readonly desk: LoadDesk;
  readonly #socket: LeanSocket;
  readonly #frames: Frames;
  readonly #events: LineEvents;
  readonly #key: KeyObject | string;
  readonly #outboxId = randomUUID();
  readonly #joined = Promise.withResolvers<number>();
  readonly #inFlight = new Set<string>();
  readonly #queue: DeskUp[] = [];
  #deskSeq = 0;
  #applied = 0;
  #isWelcome = false;
  #isEnded = false;
  /** What the line has, durable or not: a load client keeps nothing. */
  cursor: Cursor;

  constructor(
    url: string,
    desk: LoadDesk,
    ports: { readonly frames: Frames; readonly events: LineEvents; readonly from?: Cursor },
  ) {
    this.desk = desk;
    this.#key = desk.privateKey;
    this.#frames = ports.frames;
    this.#events = ports.events;
    this.cursor = ports.from ?? fromStart;
    this.#socket = new LeanSocket({
      url,
      subprotocol,
      heard: (payload) => this.#hear(payload),
      closed: (why) => {
        this.#joined.reject(new Error(`${desk.desk}: ${why}`));
        if (!this.#isEnded) this.#events.lost(why, this);
      },
    });
    this.#joined.promise.catch(() => {}); // whoever joins hears it; nobody may be waiting
  }

  /** Resolves with the server's head once it has welcomed this desk. */
  get joined(): Promise<number> {
    return this.#joined.promise;
  }

  /** Commands that were asked for and have no answer yet. */
  get waiting(): number {
    return this.#inFlight.size + this.#queue.length;
  }

  /** Asks in outbox order, a window at a time as any desk does; the id is the caller's where it matters. */
  ask(asked: Asked, id: CommandId = freshCommandId()): CommandId {
    const { writer, desk } = this.desk;
    if (!writer) throw new Error(`nobody sits at ${desk}`);
    this.#queue.push({
      frame: 'stamped-command',
      command: { frame: 'command', id, ...asked },
      occurredAt: wallClock(),
      actor: writer.user as UserId,
      grant: writer.grant,
      desk: desk as DeskId,
      outboxId: this.#outboxId,
      deskSeq: (this.#deskSeq += 1),
    });
    this.#pump();
    return id;
  }

  /** What a desk sends by the clock: that it lives, and how far it is. */
  tick(now: EpochMs): void {
    if (!this.#isWelcome) return;
    this.#send({ frame: 'ping', t0: now });
    const { seq, hash } = this.cursor;
    if (seq === this.#applied) return;
    this.#applied = seq;
    this.#send({ frame: 'applied', cursor: seq, chainHash: hash });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#isEnded = true;
    this.#socket.end();
  }

  #pump(): void {
    while (this.#inFlight.size < limits.windowMax) {
      const next = this.#queue.shift();
      if (next?.frame !== 'stamped-command') return;
      this.#inFlight.add(next.command.id);
      this.#send(next);
    }
  }

  #hear(payload: Buffer): void {
    if (payload.subarray(0, head.length).equals(head)) {
      const frame = this.#frames.read(payload, this.cursor);
      this.cursor = frame.last;
      return this.#events.seen(frame, this);
    }
    // Schemas are what desks hold a server to; here a known name is enough, but for events above.
    this.#take(JSON.parse(payload.toString('utf8')) as DeskDown);
  }

  #take(frame: DeskDown): void {
    switch (frame.frame) {
      case 'challenge':
        return this.#sayHello(frame.nonce);
      case 'welcome':
        if (frame.mode === 'reset') throw new Error(`${this.desk.desk} stands on another log`);
        this.cursor = { ...this.cursor, logId: frame.logId };
        this.#isWelcome = true;
        return this.#joined.resolve(frame.head);
      case 'ping':
        return this.#send({
          frame: 'pong',
          t0: frame.t0,
          t1: wallClock(),
          head: this.cursor.seq,
        });
      case 'ack':
        this.#inFlight.delete(frame.commandId);
        this.#events.answered(frame.commandId, frame.answer.state);
        return this.#pump();
      case 'refused':
        throw new Error(`${this.desk.desk} was refused: ${frame.reason}`);
      default:
    }
  }

  #sayHello(nonce: string): void {
    const { desk } = this.desk;
    const { logId, epoch, seq, hash } = this.cursor;
    this.#send({
      frame: 'hello',
      protocol: { min: version, max: version },
      desk: desk as DeskId,
      signature: sign(null, Buffer.from(signedText(nonce, desk), 'utf8'), this.#key).toString(
        'base64',
      ),
      outboxId: this.#outboxId,
      ...(seq > 0 && logId !== undefined && { logId }),
      epoch,
      cursor: seq,
      cursorEpoch: epoch,
      chainHash: hash,
    });
  }

  #send(frame: DeskUp): void {
    this.#socket.send(JSON.stringify(frame));
  }
}
