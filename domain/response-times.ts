import { ON_VIEW, type DispatchedCall } from './dispatched-call.ts';
import { assert } from './lib/assert.ts';

/** Within how many minutes of being queued a unit was there: the targets that forces here are held to. */
export const WITHIN_MINUTES = [15, 20, 60] as const;

/** Times of some calls, from being queued to the first unit there. */
export interface Times {
  readonly count: number;
  /** By nearest rank: the smallest time that at least half, or nine in ten, of them do not exceed. */
  readonly medianMs: number | null;
  readonly p90Ms: number | null;
  readonly within: readonly { readonly minutes: number; readonly count: number }[];
}

/**
 * What became of the calls of one priority. `rows` is `timed.count`, `noArrival`, `dayOnly`,
 * `arrivedBeforeQueued` and `doubtfulHour` together; only the first has times.
 */
export interface ResponseRow {
  readonly rows: number;
  readonly timed: Times;
  /** Published with a time, and without an arrival. */
  readonly noArrival: number;
  /** Published with the day only: no time is made up for them. */
  readonly dayOnly: number;
  readonly arrivedBeforeQueued: number;
  /** Queued or arrived in the hour that the clock showed twice: an hour more or less, nobody can tell. */
  readonly doubtfulHour: number;
  /** Those of `timed` that an officer came upon, and the times without them. */
  readonly onView: number;
  readonly withoutOnView: Times;
}

export interface ResponseReport {
  readonly method: string;
  readonly priorities: readonly (ResponseRow & { readonly priority: number })[];
  readonly all: ResponseRow;
}

export const METHOD =
  'From queued to the first unit there. Median and 90th percentile by nearest rank: the smallest time that ' +
  'at least that share of the times does not exceed. Not counted: no arrival, day only, arrival before ' +
  'queued, and the hour that the clock shows twice.';

/** Times to attend by priority, lowest number first. Every row stands in one priority and one count of it. */
export function responseTimes(calls: Iterable<DispatchedCall>): ResponseReport {
  const all = new Counting();
  const byPriority = new Map<number, Counting>();
  for (const call of calls) {
    const own = byPriority.get(call.priority) ?? new Counting();
    byPriority.set(call.priority, own);
    own.take(call);
    all.take(call);
  }
  const priorities = [...byPriority]
    .toSorted(([a], [b]) => a - b)
    .map(([priority, counting]) => ({ priority, ...counting.row() }));
  return { method: METHOD, priorities, all: all.row() };
}

class Counting {
  #rows = 0;
  #noArrival = 0;
  #dayOnly = 0;
  #arrivedBeforeQueued = 0;
  #doubtfulHour = 0;
  readonly #calledTo: number[] = [];
  readonly #onView: number[] = [];

  take({ queued, arrived, callType }: DispatchedCall): void {
    this.#rows += 1;
    if (queued.precision === 'day') this.#dayOnly += 1;
    else if (!arrived) this.#noArrival += 1;
    else if (queued.isTwice || arrived.isTwice) this.#doubtfulHour += 1;
    else if (arrived.at < queued.at) this.#arrivedBeforeQueued += 1;
    else (callType === ON_VIEW ? this.#onView : this.#calledTo).push(arrived.at - queued.at);
  }

  row(): ResponseRow {
    const timed = timesOf([...this.#calledTo, ...this.#onView]);
    const [noArrival, dayOnly] = [this.#noArrival, this.#dayOnly];
    const [arrivedBeforeQueued, doubtfulHour] = [this.#arrivedBeforeQueued, this.#doubtfulHour];
    assert(
      this.#rows === timed.count + noArrival + dayOnly + arrivedBeforeQueued + doubtfulHour,
      'every call is counted once',
    );
    return {
      rows: this.#rows,
      timed,
      noArrival,
      dayOnly,
      arrivedBeforeQueued,
      doubtfulHour,
      onView: this.#onView.length,
      withoutOnView: timesOf(this.#calledTo),
    };
  }
}

function timesOf(unsorted: readonly number[]): Times {
  const times = unsorted.toSorted((a, b) => a - b);
  const rank = (share: number) => times[Math.ceil(share * times.length) - 1] ?? null;
  return {
    count: times.length,
    medianMs: rank(0.5),
    p90Ms: rank(0.9),
    within: WITHIN_MINUTES.map((minutes) => ({
      minutes,
      count: times.filter((time) => time <= minutes * 60_000).length,
    })),
  };
}
