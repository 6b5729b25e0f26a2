import type { Grade } from '#domain/facts.ts';
import type { Position } from '#domain/lib/geo.ts';
import type { ArrivalChannel } from './arrivals.ts';
import type { Draws } from './draws.ts';
import { roadMetres } from './places.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** How long the stages of a piece of work take, in virtual milliseconds: all that is drawn for one contact. */
export interface HandlingTimes {
  /** From the ring until a free handler can say the first word. */
  readonly answerMs: number;
  /** From the answer until place and narrative are written down. */
  readonly describeMs: number;
  /** From there until it is clear what to do: an incident, or an outcome. */
  readonly decideMs: number;
  /** What is left to write once the caller has gone. */
  readonly wrapUpMs: number;
  /** How long the caller hears nothing while the handler asks somebody; most are not put on hold. */
  readonly holdMs: number | undefined;
}

// Typical minutes of talk, and of an online report to read. Published figures were found only for how soon
// calls are answered (86 % of 999 in 10 s, 65 % of 101 in 60 s); the rest is ours, to be replaced by a force's own.
const answer: Readonly<Record<ArrivalChannel, readonly [median: number, spread: number]>> = {
  '999': [4.5 * SECOND_MS, 2.1],
  '101': [38 * SECOND_MS, 3.2],
  online: [4 * MINUTE_MS, 2.5],
};
const talk: Readonly<Record<ArrivalChannel, number>> = {
  '999': 4 * MINUTE_MS,
  '101': 6 * MINUTE_MS,
  online: 5 * MINUTE_MS,
};

/** Calls that are put on hold: ours. Nobody holds a form, and few would let go of a 999 call. */
const held: Readonly<Record<ArrivalChannel, number>> = { '999': 0.03, '101': 0.2, online: 0 };

export function handlingTimes(
  channel: ArrivalChannel,
  isPocket: boolean,
  draws: Draws,
): HandlingTimes {
  const talkMs = isPocket ? draws.around(40 * SECOND_MS, 1.4) : draws.around(talk[channel], 1.6);
  return {
    answerMs: draws.around(...answer[channel]),
    describeMs: talkMs * 0.35,
    decideMs: talkMs * 0.65,
    wrapUpMs: draws.around(40 * SECOND_MS, 1.8),
    holdMs:
      draws.chance(held[channel]) && !isPocket ? draws.around(35 * SECOND_MS, 1.7) : undefined,
  };
}

/** How long a dispatcher and a unit take over an incident; the way there depends on which unit it is. */
export interface JobTimes {
  readonly acceptMs: number;
  /** From the acceptance until a unit is chosen. */
  readonly chooseMs: number;
  /** From the call on the radio until the unit says that it is on its way. */
  readonly turnOutMs: number;
  readonly onSceneMs: number;
  /** From the unit's last word until the incident is closed. */
  readonly closeMs: number;
}

const accept: Readonly<Record<Grade, number>> = { 1: 8, 2: 40, 3: 180, 4: 600 };
const choose: Readonly<Record<Grade, number>> = { 1: 15, 2: 120, 3: 900, 4: 300 };
const turnOut: Readonly<Record<Grade, number>> = { 1: 45, 2: 90, 3: 240, 4: 240 };

/** Minutes at the scene by opening code, where it is not the usual half-hour. Ours: from no published table. */
const onScene: Readonly<Record<string, number>> = {
  RTI: 75, RTD: 40, HWD: 25, ALM: 15, ANI: 20, DOM: 70, CFS: 40, MHI: 110, MIS: 60, SUD: 120,
  VIO: 60, SEX: 120, ROB: 60, BUD: 55, BUB: 45, SHO: 35, DRG: 45, WEA: 50, FIR: 90, SUS: 20,
  ASN: 15, POR: 30, INS: 20, HOX: 10, ABC: 10, FRD: 50, THF: 30,
}; // prettier-ignore
const ON_SCENE_USUAL = 30;

export function jobTimes(code: string, grade: Grade, draws: Draws): JobTimes {
  return {
    acceptMs: draws.around(accept[grade] * SECOND_MS, 1.5),
    chooseMs: draws.around(choose[grade] * SECOND_MS, 1.7),
    turnOutMs: draws.around(turnOut[grade] * SECOND_MS, 1.4),
    onSceneMs: draws.around((onScene[code] ?? ON_SCENE_USUAL) * MINUTE_MS, 1.6),
    closeMs: draws.around(3 * MINUTE_MS, 2),
  };
}

/** Metres a second on the way, with lights and without: 55 and 35 km/h, through towns. */
const speed: Readonly<Record<Grade, number>> = { 1: 15.3, 2: 12, 3: 9.7, 4: 9.7 };
// Where the roads are shut or the ferry is full the straight line tells nothing: no way is longer than this.
const TRAVEL_MAX_MS = 60 * MINUTE_MS;

/** How long a unit is on its way, estimated from the straight line; the island and the mainland have a ferry between. */
export const travelMs = (from: Position, to: Position, grade: Grade): number =>
  Math.min(TRAVEL_MAX_MS, (roadMetres(from, to) / speed[grade]) * SECOND_MS);

/**
 * Whether somebody is sent. About 85,000 deployments came of 232,404 incidents (Hampshire, January to September
 * 2020), which is 37 %: always to the immediate, to most of the urgent, and to some of the rest.
 */
const sent: Readonly<Record<Grade, number>> = { 1: 1, 2: 0.7, 3: 0.12, 4: 0 };
export const isSomebodySent = (grade: Grade, draws: Draws): boolean => draws.chance(sent[grade]);
