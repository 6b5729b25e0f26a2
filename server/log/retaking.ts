import { understand } from '#domain/facts.ts';
import { incidentStream, kindOf, unitStream, type EpochMs, type StreamId } from '#domain/ids.ts';
import type { OpenRoom } from '#domain/room.ts';
import { inJson, recordedOf, type StoredEvent } from '#store/event-log.ts';
import type { Store } from '#store/open-store.ts';
import type { SqliteEventLog } from '#store/sqlite-event-log.ts';

/** What became of a part of a desk's log: what is in this one now, and how many events stand aside. */
export interface TailTaken {
  readonly events: readonly StoredEvent[];
  readonly aside: number;
}

/**
 * How a restored log takes whole commands that a desk has on record and it has not. What is written
 * belongs to the caller's transaction.
 */
export class Retaking {
  readonly #log: SqliteEventLog;
  readonly #now: () => EpochMs;
  readonly #sql;

  constructor(db: Store, log: SqliteEventLog, now: () => EpochMs) {
    this.#log = log;
    this.#now = now;
    this.#sql = {
      putAside: db.prepare<[string, number, string, string, string, number, string]>(
        'INSERT OR IGNORE INTO tail_aside VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      isAside: db.prepare<[string], number>('SELECT 1 FROM tail_aside WHERE stream = ?').pluck(),
    };
  }

  /** As they were, while the log has nothing of its own. Throws `ChainError` where they do not follow on it. */
  adopted(command: readonly StoredEvent[]): readonly StoredEvent[] {
    for (const event of command) this.#log.adopt(event);
    return command;
  }

  /** At a new place, where its records have not moved on; undefined where they have. */
  addedAgain(
    command: readonly StoredEvent[],
    room: OpenRoom,
    epoch: number,
  ): readonly StoredEvent[] | undefined {
    const versions = new Map<StreamId, number>();
    for (const { header } of command) {
      const version = versions.get(header.stream) ?? room.get(header.stream).version;
      // What comes after something that stands aside would read as if that had never been.
      const isAside = this.#sql.isAside.get(header.stream) !== undefined;
      if (isAside || header.version !== version + 1) return undefined;
      versions.set(header.stream, header.version);
    }
    if (command[0]?.header.n !== 0 || !standsUp(command, room)) return undefined;
    const now = this.#now();
    return command.map((event) => this.#log.appendAgain(event, epoch, now));
  }

  /** Keeps a command for a person to look at; how many of its events were not kept before. */
  keptAside(desk: string, command: readonly StoredEvent[]): number {
    const now = this.#now();
    let count = 0;
    for (const event of command) {
      const { hash: name, seq, stream, commandId } = event.header;
      // Numbers that a desk may hold are passed over when the log goes on: nothing is to be done.
      if (kindOf(stream) === 'references') continue;
      const text = JSON.stringify(inJson(event));
      count += this.#sql.putAside.run(name, seq, stream, commandId, desk, now, text).changes;
    }
    return count;
  }
}

/**
 * Whether no unit is on an incident that is closed or not there, once these are added: the two have
 * records of their own, and that of one does not move with the other.
 */
function standsUp(command: readonly StoredEvent[], room: OpenRoom): boolean {
  const released = new Set(
    command.flatMap(({ header }) => (header.type === 'unit.released' ? [header.stream] : [])),
  );
  return command.every((event) => {
    const known = understand(recordedOf(event));
    if (typeof known === 'string') return true;
    if (known.type === 'unit.assigned') {
      const { entity } = room.get(incidentStream(known.body.incidentId));
      return entity.kind === 'incident' && entity.isRaised && entity.closedAt === undefined;
    }
    if (known.type !== 'incident.closed') return true;
    return [...room.units()].every(
      ({ id, incidentId }) =>
        incidentId === undefined ||
        incidentStream(incidentId) !== event.header.stream ||
        released.has(unitStream(id)),
    );
  });
}
