import { randomBytes, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import * as z from 'zod';
import { commandId, type CommandId, type DeskId, type EpochMs, type UserId } from '#domain/ids.ts';
import { isModest } from '#domain/lib/modest.ts';
import type { Answer } from '#protocol/ack.ts';
import { parseAsked } from '#protocol/command.ts';
import type { Consulted } from '#protocol/consulted.ts';
import type { AskCrimes } from '#protocol/crimes.ts';
import type { DeskDown } from '#protocol/down.ts';
import { limits } from '#protocol/limits.ts';
import type { DeskSignal, Signals } from '#protocol/signal.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';
import { deskUp, type DeskUp } from '#protocol/up.ts';
import { history, subprotocol } from '#protocol/version.ts';
import type { StoredEvent } from '#store/event-log.ts';
import type { Accounts } from '../auth/accounts.ts';
import { CLOCK_LEEWAY_MS, judgeClaim } from '../auth/policy.ts';
import { networkOf } from '../auth/sign-in-limit.ts';
import { NotRecordable, type AuditRow, type Recorder } from '../log/recorder-port.ts';
import { EVENTS_MAX, framesOf, type EventFrame } from './event-frames.ts';
import { OutboxOrder } from './outbox-order.ts';
import { Presence } from './presence.ts';
import { realTimers, type Timers } from './timers.ts';
import { Turnaways } from './turnaways.ts';

export interface SyncOptions {
  readonly recorder: Recorder;
  readonly accounts: Accounts;
  readonly now: () => EpochMs;
  /** The exact values of the Host header that are ours. */
  readonly hosts: () => ReadonlySet<string>;
  /** Keeps a desk's copy of a draft; says no where it is of somebody who has never sat at that desk. */
  readonly draftCopied: (
    copy: Extract<DeskUp, { frame: 'draft-copy' }>,
    desk: DeskId,
  ) => 'kept' | 'not-theirs';
  readonly failed: (error: unknown) => void;
  readonly timers?: Timers;
}

const HELLO_WITHIN_MS = 5_000;
const CRIMES_AT_ONCE = 400; // a page that a desk stores in some milliseconds, between two keys
const STRANGERS_MAX = 20; // sockets that have not said who they are, of one address
const ALL_STRANGERS_MAX = 600; // of all together: every desk of a force at once, twice over
const BURST = 200;
const PER_SECOND = 50;
const TICK_MS = 250;
const CLOSE_WITHIN_MS = 1_000;
const DRAIN_WITHIN_MS = 5_000; // a commit under load takes tens of milliseconds
const SYSTEM = 'system' as UserId;
const SERVER = 'server' as DeskId;

/**
 * The desks' sockets: who they are, what they have, and what they are sent.
 *
 *     recorder -> pending -> frames, made once -> every live line
 *                     log -> frames -> a line that catches up, until it is live
 *
 * A live line has been sent exactly what was flushed; a line that is not takes up where it stopped.
 */
export class SyncGateway {
  readonly #options: SyncOptions;
  readonly #timers: Timers;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameMaxBytes,
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
    // Each frame in a turn of its own: hundreds that come at once hold up nobody else.
    allowSynchronousEvents: false,
  });
  readonly #turnaways: Turnaways;
  readonly #desks = new Map<DeskId, DeskLine>();
  readonly #lines = new Set<DeskLine>();
  readonly #strangers = new Map<string, Set<Duplex>>();
  readonly #presence: Presence;
  readonly #stops: (() => void)[];
  #pending: StoredEvent[] = [];
  /** Answers that speak of events which are not sent yet. */
  #answers: (() => void)[] = [];
  #flushed: number;
  #flushedAt = 0;
  #stopFlush: (() => void) | undefined;
  #isClosing = false;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#flushed = options.recorder.head().seq;
    const { recorder, now, failed } = options;
    this.#turnaways = new Turnaways({ recorder, now, timers: this.#timers, failed });
    this.#presence = new Presence({
      timers: this.#timers,
      now: options.now,
      tell: (signals) => {
        for (const line of this.#desks.values()) line.tell(signals);
      },
    });
    this.#stops = [
      options.recorder.onRecorded((events) => this.#recorded(events)),
      this.#timers.every(TICK_MS, () => {
        for (const line of this.#lines) line.tick();
      }),
    ];
  }

  /** Desks that are joined now. */
  get joined(): readonly DeskId[] {
    return [...this.#desks.keys()];
  }

  /** How many events the desk that is furthest behind has yet to apply. */
  get lagMax(): number {
    const { seq } = this.#options.recorder.head();
    return Math.max(0, ...[...this.#desks.values()].map(({ applied }) => seq - applied));
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = networkOf(request.socket.remoteAddress ?? '');
    const refusal = this.#refusalOf(request, address);
    if (refusal !== undefined) {
      const [status, reason] = refusal;
      hangUp(socket, status);
      if (reason === undefined) return;
      const row = { actor: 'unknown', desk: 'unknown', what: 'connect', subject: address };
      this.#turnedAway({ ...row, outcome: `refused ${reason}` });
      return;
    }
    const strangers = this.#strangers.get(address) ?? new Set();
    this.#strangers.set(address, strangers.add(socket));
    const isKnown = () => {
      strangers.delete(socket);
      if (strangers.size === 0 && this.#strangers.get(address) === strangers)
        this.#strangers.delete(address);
    };
    // However it ends, also in the middle of a handshake that `ws` turns down itself.
    socket.once('close', isKnown);
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      const line = new DeskLine(accepted, this.#options, this.#timers, {
        turnedAway: (row) => this.#turnedAway(row),
        flushed: () => this.#flushed,
        onceFlushed: (seq, answer) => {
          // In the order they were given: what waits for its events holds back what comes after it.
          if (seq <= this.#flushed && this.#answers.length === 0) answer();
          else this.#answers.push(answer);
        },
        flush: () => this.#flush(),
        joined: (desk) => {
          isKnown();
          // The newer line of a desk is the one that lives.
          void this.#desks.get(desk)?.end(4001, 'replaced by a newer connection');
          this.#desks.set(desk, line);
        },
        presence: () => this.#presence.all(),
        signalled: (desk, signal) => this.#presence.heard(desk, signal),
        gone: (desk) => {
          this.#lines.delete(line);
          if (desk === undefined || this.#desks.get(desk) !== line) return;
          this.#desks.delete(desk);
          this.#presence.gone(desk);
        },
      });
      this.#lines.add(line);
    });
  }

  /** Ends a desk's line at once, after its key was revoked or replaced. */
  drop(desk: string): void {
    void this.#desks.get(desk as DeskId)?.end(4401, 'revoked'); // a name of no desk finds none
  }

  /** Takes nothing more, answers what is being recorded, sends what is recorded, and hangs up. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const lines = [...this.#lines];
    const timeUp = Promise.withResolvers<void>();
    const stopWaiting = this.#timers.after(DRAIN_WITHIN_MS, () => timeUp.resolve());
    await Promise.race([Promise.all(lines.map((line) => line.drain())), timeUp.promise]);
    stopWaiting();
    this.#flush();
    for (const stop of this.#stops) stop();
    this.#stopFlush?.();
    this.#presence.close();
    await Promise.all(lines.map((line) => line.end(1001, 'the server stops')));
    this.#sockets.close();
    await this.#turnaways.close();
  }

  #turnedAway(row: Parameters<Turnaways['add']>[0]): void {
    this.#turnaways.add(row).catch(this.#options.failed);
  }

  /** The status that a caller is turned away with, and the reason for the audit. */
  #refusalOf(request: IncomingMessage, address: string): readonly [string, string?] | undefined {
    const { host, origin, 'sec-websocket-protocol': offered = '' } = request.headers;
    if (this.#isClosing) return ['503 Service Unavailable'];
    // A foreign name that was bound to this address again comes with that name.
    if (host === undefined || !this.#options.hosts().has(host.toLowerCase()))
      return ['421 Misdirected Request', 'wrong-host'];
    // A desk is no page: a socket with an Origin was opened by some web site.
    if (origin !== undefined) return ['403 Forbidden', 'foreign-origin'];
    if (!offered.split(/,\s*/).includes(subprotocol)) return ['400 Bad Request', 'wrong-protocol'];
    const all = [...this.#strangers.values()].reduce((sum, { size }) => sum + size, 0);
    return (this.#strangers.get(address)?.size ?? 0) >= STRANGERS_MAX || all >= ALL_STRANGERS_MAX
      ? ['429 Too Many Requests', 'too-many-strangers']
      : undefined;
  }

  #recorded(events: readonly StoredEvent[]): void {
    this.#pending.push(...events);
    if (this.#stopFlush) return;
    // On a quiet line at once; under load what comes within the next moment goes in one write.
    const waitMs = Math.ceil(this.#flushedAt + limits.coalesceMs - performance.now());
    if (waitMs <= 0) this.#flush();
    else this.#stopFlush = this.#timers.after(waitMs, () => this.#flush());
  }

  #flush(): void {
    this.#stopFlush?.();
    this.#stopFlush = undefined;
    this.#flushedAt = performance.now();
    const last = this.#pending.at(-1)?.header.seq;
    if (last === undefined) return;
    const frames = framesOf(this.#pending);
    this.#pending = [];
    this.#flushed = last;
    for (const line of this.#lines) line.offer(frames);
    const answers = this.#answers;
    this.#answers = [];
    for (const answer of answers) answer();
  }
}

/** Ends a connection that is no WebSocket yet. It may be reset meanwhile, which is nobody's fault here. */
export function hangUp(socket: Duplex, status: string): void {
  socket.on('error', () => {}); // it closes too, which is all there is to know
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}

interface Exchange {
  /** Puts on record what was refused. */
  readonly turnedAway: (row: Parameters<Turnaways['add']>[0]) => void;
  /** The last event that has gone out to live lines. */
  readonly flushed: () => number;
  /** Does it once events up to `seq` have gone out: a desk settles from a chunk of them in one commit. */
  readonly onceFlushed: (seq: number, answer: () => void) => void;
  /** Sends at once what waits to be sent together. */
  readonly flush: () => void;
  readonly joined: (desk: DeskId) => void;
  readonly signalled: (desk: DeskId, signal: DeskSignal) => void;
  /** What every desk has in front of it now. */
  readonly presence: () => readonly Signals[];
  readonly gone: (desk: DeskId | undefined) => void;
}

type Hello = Extract<DeskUp, { frame: 'hello' }>;

/** One socket of one desk. */
class DeskLine {
  readonly #socket: WebSocket;
  readonly #options: SyncOptions;
  readonly #timers: Timers;
  readonly #exchange: Exchange;
  readonly #nonce = randomBytes(32).toString('base64');
  readonly #inFlight = new Map<CommandId, Promise<void>>();
  readonly #closed: Promise<void>;
  readonly #openedAt: EpochMs;
  readonly #order: OutboxOrder;
  #desk: DeskId | undefined;
  #isHearing = true;
  #isReserving = false;
  /** The last event sent. */
  #sent = 0;
  #isLive = false;
  #isCatchingUp = false;
  #lagSince: EpochMs | undefined;
  #applied = 0;
  #heardAt: EpochMs;
  #pingedAt: EpochMs;
  #tokens = BURST;
  #filledAt: EpochMs;
  #isToldToSlowDown = false;

  constructor(socket: WebSocket, options: SyncOptions, timers: Timers, exchange: Exchange) {
    this.#socket = socket;
    this.#options = options;
    this.#timers = timers;
    this.#exchange = exchange;
    const { recorder } = options;
    this.#order = new OutboxOrder(
      ({ outboxId, deskSeq }) => recorder.isAnswered(outboxId, deskSeq),
      (outboxId, from, to) => recorder.areAnswered(outboxId, from, to),
    );
    this.#openedAt = this.#heardAt = this.#pingedAt = this.#filledAt = options.now();
    this.#closed = new Promise((resolve) => {
      socket.on('close', () => {
        exchange.gone(this.#desk);
        resolve();
      });
    });
    // An error is always followed by `close`, which is where it is dealt with.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('WS_ERR') === true)
        this.#audit({ what: 'frame', outcome: 'refused broken-frame' });
    });
    // The binary type of `ws` is a Buffer unless it is told otherwise.
    socket.on('message', (data, isBinary) =>
      this.#guard(() => this.#hear(data as Buffer, isBinary)),
    );
    this.#send({ frame: 'challenge', nonce: this.#nonce });
  }

  get applied(): number {
    return this.#applied;
  }

  /** Hangs up; resolves once the socket has gone, by force if need be. */
  async end(code: number, why: string): Promise<void> {
    this.#isHearing = false;
    this.#isLive = false;
    this.#socket.close(code, why);
    const stop = this.#timers.after(CLOSE_WITHIN_MS, () => this.#socket.terminate());
    await this.#closed;
    stop();
  }

  /** Takes nothing more; resolves when everything that was taken is answered. */
  async drain(): Promise<void> {
    this.#isHearing = false;
    await Promise.all(this.#inFlight.values());
  }

  /** Live events, in frames that every line shares. */
  offer(frames: readonly EventFrame[]): void {
    if (!this.#isLive) return this.#catchUp();
    for (const { firstSeq, lastSeq, bytes } of frames) {
      if (lastSeq <= this.#sent) continue;
      if (firstSeq !== this.#sent + 1 || this.#isLagging()) {
        this.#isLive = false; // from here it is read from the log
        return this.#catchUp();
      }
      this.#sendEvents(bytes, lastSeq);
    }
  }

  tick(): void {
    this.#guard(() => this.#look());
  }

  /** What goes wrong with one line ends that line, which comes again, and nothing else. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.failed(error);
      void this.end(1011, 'the server could not do it');
    }
  }

  #look(): void {
    const { now, accounts } = this.#options;
    const desk = this.#desk;
    if (desk === undefined) {
      if (now() - this.#openedAt >= HELLO_WITHIN_MS) this.#socket.terminate();
      return;
    }
    if (now() - this.#heardAt > limits.deadAfterMs) return this.#socket.terminate();
    // It resumes by its cursor: nothing is lost by cutting it off.
    const isStuck = this.#isLagging() && now() - (this.#lagSince ?? now()) > limits.lagMs;
    if (isStuck || this.#socket.bufferedAmount > limits.cutBytes) return this.#socket.terminate();
    if (now() - this.#pingedAt >= limits.pingEveryMs) {
      this.#pingedAt = now();
      // Whoever revoked the key, and in whichever process.
      if (accounts.deskKey(desk) === undefined) return void this.end(4401, 'revoked');
      this.#send({ frame: 'ping', t0: now() });
    }
    if (!this.#isLive) this.#catchUp();
  }

  #isLagging(): boolean {
    if (this.#socket.bufferedAmount <= limits.lagBytes) this.#lagSince = undefined;
    else this.#lagSince ??= this.#options.now();
    return this.#lagSince !== undefined;
  }

  /** Sends what is missing from the log, as fast as the socket takes it; other work goes in between. */
  #catchUp(): void {
    if (this.#desk === undefined || this.#isCatchingUp || !this.#isOpen) return;
    if (this.#isLagging()) return; // goes on when the socket has drained
    const flushed = this.#exchange.flushed();
    if (this.#sent >= flushed) {
      this.#isLive = true;
      return;
    }
    const most = Math.min(EVENTS_MAX, flushed - this.#sent);
    for (const { bytes, lastSeq } of framesOf(this.#options.recorder.readAfter(this.#sent, most))) {
      if (this.#isLagging()) break;
      this.#sendEvents(bytes, lastSeq);
    }
    this.#isCatchingUp = true;
    setImmediate(() => {
      this.#isCatchingUp = false;
      this.#guard(() => this.#catchUp());
    });
  }

  #sendEvents(bytes: Buffer, lastSeq: number): void {
    this.#sent = lastSeq;
    this.#socket.send(bytes, { binary: false }, () => {
      if (!this.#isLive) this.#guard(() => this.#catchUp());
    });
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (!this.#isHearing || !this.#isOpen) return;
    this.#heardAt = this.#options.now();
    const frame = isBinary ? undefined : read(data.toString('utf8'));
    if (this.#desk === undefined) {
      if (frame?.frame === 'hello') return this.#welcome(frame);
      this.#audit({ what: frame?.frame ?? 'frame', outcome: 'refused no-hello' });
      return void this.end(4400, 'hello first');
    }
    if (frame?.frame === 'stamped-command') return this.#record(frame, this.#desk);
    if (frame?.frame === 'applied') {
      this.#applied = frame.cursor;
      return;
    }
    if (frame?.frame === 'pong') return;
    if (!this.#mayPass()) return;
    if (frame) return this.#handle(frame, this.#desk);
    this.#notUnderstood(isBinary ? '' : data.toString('utf8'));
  }

  #handle(
    frame: Exclude<DeskUp, { frame: 'stamped-command' | 'applied' | 'pong' }>,
    desk: DeskId,
  ): void {
    const { recorder, accounts, now } = this.#options;
    switch (frame.frame) {
      case 'reserve-references':
        return this.#reserve(frame, desk);
      case 'draft-copy':
        return this.#copyDraft(frame, desk);
      case 'ask-crimes':
        return this.#sendCrimes(frame);
      case 'consulted':
        return this.#keepConsulted(frame, desk);
      case 'desk-signal':
        return this.#exchange.signalled(desk, {
          ...frame,
          user: accounts.hasSatAt(frame.user ?? '', desk) ? frame.user : undefined,
        });
      case 'ping':
        return this.#send({ frame: 'pong', t0: frame.t0, t1: now(), head: recorder.head().seq });
      case 'hello':
      default:
        this.#audit({ what: 'hello', outcome: 'refused hello-twice' });
        return void this.end(4400, 'hello twice');
    }
  }

  #welcome(hello: Hello): void {
    const { recorder, accounts, now } = this.#options;
    const key = accounts.deskKey(hello.desk);
    const signed = Buffer.from(`${this.#nonce}.${hello.desk}`, 'utf8');
    const isDesk =
      key !== undefined && verify(null, signed, key, Buffer.from(hello.signature, 'base64'));
    if (!isDesk) {
      this.#audit({ what: 'hello', desk: hello.desk, outcome: 'refused not-enrolled' });
      return void this.end(4401, 'not an enrolled desk');
    }
    const { version } = history.at(-1) ?? { version: 1 };
    if (hello.protocol.min > version || hello.protocol.max < version) {
      this.#audit({ what: 'hello', desk: hello.desk, outcome: 'refused other-release' });
      return void this.end(4406, `this server speaks protocol ${version}`);
    }
    const isDelta = this.#isOurLineage(hello);
    this.#desk = hello.desk;
    this.#sent = this.#applied = isDelta ? hello.cursor : 0;
    this.#exchange.joined(hello.desk);
    this.#send({
      frame: 'welcome',
      protocol: version,
      logId: recorder.logId,
      epoch: recorder.epoch,
      head: recorder.head().seq,
      mode: isDelta ? 'delta' : 'reset',
      limits: { windowMax: limits.windowMax, frameMaxBytes: limits.frameMaxBytes },
      peers: [],
      serverNow: now(),
    });
    for (const signals of this.#exchange.presence()) this.#send(signals);
    this.#catchUp();
  }

  /** Whether what the desk has is the beginning of this log: it is compared, never guessed. */
  #isOurLineage({ logId, epoch, cursor, chainHash }: Hello): boolean {
    const { recorder } = this.#options;
    if (epoch > recorder.epoch) return false;
    if (cursor === 0) return logId === undefined || logId === recorder.logId;
    return logId === recorder.logId && recorder.hashAt(cursor) === chainHash;
  }

  #record(stamped: StampedCommand, desk: DeskId): void {
    const { recorder, accounts } = this.#options;
    const { command, occurredAt, enteredAt, actor, grant, reference } = stamped;
    const { id, type } = command;
    if (this.#order.take(stamped) === 'out-of-order') return void this.#endOutOfOrder();
    if (this.#inFlight.has(id)) return; // asked again while it is being recorded: one answer is enough
    if (this.#inFlight.size >= limits.windowMax) {
      // Leaving one out would record the next one before it; from a new connection they come in order.
      this.#audit({ what: type, subject: id, actor, outcome: 'refused window-full' });
      return void this.end(4008, 'more commands at once than the window');
    }
    const parsed = parseAsked(command);
    // A time that no clock can show would stand in the log for good, and no window could show it.
    const isFuture = (enteredAt ?? 0) > this.#options.now() + CLOCK_LEEWAY_MS;
    if (parsed.outcome === 'malformed' || isFuture) {
      this.#audit({ what: type, subject: id, actor, outcome: 'refused malformed' });
      return this.#answer(id, { state: 'refused', refusal: { reason: 'malformed' } });
    }
    const judged = judgeClaim(
      { type, actor, grant, desk: stamped.desk, socketDesk: desk, occurredAt },
      accounts,
    );
    if (judged.outcome === 'permitted' && judged.flag !== undefined)
      this.#flag({ what: type, subject: id, actor, outcome: judged.flag });
    const isMisdirected = stamped.desk !== desk;
    const recording = recorder.record({
      commandId: id,
      asked: parsed.asked,
      expect: command.expect,
      occurredAt,
      enteredAt,
      actor,
      desk,
      reference,
      // The place in an outbox is the other desk's to use.
      outbox: isMisdirected ? undefined : { id: stamped.outboxId, deskSeq: stamped.deskSeq },
      forbidden: judged.outcome === 'forbidden' ? judged.reason : undefined,
    });
    this.#inFlight.set(
      id,
      this.#settle(recording, id, (answer) => {
        const seq = answer.state === 'recorded' ? answer.lastSeq : 0;
        this.#exchange.onceFlushed(seq, () => this.#answer(id, answer));
      }).finally(() => {
        this.#inFlight.delete(id);
      }),
    );
  }

  #copyDraft(copy: Extract<DeskUp, { frame: 'draft-copy' }>, desk: DeskId): void {
    if (this.#options.draftCopied(copy, desk) === 'kept') return;
    this.#audit({ what: 'draft-copy', subject: copy.user, outcome: 'refused not-theirs' });
    this.#send({
      frame: 'refused',
      reason: 'not-theirs',
      message: 'A desk brings the drafts of who has sat at it, and of nobody else.',
    });
  }

  /** A page of recorded crimes; the last one brings the digest that the desk's own must equal. */
  #sendCrimes({ batchId, after }: AskCrimes): void {
    const { recorder } = this.#options;
    const rows = recorder.crimesOf(batchId, after, CRIMES_AT_ONCE);
    const digest = rows.length < CRIMES_AT_ONCE ? recorder.crimesDigest(batchId) : undefined;
    this.#send({
      frame: 'crimes',
      batchId,
      rows: [...rows],
      ...(digest !== undefined && { digest }),
    });
  }

  #keepConsulted({ outboxId, rows }: Consulted, desk: DeskId): void {
    const { accounts } = this.#options;
    const audited = rows.map(({ n, at, actor, what, subject, shown, times }) => ({
      n,
      row: {
        at,
        // A desk speaks for itself and for who has sat at it, and for nobody else.
        actor: actor === 'desk' || accounts.hasSatAt(actor, desk) ? actor : 'unknown',
        desk,
        ...lookOf({ what, subject, shown, times }),
      },
    }));
    this.#options.recorder
      .consulted(outboxId, audited)
      .then((n) => this.#send({ frame: 'consulted-kept', n }))
      .catch(this.#options.failed); // the desk keeps them and sends them again
  }

  tell(frame: DeskDown): void {
    if (this.#desk !== undefined) this.#send(frame);
  }

  /**
   * What stands before it in the outbox has not come: from a new connection everything comes in order.
   * What was taken is answered first, so that each connection brings a desk further.
   */
  async #endOutOfOrder(): Promise<void> {
    this.#audit({ what: 'stamped-command', outcome: 'refused out-of-order' });
    await this.drain();
    this.#exchange.flush();
    await this.end(4009, 'commands out of order');
  }

  /** One block at a time for each desk: its answer is the event that every desk gets. */
  #reserve({ id, count }: Extract<DeskUp, { frame: 'reserve-references' }>, desk: DeskId): void {
    if (this.#isReserving)
      return this.#send({
        frame: 'refused',
        reason: 'already-asked',
        message: 'A block of references is on its way to this desk.',
        id,
      });
    this.#isReserving = true;
    const recording = this.#options.recorder.record({
      commandId: id as CommandId, // its schema is that of a command's id
      asked: { type: 'reserve-references', body: { desk, count } },
      occurredAt: this.#options.now(),
      actor: SYSTEM,
      desk: SERVER,
    });
    void this.#settle(recording, id, () => {}).finally(() => {
      this.#isReserving = false;
    });
  }

  /** Answers once the commit is durable; where it failed the desk is told and keeps the command. */
  async #settle(
    recording: Promise<Answer>,
    id: string,
    recorded: (answer: Answer) => void,
  ): Promise<void> {
    try {
      recorded(await recording);
    } catch (error) {
      this.#options.failed(error);
      this.#send({ frame: 'refused', ...notStored(error), id });
    }
  }

  #answer(id: CommandId, answer: Answer): void {
    this.#send({ frame: 'ack', commandId: id, answer });
  }

  /** A command that this release cannot read is answered, or its desk would send it for ever. */
  #notUnderstood(text: string): void {
    const broken = commandIn(text);
    this.#audit({
      what: 'frame',
      subject: broken?.command.id ?? 'unknown',
      outcome: 'refused malformed',
    });
    if (broken) {
      const { command, outboxId, deskSeq } = broken;
      // Its place counts: what comes after it has overtaken nothing.
      if (outboxId !== undefined && deskSeq !== undefined)
        if (this.#order.take({ outboxId, deskSeq }) === 'out-of-order')
          return void this.#endOutOfOrder();
      return this.#answer(command.id, { state: 'refused', refusal: { reason: 'malformed' } });
    }
    this.#send({
      frame: 'refused',
      reason: 'malformed',
      message: 'This frame was not understood; nothing was stored.',
    });
  }

  #mayPass(): boolean {
    const now = this.#options.now();
    const filled = (Math.max(0, now - this.#filledAt) / 1_000) * PER_SECOND;
    this.#tokens = Math.min(BURST, this.#tokens + filled);
    this.#filledAt = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      this.#isToldToSlowDown = false;
      return true;
    }
    // Said once: an answer to each would be a flood of our own.
    if (!this.#isToldToSlowDown) {
      this.#isToldToSlowDown = true;
      this.#audit({ what: 'frame', outcome: 'refused too-many' });
      this.#send({ frame: 'refused', reason: 'too-many', message: 'Too many frames; slow down.' });
    }
    return false;
  }

  /** Puts a refusal on record. */
  #audit(row: Pick<AuditRow, 'what' | 'outcome'> & Partial<AuditRow>): void {
    const desk = this.#desk ?? 'unknown';
    this.#exchange.turnedAway({ actor: 'desk', desk, subject: desk, ...row });
  }

  /** What is recorded and has to be looked at by somebody: each has its own row. */
  #flag(row: Pick<AuditRow, 'what' | 'subject' | 'actor' | 'outcome'>): void {
    const { recorder, now, failed } = this.#options;
    const desk = this.#desk ?? 'unknown';
    recorder.audit([{ at: now(), desk, operation: 'security', ...row }]).catch(failed);
  }

  #send(frame: DeskDown): void {
    if (!this.#isOpen) return;
    if (this.#socket.bufferedAmount > limits.cutBytes) return this.#socket.terminate();
    this.#socket.send(JSON.stringify(frame));
  }
}

/** What a desk's row says in the audit. A refusal at its own door comes the way that looks do. */
function lookOf({
  what,
  subject,
  shown,
  times,
}: Pick<Consulted['rows'][number], 'what' | 'subject' | 'shown' | 'times'>) {
  const often = times > 1 ? `, ${times} times` : '';
  const [tried, ...words] = subject.split(' ');
  return what === REFUSED_HERE
    ? ({
        operation: 'security',
        what: tried ?? '',
        subject: 'window',
        outcome: `refused ${words.join(' ')}${often}`,
      } as const)
    : ({
        operation: 'consultation',
        what,
        subject,
        outcome: `shown ${shown}${often}`,
      } as const);
}
const REFUSED_HERE = 'refused-here'; // see `main/desk/local-gateway.ts`

/** Why a command is not on record, in the two ways that a desk tells apart. */
const notStored = (error: unknown) =>
  error instanceof NotRecordable
    ? ({
        reason: 'not-recordable',
        message: 'The server can never record this as it is; the desk shows it to a person.',
      } as const)
    : ({
        reason: 'not-stored',
        message: 'The server could not store this; the desk keeps it and tries again.',
      } as const);

const brokenCommand = z.object({
  frame: z.literal('stamped-command'),
  command: z.object({ id: commandId }),
  outboxId: z.string().optional().catch(undefined),
  deskSeq: z.int().positive().optional().catch(undefined),
});

/** The id of a command, and its place, in a frame that is otherwise not understood. */
const commandIn = (text: string): z.infer<typeof brokenCommand> | undefined =>
  brokenCommand.safeParse(jsonOf(text)).data;

function read(text: string): DeskUp | undefined {
  const value = jsonOf(text);
  if (!isModest(value)) return undefined;
  const parsed = deskUp.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no frame: the caller says so to the desk and to the audit
  }
}
