import { Temporal } from 'temporal-polyfill';
import * as z from 'zod';
import { epochMs, type EpochMs } from './ids.ts';

const text = z.string().min(1).max(200); // the longest published text is below 60
const day = z.string().regex(/^(19|20)\d\d-\d\d-\d\d$/, 'a day such as 2023-11-04');
const local = z.string().regex(/^(19|20)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d$/);

/** A moment as it was published: by the clock on the wall, and as the instant that this was. */
const moment = z.strictObject({
  local,
  at: epochMs,
  /** The wall clock showed it twice that night: `at` is the first of the two, and nobody can tell which it was. */
  isTwice: z.literal(true).optional(),
});
export type Moment = Readonly<z.infer<typeof moment>>;

/**
 * A dispatch record that another city has published. Where it was published with the day only, the day
 * is all that is known of when: there is no field that a time would fit in.
 */
export const dispatchedCall = z
  .strictObject({
    /** The number that its own force gave it: the same call in whatever file. */
    callId: z.string().regex(/^\d{6,20}$/),
    priority: z.int().min(1).max(9),
    /** How it came: `911`, or `ONVIEW` where an officer came upon it. */
    callType: text,
    initialType: text,
    finalType: text,
    clearance: text,
    queued: z.discriminatedUnion('precision', [
      z.strictObject({ precision: z.literal('second'), ...moment.shape }),
      z.strictObject({ precision: z.literal('day'), day }),
    ]),
    /** When the first unit was there. Missing where none is published, and always where only the day is. */
    arrived: moment.optional(),
    precinct: text.optional(),
    sector: text.optional(),
    beat: text.optional(),
    category: text.optional(),
    /** Blurred by who published it: that of a block, never of a door. */
    position: z
      .strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) })
      .optional(),
  })
  .refine(({ queued, arrived }) => queued.precision === 'second' || arrived === undefined, {
    message: 'a call with the day only has no arrival',
  });
export type DispatchedCall = Readonly<z.infer<typeof dispatchedCall>>;

/** Came upon by an officer: nobody was called to it, and its arrival is its beginning. */
export const ON_VIEW = 'ONVIEW';

/** Why a row of a sound file is not kept. */
export const callSkipReasons = [
  'bad-number',
  'bad-priority',
  'bad-time',
  /** The clock on the wall never showed it: it was put forward over that hour. */
  'no-such-time',
  'bad-position',
  'outside-area',
  'bad-text',
] as const;
export type CallSkipReason = (typeof callSkipReasons)[number];

/**
 * The instant of a wall-clock time. One that the clock showed twice is taken as the first of the two and
 * says so; one that it never showed is none.
 */
export function momentOf(at: string, timeZone: string): Moment | 'no-such-time' {
  const wall = Temporal.PlainDateTime.from(at);
  const first = wall.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  const last = wall.toZonedDateTime(timeZone, { disambiguation: 'later' });
  if (!first.toPlainDateTime().equals(wall)) return 'no-such-time';
  return {
    local: at,
    at: first.epochMilliseconds as EpochMs,
    ...(first.epochMilliseconds !== last.epochMilliseconds && { isTwice: true }),
  };
}

/** The day of a call where it happened. */
export const dayOf = ({ queued }: Pick<DispatchedCall, 'queued'>): string =>
  queued.precision === 'day' ? queued.day : queued.local.slice(0, 10);

/** A training force that is made of what another city has published; nothing of it is ours. */
export const SEATTLE = {
  logId: 'training-SEA',
  timeZone: 'America/Los_Angeles',
  /** A margin around the city: blurred positions stand in it, a column mixed up does not. */
  area: { south: 47.3, west: -122.6, north: 47.9, east: -122.1 },
  label: 'TRAINING: public dispatch records of Seattle, not of this force',
} as const;
