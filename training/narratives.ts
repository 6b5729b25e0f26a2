import type { Grade } from '#domain/facts.ts';
import type { ArrivalChannel } from './arrivals.ts';
import type { Draws } from './draws.ts';
import { crimes } from './said-crimes.ts';
import { enquiries } from './said-enquiries.ts';
import { others } from './said-others.ts';
import { safety } from './said-safety.ts';

/** What people report under one opening code, and what mostly comes of it. */
export interface Said {
  /** How often beside the other codes; those of 999 and of the rest. */
  readonly weight: readonly [emergency: number, other: number];
  readonly grades: readonly (readonly [weight: number, grade: Grade])[];
  readonly qualifiers: readonly string[];
  /** Words with gaps: `{male}`, `{female}`, `{clothes}`, `{vehicle}`, `{weapon}`, `{age}`, `{ago}`, `{way}`. */
  readonly words: readonly string[];
  /** Results at the end, of reference data. */
  readonly results: readonly string[];
  /** Closing codes that differ from the opening code, as they sometimes do. */
  readonly becomes?: readonly string[];
}

/** Every opening code that the made-up public has something to say to. */
export const said: Readonly<Record<string, Said>> = { ...crimes, ...safety, ...others };

/** Stands in front of everything that is said, so that nobody takes it for real. */
export const LABEL = 'TRAINING, made up:';

export interface Report {
  readonly openingCode: string;
  readonly closingCode: string;
  readonly grade: Grade;
  readonly qualifiers: readonly string[];
  readonly narrative: string;
  readonly result: string;
}

const codesFor = (isEmergency: boolean) =>
  Object.entries(said).map(([code, { weight }]) => [weight[isEmergency ? 0 : 1], code] as const);

/** What a caller has to report, with the details that a real one gives: of nobody who is real. */
export function reportOf(channel: ArrivalChannel, draws: Draws): Report {
  const code = draws.weighted(codesFor(channel === '999'));
  const { grades, qualifiers, words, results, becomes = [] } = said[code] ?? safety.SUS;
  const grade = gradeBy(channel, draws.weighted(grades), draws);
  return {
    openingCode: code,
    closingCode: becomes.length > 0 && draws.chance(0.2) ? draws.oneOf(becomes) : code,
    grade,
    qualifiers: qualifiers.filter(() => draws.chance(0.6)),
    narrative: `${LABEL} ${filled(draws.oneOf(words), draws)}`,
    result: draws.oneOf(results),
  };
}

/** The same words are less urgent over a slower channel; what comes in by a form has waited already. */
function gradeBy(channel: ArrivalChannel, grade: Grade, draws: Draws): Grade {
  const isLess = draws.chance(channel === '999' ? 0.3 : 0.6);
  const less = isLess && grade < 4 ? ((grade + 1) as Grade) : grade; // at most 4
  return channel === 'online' && less === 1 ? 2 : less;
}

/** What is settled without an incident, and how. */
export interface Enquiry {
  readonly narrative: string;
  readonly outcome: 'enquiry' | 'redirected' | 'advice-given' | 'duplicate' | 'no-police-action';
}

export function enquiryOf(channel: ArrivalChannel, draws: Draws): Enquiry {
  const [, outcome, words] = draws.weighted(
    enquiries.map((row) => [row[0][channel === '999' ? 0 : 1], row] as const),
  );
  return { outcome, narrative: `${LABEL} ${filled(words, draws)}` };
}

export function pocketDialOf(draws: Draws): Enquiry {
  const heard = draws.oneOf([
    'Open line, rustling and music, no reply to taps. No 55 pressed, cleared',
    'Dialled by itself in a pocket, caller rang back and is well',
    'Child playing with a telephone, adult came on the line, all in order',
    'Emergency keys of the telephone held down while cycling, caller apologises',
    'Voices of a television, nobody answers; number rung back: all is well',
  ]);
  return { outcome: 'no-police-action', narrative: `${LABEL} ${heard}` };
}

/** Fills each gap of the words. A gap that nobody knows is an error of ours. */
export function filled(words: string, draws: Draws): string {
  return words.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const fill = gaps[name];
    if (!fill) throw new Error(`nothing is known to fill {${name}}`);
    return fill(draws);
  });
}

const build = ['slim', 'stocky', 'tall', 'short', 'heavy', 'of medium build'] as const;
const top = [
  'grey hooded top',
  'black puffer jacket',
  'red tracksuit',
  'white T-shirt',
  'high-visibility vest',
  'blue football shirt',
  'green parka',
  'denim jacket',
  'dark coat',
] as const;
const below = [
  'jeans',
  'black joggers',
  'shorts',
  'cargo trousers',
  'a skirt',
  'leggings',
] as const;
const extra = [
  'a rucksack',
  'a baseball cap',
  'glasses',
  'a beard',
  'a face covering',
  'white trainers',
] as const;
const colour = ['silver', 'black', 'white', 'dark blue', 'red', 'grey', 'green'] as const;
const kind = [
  'hatchback',
  'estate',
  'small van',
  'people carrier',
  'pick-up',
  'saloon',
  'moped',
  'e-scooter',
] as const;
const letters = 'ABCDEFGHJKLMNOPRSTUVWXYZ'; // no I and no Q, as on a plate

/** Part of a plate, as callers remember it: never a whole one, which somebody might own. */
const partPlate = (draws: Draws) =>
  `part plate ${[0, 1, 2].map(() => letters.charAt(draws.below(letters.length))).join('')}`;
const lower = (draws: Draws, sexes: readonly string[], from: number, to: number) =>
  `${draws.oneOf(sexes)}, about ${from + draws.below(to - from)}, ${draws.oneOf(build)}`;

const gaps: Readonly<Record<string, (draws: Draws) => string>> = {
  male: (draws) => lower(draws, ['male', 'man'], 18, 65),
  female: (draws) => lower(draws, ['female', 'woman'], 18, 65),
  youth: (draws) => lower(draws, ['boy', 'girl', 'youth'], 11, 18),
  elder: (draws) => `${draws.oneOf(['man', 'woman'])} of ${70 + draws.below(25)}`,
  child: (draws) => `${draws.oneOf(['boy', 'girl'])} of ${2 + draws.below(9)}`,
  age: (draws) => String(14 + draws.below(60)),
  clothes: (draws) => `${draws.oneOf(top)} and ${draws.oneOf(below)}, ${draws.oneOf(extra)}`,
  vehicle: (draws) => `${draws.oneOf(colour)} ${draws.oneOf(kind)}, ${partPlate(draws)}`,
  weapon: (draws) =>
    draws.oneOf(['a kitchen knife', 'a bottle', 'a piece of wood', 'a hammer', 'a screwdriver', 'a metal bar', 'a lock knife']),
  drink: (draws) => draws.oneOf(['very drunk', 'has been drinking', 'smells of cannabis', 'seems to have taken something', 'sober']),
  ago: (draws) => draws.oneOf(['just now', 'two minutes ago', 'ten minutes ago', 'half an hour ago', 'within the hour']),
  night: (draws) => draws.oneOf(['overnight', 'between 6 and 8 this morning', 'at the weekend', 'since yesterday noon', 'while away for a week']),
  way: (draws) => draws.oneOf(['towards the station', 'towards the sea front', 'into the park', 'on foot towards the shops', 'down the alley', 'towards the roundabout']),
  hurt: (draws) => draws.oneOf(['nobody is hurt', 'a cut to the hand', 'bleeding from the nose', 'a head injury, ambulance asked for', 'complains of a sore arm']),
  value: (draws) => `£${5 * (2 + draws.below(180))}`,
  cctv: (draws) => draws.oneOf(['cameras cover it', 'no cameras known', 'a neighbour has a doorbell camera', 'staff have pictures']),
}; // prettier-ignore
