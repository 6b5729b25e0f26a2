import type { RecordedEvent } from '#domain/event.ts';
import type { StreamId } from '#domain/ids.ts';
import { subjectsOf } from '#domain/journal.ts';

const RECORDS_MAX = 32; // what a desk's windows show at once, and what was shown just before

/**
 * The running logs of the records that are being looked at, so that one line more costs one line and not
 * the whole log again. The same event is the same object for as long as its log is kept.
 */
export class Journals {
  readonly #read: (subject: StreamId) => readonly RecordedEvent[];
  readonly #most: number;
  /** In the order in which they were asked for, the latest last. */
  readonly #kept = new Map<StreamId, readonly RecordedEvent[]>();

  /** `read` gives the last `most` events of a record's log, oldest first. */
  constructor(read: (subject: StreamId) => readonly RecordedEvent[], most: number) {
    this.#read = read;
    this.#most = most;
  }

  of(subject: StreamId): readonly RecordedEvent[] {
    const events = this.#kept.get(subject) ?? this.#read(subject);
    this.#kept.delete(subject);
    this.#kept.set(subject, events);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > RECORDS_MAX && oldest !== undefined) this.#kept.delete(oldest);
    return events;
  }

  /** Events that have been recorded, in the order of the log. */
  add(events: readonly RecordedEvent[]): void {
    if (this.#kept.size === 0) return;
    for (const event of events)
      for (const subject of new Set(subjectsOf(event))) {
        const before = this.#kept.get(subject);
        if (before) this.#kept.set(subject, [...before, event].slice(-this.#most));
      }
  }
}
