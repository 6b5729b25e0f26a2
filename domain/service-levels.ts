import { Temporal } from 'temporal-polyfill';
import type { Contact } from './contact.ts';
import type { EpochMs } from './ids.ts';
import { atShare } from './lib/rolling-times.ts';

/** The channels whose answering is timed: those that ring. */
export const timedChannels = ['999', '101'] as const;
export type TimedChannel = (typeof timedChannels)[number];

/**
 * Within what a call should be answered, and of how many in a hundred that is asked. Of 999 as published: 90 %
 * within 10 s. Of 101 there is no national figure; 60 s is ours, and no share is asked.
 */
export const answerTargets: Readonly<
  Record<TimedChannel, { readonly withinMs: number; readonly percent: number | undefined }>
> = {
  '999': { withinMs: 10_000, percent: 90 },
  '101': { withinMs: 60_000, percent: undefined },
};

export const BUCKET_MS = 15 * 60_000; // every offset of a time zone is a multiple of it: quarters are whole

/** What of a contact says how it was answered. */
export type CallLife = Pick<Contact, 'id' | 'offeredAt' | 'answeredAt' | 'endedAt'> & {
  readonly channel: TimedChannel;
};

/**
 * How the calls of one channel were answered that were offered in one stretch of time.
 *
 * - The wait is from `offeredAt` to `answeredAt`. Two clocks may be apart: it is never less than nothing.
 * - Abandoned is a call that ended before anybody had answered it, however soon: it counts as offered and as not
 *   answered in time. One that is rung back later stays abandoned.
 * - A call that still rings is judged once it is over its target: from then on it counts as offered and as not
 *   answered in time. Until then it is in `ringing` only.
 * - A call that an operator opened in person never rang here, as when the telephony is down: it has no wait, and is
 *   in `byHand` only.
 */
export interface ServiceLevel {
  /** Judged: answered, abandoned, or ringing for longer than the target. */
  readonly offered: number;
  readonly answered: number;
  readonly within: number;
  readonly abandoned: number;
  /** Ringing now, those over the target among them. */
  readonly ringing: number;
  readonly byHand: number;
  /** Of a hundred that were offered, how many were answered in time; null where none was. */
  readonly percent: number | null;
  /** Of the waits of answered calls. */
  readonly medianMs: number | null;
  /** Of all waits that are judged: also of who gave up, and of who waits still. */
  readonly longestMs: number | null;
}

/** One line of the account: a quarter of an hour, or the whole stretch. */
export interface ServiceLevelRow extends ServiceLevel {
  readonly id: string;
  readonly channel: TimedChannel;
  readonly isTotal: boolean;
  readonly from: EpochMs;
  /** Exclusive. */
  readonly to: EpochMs;
  /** The local day, and the time of day at which it begins: 2026-11-25, 22:15. */
  readonly day: string;
  readonly time: string;
}

export function serviceLevelOf(
  calls: readonly CallLife[],
  withinMs: number,
  now: EpochMs,
): ServiceLevel {
  const answeredMs: number[] = [];
  const otherMs: number[] = [];
  let [abandoned, ringing, byHand] = [0, 0, 0];
  for (const { offeredAt, answeredAt, endedAt } of calls) {
    // Offered and answered are one command where an operator opens it, and so of one moment.
    if (answeredAt === offeredAt) byHand += 1;
    else if (answeredAt !== undefined) answeredMs.push(Math.max(0, answeredAt - offeredAt));
    else if (endedAt !== undefined) {
      abandoned += 1;
      otherMs.push(Math.max(0, endedAt - offeredAt));
    } else {
      ringing += 1;
      if (now - offeredAt > withinMs) otherMs.push(now - offeredAt);
    }
  }
  const offered = answeredMs.length + otherMs.length;
  const within = answeredMs.filter((ms) => ms <= withinMs).length;
  const sorted = answeredMs.toSorted((left, right) => left - right);
  return {
    offered,
    answered: answeredMs.length,
    within,
    abandoned,
    ringing,
    byHand,
    percent: offered === 0 ? null : (100 * within) / offered,
    medianMs: atShare(sorted, 0.5) ?? null,
    longestMs: offered === 0 ? null : largest([...answeredMs, ...otherMs]),
  };
}

/**
 * The account of a stretch of time: of each channel the whole, then its quarters of an hour from the first to the
 * one that is now. A call counts in the quarter in which it was offered.
 */
export function serviceLevels(
  calls: readonly CallLife[],
  { from, to, now, timeZone }: Stretch & { readonly now: EpochMs; readonly timeZone: string },
): readonly ServiceLevelRow[] {
  const first = Math.floor(from / BUCKET_MS);
  const end = Math.min(to, now + 1);
  const inside = calls.filter(({ offeredAt }) => offeredAt >= from && offeredAt < to);
  return timedChannels.flatMap((channel) => {
    const { withinMs } = answerTargets[channel];
    const own = inside.filter((call) => call.channel === channel);
    const byBucket = Map.groupBy(own, ({ offeredAt }) => Math.floor(offeredAt / BUCKET_MS));
    // A clock that is ahead may have offered one later than now: it is in the account all the same.
    const last = Math.max(Math.ceil(end / BUCKET_MS) - 1, ...byBucket.keys());
    const total: ServiceLevelRow = {
      id: channel,
      channel,
      isTotal: true,
      from,
      to,
      ...localTime(from, timeZone),
      ...serviceLevelOf(own, withinMs, now),
    };
    const buckets = Array.from({ length: Math.max(0, last - first + 1) }, (_none, n) => {
      const at = ((first + n) * BUCKET_MS) as EpochMs; // a moment, as `from` is one
      return {
        id: `${channel} ${at}`,
        channel,
        isTotal: false,
        from: at,
        to: (at + BUCKET_MS) as EpochMs, // the same
        ...localTime(at, timeZone),
        ...serviceLevelOf(byBucket.get(first + n) ?? [], withinMs, now),
      };
    });
    return [total, ...buckets];
  });
}

export interface Stretch {
  readonly from: EpochMs;
  /** Exclusive. */
  readonly to: EpochMs;
}

/** The local day that a moment is in: 23 or 25 hours where the clocks change. */
export function localDayOf(at: EpochMs, timeZone: string): Stretch {
  const from = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).startOfDay();
  const to = from.add({ days: 1 }).startOfDay();
  // Moments of a calendar are moments.
  return {
    from: from.epochMilliseconds as EpochMs,
    to: to.epochMilliseconds as EpochMs,
  };
}

/** The local day and time; where an hour comes twice that day, or not at all, with the offset: 01:15 +01:00. */
function localTime(at: EpochMs, timeZone: string): { readonly day: string; readonly time: string } {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' });
  const day = local.toPlainDate().toString();
  return { day, time: local.hoursInDay === 24 ? time : `${time} ${local.offset}` };
}

/** Without a limit on how many there are, as an argument list has one. */
const largest = (values: readonly number[]) =>
  values.reduce((most, value) => Math.max(most, value), 0);
