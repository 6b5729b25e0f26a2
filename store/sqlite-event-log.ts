import type { EventHeader, Fact } from '#domain/event.ts';
import type { EpochMs, StreamId } from '#domain/ids.ts';
import { bodyHashOf, GENESIS, headerHashOf, verifyChain } from './chain.ts';
import type { StoredEvent } from './event-log.ts';
import type { Store } from './open-store.ts';

/** What a command gives to every event that it records. */
export type Stamp = Pick<
  EventHeader,
  'commandId' | 'occurredAt' | 'enteredAt' | 'actor' | 'desk' | 'logId' | 'epoch'
>;

export interface LogPorts {
  readonly now: () => EpochMs;
  /** 16 fresh random bytes for each body. */
  readonly salt: () => Uint8Array;
}

type Row = Omit<EventHeader, 'enteredAt'> & {
  enteredAt: EpochMs | null;
  salt: Uint8Array | null;
  text: string | null;
};

const SELECT = `SELECT event.seq, log_id AS logId, epoch, command_id AS commandId, n, stream, version,
    type, type_version AS typeVersion, occurred_at AS occurredAt, entered_at AS enteredAt,
    recorded_at AS recordedAt, actor, desk, class, body_hash AS bodyHash, prev_hash AS prevHash,
    hash, salt, text
  FROM event LEFT JOIN body ON body.seq = event.seq`;

/**
 * The tables of events and bodies: written by the server's recorder, copied by a desk's replica. No
 * function here opens a transaction; the caller's transaction is what makes a group durable.
 */
export class SqliteEventLog {
  readonly #sql;
  #head: { seq: number; hash: string };

  constructor(db: Store) {
    this.#sql = {
      last: db.prepare<[], { seq: number; hash: string }>(
        'SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1',
      ),
      hashAt: db.prepare<[number], string>('SELECT hash FROM event WHERE seq = ?').pluck(),
      epochAt: db.prepare<[number], number>('SELECT epoch FROM event WHERE seq = ?').pluck(),
      // By place and not by name: a third of what an event costs is binding it.
      putEvent: db.prepare<(string | number | null)[]>(
        `INSERT INTO event (seq, log_id, epoch, command_id, n, stream, version, type, type_version,
           occurred_at, entered_at, recorded_at, actor, desk, class, body_hash, prev_hash, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      putBody: db.prepare<[number, Uint8Array, string]>('INSERT INTO body VALUES (?, ?, ?)'),
      eraseBody: db.prepare<[number]>('DELETE FROM body WHERE seq = ?'),
      after: db.prepare<[number, number], Row>(
        `${SELECT} WHERE event.seq > ? ORDER BY event.seq LIMIT ?`,
      ),
      // All at once, in the order they are asked for: a log of 500 lines is one statement, not 500.
      at: db.prepare<[string], Row>(
        SELECT.replace(
          'FROM event',
          'FROM (SELECT key, value FROM json_each(?)) AS asked JOIN event ON event.seq = asked.value',
        ) + ' ORDER BY asked.key',
      ),
      stream: db.prepare<[StreamId, number], Row>(
        `${SELECT} WHERE stream = ? AND version > ? ORDER BY version`,
      ),
      byCommand: db.prepare<[string], Row>(`${SELECT} WHERE command_id = ? ORDER BY n`),
    };
    this.#head = this.#readHead();
  }

  get head(): { readonly seq: number; readonly hash: string } {
    return this.#head;
  }

  /** After a transaction that was rolled back, or that another connection made. */
  refreshHead(): void {
    this.#head = this.#readHead();
  }

  /** Adds the facts of one command after the head. Versions are those the decision was made on. */
  append(
    stamp: Stamp,
    facts: readonly Fact[],
    versionOf: (stream: StreamId) => number,
    { now, salt }: LogPorts,
  ): readonly StoredEvent[] {
    const versions = new Map<StreamId, number>();
    const added: StoredEvent[] = [];
    let { seq, hash } = this.#head;
    for (const [n, { body, ...fact }] of facts.entries()) {
      const version = (versions.get(fact.stream) ?? versionOf(fact.stream)) + 1;
      versions.set(fact.stream, version);
      const text = JSON.stringify(body);
      const kept = { salt: salt(), text };
      seq += 1;
      const header: Omit<EventHeader, 'hash'> = {
        ...fact,
        ...stamp,
        n,
        seq,
        version,
        recordedAt: now(),
        bodyHash: bodyHashOf(kept.salt, text),
        prevHash: hash,
      };
      hash = headerHashOf(header);
      const event: StoredEvent = { header: { ...header, hash }, kept };
      this.#put(event);
      added.push(event);
    }
    this.#head = { seq, hash };
    return added;
  }

  /**
   * Copies an event that another log recorded. Throws where it does not follow the head, or where the
   * hash of its header or body is not the one it claims: nothing false is ever stored.
   */
  adopt(event: StoredEvent): void {
    const { hash: claimed, ...fields } = event.header;
    if (fields.seq !== this.#head.seq + 1)
      throw new ChainError(`event ${fields.seq} does not follow ${this.#head.seq}`);
    if (fields.prevHash !== this.#head.hash || headerHashOf(fields) !== claimed)
      throw new ChainError(`event ${fields.seq} breaks the chain`);
    if (event.kept && bodyHashOf(event.kept.salt, event.kept.text) !== fields.bodyHash)
      throw new ChainError(`event ${fields.seq} has another body than its header commits to`);
    this.#put(event);
    this.#head = { seq: fields.seq, hash: claimed };
  }

  /**
   * Adds what another log recorded after the head of this one: said the same, by the same person at the
   * same time, at a place of its own. `epoch` is this log's. Throws where its body is not its header's.
   */
  appendAgain({ header, kept }: StoredEvent, epoch: number, recordedAt: EpochMs): StoredEvent {
    if (kept && bodyHashOf(kept.salt, kept.text) !== header.bodyHash)
      throw new ChainError(`event ${header.seq} has another body than its header commits to`);
    const { seq, hash: prevHash } = this.#head;
    const moved = { ...header, seq: seq + 1, epoch, recordedAt, prevHash };
    const event: StoredEvent = { header: { ...moved, hash: headerHashOf(moved) }, kept };
    this.#put(event);
    this.#head = { seq: event.header.seq, hash: event.header.hash };
    return event;
  }

  /** The last event that was recorded in this epoch or an earlier one; 0 where there is none. */
  lastOfEpoch(epoch: number): number {
    let [low, high] = [0, this.#readHead().seq]; // epochs only rise along the log
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#sql.epochAt.get(middle) ?? 0) <= epoch) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  readAfter(seq: number, limit: number): readonly StoredEvent[] {
    return this.#sql.after.all(seq, limit).map(toStored);
  }

  readAt(seqs: readonly number[]): readonly StoredEvent[] {
    return this.#sql.at.all(JSON.stringify(seqs)).map(toStored);
  }

  /** The events of a stream behind a version, by default all of them. */
  readStream(stream: StreamId, after = 0): readonly StoredEvent[] {
    return this.#sql.stream.all(stream, after).map(toStored);
  }

  ofCommand(commandId: string): readonly StoredEvent[] {
    return this.#sql.byCommand.all(commandId).map(toStored);
  }

  hashAt(seq: number): string | undefined {
    return seq === 0 ? GENESIS : this.#sql.hashAt.get(seq);
  }

  /** Disposes of a body under retention rules. Its header stays, and the chain still verifies. */
  eraseBody(seq: number): void {
    this.#sql.eraseBody.run(seq);
  }

  #put({ header, kept }: StoredEvent): void {
    this.#sql.putEvent.run(
      header.seq,
      header.logId,
      header.epoch,
      header.commandId,
      header.n,
      header.stream,
      header.version,
      header.type,
      header.typeVersion,
      header.occurredAt,
      header.enteredAt ?? null,
      header.recordedAt,
      header.actor,
      header.desk,
      header.class,
      header.bodyHash,
      header.prevHash,
      header.hash,
    );
    if (kept) this.#sql.putBody.run(header.seq, kept.salt, kept.text);
  }

  #readHead() {
    return this.#sql.last.get() ?? { seq: 0, hash: GENESIS };
  }
}

/**
 * Events as they were read from a file that does not watch over its pages itself: each is what its
 * hashes say. Throws `ChainError` at the first that is not; nothing is answered from it.
 */
export function soundEvents(events: readonly StoredEvent[]): readonly StoredEvent[] {
  for (const event of events) {
    const { seq, prevHash } = event.header;
    const verdict = verifyChain([event], { seq: seq - 1, hash: prevHash });
    if (verdict.outcome === 'broken')
      throw new ChainError(`event ${seq} is not what was recorded: its ${verdict.at} was changed`);
  }
  return events;
}

/** The same for a page of the log: it follows on `after`, without a gap, and each on the one before. */
export function soundPage(after: number, events: readonly StoredEvent[]): readonly StoredEvent[] {
  const hash = events[0]?.header.prevHash ?? GENESIS;
  const verdict = verifyChain(events, { seq: after, hash });
  if (verdict.outcome === 'broken')
    throw new ChainError(
      `event ${verdict.seq} is not what was recorded: its ${verdict.at} was changed`,
    );
  return events;
}

/** What came does not continue what is here: another lineage, or damage on the way. */
export class ChainError extends Error {
  override readonly name = 'ChainError';
}

function toStored({ salt, text, enteredAt, ...row }: Row): StoredEvent {
  return {
    header: enteredAt === null ? row : { ...row, enteredAt },
    kept: salt && text !== null ? { salt, text } : undefined,
  };
}
