import type { ArrivalChannel } from './arrivals.ts';
import { drawsOf, type Draws } from './draws.ts';
import { placeOf, type SolentPlace } from './places.ts';

/**
 * How somebody gets in touch. `regular`: rings again and again, and is known by it. `shared`: a number that
 * many people ring from, such as a ward or a pub. `pocket`: a telephone that dials 999 by itself.
 */
export type Habit = 'once' | 'regular' | 'shared' | 'pocket';

/** Somebody who is made up, and says so in the name. */
export interface Caller {
  /** As it is written down: `made-up caller 0412`, or the role at a shared number. */
  readonly name: string;
  readonly habit: Habit;
  /** In the national spelling; absent where it is withheld. Of the ranges that Ofcom keeps for drama. */
  readonly number: string | undefined;
  readonly home: SolentPlace;
}

/** People who may ring, all with a number and a home of their own. */
const PEOPLE = 3_000;
const REGULARS = 60;
const sharedAt = [
  'ward office of a made-up hospital',
  'bar of a made-up pub',
  'office of a made-up school',
  'reception of a made-up hostel',
  'security desk of a made-up shopping centre',
  'counter of a made-up petrol station',
  'nurse at a made-up care home',
  'box office of a made-up theatre',
] as const;

/** Shares of the calls of a channel. No published figures were found for these: they are ours. */
const habits: Readonly<Record<ArrivalChannel, readonly (readonly [number, Habit])[]>> = {
  '999': [
    [72, 'once'],
    [10, 'regular'],
    [8, 'shared'],
    [10, 'pocket'],
  ],
  '101': [
    [78, 'once'],
    [13, 'regular'],
    [9, 'shared'],
  ],
  online: [
    [93, 'once'],
    [7, 'regular'],
  ],
};

const WITHHELD: Readonly<Record<ArrivalChannel, number>> = { '999': 0.06, '101': 0.12, online: 0 };

const digits = (n: number, length: number) => String(n).padStart(length, '0');

/**
 * A number that rings nobody: Ofcom keeps these for drama. Mobiles of 07700 900 first, as most people have
 * one; then 01632 960, which is of no town, and landlines of other towns (0113 496 0 and on).
 */
function numberOf(person: number): string {
  if (person < 1_000) return `07700 900${digits(person, 3)}`;
  if (person < 2_000) return `01632 960${digits(person - 1_000, 3)}`;
  return `0113 496 0${digits(person - 2_000, 3)}`;
}

/** One person of the seed's public, by number: the same one every time. Regulars and shared numbers come first. */
export function personOf(seed: number, person: number): Omit<Caller, 'habit'> {
  const draws = drawsOf(seed, 'person', person);
  const shared = sharedAt[person];
  return {
    name: shared ?? `made-up caller ${digits(person, 4)}`,
    number: numberOf(person),
    home: placeOf(draws),
  };
}

/** Who is behind a contact. */
export function callerOf(seed: number, channel: ArrivalChannel, draws: Draws): Caller {
  const habit = draws.weighted(habits[channel]);
  const whole = personOf(seed, whoOf(habit, draws));
  const isWithheld = habit !== 'shared' && draws.chance(WITHHELD[channel]);
  return { ...whole, habit, number: isWithheld ? undefined : whole.number };
}

function whoOf(habit: Habit, draws: Draws): number {
  const first = sharedAt.length;
  switch (habit) {
    case 'shared':
      return draws.below(first);
    case 'regular':
      // A few of them make most of the calls.
      return first + Math.floor(draws.share() ** 2 * REGULARS);
    case 'pocket':
    case 'once':
    default:
      return first + REGULARS + draws.below(PEOPLE - first - REGULARS);
  }
}
