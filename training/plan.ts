import type { Arrival, ArrivalChannel, Demand } from './arrivals.ts';
import { callerOf, type Caller } from './callers.ts';
import { drawsOf } from './draws.ts';
import {
  handlingTimes,
  isSomebodySent,
  jobTimes,
  type HandlingTimes,
  type JobTimes,
} from './jobs.ts';
import { enquiryOf, pocketDialOf, reportOf, type Enquiry, type Report } from './narratives.ts';
import { turnsOf, type Turns } from './turns.ts';
import { placeOf, type SolentPlace } from './places.ts';

/** What becomes of a contact: an incident with somebody to be sent or not, or an outcome on the line. */
export type Becomes =
  | {
      readonly kind: 'incident';
      readonly report: Report;
      readonly isSomebodySent: boolean;
      readonly times: JobTimes;
      readonly turns: Turns;
    }
  | { readonly kind: 'settled'; readonly enquiry: Enquiry };

/** Everything that is decided beforehand of one contact. */
export interface PlannedContact {
  readonly arrival: Arrival;
  readonly caller: Caller;
  readonly place: SolentPlace;
  readonly handling: HandlingTimes;
  /** After how long the caller has given up before anybody could answer; most never do. */
  readonly givesUpMs: number | undefined;
  /** How long the others wait where the force is too busy; online everybody does for ever. */
  readonly patienceMs: number;
  readonly becomes: Becomes;
}

/** 232,404 incidents and 282,993 enquiries (Hampshire, January to September 2020): 45 % over all channels. */
const incidentShare: Readonly<Record<ArrivalChannel, number>> = {
  '999': 0.6,
  '101': 0.45,
  online: 0.35,
};

/**
 * Callers who gave up, of all who rang: 1.1 % of 999 and 13 % of 101 (Hampshire, January 2016 to June 2017). When
 * they do is ours.
 */
const givenUp: Readonly<Record<ArrivalChannel, readonly [share: number, medianMs: number]>> = {
  '999': [0.011, 9_000],
  '101': [0.13, 75_000],
  online: [0, 0],
};

// Ours: no figures were found for how long callers wait before they give up.
const patience: Readonly<Record<ArrivalChannel, number>> = {
  '999': 180_000,
  '101': 420_000,
  online: Number.POSITIVE_INFINITY,
};

/** Plans the contact number `n` of its day. It depends on the seed, the day and `n` alone. */
export function planOf(
  { seed }: Pick<Demand, 'seed'>,
  arrival: Arrival,
  n: number,
): PlannedContact {
  const { channel, day } = arrival;
  const draws = drawsOf(seed, 'contact', day, n);
  const caller = callerOf(seed, channel, draws);
  const isPocket = caller.habit === 'pocket';
  const isAtHome = caller.habit === 'shared' || draws.chance(0.45);
  const place = isAtHome ? caller.home : placeOf(draws, caller.home.town);
  const handling = handlingTimes(channel, isPocket, draws);
  const patienceMs = draws.around(patience[channel], 1.8);
  const [share, medianMs] = givenUp[channel];
  const givesUpMs = draws.chance(share) ? draws.around(medianMs, 1.6) : undefined;
  const whole = { arrival, caller, place, handling, givesUpMs, patienceMs };
  if (isPocket) return { ...whole, becomes: { kind: 'settled', enquiry: pocketDialOf(draws) } };
  if (!draws.chance(incidentShare[channel]))
    return { ...whole, becomes: { kind: 'settled', enquiry: enquiryOf(channel, draws) } };
  const report = reportOf(channel, draws);
  const { openingCode, grade } = report;
  return {
    ...whole,
    becomes: {
      kind: 'incident',
      report,
      isSomebodySent: isSomebodySent(grade, draws),
      times: jobTimes(openingCode, grade, draws),
      turns: turnsOf(grade, draws),
    },
  };
}

/** What is written down of it in the end. */
export const narrativeOf = ({ becomes }: PlannedContact): string =>
  becomes.kind === 'incident' ? becomes.report.narrative : becomes.enquiry.narrative;
