import { createHash } from 'node:crypto';
import { decide, type Given, type Targets } from '#domain/decide.ts';
import type { CommandBody } from '#domain/commands.ts';
import type { RecordedCrime } from '#domain/recorded-crime.ts';
import type { Decision } from '#domain/lib/decision.ts';
import type { Fact } from '#domain/event.ts';
import { batchStream, type StreamId } from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import { advance, emptyEntry, OpenRoom, type Entry } from '#domain/room.ts';
import type { Answer } from '#protocol/ack.ts';
import { GENESIS } from '#store/chain.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import type { Store } from '#store/open-store.ts';
import { Picture } from '#store/picture.ts';
import { addBatch, batchDigest } from '#store/recorded-crimes.ts';
import { SqliteEventLog, type LogPorts } from '#store/sqlite-event-log.ts';
import { foldInto, isUnreadable, PictureError } from './picture-file.ts';
import type { AuditRow, OpenHandovers, RecordRequest } from './recorder-port.ts';

/** What became of one request of a group. One that cannot be recorded fails alone; nothing of it is stored. */
export type Settled =
  | { readonly outcome: 'answered'; readonly answer: Answer }
  | { readonly outcome: 'not-recordable'; readonly message: string };

export interface Group {
  readonly settled: readonly Settled[];
  readonly events: readonly StoredEvent[];
}

export interface WriterOptions extends LogPorts {
  readonly log: Store;
  readonly picture: Store;
  readonly logId: string;
  readonly targets: Targets;
}

const FOLD_PAGE = 2_000; // events read at once while the picture catches up
const RECENT = 2_000; // closed records kept in memory, so that a late entry need not be looked up
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
  readonly #epoch: number;
  #auditHash: string;
  #unfolded: StoredEvent[] = [];
  #sinceForgotten = 0;

  /** Throws `PictureError` where the read model must be made again first. */
  constructor(options: WriterOptions) {
    this.#options = options;
    const { log, logId } = options;
    this.#sql = {
      meta: log.prepare<[], { logId: string; epoch: number }>(
        'SELECT log_id AS logId, epoch FROM log_meta',
      ),
      putMeta: log.prepare<[string]>('INSERT INTO log_meta VALUES (1, ?, 1)'),
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
      lastAudit: log
        .prepare<[], string>('SELECT hash FROM audit ORDER BY seq DESC LIMIT 1')
        .pluck(),
      putAudit: log.prepare<[Record<string, unknown>]>(
        `INSERT INTO audit VALUES (NULL, @at, @recordedAt, @actor, @desk, @operation, @what,
           @subject, @outcome, @prevHash, @hash)`,
      ),
    };
    const known = this.#sql.meta.get();
    if (known === undefined) this.#sql.putMeta.run(logId);
    else assert(known.logId === logId, `this folder holds the log ${known.logId}, not ${logId}`);
    this.#epoch = known?.epoch ?? 1;
    this.#auditHash = this.#sql.lastAudit.get() ?? GENESIS;
    this.#log = new SqliteEventLog(log);
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

  /** The hand-overs that still have a deadline, as of the head. */
  openHandovers(): OpenHandovers {
    const handovers = [...this.#room.handovers()]
      .filter((it) => it.escalatedAt === undefined && it.readOnly === undefined)
      .map(({ id, deadlineAt }) => ({ id, deadlineAt }));
    return { seq: this.head.seq, handovers };
  }

  /**
   * Decides a group of requests in order, each on what the one before it left, and commits them all at
   * once. Durable when it returns. Throws where the commit failed: then nothing of the group is stored.
   */
  recordGroup(requests: readonly RecordRequest[], audit: readonly AuditRow[] = []): Group {
    return this.#commit((record) => {
      for (const request of requests) record(request);
      for (const row of audit) this.#putAudit(row);
    });
  }

  /**
   * Imports a batch of recorded crimes: its rows and its one event in one transaction. The same batch
   * again adds nothing and is answered as refused. Throws where the commit failed, or the event could
   * not be recorded: then no row of it is stored.
   */
  importCrimes(
    stamp: Omit<RecordRequest, 'asked'>,
    batch: Omit<
      CommandBody<'import-recorded-crimes'>,
      'added' | 'alreadyHeld' | 'alike' | 'rowsDigest'
    >,
    rows: Iterable<RecordedCrime>,
  ): Group {
    const { log } = this.#options;
    const isHeld = this.#room.get(batchStream(batch.batchId)).version > 0;
    return this.#commit((record) => {
      const counts = isHeld
        ? { added: 0, alreadyHeld: 0, alike: 0 }
        : addBatch(log, batch.batchId, rows);
      const body = { ...batch, ...counts, rowsDigest: batchDigest(log, batch.batchId) };
      const settled = record({ ...stamp, asked: { type: 'import-recorded-crimes', body } });
      if (settled.outcome === 'not-recordable') throw new Error(settled.message);
    });
  }

  /**
   * Everything that `work` records and writes, in one transaction. What is in memory moves only when
   * the file has: a commit that fails leaves both as they were.
   */
  #commit(work: (record: (request: RecordRequest) => Settled) => void): Group {
    const overlay = this.#room.overlay();
    const auditHash = this.#auditHash;
    const settled: Settled[] = [];
    const events: StoredEvent[] = [];
    const record = (request: RecordRequest) => {
      const it = this.#one(request, overlay, events);
      settled.push(it);
      return it;
    };
    try {
      this.#options.log.transaction(() => work(record)).immediate();
    } catch (error) {
      this.#log.refreshHead();
      this.#auditHash = auditHash;
      throw error;
    }
    overlay.settle();
    this.#unfolded.push(...events);
    this.#sinceForgotten += events.length;
    if (this.#sinceForgotten > FORGET_EVERY) {
      this.foldPicture();
      this.#room.forgetClosed();
      this.#sinceForgotten = 0;
    }
    return { settled, events };
  }

  /** Brings the read model up to the head; called when the writer has nothing else to do. */
  foldPicture(): void {
    this.#fold(this.#unfolded);
    this.#unfolded = [];
  }

  #one(request: RecordRequest, overlay: OpenRoom, events: StoredEvent[]): Settled {
    const before = this.#sql.answer.get(request.commandId);
    // Our own words come back: `putAnswer` is the only writer of this column.
    if (before !== undefined) return { outcome: 'answered', answer: JSON.parse(before) as Answer };
    const { outbox } = request;
    if (outbox) {
      const other = this.#sql.sameOutbox.get(outbox.id, outbox.deskSeq);
      if (other !== undefined)
        return { outcome: 'not-recordable', message: `the outbox place is taken by ${other}` };
    }
    const step = overlay.overlay();
    const { head } = this.#log;
    try {
      return this.#options.log.transaction((): Settled => {
        const decision = this.#decide(request, step);
        const answer = this.#store(request, decision, step, events);
        this.#sql.putAnswer.run(
          request.commandId,
          outbox?.id ?? null,
          outbox?.deskSeq ?? null,
          JSON.stringify(answer),
        );
        this.#putAudit(auditOf(request, answer));
        step.settle();
        return { outcome: 'answered', answer };
      })();
    } catch (error) {
      // One bad command does not take its neighbours along; a failed disk does, at the commit.
      if (isDiskError(error)) throw error;
      while ((events.at(-1)?.header.seq ?? 0) > head.seq) events.pop();
      this.#log.refreshHead();
      this.#auditHash = this.#sql.lastAudit.get() ?? GENESIS;
      const message = error instanceof Error ? error.message : String(error);
      return { outcome: 'not-recordable', message };
    }
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

  #putAudit(row: AuditRow): void {
    const whole = { ...row, recordedAt: this.#options.now() };
    const hash = createHash('sha256')
      .update(this.#auditHash)
      .update(JSON.stringify(Object.entries(whole).toSorted(([a], [b]) => (a < b ? -1 : 1))))
      .digest('hex');
    this.#sql.putAudit.run({ ...whole, prevHash: this.#auditHash, hash });
    this.#auditHash = hash;
  }

  /** A stream that is not in memory: the read model where it is up to date, else the log itself. */
  #load(stream: StreamId): Entry | undefined {
    let entry: Entry | undefined;
    for (const event of this.#log.readStream(stream))
      entry = advance(entry ?? emptyEntry(stream), recordedOf(event));
    return entry;
  }

  #catchUp(): void {
    const { head } = this.#log;
    const cursor = this.#picture.cursor();
    const isOurs =
      cursor === undefined ||
      (cursor.logId === this.#options.logId && this.#log.hashAt(cursor.seq) === cursor.hash);
    if (!isOurs) throw new PictureError('the read model is of another log');
    let seq = cursor?.seq ?? 0;
    while (seq < head.seq) {
      const page = this.#log.readAfter(seq, FOLD_PAGE);
      this.#fold(page);
      seq = page.at(-1)?.header.seq ?? head.seq;
    }
  }

  #fold(events: readonly StoredEvent[]): void {
    const { picture, logId } = this.#options;
    foldInto(picture, this.#picture, events, { logId, epoch: this.#epoch });
  }
}

const auditOf = (request: RecordRequest, answer: Answer): AuditRow => ({
  at: request.occurredAt,
  actor: request.actor,
  desk: request.desk,
  operation: request.asked.type === 'offer-contact' ? 'collection' : 'alteration',
  what: request.asked.type,
  subject: request.commandId,
  outcome:
    answer.state === 'recorded'
      ? `recorded ${answer.firstSeq}-${answer.lastSeq}`
      : `refused ${answer.refusal.reason}`,
});

const isDiskError = (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^SQLITE_(FULL|IOERR|CORRUPT|NOTADB|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM|PROTOCOL|INTERRUPT)/.test(
    error.code,
  );
