import type { RecordedEvent } from '#domain/event.ts';
import type { EpochMs, StreamId } from '#domain/ids.ts';
import { subjectsOf } from '#domain/journal.ts';
import { advance, emptyEntry, isOpen, type Entity, type Entry } from '#domain/room.ts';
import { timedChannels, type CallLife } from '#domain/service-levels.ts';
import { GENESIS } from './chain.ts';
import type { Store } from './open-store.ts';

export interface Cursor {
  readonly logId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly hash: string;
}

export interface FoundEntity {
  readonly stream: StreamId;
  readonly at: EpochMs;
  readonly isOpen: boolean;
  readonly entity: Entity;
}

interface EntityRow {
  readonly stream: StreamId;
  readonly version: number;
  readonly decisiveVersion: number;
  readonly decisiveDesk: string;
  readonly isOpen: number;
  readonly at: EpochMs;
  readonly state: string;
}

const SELECT = `SELECT entity.stream, version, decisive_version AS decisiveVersion,
  decisive_desk AS decisiveDesk, is_open AS isOpen, at, state FROM entity`;

type CallRow = Omit<CallLife, 'answeredAt' | 'endedAt'> & {
  readonly answeredAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
};
const field = (name: keyof CallLife) => `json_extract(state, '$.${name}')`;
const timed = timedChannels.map((channel) => `'${channel}'`).join(', ');

const FOUND_MAX = 50; // a list that an operator can read; the newest come first

/**
 * The read model of a log: what each record folds to. It moves with its cursor, in the caller's
 * transaction, and is a function of the events alone, so throwing it away and folding again gives the
 * same rows.
 */
export class Picture {
  readonly #sql;

  constructor(db: Store) {
    this.#sql = {
      meta: db.prepare<[], Cursor>(
        'SELECT log_id AS logId, epoch, cursor AS seq, chain_hash AS hash FROM picture_meta',
      ),
      putMeta: db.prepare<[Cursor]>(
        `INSERT INTO picture_meta VALUES (1, @logId, @epoch, @seq, @hash)
         ON CONFLICT (one) DO UPDATE SET log_id = @logId, epoch = @epoch, cursor = @seq,
           chain_hash = @hash`,
      ),
      get: db.prepare<[StreamId], EntityRow>(`${SELECT} WHERE stream = ?`),
      open: db.prepare<[], EntityRow>(`${SELECT} WHERE is_open = 1`),
      recent: db.prepare<[string, number], EntityRow>(
        `${SELECT} WHERE kind = ? AND is_open = 0 ORDER BY id DESC LIMIT ?`,
      ),
      all: db.prepare<[], EntityRow>(`${SELECT} ORDER BY stream`),
      put: db.prepare<[Record<string, unknown>], { id: number }>(
        `INSERT INTO entity (stream, kind, version, decisive_version, decisive_desk, is_open, at,
           number, state)
         VALUES (@stream, @kind, @version, @decisiveVersion, @decisiveDesk, @isOpen, @at, @number,
           @state)
         ON CONFLICT (stream) DO UPDATE SET version = @version, decisive_version = @decisiveVersion,
           decisive_desk = @decisiveDesk, is_open = @isOpen, at = @at, number = @number,
           state = @state
         RETURNING id`,
      ),
      // By the index that a desk's replica has for it; without one it reads every contact.
      calls: db.prepare<[EpochMs, EpochMs], CallRow>(
        `SELECT substr(stream, length('contact/') + 1) AS id, ${field('channel')} AS channel,
           ${field('offeredAt')} AS offeredAt, ${field('answeredAt')} AS answeredAt,
           ${field('endedAt')} AS endedAt
         FROM entity WHERE kind = 'contact' AND ${field('offeredAt')} >= ?
           AND ${field('offeredAt')} < ? AND ${field('channel')} IN (${timed})`,
      ),
      dropWords: db.prepare<[number]>('DELETE FROM entity_text WHERE rowid = ?'),
      putWords: db.prepare<[number, string]>(
        'INSERT INTO entity_text (rowid, words) VALUES (?, ?)',
      ),
      putJournal: db.prepare<[StreamId, number]>('INSERT OR IGNORE INTO journal VALUES (?, ?)'),
      journal: db
        .prepare<[StreamId, number], number>(
          'SELECT seq FROM journal WHERE subject = ? ORDER BY seq DESC LIMIT ?',
        )
        .pluck(),
      byNumber: db.prepare<[string, number], EntityRow>(
        `${SELECT} WHERE number = ? ORDER BY id DESC LIMIT ?`,
      ),
      byReference: db.prepare<[string, number], EntityRow>(
        `${SELECT} WHERE kind = 'incident' AND stream LIKE ? ORDER BY id DESC LIMIT ?`,
      ),
      byWords: db.prepare<[string, number], EntityRow>(
        `${SELECT} JOIN entity_text ON entity_text.rowid = entity.id
         WHERE entity_text MATCH ? ORDER BY entity.id DESC LIMIT ?`,
      ),
    };
  }

  /** How far the picture has come; undefined where nothing has been applied. */
  cursor(): Cursor | undefined {
    return this.#sql.meta.get();
  }

  moveTo(cursor: Cursor): void {
    this.#sql.putMeta.run(cursor);
  }

  /** Folds recorded events in, in order, each record written once. The caller moves the cursor with them. */
  apply(events: readonly RecordedEvent[]): ReadonlyMap<StreamId, Entry> {
    const touched = new Map<StreamId, Entry>();
    const occurred = new Map<StreamId, EpochMs>();
    const wordsBefore = new Map<StreamId, string | undefined>();
    for (const event of events) {
      let before = touched.get(event.stream);
      if (!before) {
        before = this.get(event.stream) ?? emptyEntry(event.stream);
        // Nothing is on record of an empty one, and so no words.
        if (before.version > 0) wordsBefore.set(event.stream, wordsOf(before.entity));
      }
      touched.set(event.stream, advance(before, event));
      occurred.set(event.stream, event.occurredAt);
      for (const subject of subjectsOf(event)) this.#sql.putJournal.run(subject, event.seq);
    }
    for (const [stream, entry] of touched)
      this.#put(stream, entry, occurred.get(stream), wordsBefore.get(stream));
    return touched;
  }

  get(stream: StreamId): Entry | undefined {
    const row = this.#sql.get.get(stream);
    return row && entryOf(row);
  }

  /** The open set, and the last `recentMax` contacts and incidents that are not open any more. */
  load(recentMax: number): readonly (readonly [StreamId, Entry])[] {
    const recent = ['contact', 'incident'].flatMap((kind) => this.#sql.recent.all(kind, recentMax));
    return [...recent, ...this.#sql.open.all()].map((row) => [row.stream, entryOf(row)] as const);
  }

  /** Every record, by stream: what two seats of one scope must agree on to the letter. */
  *all(): Generator<readonly [StreamId, Entry]> {
    for (const row of this.#sql.all.iterate()) yield [row.stream, entryOf(row)] as const;
  }

  /** The calls that were offered from `from` until before `to`, on the channels whose answering is timed. */
  callsOffered(from: EpochMs, to: EpochMs): readonly CallLife[] {
    return this.#sql.calls.all(from, to).map(({ answeredAt, endedAt, ...call }) => ({
      ...call,
      answeredAt: answeredAt ?? undefined,
      endedAt: endedAt ?? undefined,
    }));
  }

  /** The seqs of the events shown in a record's log, oldest first, at most the last `limit`. */
  journal(subject: StreamId, limit: number): readonly number[] {
    return this.#sql.journal.all(subject, limit).toReversed();
  }

  /** Finds by telephone number (digits, with or without the country), by reference, or by words. */
  find(
    text: string,
  ): readonly (FoundEntity & { readonly why: 'number' | 'reference' | 'words' })[] {
    const found = new Map<StreamId, FoundEntity & { why: 'number' | 'reference' | 'words' }>();
    const take = (rows: readonly EntityRow[], why: 'number' | 'reference' | 'words') => {
      for (const row of rows) {
        const { entity } = entryOf(row);
        const { stream, at } = row;
        if (!found.has(stream))
          found.set(stream, { stream, at, isOpen: row.isOpen === 1, entity, why });
      }
    };
    const key = numberKey(text);
    if (key !== undefined) {
      take(this.#sql.byNumber.all(key, FOUND_MAX), 'number');
      // A callback number stands among the words, spelt as its key.
      if (key.length === KEY_DIGITS) take(this.#sql.byWords.all(`"${key}"`, FOUND_MAX), 'number');
    }
    const reference = text
      .trim()
      .toUpperCase()
      .replaceAll(/[^A-Z0-9-]/g, '');
    if (/\d/.test(reference) && reference.length <= 20)
      take(this.#sql.byReference.all(`incident/%${reference}`, FOUND_MAX), 'reference');
    const words = text.match(/[\p{L}\p{N}]+/gu)?.slice(0, 8) ?? [];
    if (words.length > 0) {
      const query = words.map((word) => `"${word}"*`).join(' ');
      take(this.#sql.byWords.all(query, FOUND_MAX), 'words');
    }
    return [...found.values()].slice(0, FOUND_MAX);
  }

  #put(
    stream: StreamId,
    entry: Entry,
    at: EpochMs | undefined,
    wordsBefore: string | undefined,
  ): void {
    const { version, decisive, entity } = entry;
    const caller = entity.kind === 'contact' ? entity.caller : undefined;
    const row = this.#sql.put.get({
      stream,
      kind: entity.kind,
      version,
      decisiveVersion: decisive.version,
      decisiveDesk: decisive.desk,
      isOpen: isOpen(entity) ? 1 : 0,
      at: at ?? 0,
      number: caller?.kind === 'number' ? (numberKey(caller.number) ?? null) : null,
      state: JSON.stringify(entity),
    });
    const words = wordsOf(entity);
    // A log entry changes none of the words, and writing them again costs more than all the rest.
    if (row === undefined || words === wordsBefore) return;
    if (wordsBefore !== undefined) this.#sql.dropWords.run(row.id);
    if (words !== undefined) this.#sql.putWords.run(row.id, words);
  }
}

export const emptyCursor = (logId: string, epoch: number): Cursor => ({
  logId,
  epoch,
  seq: 0,
  hash: GENESIS,
});

// A national number and its international form end alike; shorter ones are no telephone numbers.
const KEY_DIGITS = 9;

function numberKey(text: string): string | undefined {
  const spelt = text.trim().replace(/^(tel|sip):/i, '');
  if (!/^[+\d\s().-]+$/.test(spelt)) return undefined;
  const digits = spelt.replaceAll(/\D/g, '');
  return digits.length >= KEY_DIGITS ? digits.slice(-KEY_DIGITS) : digits || undefined;
}

/** What a record is found by, beside its number; undefined where it is not found by words. */
export function wordsOf(entity: Entity): string | undefined {
  if (entity.kind === 'incident') return `${entity.id} ${entity.place.text} ${entity.narrative}`;
  if (entity.kind !== 'contact') return undefined;
  const { place, narrative, informant, callbackNumber } = entity.details;
  const callback = callbackNumber && `${callbackNumber} ${numberKey(callbackNumber) ?? ''}`;
  return [place?.text, narrative, informant, callback].filter(Boolean).join(' ');
}

const entryOf = (row: EntityRow): Entry => ({
  version: row.version,
  decisive: { version: row.decisiveVersion, desk: row.decisiveDesk },
  // Our own words come back: `#put` is the only writer of this column. Laid over an empty one, so that
  // every key stands in its place again and two pictures of one log are the same to the letter.
  entity: { ...emptyEntry(row.stream).entity, ...(JSON.parse(row.state) as Entity) },
});
