import type { Grade } from '#domain/facts.ts';
import type { Draws } from './draws.ts';

/** What a unit asks for by its status: 13 and 14 are a call back, less and more urgent; 12 is a message for few ears. */
export type Request = 12 | 13 | 14;

/** What happens on a job beside its usual course. Most often that is little. */
export interface Turns {
  /** How many units are wanted; all but the first where they are free. */
  readonly units: number;
  /** What the dispatcher finds on reading it again. */
  readonly regrade: { readonly grade: Grade; readonly reason: string } | undefined;
  /** Nobody accepts it, until its hand-over comes to the supervisor. */
  readonly isForgotten: boolean;
  /** What the first unit tells over the radio while it is there. */
  readonly told: readonly string[];
  readonly request: Request | undefined;
  /** The emergency button at the scene, and what it turned out to be. */
  readonly emergency: { readonly reason: string } | undefined;
}

// Ours, all of them, but for the last: most activations of the button are accidental, as is published.
const second: Readonly<Record<Grade, number>> = { 1: 1, 2: 0.25, 3: 0.05, 4: 0 };
const THIRD = 0.3; // of the immediate
const REGRADED = 0.06;
const FORGOTTEN = 0.04; // of what has a deadline of minutes
const ASKING = 0.15;
const EMERGENCY = 0.01;
const BY_MISTAKE = 0.8;

const told = [
  'first unit there, no sign of anybody yet',
  'speaking to both sides, calm now',
  'one male spoken to, details checked, nothing outstanding',
  'ambulance asked for, walking wounded',
  'area search under way, caller seen',
  'statement being taken, nothing further needed',
  'premises checked front and back, all secure',
  'second party has left, description as given',
  'neighbours spoken to, nobody saw anything',
  'scene is safe, waiting for the keyholder',
] as const;
const upwards = [
  'caller rang again, it is getting worse',
  'a child is in the house',
  'a weapon has been mentioned since',
] as const;
const downwards = [
  'the other side has left, caller is safe',
  'read again: nobody is in danger now',
  'seen by somebody of the ambulance service, no longer urgent',
] as const;
const mistakes = [
  'pressed while getting out of the car, officer answers on the radio',
  'button caught in the seat belt, officer is well',
] as const;
const helped = [
  'struggle with one male, help has come, officers are well',
  'crowd has been moved back, officers are well',
] as const;

/** Draws what happens on a job of that grade. */
export function turnsOf(grade: Grade, draws: Draws): Turns {
  const isSecond = draws.chance(second[grade]);
  const isThird = draws.chance(THIRD) && grade === 1;
  const isRegraded = draws.chance(REGRADED);
  const isUp = grade > 1 && (grade === 4 || draws.chance(0.5));
  const isForgotten = draws.chance(FORGOTTEN) && grade <= 2;
  const lines = 1 + draws.below(3);
  const isAsking = draws.chance(ASKING);
  const isEmergency = draws.chance(EMERGENCY);
  return {
    units: 1 + Number(isSecond) + Number(isThird),
    regrade: isRegraded
      ? {
          grade: (isUp ? grade - 1 : grade + 1) as Grade, // 1 is not raised, 4 is not lowered
          reason: draws.oneOf(isUp ? upwards : downwards),
        }
      : undefined,
    isForgotten,
    told: Array.from({ length: lines }, () => draws.oneOf(told)),
    request: isAsking
      ? draws.weighted<Request>([
          [6, 13],
          [3, 14],
          [1, 12],
        ])
      : undefined,
    emergency: isEmergency
      ? { reason: draws.oneOf(draws.chance(BY_MISTAKE) ? mistakes : helped) }
      : undefined,
  };
}
