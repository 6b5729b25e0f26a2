import { createHash } from 'node:crypto';
import {
  batchStream,
  commandIdFrom,
  type CommandId,
  type DeskId,
  type EpochMs,
  type HandoverId,
  type ShiftHandoverId,
  type UserId,
} from '#domain/ids.ts';
import type { CrimeIdentity, RecordedCrime } from '#domain/recorded-crime.ts';
import type { Answer } from '#protocol/ack.ts';
import { parseAsked } from '#protocol/command.ts';
import type { DeskDown } from '#protocol/down.ts';
import type { WireEvent } from '#protocol/events.ts';
import { limits } from '#protocol/limits.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';
import type { Hello } from '#protocol/hello.ts';
import type { Tail } from '#protocol/tail.ts';
import type { DeskUp } from '#protocol/up.ts';
import { wiredOf } from '#server/gateway/event-frames.ts';
import { isCutShort, LostTail, type LogAsked } from '#server/gateway/lost-tail.ts';
import { OutboxOrder, type OutboxPlace } from '#server/gateway/outbox-order.ts';
import type { Audit } from '#server/log/audit-trail.ts';
import { digestHeld, type LogWriter } from '#server/log/log-writer.ts';
import type { RecordRequest } from '#server/log/recorder-port.ts';
import { recordedOf } from '#store/event-log.ts';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import type { Store } from '#store/open-store.ts';
import { pageOfBatch } from '#store/recorded-crimes.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { newWriter, type WriterFiles } from '../support/room.ts';
import { Crash, Disk } from '../support/disk.ts';
import type { Guard } from './guards.ts';
import type { Schedule } from './network.ts';

const CRIMES_AT_ONCE = 3; // small pages, so that a batch is several
const EVENTS_MAX = 500;
const GROUP_WITHIN_MS = 8; // what comes in while a commit is on its way becomes the next one

export interface ServerPorts {
  readonly schedule: Schedule;
  readonly guard: Guard;
  readonly below: (limit: number) => number;
  readonly newId: () => CommandId;
  /** How many desks there are: after a restore every one is heard. */
  readonly desks: () => number;
  /** Whose access was taken back: what they ask is refused, and the refusal is kept like any other. */
  readonly isForbidden: (user: UserId) => boolean;
  /** Whether an outbox has the name that it began with. */
  readonly isFirstName: (outboxId: string) => boolean;
  /** Told of a command that comes to be recorded, before it is. */
  readonly recording: (stamped: StampedCommand, line: ServerLine) => void;
}

/** The server's end of a connection. */
export interface ServerLine {
  readonly send: (frame: DeskDown) => void;
  readonly end: () => void;
  readonly order: OutboxOrder;
  readonly inFlight: Set<CommandId>;
  desk: DeskId | undefined;
  /** What it said at first, while it gives what a restored log has lost. */
  giving: { readonly hello: Hello; readonly lost: LostTail } | undefined;
  /** The first place in the outbox that came over it: nothing says what should have been before it. */
  first: number | undefined;
  sent: number;
  heardAt: number;
  pingedAt: number;
  isOpen: boolean;
}

interface Waiting {
  readonly request: RecordRequest;
  readonly line: ServerLine;
  readonly answerTo: CommandId | undefined;
}

/**
 * The server: its writer as it is in the product, and what its gateway does, over lines that are the
 * simulation's. It can end at any step and start again over its files.
 */
export class SimServer {
  readonly disk = new Disk();
  readonly files: WriterFiles;
  clockOffsetMs = 0;
  /** How many lines it has ended because commands came out of order. */
  linesEnded = 0;
  /** After a restore: the desks that have given all they have. */
  readonly #gave = new Set<DeskId>();
  readonly #ports: ServerPorts;
  readonly #log: SqliteEventLog;
  readonly #isAnswered;
  #writer: LogWriter | undefined;
  #lines = new Set<ServerLine>();
  #waiting: Waiting[] = [];
  #salts = 0;

  constructor(ports: ServerPorts, from?: WriterFiles, before?: (server: SimServer) => void) {
    this.#ports = ports;
    this.files = {
      log: from ? this.disk.copy(from.log) : this.disk.open(logMigrations),
      picture: from ? this.disk.copy(from.picture) : this.disk.open(pictureMigrations),
    };
    this.#log = new SqliteEventLog(this.files.log);
    this.#isAnswered = answeredIn(this.files.log);
    before?.(this);
    this.start();
  }

  get isUp(): boolean {
    return this.#writer !== undefined;
  }

  get head(): number | undefined {
    return this.#writer?.head.seq;
  }

  get epoch(): number {
    return this.#writer?.epoch ?? 0;
  }

  isAnswered({ outboxId, deskSeq }: OutboxPlace): boolean {
    return this.#isAnswered.get(outboxId, deskSeq) !== undefined;
  }

  start(): void {
    this.disk.revive();
    this.#writer = newWriter(this.files, {
      now: () => this.#now(),
      salt: () => {
        this.#salts += 1;
        return createHash('sha256').update(`${this.#salts}`).digest().subarray(0, 16);
      },
    });
  }

  /** As after a promotion: what is recorded from here on is of the next epoch. */
  raiseEpoch(): void {
    this.files.log.exec('UPDATE log_meta SET epoch = epoch + 1');
  }

  /** Its files are those of a back-up, and it has yet to start: as `holdfast restore` leaves them. */
  restoredAs(epoch: number): void {
    this.files.log.prepare('UPDATE log_meta SET epoch = ?, awaits_tails = 1').run(epoch);
  }

  get awaitsTails(): boolean {
    return this.#writer?.awaitsTails ?? false;
  }

  /** SIGKILL: all sockets go, all that was not committed goes. */
  kill(): void {
    this.#writer = undefined;
    this.#waiting = [];
    for (const line of this.#lines) line.end();
    this.#lines = new Set();
  }

  connect(send: (frame: DeskDown) => void, ended: () => void): ServerLine {
    const now = this.#now();
    const line: ServerLine = {
      send: (frame) => line.isOpen && send(frame),
      end: () => {
        if (!line.isOpen) return;
        line.isOpen = false;
        this.#lines.delete(line);
        ended();
      },
      order: new OutboxOrder((place) => this.isAnswered(place)),
      inFlight: new Set(),
      desk: undefined,
      giving: undefined,
      first: undefined,
      sent: 0,
      heardAt: now,
      pingedAt: now,
      isOpen: true,
    };
    this.#lines.add(line);
    line.send({ frame: 'challenge', nonce: 'AAAA' });
    return line;
  }

  hear(line: ServerLine, frame: DeskUp): void {
    const writer = this.#writer;
    if (!writer || !line.isOpen) return;
    line.heardAt = this.#now();
    switch (frame.frame) {
      case 'hello':
        return this.#hello(line, frame, writer);
      case 'tail':
        return this.#take(line, frame, writer);
      case 'stamped-command':
        return this.#record(line, frame);
      case 'reserve-references': {
        const body = { desk: line.desk ?? '', count: frame.count };
        const asked = { type: 'reserve-references', body } as const;
        return this.#queue(line, { ...this.own(asked), commandId: frame.id as CommandId });
      }
      case 'ask-crimes':
        return this.#sendCrimes(line, frame.batchId, frame.after);
      case 'consulted':
        return this.#alive(() => {
          this.#commit([], [consultedOf(frame, line.desk)]);
          line.send({ frame: 'consulted-kept', n: frame.rows.at(-1)?.n ?? 0 });
        });
      case 'ping':
        return line.send({
          frame: 'pong',
          t0: frame.t0,
          t1: this.#now(),
          head: writer.head.seq,
        });
      default:
    }
  }

  tick(): void {
    const now = this.#now();
    for (const line of this.#lines) {
      if (now - line.heardAt > limits.deadAfterMs) line.end();
      else if (line.desk !== undefined && now - line.pingedAt >= limits.pingEveryMs) {
        line.pingedAt = now;
        line.send({ frame: 'ping', t0: now });
      }
    }
  }

  /** What a system outside or the server itself asks; answered at once, or not at all. */
  ask(request: RecordRequest): Answer | undefined {
    let answer: Answer | undefined;
    if (this.awaitsTails) return undefined;
    this.#alive(() => {
      const [settled] = this.#commit([request]);
      if (settled?.outcome === 'answered') ({ answer } = settled);
    });
    return answer;
  }

  /** A request of the server's own, or of who is outside and has a key. */
  own(
    asked: RecordRequest['asked'],
    actor = 'system' as UserId,
    desk = 'server' as DeskId,
  ): RecordRequest {
    return { commandId: this.#ports.newId(), asked, occurredAt: this.#now(), actor, desk };
  }

  /** Hands on what nobody has accepted in time, as the product's escalation does. */
  escalate(): void {
    if (this.awaitsTails) return;
    const now = this.#now();
    const open = this.#writer?.openHandovers();
    const due = open?.handovers.find(({ deadlineAt }) => deadlineAt <= now);
    if (due) {
      const asked = { type: 'escalate-handover', body: { handoverId: due.id } } as const;
      this.ask({ ...this.own(asked), commandId: escalationOf(due.id) });
    }
    const late = open?.shiftHandovers.find(({ deadlineAt }) => deadlineAt <= now);
    if (late) {
      const asked = {
        type: 'escalate-shift-handover',
        body: { shiftHandoverId: late.id },
      } as const;
      this.ask({ ...this.own(asked), commandId: escalationOf(late.id) });
    }
  }

  importCrimes(batchId: string, rows: readonly RecordedCrime[]): void {
    if (this.awaitsTails) return;
    this.#alive(() => {
      const { asked: _, ...stamp } = this.own({ type: 'start-duty', body: {} });
      const batch = {
        batchId,
        fileDigest: batchId,
        rowsRead: rows.length,
        duplicates: 0,
        skipped: {},
        months: ['2017-02'],
      };
      this.#writer?.importCrimes(stamp, batch, rows);
      this.#fanOut();
    });
  }

  foldPicture(): void {
    this.#alive(() => this.#writer?.foldPicture());
  }

  #now = () => (this.#ports.schedule.now + this.clockOffsetMs) as EpochMs;

  /** As the product's line of a desk has it: first what was lost, then the welcome. */
  #hello(line: ServerLine, hello: Hello, writer: LogWriter): void {
    for (const other of this.#lines) if (other.desk === hello.desk && other !== line) other.end();
    line.desk = hello.desk;
    if (isCutShort(this.#asked(writer), hello))
      throw new Error(`${hello.desk} has on record what the log has lost`);
    const lost =
      this.#ports.guard === 'tails' ? undefined : LostTail.of(this.#asked(writer), hello);
    if (!lost) return this.#admit(line, hello, writer);
    line.giving = { hello, lost };
    line.send(lost.asked);
  }

  #asked = (writer: LogWriter): LogAsked => ({
    logId: 'force-a',
    epoch: writer.epoch,
    head: () => writer.head,
    hashAt: (seq) => this.#log.hashAt(seq),
    lastOfEpoch: (epoch) => this.#log.lastOfEpoch(epoch),
    awaitsTails: () => writer.awaitsTails,
  });

  #take(line: ServerLine, frame: Tail, writer: LogWriter): void {
    const { giving, desk } = line;
    if (!giving || desk === undefined) return line.end();
    const { hello, lost } = giving;
    // A frame that comes twice or late is no answer to what was asked last.
    if (frame.after !== lost.asked.after) return line.end();
    const taken = lost.commandsOf(frame);
    this.#alive(() => {
      const { aside } = writer.takeTail(desk, taken ?? []);
      if (!taken || aside > 0) throw new Error(`${desk} gives what was not recorded`);
      if (!frame.isEnd && taken.length > 0) return line.send(lost.asked);
      line.giving = undefined;
      this.#admit(line, hello, writer);
    });
    if (line.giving && this.#writer && !this.disk.isDead && frame.isEnd) line.end(); // its disk failed
  }

  #admit(line: ServerLine, hello: Hello, writer: LogWriter): void {
    if (!writer.awaitsTails) return this.#welcome(line, hello, writer);
    this.#gave.add(hello.desk);
    line.end();
    if (this.#gave.size < this.#ports.desks()) return;
    this.#alive(() => {
      const row = { at: this.#now(), actor: 'system', desk: 'server', what: 'restore' };
      writer.endTails({ ...row, operation: 'administration', subject: 'epoch', outcome: 'all' });
    });
  }

  #welcome(line: ServerLine, hello: Hello, writer: LogWriter): void {
    const isOurs =
      hello.epoch <= writer.epoch && this.#log.hashAt(hello.cursor) === hello.chainHash;
    line.sent = isOurs ? hello.cursor : 0;
    line.send({
      frame: 'welcome',
      protocol: 1,
      logId: 'force-a',
      epoch: writer.epoch,
      head: writer.head.seq,
      mode: isOurs ? 'delta' : 'reset',
      limits: { windowMax: 64, frameMaxBytes: 65_536 },
      peers: [],
      serverNow: this.#now(),
    });
    this.#fanOut();
  }

  #record(line: ServerLine, stamped: StampedCommand): void {
    const { guard, isForbidden, recording, newId } = this.#ports;
    if (guard !== 'order' && line.order.take(stamped) === 'out-of-order') {
      // What was answered at places of an earlier name is not known at those of the new one.
      if (this.#ports.isFirstName(stamped.outboxId)) this.linesEnded += 1;
      return line.end();
    }
    const { command, occurredAt, actor, desk, reference, outboxId, deskSeq } = stamped;
    if (line.inFlight.has(command.id)) return; // one answer is enough
    const parsed = parseAsked(command);
    if (parsed.outcome === 'malformed') throw new Error('a desk sends what it has parsed');
    line.first ??= deskSeq;
    recording(stamped, line);
    line.inFlight.add(command.id);
    const isKnownAgain = guard !== 'idempotency';
    const request: RecordRequest = {
      commandId: isKnownAgain ? command.id : newId(),
      asked: parsed.asked,
      expect: command.expect,
      occurredAt,
      actor,
      desk,
      reference,
      ...(isKnownAgain && { outbox: { id: outboxId, deskSeq } }),
      ...(isForbidden(actor) && { forbidden: 'grant-revoked' }),
    };
    this.#queue(line, request, command.id);
  }

  #queue(line: ServerLine, request: RecordRequest, answerTo?: CommandId): void {
    this.#waiting.push({ request, line, answerTo });
    if (this.#waiting.length > 1) return;
    const { schedule, below } = this.#ports;
    schedule.at(schedule.now + below(GROUP_WITHIN_MS), () => this.#commitWaiting());
  }

  #commitWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0 || !this.#writer) return;
    this.#alive(() => {
      let settled: ReturnType<LogWriter['recordGroup']>['settled'] = [];
      try {
        settled = this.#commit(waiting.map(({ request }) => request));
      } catch (error) {
        if (this.disk.isDead) throw error;
        settled = []; // the disk failed: each is told so and keeps what it asked
      }
      if (this.disk.isDead || this.#ports.below(40) === 0) throw new Crash('after the commit');
      for (const [at, { line, answerTo }] of waiting.entries()) {
        if (answerTo === undefined) continue;
        line.inFlight.delete(answerTo);
        const it = settled[at];
        if (it?.outcome === 'answered')
          line.send({ frame: 'ack', commandId: answerTo, answer: it.answer });
        else {
          const reason = it ? 'not-recordable' : 'not-stored';
          line.send({ frame: 'refused', reason, message: '', id: answerTo });
        }
      }
    });
  }

  #commit(requests: readonly RecordRequest[], audits: readonly Audit[] = []) {
    const group = this.#writer?.recordGroup(requests, audits);
    this.#fanOut();
    return group?.settled ?? [];
  }

  /** A disk that fails costs what was asked; a process that ends costs the process. */
  #alive(work: () => void): void {
    if (!this.#writer) return;
    try {
      work();
    } catch (error) {
      if (error instanceof Crash || this.disk.isDead) return this.kill();
      if (!(error instanceof Error && 'code' in error)) throw error; // all of SQLite's have one
    }
    if (this.disk.isDead) this.kill();
  }

  #sendCrimes(line: ServerLine, batchId: string, after: CrimeIdentity | undefined): void {
    const rows = pageOfBatch(this.files.log, batchId, after, CRIMES_AT_ONCE);
    const [imported] = this.#log.readStream(batchStream(batchId));
    const isLast = rows.length < CRIMES_AT_ONCE;
    const digest =
      isLast && imported ? digestHeld(this.files.log, batchId, recordedOf(imported)) : undefined;
    line.send({
      frame: 'crimes',
      batchId,
      rows: [...rows],
      ...(digest !== undefined && { digest }),
    });
  }

  #fanOut(): void {
    if (this.disk.isDead) return;
    const frames = new Map<number, WireEvent[]>();
    for (const line of this.#lines) {
      if (line.desk === undefined || line.giving) continue;
      let events = frames.get(line.sent);
      if (!events) {
        events = this.#log.readAfter(line.sent, EVENTS_MAX).map(wiredOf);
        frames.set(line.sent, events);
      }
      if (events.length === 0) continue;
      line.sent = events.at(-1)?.header.seq ?? line.sent;
      line.send({ frame: 'events', events });
    }
  }
}

const answeredIn = (log: Store) =>
  log
    .prepare<[string, number], number>('SELECT 1 FROM answer WHERE outbox_id = ? AND desk_seq = ?')
    .pluck();

const consultedOf = (
  { outboxId, rows }: Extract<DeskUp, { frame: 'consulted' }>,
  desk: string = '',
): Audit => ({
  type: 'consulted',
  outboxId,
  rows: rows.map(({ n, at, actor, what, subject, times }) => ({
    n,
    row: { at, actor, desk, operation: 'consultation', what, subject, outcome: `${times}` },
  })),
});

function escalationOf(handoverId: HandoverId | ShiftHandoverId): CommandId {
  const bytes = createHash('sha256').update(`escalate ${handoverId}`).digest();
  return commandIdFrom(bytes.readUIntBE(16, 6), bytes);
}
