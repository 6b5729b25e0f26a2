import { randomBytes, verify } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { CommandId, DeskId, EpochMs, UserId } from '#domain/ids.ts';
import type { Answer } from '#protocol/ack.ts';
import { parseAsked } from '#protocol/command.ts';
import type { Consulted } from '#protocol/consulted.ts';
import type { AskCrimes } from '#protocol/crimes.ts';
import type { ReportFrame } from '#protocol/desk-report.ts';
import type { DeskDown } from '#protocol/down.ts';
import { signedText, type Hello } from '#protocol/hello.ts';
import { limits } from '#protocol/limits.ts';
import type { Notice } from '#protocol/server-notices.ts';
import type { DeskSignal, Signals } from '#protocol/signal.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';
import type { DeskUp } from '#protocol/up.ts';
import { version } from '#protocol/version.ts';
import type { Accounts } from '../auth/accounts.ts';
import { CLOCK_LEEWAY_MS, judgeClaim } from '../auth/policy.ts';
import { NotRecordable, type AuditRow, type Recorder } from '../log/recorder-port.ts';
import type { Administering } from './administering.ts';
import { DeskAdministering } from './desk-administer.ts';
import type { Notices } from '../ops/notices.ts';
import { commandIn, readFrame } from './desk-frame.ts';
import { EventFeed } from './event-feed.ts';
import type { EventFrame } from './event-frames.ts';
import type { Given } from './gathering.ts';
import { isCutShort, LostTail } from './lost-tail.ts';
import { lookOf } from './look-row.ts';
import { OutboxOrder } from './outbox-order.ts';
import type { Timers } from './timers.ts';
import type { Turnaways } from './turnaways.ts';

const HELLO_WITHIN_MS = 5_000;
const CRIMES_AT_ONCE = 400; // a page that a desk stores in some milliseconds, between two keys
const BURST = 200;
const PER_SECOND = 50;
const RESTORING = 4010; // see `main/desk/sync-client.ts`
const CUT_SHORT = 4011; // the same
const CLOSE_WITHIN_MS = 1_000;
const SYSTEM = 'system' as UserId;
const SERVER = 'server' as DeskId;

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
  readonly administering: Administering;
  /** After a restore: a desk has given all that it has on record, or what kept it from that. */
  readonly gave?: (desk: DeskId, what: Given) => void;
  /** A desk's line has ended, and no newer one has taken its place. */
  readonly left?: (desk: DeskId) => void;
  /** Which release this is, for people to read. */
  readonly release?: string | undefined;
  /** What the desks are told of the server's machine. */
  readonly notices?: Notices | undefined;
  /** Told in words what an administrator has to know. */
  readonly told?: (line: string) => void;
  readonly timers?: Timers;
}

/** What a line needs of the gateway it hangs on. */
export interface Exchange {
  /** Puts on record what was refused. */
  readonly turnedAway: (row: Parameters<Turnaways['add']>[0]) => void;
  /** The last event that has gone out to live lines. */
  readonly flushed: () => number;
  /** Does it once events up to `seq` have gone out: a desk settles from a chunk of them in one commit. */
  readonly onceFlushed: (seq: number, answer: () => void) => void;
  /** Sends at once what waits to be sent together. */
  readonly flush: () => void;
  readonly joined: (desk: DeskId) => void;
  /** A desk has on record what this log has not. */
  readonly cutShort: (hello: Hello) => void;
  readonly signalled: (desk: DeskId, signal: DeskSignal) => void;
  /** What every desk is told of the server's machine now. */
  readonly notices: () => readonly Notice[];
  readonly reported: (desk: DeskId, report: ReportFrame) => void;
  /** What every desk has in front of it now. */
  readonly presence: () => readonly Signals[];
  readonly gone: (desk: DeskId | undefined) => void;
}

/** One socket of one desk. */
export class DeskLine {
  readonly #socket: WebSocket;
  readonly #options: SyncOptions;
  readonly #timers: Timers;
  readonly #exchange: Exchange;
  readonly #nonce = randomBytes(32).toString('base64');
  readonly #inFlight = new Map<CommandId, Promise<void>>();
  readonly #closed: Promise<void>;
  readonly #openedAt: EpochMs;
  readonly #order: OutboxOrder;
  readonly #administering: DeskAdministering;
  #desk: DeskId | undefined;
  #isHearing = true;
  #isReserving = false;
  /** What it said at first, while it gives what a restored log has lost. */
  #giving: { readonly hello: Hello; readonly lost: LostTail } | undefined;
  /** What it gave does not follow on this log, or is not all that it said it has. */
  #hasKeptBack = false;
  /** Begins with the welcome. */
  #feed: EventFeed | undefined;
  #applied = 0;
  #offsetMs: number | undefined;
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
    this.#administering = new DeskAdministering({ ...options, turnedAway: exchange.turnedAway });
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

  /** The desk's clock less ours, as its last pong said; undefined before the first. */
  get offsetMs(): number | undefined {
    return this.#offsetMs;
  }

  /** Hangs up; resolves once the socket has gone, by force if need be. */
  async end(code: number, why: string): Promise<void> {
    this.#isHearing = false;
    this.#feed?.stop();
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
    this.#feed?.offer(frames);
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
    const isFull = this.#socket.bufferedAmount > limits.cutBytes;
    if (isFull || this.#feed?.isStuck() === true) return this.#socket.terminate();
    if (now() - this.#pingedAt >= limits.pingEveryMs) {
      this.#pingedAt = now();
      // Whoever revoked the key, and in whichever process.
      if (accounts.deskKey(desk) === undefined) return void this.end(4401, 'revoked');
      this.#send({ frame: 'ping', t0: this.#pingedAt });
    }
    this.#feed?.resume();
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (!this.#isHearing || !this.#isOpen) return;
    this.#heardAt = this.#options.now();
    if (data.length > limits.frameMaxBytes && !this.#giving) {
      this.#audit({ what: 'frame', outcome: 'refused broken-frame' });
      return void this.end(1009, 'a frame is over its limit');
    }
    const frame = isBinary ? undefined : readFrame(data.toString('utf8'));
    if (this.#desk === undefined) {
      if (frame?.frame === 'hello') return this.#welcome(frame);
      this.#audit({ what: frame?.frame ?? 'frame', outcome: 'refused no-hello' });
      return void this.end(4400, 'hello first');
    }
    if (this.#giving) return this.#take(frame, this.#giving);
    if (frame?.frame === 'stamped-command') return this.#record(frame, this.#desk);
    if (frame?.frame === 'applied') {
      this.#applied = frame.cursor;
      return;
    }
    if (frame?.frame === 'pong') {
      // Only of the last ping; half of the way there and back is taken for one way.
      if (frame.t0 === this.#pingedAt) this.#offsetMs = frame.t1 - (frame.t0 + this.#heardAt) / 2;
      return;
    }
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
      case 'desk-administer':
        // Its answer may hold a secret: it goes down this line or nowhere.
        return void this.#administering.ask(frame, desk).then((answer) => this.#send(answer));
      case 'desk-report':
        return this.#exchange.reported(desk, {
          ...frame,
          user: accounts.hasSatAt(frame.user ?? '', desk) ? frame.user : undefined,
        });
      case 'ping':
        return this.#send({ frame: 'pong', t0: frame.t0, t1: now(), head: recorder.head().seq });
      case 'tail':
        this.#audit({ what: 'tail', outcome: 'refused not-asked' });
        return void this.end(4400, 'no tail was asked for');
      case 'hello':
      default:
        this.#audit({ what: 'hello', outcome: 'refused hello-twice' });
        return void this.end(4400, 'hello twice');
    }
  }

  #welcome(hello: Hello): void {
    const { recorder, accounts } = this.#options;
    const key = accounts.deskKey(hello.desk);
    const signed = Buffer.from(signedText(this.#nonce, hello.desk), 'utf8');
    const isDesk =
      key !== undefined && verify(null, signed, key, Buffer.from(hello.signature, 'base64'));
    if (!isDesk) {
      this.#audit({ what: 'hello', desk: hello.desk, outcome: 'refused not-enrolled' });
      return void this.end(4401, 'not an enrolled desk');
    }
    if (hello.protocol.min > version || hello.protocol.max < version) {
      this.#audit({ what: 'hello', desk: hello.desk, outcome: 'refused other-release' });
      return void this.end(4406, `this server speaks protocol ${version}`);
    }
    if (isCutShort(recorder, hello)) {
      this.#audit({ what: 'hello', desk: hello.desk, outcome: 'refused log-cut-short' });
      this.#exchange.cutShort(hello);
      return void this.end(CUT_SHORT, 'this log has lost what this desk has on record');
    }
    this.#desk = hello.desk;
    this.#exchange.joined(hello.desk);
    const lost = LostTail.of(recorder, hello);
    if (!lost) return this.#admit(hello);
    this.#giving = { hello, lost };
    this.#send(lost.asked);
  }

  /** A part of what a restored log has lost; nothing else is heard until all of it is here. */
  #take(frame: DeskUp | undefined, { hello, lost }: { hello: Hello; lost: LostTail }): void {
    if (frame?.frame === 'pong') return;
    if (frame?.frame !== 'tail') {
      this.#audit({ what: frame?.frame ?? 'frame', outcome: 'refused not-asked' });
      return void this.end(4400, 'a tail was asked for');
    }
    const commands = lost.commandsOf(frame);
    if (commands === undefined && lost.goesFurtherBack(frame)) return this.#send(lost.asked);
    this.#options.recorder
      .takeTail(hello.desk, commands ?? [])
      .then((taken) =>
        this.#guard(() => {
          const isOurs = commands !== undefined && taken.outcome === 'taken';
          this.#hasKeptBack = !isOurs || lost.isShort;
          if (!isOurs) this.#audit({ what: 'tail', outcome: 'refused not-the-log' });
          else if (taken.aside > 0) this.#setAside(taken.aside);
          if (isOurs && !frame.isEnd && commands.length > 0) return this.#send(lost.asked);
          this.#giving = undefined;
          this.#admit(hello);
        }),
      )
      .catch((error: unknown) => {
        this.#options.failed(error); // nothing of this part was taken: the desk comes again with it
        void this.end(1011, 'the server could not store it');
      });
  }

  #setAside(count: number): void {
    const desk = this.#desk ?? 'unknown';
    this.#flag({ what: 'tail', subject: desk, actor: 'desk', outcome: `${count} set aside` });
    this.#options.told?.(
      `${desk} came after the restored log had gone on: ${count} of its events could not be added any ` +
        'more. They are kept in the table tail_aside of log.db; somebody has to look at them.',
    );
  }

  /** Who they are is known, and nothing that they have on record is missing here. */
  #admit(hello: Hello): void {
    const { recorder, now } = this.#options;
    if (recorder.awaitsTails()) {
      const isLater = hello.epoch > recorder.epoch;
      const has = isLater ? 'a-later-server' : this.#hasKeptBack ? 'not-all' : 'all';
      this.#options.gave?.(hello.desk, has);
      return void this.end(RESTORING, 'restored: taking what the desks have');
    }
    const isDelta = this.#isOurLineage(hello);
    this.#applied = isDelta ? hello.cursor : 0;
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
      ...(this.#options.release !== undefined && { release: this.#options.release }),
    });
    for (const signals of this.#exchange.presence()) this.#send(signals);
    const notices = this.#exchange.notices();
    if (notices.length > 0) this.#send({ frame: 'server-notices', notices: [...notices] });
    this.#feed = new EventFeed(this.#socket, {
      after: this.#applied,
      flushed: this.#exchange.flushed,
      readAfter: (seq, most) => recorder.readAfter(seq, most),
      now,
      guard: (work) => this.#guard(work),
    });
    this.#feed.resume();
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
      recorder.epoch > 1 ? recorder.epoch : undefined, // the moment of its restore, see `raise` in backup.ts
    );
    if (judged.outcome === 'permitted' && judged.flag !== undefined)
      this.#flag({ what: type, subject: id, actor, outcome: judged.flag });
    // Through the outbox a sign-out comes in the end, however long the line was cut.
    if (type === 'end-duty' && judged.outcome === 'permitted')
      accounts.grants.endedAtDesk(grant, occurredAt);
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
