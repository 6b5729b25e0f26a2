import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import type { RecordedEvent } from '#domain/event.ts';
import { kindOf, type StreamId } from '#domain/ids.ts';
import type { Entry } from '#domain/room.ts';
import type { CrimeIdentity, RecordedCrime } from '#domain/recorded-crime.ts';
import { GENESIS } from '#store/chain.ts';
import type { Store } from '#store/open-store.ts';
import { Picture, type Cursor } from '#store/picture.ts';
import { Journals } from '#store/journals.ts';
import { addBatch, batchDigest, dropBatch, heldOfBatch } from '#store/recorded-crimes.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';

const CRIME_TRIES_MAX = 3; // a batch that never comes out as the server's is left until the next start
const LINES_MAX = 500; // the last lines of a log; an older one is found through the record itself

/** A desk's copy of the log and what it folds to. Events and the cursor move in one transaction. */
export class Replica {
  readonly db: Store;
  readonly picture: Picture;
  readonly #log: SqliteEventLog;
  readonly #journals: Journals;
  readonly #apply;
  readonly #keepCrimes;
  readonly #missing;
  /** Batches of recorded crimes that are in the log and not whole here. */
  #batches: string[] | undefined;
  readonly #crimeTries = new Map<string, number>();

  constructor(db: Store) {
    this.db = db;
    this.picture = new Picture(db);
    this.#log = new SqliteEventLog(db);
    this.#journals = new Journals(
      (subject) => this.#log.readAt(this.picture.journal(subject, LINES_MAX)).map(recordedOf),
      LINES_MAX,
    );
    this.#apply = db.transaction((events: readonly StoredEvent[]) => {
      for (const event of events) this.#log.adopt(event);
      const touched = this.picture.apply(events.map(recordedOf));
      const last = events.at(-1)?.header;
      if (last)
        this.picture.moveTo({
          logId: last.logId,
          epoch: last.epoch,
          seq: last.seq,
          hash: last.hash,
        });
      return touched;
    });
    this.#missing = db
      .prepare<[], string>(
        // An import is a stream of its own, named after its batch; a range of the index, not a scan.
        `SELECT substr(stream, length('recorded-crime/') + 1) AS batch_id FROM event
         WHERE stream > 'recorded-crime/' AND stream < 'recorded-crime0' AND version = 1
           AND NOT EXISTS (SELECT 1 FROM crime_batch
             WHERE batch_id = substr(stream, length('recorded-crime/') + 1) AND digest IS NOT NULL)
         ORDER BY seq`,
      )
      .pluck();
    const whole = db.prepare<[string, string]>(
      'UPDATE crime_batch SET digest = ? WHERE batch_id = ?',
    );
    const batches = db.prepare<[], string>('SELECT batch_id FROM crime_batch').pluck();
    const unwhole = db.prepare<[]>('UPDATE crime_batch SET digest = NULL');
    // A row of two files is counted under one of them, after a restore perhaps under the other one: then
    // an earlier batch keeps it here from this one, and neither is what the server has.
    const dropAll = () => {
      for (const batch of batches.all()) dropBatch(db, batch);
      unwhole.run();
    };
    this.#keepCrimes = db.transaction(
      (batchId: string, rows: readonly RecordedCrime[], digest: string | undefined) => {
        addBatch(db, batchId, rows);
        const last = rows.at(-1)?.identity;
        // Held here under another batch, it would be asked for again and again.
        const isOurs = last === undefined || heldOfBatch(db, batchId).lastIdentity === last;
        if (isOurs && digest === undefined) return 'part';
        if (isOurs && batchDigest(db, batchId) === digest) {
          whole.run(digest, batchId);
          return 'whole';
        }
        dropAll();
        return 'dropped';
      },
    );
  }

  /** The next page of recorded crimes to ask the server for; undefined where all are here. */
  crimesWanted():
    | { readonly batchId: string; readonly after: CrimeIdentity | undefined }
    | undefined {
    this.#batches ??= this.#missing.all();
    const batchId = this.#batches.find((it) => (this.#crimeTries.get(it) ?? 0) < CRIME_TRIES_MAX);
    return batchId === undefined
      ? undefined
      : { batchId, after: heldOfBatch(this.db, batchId).lastIdentity };
  }

  /** Adds a page. The last one has the digest over all: where it differs here, all batches are asked for again. */
  keepCrimes(batchId: string, rows: readonly RecordedCrime[], digest: string | undefined): void {
    const kept = this.#keepCrimes.immediate(batchId, rows, digest);
    if (kept === 'part') return;
    this.#batches = undefined;
    if (kept === 'whole') this.#crimeTries.delete(batchId);
    else this.#crimeTries.set(batchId, (this.#crimeTries.get(batchId) ?? 0) + 1);
  }

  get cursor(): Cursor {
    return this.picture.cursor() ?? { logId: '', epoch: 0, seq: 0, hash: GENESIS };
  }

  /**
   * Adds events that follow the cursor, verified, and moves the cursor with them. Those it has already
   * are passed over. Throws `ChainError` where they do not continue what is here; nothing is kept then.
   */
  apply(events: readonly StoredEvent[]): {
    readonly fresh: readonly RecordedEvent[];
    readonly touched: ReadonlyMap<StreamId, Entry>;
  } {
    const { seq } = this.cursor;
    const news = events.filter(({ header }) => header.seq > seq);
    try {
      const touched = this.#apply.immediate(news);
      if (news.some(({ header }) => kindOf(header.stream) === 'recorded-crime'))
        this.#batches = undefined;
      const fresh = news.map(recordedOf);
      this.#journals.add(fresh);
      return { fresh, touched };
    } catch (error) {
      this.#log.refreshHead();
      throw error;
    }
  }

  /** The events shown in the log of a record, oldest first. */
  lines(subject: StreamId): readonly RecordedEvent[] {
    return this.#journals.of(subject);
  }

  /** Events after `seq`, at most `limit`. */
  readAfter(seq: number, limit: number): readonly StoredEvent[] {
    return this.#log.readAfter(seq, limit);
  }

  hashAt(seq: number): string | undefined {
    return this.#log.hashAt(seq);
  }

  close(): void {
    this.db.close();
  }
}
