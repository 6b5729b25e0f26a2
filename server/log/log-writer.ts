import { hash } from 'node:crypto';
import { commands } from '#domain/commands.ts';
import { decide, streamsOf, type Given, type Targets } from '#domain/decide.ts';
import type { DispatchedCall } from '#domain/dispatched-call.ts';
import type { RecordedCrime } from '#domain/recorded-crime.ts';
import type { Decision } from '#domain/lib/decision.ts';
import type { Fact, RecordedEvent } from '#domain/event.ts';
import { understand } from '#domain/facts.ts';
import {
  type CommandId,
  type DeskId,
  type EpochMs,
  unitStream,
  type StreamId,
  type UnitId,
  type UserId,
} from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import { unownedIn, type UnownedKind } from '#domain/unowned.ts';
import { advance, emptyEntry, OpenRoom, type Entry } from '#domain/room.ts';
import type { Answer } from '#protocol/ack.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import type { Store } from '#store/open-store.ts';
import { Picture } from '#store/picture.ts';
import { batchDigest, isBatchHere } from '#store/recorded-crimes.ts';
import { DamagedFileError, isDamage } from '#store/file-trouble.ts';
import { SqliteEventLog, soundEvents, soundPage, type LogPorts } from '#store/sqlite-event-log.ts';
import { AuditTrail, outcomeOf, type Audit } from './audit-trail.ts';
import { foldInto, isUnreadable, PictureError } from './picture-file.ts';
import type { AuditRow, OpenHandovers, RecordRequest, UnownedCounts } from './recorder-port.ts';
import {
  callsInto,
  crimesInto,
  type CallBatch,
  type CrimeBatch,
  type RowImport,
} from './row-imports.ts';
import { Retaking, type TailTaken } from './retaking.ts';

/** What became of one request of a group. One that cannot be recorded fails alone; nothing of it is stored. */
export type Settled =
  | { readonly outcome: 'answered'; readonly answer: Answer }
  | { readonly outcome: 'not-recordable'; readonly message: string };

export interface Group {
  readonly settled: readonly Settled[];
  readonly events: readonly StoredEvent[];
}

/** The folder is another force's. Nothing of it was changed. */
export class OtherLogError extends Error {
  override readonly name = 'OtherLogError';
  constructor(held: string, wanted: string) {
    super(`this folder holds the log ${held}, not ${wanted}`);
  }
}

export interface WriterOptions extends LogPorts {
  readonly log: Store;
  readonly picture: Store;
  readonly logId: string;
  readonly targets: Targets;
}

const SYSTEM = 'system' as UserId;
const SERVER = 'server' as DeskId;
const LATE_AFTER_MS = 5_000; // as long as silence may last before a desk counts as away

const FOLD_PAGE = 2_000; // events read at once while the picture catches up
const RECENT = 2_000; // closed records kept in memory, so that a late entry need not be looked up
const FOLD_AT = 2_000; // events that wait for the picture at most: more would stop the writer noticeably
const FORGET_EVERY = 20_000; // events between two sweeps of what has been closed

/**
 * The one writer of a force's log: it decides and commits in one thread, so that nothing is ever
 * decided on what a failed commit left behind. Versions need no second check here, since nobody else
 * writes; the table's UNIQUE (stream, version) stands behind that.
 */
export class LogWriter {
  readonly #options: WriterOptions;
  readonly #log: SqliteEventLog;
  readonly #picture: Picture;
  readonly #room: OpenRoom;
  readonly #sql;
  readonly #transaction;
  readonly #epoch: number;
  #awaitsTails: boolean;
  readonly #audit: AuditTrail;
  readonly #retaking: Retaking;
  #unfolded: StoredEvent[] = [];
  #sinceForgotten = 0;

  /** Throws `PictureError` where the read model must be made again first. */
  constructor(options: WriterOptions) {
    this.#options = options;
    const { log, logId } = options;
    this.#sql = {
      meta: log.prepare<[], { logId: string; epoch: number; awaitsTails: number }>(
        'SELECT log_id AS logId, epoch, awaits_tails AS awaitsTails FROM log_meta',
      ),
      putMeta: log.prepare<[string]>('INSERT INTO log_meta (one, log_id, epoch) VALUES (1, ?, 1)'),
      endTails: log.prepare('UPDATE log_meta SET awaits_tails = 0'),
      answer: log
        .prepare<[string], string>('SELECT answer FROM answer WHERE command_id = ?')
        .pluck(),
      sameOutbox: log
        .prepare<[string, number], string>(
          'SELECT command_id FROM answer WHERE outbox_id = ? AND desk_seq = ?',
        )
        .pluck(),
      putAnswer: log.prepare<[string, string | null, number | null, string]>(
        'INSERT INTO answer VALUES (?, ?, ?, ?)',
      ),
      movePlace: log.prepare<[string, number, string, string]>(
        'UPDATE OR IGNORE answer SET outbox_id = ?, desk_seq = ? WHERE command_id = ? AND outbox_id IS NOT ?',
      ),
    };
    const known = this.#sql.meta.get();
    if (known === undefined) this.#sql.putMeta.run(logId);
    else if (known.logId !== logId) throw new OtherLogError(known.logId, logId);
    this.#epoch = known?.epoch ?? 1;
    this.#awaitsTails = known?.awaitsTails === 1;
    this.#audit = new AuditTrail(log, options.now);
    // Made once: a wrapper made for each command would cost as much as writing it.
    this.#transaction = log.transaction((work: () => void) => work());
    this.#log = new SqliteEventLog(log);
    this.#retaking = new Retaking(log, this.#log, options.now);
    this.#picture = new Picture(options.picture);
    this.#room = OpenRoom.of((stream) => this.#load(stream));
    try {
      this.#catchUp();
      for (const [stream, entry] of this.#picture.load(RECENT)) this.#room.put(stream, entry);
    } catch (cause) {
      if (cause instanceof PictureError || !isUnreadable(cause)) throw cause;
      throw new PictureError('the read model cannot be read', { cause });
    }
  }

  get epoch(): number {
    return this.#epoch;
  }

  get head(): { readonly seq: number; readonly hash: string } {
    return this.#log.head;
  }

  /** Restored from a back-up, and not told yet that the desks have given what they have beyond it. */
  get awaitsTails(): boolean {
    return this.#awaitsTails;
  }

  /**
   * Takes whole commands that a desk has on record and this log, restored from a back-up, has not. While
   * the log awaits them they are adopted as they were; after that each is added again at a new place
   * where its records have not moved on, and else kept aside for a person. What is here already is
   * passed over. Durable when it returns. Throws `ChainError` where they are not what was recorded; then
   * nothing of them is taken.
   */
  takeTail(desk: string, given: readonly (readonly StoredEvent[])[]): TailTaken {
    const events: StoredEvent[] = [];
    let aside = 0;
    this.#atOnce((room) => {
      for (const command of given) {
        const [first] = command;
        if (!first || this.#sql.answer.get(first.header.commandId) !== undefined) continue;
        const added = this.#awaitsTails
          ? this.#retaking.adopted(command)
          : this.#retaking.addedAgain(command, room, this.#epoch);
        if (added) {
          for (const event of added) room.apply(recordedOf(event));
          events.push(...added);
          this.#putRetaken(added);
        } else aside += this.#retaking.keptAside(desk, command);
      }
    });
    this.#recorded(events);
    return { events, aside };
  }

  /** From here on the log goes on in its own epoch; `row` says in the audit what it was given. */
  endTails(row: AuditRow): void {
    this.#atOnce(() => {
      this.#sql.endTails.run();
      this.#audit.put(row);
    });
    this.#awaitsTails = false;
  }

  /** The answer that was given, so that whoever asks again gets it, and the row in the audit. */
  #putRetaken(events: readonly StoredEvent[]): void {
    const [first, last] = [events[0]?.header, events.at(-1)?.header];
    assert(first && last, 'a command has an event');
    const answer: Answer = { state: 'recorded', firstSeq: first.seq, lastSeq: last.seq };
    this.#sql.putAnswer.run(first.commandId, null, null, JSON.stringify(answer));
    this.#audit.put({
      at: first.occurredAt,
      actor: first.actor,
      desk: first.desk,
      operation: first.type === 'contact.offered' ? 'collection' : 'alteration',
      what: `taken over ${first.type}`,
      subject: first.commandId,
      outcome: outcomeOf(answer),
    });
  }

  /** The hand-overs that still have a deadline, as of the head. */
  openHandovers(): OpenHandovers {
    const handovers = [...this.#room.handovers()]
      .filter((it) => it.escalatedAt === undefined && it.readOnly === undefined)
      .map(({ id, deadlineAt }) => ({ id, deadlineAt }));
    const shiftHandovers = [...this.#room.shiftHandovers()]
      .filter((it) => it.escalatedAt === undefined && it.readOnly === undefined)
      .map(({ id, deadlineAt }) => ({ id, deadlineAt }));
    return { seq: this.head.seq, handovers, shiftHandovers };
  }

  /** How much nobody on duty has in hand at this moment, by what is wrong with it. */
  unowned(now: EpochMs): UnownedCounts {
    const counts: Partial<Record<UnownedKind, number>> = {};
    for (const { kind } of unownedIn(this.#room, now)) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /**
   * Decides a group of requests in order, each on what the one before it left, and commits them all at
   * once. Durable when it returns. Throws where the commit failed: then nothing of the group is stored.
   */
  recordGroup(requests: readonly RecordRequest[], audits: readonly Audit[] = []): Group {
    return this.#commit('together', (record) => {
      for (const request of requests) record(request);
      for (const audit of audits) this.#audit.putAll(audit);
    });
  }

  /**
   * Imports a batch of recorded crimes: its rows and its one event in one transaction. The same batch
   * again adds nothing and is answered as refused. Throws where the commit failed, or the event could
   * not be recorded: then no row of it is stored.
   */
  importCrimes(
    stamp: Omit<RecordRequest, 'asked'>,
    batch: CrimeBatch,
    rows: Iterable<RecordedCrime>,
  ): Group {
    return this.#importRows(stamp, crimesInto(this.#options.log, batch), rows);
  }

  /** The same for a file of another city's dispatch records. */
  importCalls(
    stamp: Omit<RecordRequest, 'asked'>,
    batch: CallBatch,
    rows: Iterable<DispatchedCall>,
  ): Group {
    return this.#importRows(stamp, callsInto(this.#options.log, batch), rows);
  }

  #importRows<Row, Counts>(
    stamp: Omit<RecordRequest, 'asked'>,
    into: RowImport<Row, Counts>,
    rows: Iterable<Row>,
  ): Group {
    const isHeld = this.#room.get(into.stream).version > 0;
    if (isHeld && !into.areHere()) this.#atOnce(() => void into.add(rows)); // a restore brought the event without them
    // The rows can be read only once, so that there is no second try.
    return this.#commit('apart', (record) => {
      const asked = into.asked(isHeld ? undefined : into.add(rows));
      const settled = record({ ...stamp, asked });
      if (settled.outcome === 'not-recordable') throw new Error(settled.message);
    });
  }

  /**
   * Everything that `work` records and writes, in one transaction. What is in memory moves only when
   * the file has: a commit that fails leaves both as they were. `together`, the requests stand in the
   * one transaction; when one of them fails all is undone and done again `apart`, each in a savepoint
   * of its own, so that the bad one does not take its neighbours along and the good ones do not pay.
   */
  #commit(
    how: 'together' | 'apart',
    work: (record: (request: RecordRequest) => Settled) => void,
  ): Group {
    const settled: Settled[] = [];
    const events: StoredEvent[] = [];
    let hasOneFailed = false;
    try {
      this.#atOnce((overlay) => {
        const one = (it: RecordRequest) =>
          how === 'together' ? this.#one(it, overlay, events) : this.#oneApart(it, overlay, events);
        work((request) => {
          try {
            const it = one(request);
            settled.push(it);
            const conflict = this.#conflictOf(request, it, overlay);
            // A note that could not be made is not told: the refused operator has it in the tray.
            if (conflict) one(conflict);
            return it;
          } catch (error) {
            hasOneFailed = !isDiskError(error);
            throw error;
          }
        });
      });
    } catch (error) {
      if (hasOneFailed && how === 'together') return this.#commit('apart', work);
      throw error;
    }
    this.#recorded(events);
    return { settled, events };
  }

  /** One transaction. The room, the head and the audit's chain move only when the file has. */
  #atOnce(work: (room: OpenRoom) => void): void {
    const overlay = this.#room.overlay();
    try {
      this.#transaction.immediate(() => work(overlay));
    } catch (error) {
      this.#log.refreshHead();
      this.#audit.refresh();
      throw error;
    }
    overlay.settle();
  }

  /** The read model follows when there are many, or nothing else is to be done. */
  #recorded(events: readonly StoredEvent[]): void {
    this.#unfolded.push(...events);
    this.#sinceForgotten += events.length;
    if (this.#unfolded.length >= FOLD_AT) {
      try {
        this.foldPicture();
      } catch {
        // The group is on the disk, whatever becomes of the read model: that is behind until the next try.
      }
    }
    if (this.#sinceForgotten > FORGET_EVERY) {
      this.#room.forgetClosed();
      this.#sinceForgotten = 0;
    }
  }

  /** Brings the read model up to the head; called when the writer has nothing else to do. */
  foldPicture(): void {
    this.#fold(this.#unfolded);
    this.#unfolded = [];
  }

  /** Decides one request and writes all that belongs to it. Throws where it fails; the caller undoes it. */
  #one(request: RecordRequest, room: OpenRoom, events: StoredEvent[]): Settled {
    const before = this.#sql.answer.get(request.commandId);
    if (before !== undefined) {
      // Asked again from another place of its desk's outbox, which has a new name since: that counts as answered.
      if (request.outbox)
        this.#sql.movePlace.run(
          request.outbox.id,
          request.outbox.deskSeq,
          request.commandId,
          request.outbox.id,
        );
      // Our own words come back: `putAnswer` is the only writer of this column.
      return { outcome: 'answered', answer: JSON.parse(before) as Answer };
    }
    assert(!this.#awaitsTails, 'nothing is decided before the desks have given what they have');
    const { outbox } = request;
    if (outbox) {
      const other = this.#sql.sameOutbox.get(outbox.id, outbox.deskSeq);
      if (other !== undefined)
        return { outcome: 'not-recordable', message: `the outbox place is taken by ${other}` };
    }
    const answer = this.#store(request, this.#decide(request, room), room, events);
    this.#sql.putAnswer.run(
      request.commandId,
      outbox?.id ?? null,
      outbox?.deskSeq ?? null,
      JSON.stringify(answer),
    );
    this.#audit.put(auditOf(request, answer));
    return { outcome: 'answered', answer };
  }

  /** The same in a savepoint of its own: where it fails, nothing of it is left in file or memory. */
  #oneApart(request: RecordRequest, overlay: OpenRoom, events: StoredEvent[]): Settled {
    const step = overlay.overlay();
    const count = events.length;
    let settled: Settled | undefined;
    try {
      this.#transaction(() => {
        settled = this.#one(request, step, events);
      });
      step.settle();
      assert(settled, 'the savepoint ran');
      return settled;
    } catch (error) {
      // One bad command does not take its neighbours along; a failed disk does, at the commit.
      if (isDiskError(error)) throw error;
      events.length = count;
      this.#log.refreshHead();
      this.#audit.refresh();
      const message = error instanceof Error ? error.message : String(error);
      return { outcome: 'not-recordable', message };
    }
  }

  /**
   * What tells the other side: a command that was made while its desk was away ran into what another
   * desk had decided meanwhile. Its id is made from the refused one's, so a repeat notes nothing twice.
   */
  #conflictOf(
    { commandId, asked, occurredAt, actor, desk, reference, outbox, forbidden }: RecordRequest,
    settled: Settled,
    room: OpenRoom,
  ): RecordRequest | undefined {
    if (settled.outcome !== 'answered' || settled.answer.state !== 'refused') return undefined;
    if (!outbox || forbidden !== undefined || commands[asked.type].late === 'always')
      return undefined;
    const now = this.#options.now();
    if (now - occurredAt < LATE_AFTER_MS) return undefined;
    const { refusal } = settled.answer;
    // A refusal that names a unit speaks of what was decided about that unit.
    const streams =
      'unitId' in refusal
        ? [unitStream(refusal['unitId'] as UnitId)]
        : streamsOf(asked, { commandId, reference });
    const subject = streams
      .map((stream) => ({ stream, ...room.get(stream).decisive }))
      .find((it) => it.version > 0 && it.desk !== desk && it.desk !== SERVER);
    if (!subject) return undefined;
    const body = {
      command: asked.type,
      commandId,
      subject: subject.stream,
      reason: refusal.reason,
      by: actor,
      desk,
      askedAt: occurredAt,
      other: subject.desk as DeskId, // the desk of a header, which was parsed as one
    };
    return {
      commandId: derivedId(commandId),
      asked: { type: 'note-conflict', body },
      occurredAt: now,
      actor: SYSTEM,
      desk: SERVER,
    };
  }

  #decide(request: RecordRequest, room: OpenRoom): Decision<Fact, { readonly reason: string }> {
    if (request.forbidden !== undefined) return { refusal: { reason: request.forbidden } };
    for (const [stream, seen] of Object.entries(request.expect ?? {})) {
      // The keys of `expect` were parsed as streams by the command's schema.
      const { decisive } = room.get(stream as StreamId);
      if (decisive.version > seen && decisive.desk !== request.desk)
        return {
          refusal: { reason: 'changed-since-seen', stream, version: decisive.version } as {
            reason: string;
          },
        };
    }
    const given: Given = {
      now: request.occurredAt,
      commandId: request.commandId,
      by: { user: request.actor, desk: request.desk },
      reference: request.reference,
      targets: this.#options.targets,
    };
    return decide(room, request.asked, given);
  }

  #store(
    request: RecordRequest,
    decision: Decision<Fact, { readonly reason: string }>,
    room: OpenRoom,
    events: StoredEvent[],
  ): Answer {
    if ('refusal' in decision) return { state: 'refused', refusal: { ...decision.refusal } };
    assert(decision.events.length > 0, 'a command that is not refused records an event');
    const { commandId, occurredAt, enteredAt, actor, desk } = request;
    const stamp = {
      commandId,
      occurredAt,
      ...(enteredAt !== undefined && { enteredAt }),
      actor,
      desk,
      logId: this.#options.logId,
      epoch: this.#epoch,
    };
    const added = this.#log.append(
      stamp,
      decision.events,
      (stream) => room.get(stream).version,
      this.#options,
    );
    for (const event of added) room.apply(recordedOf(event));
    events.push(...added);
    return {
      state: 'recorded',
      firstSeq: added[0]?.header.seq ?? 0,
      lastSeq: added.at(-1)?.header.seq ?? 0,
    };
  }

  /** A stream that is not in memory: the read model where it is up to date, else the log itself. */
  #load(stream: StreamId): Entry | undefined {
    let entry: Entry | undefined;
    for (const event of soundEvents(this.#log.readStream(stream)))
      entry = advance(entry ?? emptyEntry(stream), recordedOf(event));
    return entry;
  }

  #catchUp(): void {
    const { head } = this.#log;
    const cursor = this.#picture.cursor();
    const hashAt = (seq: number) => readLog(() => this.#log.hashAt(seq));
    // The picture is folded from what was on the disk. Where it has seen more, the log was cut.
    if (cursor && cursor.logId === this.#options.logId && cursor.seq > head.seq)
      throw new DamagedFileError(
        `it ends at event ${head.seq}, and its read model has seen event ${cursor.seq}: ` +
          'its end, or its log.db-wal, is missing',
      );
    const isOurs =
      cursor === undefined ||
      (cursor.logId === this.#options.logId && hashAt(cursor.seq) === cursor.hash);
    if (!isOurs) throw new PictureError('the read model is of another log');
    let seq = cursor?.seq ?? 0;
    while (seq < head.seq) {
      const from = seq;
      const page = readLog(() => soundPage(from, this.#log.readAfter(from, FOLD_PAGE)));
      this.#fold(page);
      seq = page.at(-1)?.header.seq ?? head.seq;
    }
  }

  #fold(events: readonly StoredEvent[]): void {
    const { picture, logId } = this.#options;
    foldInto(picture, this.#picture, events, { logId, epoch: this.#epoch });
  }
}

/**
 * The digest over a batch of recorded crimes, out of the event of its import. A restore brings that event
 * without its body, which desks never have, and without the rows: there is none until the file is
 * imported again, and then it is that of the rows.
 */
export function digestHeld(log: Store, batchId: string, event: RecordedEvent): string | undefined {
  if (!isBatchHere(log, batchId)) return undefined;
  const known = understand(event);
  const isKnown = typeof known === 'object' && known.type === 'recorded-crime.imported';
  return isKnown ? known.body.rowsDigest : batchDigest(log, batchId);
}

/** Another UUIDv7 of the same moment, always the same one. */
function derivedId(commandId: CommandId): CommandId {
  const hex = hash('sha256', `conflict.${commandId}`, 'hex');
  const variant = ((Number.parseInt(hex.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${commandId.slice(0, 14)}7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(8, 20)}` as CommandId; // made as its schema wants it
}

const auditOf = (request: RecordRequest, answer: Answer): AuditRow => ({
  at: request.occurredAt,
  actor: request.actor,
  desk: request.desk,
  operation: request.asked.type === 'offer-contact' ? 'collection' : 'alteration',
  what: request.asked.type,
  subject: request.commandId,
  outcome: outcomeOf(answer),
});

/** Damage of the log while two files are read: it is never taken for that of the read model. */
function readLog<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new DamagedFileError(error instanceof Error ? error.message : '', { cause: error });
  }
}

const isDiskError = (error: unknown) =>
  isDamage(error) ||
  (error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM|PROTOCOL|INTERRUPT)/.test(error.code));
