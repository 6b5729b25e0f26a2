import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import type { RecordedEvent } from '#domain/event.ts';
import type { StreamId } from '#domain/ids.ts';
import type { Entry } from '#domain/room.ts';
import { GENESIS } from '#store/chain.ts';
import type { Store } from '#store/open-store.ts';
import { Picture, type Cursor } from '#store/picture.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';

const LINES_MAX = 500; // the last lines of a log; an older one is found through the record itself

/** A desk's copy of the log and what it folds to. Events and the cursor move in one transaction. */
export class Replica {
  readonly db: Store;
  readonly picture: Picture;
  readonly #log: SqliteEventLog;
  readonly #apply;

  constructor(db: Store) {
    this.db = db;
    this.picture = new Picture(db);
    this.#log = new SqliteEventLog(db);
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
      return { fresh: news.map(recordedOf), touched: this.#apply.immediate(news) };
    } catch (error) {
      this.#log.refreshHead();
      throw error;
    }
  }

  /** The events shown in the log of a record, oldest first. */
  lines(subject: StreamId): readonly RecordedEvent[] {
    return this.#log.readAt(this.picture.journal(subject, LINES_MAX)).map(recordedOf);
  }

  hashAt(seq: number): string | undefined {
    return this.#log.hashAt(seq);
  }

  close(): void {
    this.db.close();
  }
}
