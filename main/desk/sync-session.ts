import type { CommandId, EpochMs } from '#domain/ids.ts';
import type { Administered } from '#protocol/administer.ts';
import type { DeskDown } from '#protocol/down.ts';
import type { WireEvent } from '#protocol/events.ts';
import { limits } from '#protocol/limits.ts';
import type { Notice } from '#protocol/server-notices.ts';
import type { DeskUp } from '#protocol/up.ts';
import { signedText } from '#protocol/hello.ts';
import { version } from '#protocol/version.ts';
import { outOfJson, type StoredEvent } from '#store/event-log.ts';
import { isDiskError, type Desk } from './desk.ts';

export interface SyncPorts {
  readonly now: () => EpochMs;
  /** Milliseconds since some moment, which nobody can set: all that is waited for is measured by it. */
  readonly elapsedMs: () => number;
  /** Signs the server's nonce with the desk's enrolled key; base64. */
  readonly sign: (text: string) => string;
  /** A fresh UUIDv7, for what the desk itself asks. */
  readonly commandId: () => CommandId;
  readonly send: (frame: DeskUp) => void;
  /** Ends this connection; the next one says hello again with what is durably here. */
  readonly close: (why: string) => void;
  /** These grants let nobody in any more. */
  readonly withdrawn?: ((grants: readonly string[]) => void) | undefined;
  /** The answer to what an administrator asked at this desk. */
  readonly administered?: ((answer: Administered) => void) | undefined;
  /** What the server tells of its machine, all of it. */
  readonly noticed?: ((notices: readonly Notice[]) => void) | undefined;
}

// A desk that is alone for a shift of twelve hours, on the worst day, raises fewer than this.
const REFERENCES_MIN = 100;
const REFERENCES_ASKED = 100; // the most that one asking gives
const TRIES_MAX = 5; // a command that the server calls not recordable this often goes to a person
const RETRY_AFTER_MS = 2_000;
const ANSWER_WITHIN_MS = 5_000; // as long as silence may last before a server counts as dead
const APPLIED_EVERY_MS = 1_000;
const CONSULTED_AT_ONCE = 100;
const CONSULTED_BYTES_MAX = limits.frameMaxBytes - 256; // what the frame says beside the rows
const APPLIED_AT_ONCE = 1_000; // some 40 ms of a desk that is behind; a commit a frame takes half as long again
const QUIET_GAPS_MAX = 2; // pongs in a row that are ahead of us while nothing arrives

export type Link =
  | { readonly state: 'joining' }
  | {
      readonly state: 'live';
      readonly head: number;
      readonly heardAt: EpochMs;
      /** What is here has caught up with the server since the line was made: only then is it of now. */
      readonly isCurrent: boolean;
    }
  | { readonly state: 'closed'; readonly why: string };

/**
 * One connection of a desk to its server, as a state machine: frames and ticks go in, frames come
 * out. It owns no socket and no timer, so the simulation can run it.
 *
 *     challenge -> hello -> welcome -> events …, acks …      (a gap, a wrong chain, silence -> close)
 *                        \-> send-tail -> tail -> …           (to a server that was restored)
 */
export class SyncSession {
  readonly #desk: Desk;
  readonly #ports: SyncPorts;
  readonly #inFlight = new Map<CommandId, number>();
  readonly #tries: Map<CommandId, number>;
  readonly #retryAt = new Map<CommandId, number>();
  #link: Link = { state: 'joining' };
  /** By the clock, for people to read. */
  #heardAt: EpochMs;
  // All others are what `elapsedMs` said.
  #joiningMs: number;
  #heardMs: number;
  #ping: { readonly t0: EpochMs | undefined; readonly atMs: number };
  #appliedMs: number;
  #appliedSeq = -1;
  #reservedMs: number | undefined;
  #crimesAskedMs: number | undefined;
  #consultedMs: number | undefined;
  #quietGaps = 0;
  #offsetMs = 0;
  #release: string | undefined;
  /** What came and is not applied yet: of a desk that is behind, and never longer than till the next tick. */
  #untaken: StoredEvent[] = [];

  /** `tries` outlives a connection: it counts how often a command was called not recordable. */
  constructor(desk: Desk, ports: SyncPorts, tries: Map<CommandId, number> = new Map()) {
    this.#desk = desk;
    this.#ports = ports;
    this.#tries = tries;
    this.#heardAt = ports.now();
    this.#joiningMs = this.#heardMs = this.#appliedMs = ports.elapsedMs();
    this.#ping = { t0: undefined, atMs: this.#joiningMs };
  }

  get link(): Link {
    return this.#link;
  }

  /** Which release the server said it is. */
  get release(): string | undefined {
    return this.#release;
  }

  /** The server's clock less ours, as the last ping measured it. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /**
   * What came from the server; `hasMore` where events that came right behind it are heard next, so that they
   * are applied with it. A disk that fails here costs this line and nothing else: see `#onDisk`.
   */
  hear(frame: DeskDown, hasMore = false): void {
    if (this.#link.state === 'closed') return;
    this.#heardAt = this.#ports.now();
    this.#heardMs = this.#ports.elapsedMs();
    this.#onDisk(() => this.#take(frame, hasMore));
  }

  #take(frame: DeskDown, hasMore: boolean): void {
    if (frame.frame !== 'events') this.#applyUntaken(); // an answer may speak of them
    if (this.#link.state === 'closed') return;
    switch (frame.frame) {
      case 'challenge':
        return this.#sayHello(frame.nonce);
      case 'send-tail':
        if (this.#link.state !== 'joining') return this.#end('asked for a tail after the welcome');
        this.#joiningMs = this.#heardMs; // it asks for the next part when it has taken this one
        return this.#ports.send({ frame: 'tail', ...this.#desk.tail(frame.after) });
      case 'welcome': {
        const { epochSeen } = this.#desk;
        // A server that was promoted or restored raises the epoch; an older one is a ghost.
        if (frame.epoch < epochSeen)
          return this.#end(
            `the server is of epoch ${frame.epoch}, this desk has seen ${epochSeen}`,
          );
        this.#desk.sawEpoch(frame.epoch);
        this.#release = frame.release;
        this.#link = { state: 'live', head: frame.head, heardAt: this.#heardAt, isCurrent: false };
        this.#offsetMs = frame.serverNow - this.#heardAt;
        if (frame.mode === 'reset') this.#desk.rebuild('the server holds another log');
        this.#desk.caughtUp(frame.head);
        this.#look(frame.head);
        return this.pump();
      }
      case 'events':
        return this.#hearEvents(frame.events, hasMore);
      case 'ack':
        this.#inFlight.delete(frame.commandId);
        this.#tries.delete(frame.commandId);
        this.#desk.settle(frame);
        return this.pump();
      case 'refused':
        return this.#notStored(frame.id, frame.reason);
      case 'crimes':
        this.#desk.keepCrimes(frame);
        // The next page at the next tick: history has time. A server without the rows is asked again later.
        if (frame.rows.length > 0 || frame.digest !== undefined) this.#crimesAskedMs = undefined;
        return;
      case 'consulted-kept':
        this.#desk.outbox.consultedKept(frame.n);
        this.#consultedMs = undefined;
        return this.#sendConsulted();
      case 'grants-withdrawn':
        return this.#ports.withdrawn?.(frame.grants);
      case 'administered':
        return this.#ports.administered?.(frame);
      case 'server-notices':
        return this.#ports.noticed?.(frame.notices);
      case 'signals':
        return this.#desk.heard(frame);
      case 'desk-reports':
        return this.#desk.reports.heard(frame);
      case 'ping':
        return this.#ports.send({
          frame: 'pong',
          t0: frame.t0,
          t1: this.#heardAt,
          head: this.#desk.cursor.seq,
        });
      case 'pong':
        return this.#pong(frame);
      default:
    }
  }

  /** A desk that is behind takes several frames in one commit, one that is not each as it comes. */
  #hearEvents(wired: readonly WireEvent[], hasMore: boolean): void {
    if (this.#link.state !== 'live') return this.#end('events before the welcome');
    const here = this.#untaken.at(-1)?.header.seq ?? this.#desk.cursor.seq;
    const first = wired[0]?.header.seq ?? 0;
    const last = wired.at(-1)?.header.seq ?? 0;
    if (first > here + 1) return this.#end('an event is missing');
    const head = Math.max(this.#link.head, last);
    this.#look(head);
    this.#untaken.push(...wired.filter(({ header }) => header.seq > here).map(outOfJson));
    const isWhole = last >= head && !hasMore;
    if (isWhole || this.#untaken.length >= APPLIED_AT_ONCE) this.#applyUntaken();
  }

  #applyUntaken(): void {
    const events = this.#untaken;
    if (this.#link.state !== 'live' || events.length === 0) return;
    this.#untaken = [];
    const { head } = this.#link;
    const received = this.#desk.receive(events, head);
    if (received.outcome === 'rebuilding') return this.#end(received.why);
    this.#look(head);
    this.#quietGaps = 0;
    this.pump();
  }

  /** Sends what is stored here and not yet sent, in `deskSeq` order, at most a window of it. */
  pump(): void {
    if (this.#link.state !== 'live') return;
    const now = this.#ports.elapsedMs();
    for (const stamped of this.#desk.pending) {
      const { id } = stamped.command;
      const sentAt = this.#inFlight.get(id);
      // An answer that never came is asked for again: the same id gets the same answer.
      if (sentAt !== undefined && now - sentAt < ANSWER_WITHIN_MS) continue;
      if (sentAt === undefined && this.#inFlight.size >= limits.windowMax) return;
      if ((this.#retryAt.get(id) ?? 0) > now) return; // what comes after it waits with it: order
      if (this.#desk.outbox.known(id)?.answer) continue; // answered, its events are on the way
      this.#inFlight.set(id, now);
      this.#ports.send(stamped);
    }
    this.#reserve(now);
  }

  /** What came could not be taken in: the next connection brings it again. */
  fail(why: string): void {
    if (this.#link.state !== 'closed') this.#end(why);
  }

  /** Called a few times a second: liveness, the lag report, what is to be tried again. */
  tick(): void {
    if (this.#link.state === 'closed') return;
    const now = this.#ports.elapsedMs();
    if (now - this.#heardMs > limits.deadAfterMs) return this.#end('the server is silent');
    if (this.#link.state === 'joining') {
      // A server that answers pings and never welcomes us is no server.
      if (now - this.#joiningMs > limits.deadAfterMs) this.#end('the server does not welcome us');
      return;
    }
    if (now - this.#ping.atMs >= limits.pingEveryMs) {
      const t0 = this.#ports.now();
      this.#ping = { t0, atMs: now };
      this.#ports.send({ frame: 'ping', t0 });
    }
    const { seq, hash } = this.#desk.cursor;
    if (seq !== this.#appliedSeq && now - this.#appliedMs >= APPLIED_EVERY_MS) {
      this.#appliedMs = now;
      this.#appliedSeq = seq;
      this.#ports.send({ frame: 'applied', cursor: seq, chainHash: hash });
    }
    this.#onDisk(() => {
      this.#applyUntaken();
      this.#desk.settleOwed();
      this.pump();
      this.#askCrimes();
      this.#sendConsulted();
    });
  }

  /**
   * Where this desk's disk fails or is full, what came is not kept and must come again: the line ends,
   * and the next one says hello with what is durably here. People go on working meanwhile.
   */
  #onDisk(work: () => void): void {
    try {
      work();
    } catch (cause) {
      if (!isDiskError(cause)) throw cause;
      this.#end(`this desk cannot store what came: ${cause.message}`);
    }
  }

  /** A page a tick, and only once the log itself is here: people's work comes before history. */
  #askCrimes(): void {
    if (this.#link.state !== 'live' || this.#desk.cursor.seq < this.#link.head) return;
    const now = this.#ports.elapsedMs();
    if (this.#crimesAskedMs !== undefined && now - this.#crimesAskedMs < ANSWER_WITHIN_MS) return;
    const wanted = this.#desk.crimesWanted();
    if (!wanted) return;
    this.#crimesAskedMs = now;
    const { batchId, after } = wanted;
    this.#ports.send({ frame: 'ask-crimes', batchId, ...(after !== undefined && { after }) });
  }

  /** Who looked at what goes to the server's audit, a batch at a time, until it says that it has it. */
  #sendConsulted(): void {
    if (this.#link.state !== 'live') return;
    const now = this.#ports.elapsedMs();
    if (this.#consultedMs !== undefined && now - this.#consultedMs < ANSWER_WITHIN_MS) return;
    const { outbox } = this.#desk;
    const rows = outbox.consultations(CONSULTED_AT_ONCE, CONSULTED_BYTES_MAX);
    if (rows.length === 0) return;
    this.#consultedMs = now;
    this.#ports.send({ frame: 'consulted', outboxId: outbox.consultationsOf, rows: [...rows] });
  }

  /** Where the server stands, as it was just heard, and whether what is shown here has come as far. */
  #look(head: number): void {
    if (this.#link.state !== 'live') return;
    const isCurrent = this.#link.isCurrent || this.#desk.shownCursor >= head;
    this.#link = { state: 'live', head, heardAt: this.#heardAt, isCurrent };
  }

  #sayHello(nonce: string): void {
    const { desk, outboxId, shownBefore } = this.#desk;
    const { logId, epoch: cursorEpoch, seq, hash } = this.#desk.cursor;
    this.#ports.send({
      frame: 'hello',
      protocol: { min: version, max: version },
      desk,
      signature: this.#ports.sign(signedText(nonce, desk)),
      outboxId,
      ...(seq > 0 && { logId }),
      epoch: this.#desk.epochSeen,
      cursor: seq,
      cursorEpoch,
      chainHash: hash,
      ...(shownBefore && { shown: shownBefore }),
    });
  }

  #pong({ t0, t1, head }: Extract<DeskDown, { frame: 'pong' }>): void {
    // Only of the last ping is it known when it went; the clock may have been set since.
    const rtt = t0 === this.#ping.t0 ? this.#heardMs - this.#ping.atMs : undefined;
    if (rtt !== undefined) this.#offsetMs = t1 - (this.#heardAt - rtt / 2);
    if (this.#link.state !== 'live') return;
    // A head that stays ahead of us on a quiet line means that an event was missed.
    this.#quietGaps = head > this.#desk.cursor.seq ? this.#quietGaps + 1 : 0;
    this.#look(Math.max(head, this.#link.head));
    if (this.#quietGaps > QUIET_GAPS_MAX) this.#end('an event is missing');
  }

  /**
   * The server did not store it. Where its disk failed it stays here and is tried again for as long as
   * it takes; where it can never be recorded it is a person's turn after a few tries.
   */
  #notStored(id: string | undefined, reason: string): void {
    const stamped = this.#desk.pending.find(({ command }) => command.id === id);
    if (!stamped) return;
    const { id: commandId } = stamped.command;
    this.#inFlight.delete(commandId);
    if (reason === 'not-recordable') {
      const tries = (this.#tries.get(commandId) ?? 0) + 1;
      this.#tries.set(commandId, tries);
      if (tries === 1) {
        // Most likely its place is taken. From a new line all comes in order, at places that are free.
        this.#desk.giveNewPlaces();
        return this.#end('what waits here gets new places');
      }
      if (tries >= TRIES_MAX) {
        this.#tries.delete(commandId);
        const answer = { state: 'refused', refusal: { reason } } as const;
        this.#desk.settle({ frame: 'ack', commandId, answer });
        return this.pump(); // what waited behind it
      }
    }
    this.#retryAt.set(commandId, this.#ports.elapsedMs() + RETRY_AFTER_MS);
  }

  #reserve(now: number): void {
    const { outbox } = this.#desk;
    if (outbox.referencesLeft() >= REFERENCES_MIN) {
      this.#reservedMs = undefined;
      return;
    }
    if (this.#reservedMs !== undefined && now - this.#reservedMs < RETRY_AFTER_MS) return;
    this.#reservedMs = now;
    const id = this.#ports.commandId();
    this.#ports.send({ frame: 'reserve-references', id, count: REFERENCES_ASKED });
  }

  #end(why: string): void {
    this.#link = { state: 'closed', why };
    this.#ports.close(why);
  }
}
