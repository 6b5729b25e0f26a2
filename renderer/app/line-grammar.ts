import type { CommandType } from '#domain/commands.ts';
import type { ReferenceData } from '#domain/reference-data.ts';
import type { ContactRow, HandoverRow, IncidentRow, UnitRow } from '#protocol/view.ts';
import type { PlainBody } from './desk-line.ts';

/*
 * How the words of a line are read: which incident, which unit. Between two it never guesses; it says what
 * is wrong with a word, and offers what would fit.
 */

/** What a line is read against: the same rows that are on screen. */
export interface Floor {
  readonly incidents: ReadonlyMap<string, IncidentRow>;
  readonly units: ReadonlyMap<string, UnitRow>;
  readonly handovers: ReadonlyMap<string, HandoverRow>;
  readonly contacts: ReadonlyMap<string, ContactRow>;
  readonly reference: ReferenceData | undefined;
  readonly selectedIncident: string | undefined;
}

/** What a line can ask for; `undo.ts` says of each how it is taken back. */
export type LineType = Extract<
  CommandType,
  | 'assign-unit'
  | 'release-unit'
  | 'set-unit-status'
  | 'book-on-unit'
  | 'book-off-unit'
  | 'own-emergency'
  | 'stand-down-emergency'
  | 'add-log-entry'
  | 'regrade-incident'
  | 'result-incident'
  | 'close-incident'
  | 'reopen-incident'
  | 'accept-handover'
  | 'attach-contact'
>;

export type Order = {
  [Type in LineType]: { readonly type: Type; readonly body: PlainBody<Type> };
}[LineType];

/** One thing that may come next: `insert` replaces the word at the caret. */
export interface Option {
  readonly insert: string;
  readonly name: string;
}

export type Meaning =
  | { readonly state: 'empty'; readonly words: string; readonly options: readonly Option[] }
  | { readonly state: 'incomplete'; readonly words: string; readonly options: readonly Option[] }
  | { readonly state: 'impossible'; readonly words: string; readonly options: readonly Option[] }
  | {
      readonly state: 'ready';
      readonly words: string;
      readonly options: readonly Option[];
      readonly orders: readonly Order[];
      /** A second Enter is asked for: it cannot be undone by the same hand in a moment. */
      readonly isConfirmed: boolean;
    }
  | {
      readonly state: 'find';
      readonly words: string;
      readonly options: readonly Option[];
      readonly text: string;
    };

export interface Verb {
  readonly form: string;
  readonly does: string;
  readonly read: (
    words: readonly string[],
    floor: Floor,
    rest: (from: number) => string,
  ) => Meaning;
}

export const OPTIONS_MAX = 12;

export const incomplete = (words: string, options: readonly Option[] = []): Meaning => ({
  state: 'incomplete',
  words,
  options: options.slice(0, OPTIONS_MAX),
});
export const impossible = (words: string, options: readonly Option[] = []): Meaning => ({
  state: 'impossible',
  words,
  options: options.slice(0, OPTIONS_MAX),
});
export const ready = (words: string, orders: readonly Order[], isConfirmed = false): Meaning => ({
  state: 'ready',
  words,
  options: [],
  orders,
  isConfirmed,
});

/** The number of a reference as people say it: 0412 of HC-20261123-0412. */
export const numberOf = (reference: string) => reference.slice(reference.lastIndexOf('-') + 1);

/** An incident in a few words. */
export const said = (row: IncidentRow) =>
  `${numberOf(row.id)} ${row.openingCode} ${row.place.text}`;

type Read<Row> =
  | { readonly found: Row }
  | { readonly many: readonly Row[] }
  | { readonly none: true };

/** An incident by its number, its whole reference, or "." for the selected one. Never a guess. */
export function readIncident(word: string, floor: Floor): Read<IncidentRow> {
  if (word === '.') {
    const row = floor.incidents.get(floor.selectedIncident ?? '');
    return row ? { found: row } : { none: true };
  }
  const exact = floor.incidents.get(word.toUpperCase());
  if (exact) return { found: exact };
  if (!/^\d{1,5}$/.test(word)) return { none: true };
  const rows = [...floor.incidents.values()].filter(
    ({ id }) => Number(numberOf(id)) === Number(word),
  );
  const open = rows.filter(({ closedAt }) => closedAt === undefined);
  const fit = open.length > 0 ? open : rows;
  const [only] = fit;
  if (only === undefined) return { none: true };
  return fit.length === 1 ? { found: only } : { many: fit };
}

/** A unit by its call sign, or by its tail where only one ends so. */
export function readUnit(word: string, floor: Floor): Read<UnitRow> {
  const callSign = word.toUpperCase();
  const exact = floor.units.get(callSign);
  if (exact) return { found: exact };
  const rows = [...floor.units.values()].filter(({ id }) => id.endsWith(callSign));
  const [only] = rows;
  if (only === undefined) return { none: true };
  return rows.length === 1 ? { found: only } : { many: rows };
}

export const statusName = (code: number, { reference }: Floor) =>
  reference?.unitStatuses.rows.find((row) => row.code === code)?.name ?? `status ${code}`;

export const unitOption =
  (floor: Floor) =>
  ({ id, statusCode, incidentId }: UnitRow): Option => ({
    insert: id,
    name: `${statusCode} ${statusName(statusCode, floor)}${
      incidentId === undefined ? '' : `, on ${numberOf(incidentId)}`
    }`,
  });
export const incidentOption = (row: IncidentRow): Option => ({
  insert: numberOf(row.id),
  name: `Grade ${row.grade} ${row.openingCode} ${row.place.text}`,
});

const bySign = (left: UnitRow, right: UnitRow) =>
  left.id.localeCompare(right.id, 'en', { numeric: true });
export const onDuty = (floor: Floor) =>
  [...floor.units.values()].filter(({ isOnDuty }) => isOnDuty).toSorted(bySign);
export const free = (floor: Floor) =>
  onDuty(floor).filter(({ incidentId }) => incidentId === undefined);
const unitsLike = (word: string, rows: readonly UnitRow[], floor: Floor) =>
  rows.filter(({ id }) => id.includes(word.toUpperCase())).map(unitOption(floor));
export const openIncidents = ({ incidents }: Floor) =>
  [...incidents.values()]
    .filter(({ closedAt }) => closedAt === undefined)
    .toSorted((left, right) => left.grade - right.grade || left.raisedAt - right.raisedAt);

export type Target<Row> = { readonly found: Row } | { readonly meaning: Meaning };

/** The first word as an incident, else a meaning that says what is wrong with it. */
export function incidentIn(word: string | undefined, floor: Floor): Target<IncidentRow> {
  if (word === undefined || word === '')
    return {
      meaning: incomplete(
        'Which incident? Its number, or . for the selected one',
        openIncidents(floor).map(incidentOption),
      ),
    };
  const read = readIncident(word, floor);
  if ('found' in read) return read;
  return {
    meaning:
      'many' in read
        ? impossible(
            `${word} is ${read.many.length} incidents: type the whole reference`,
            read.many.map((row) => ({ insert: row.id, name: said(row) })),
          )
        : impossible(word === '.' ? 'No incident is selected' : `No incident ${word} here`),
  };
}

export function unitIn(
  word: string | undefined,
  floor: Floor,
  offered: readonly UnitRow[],
): Target<UnitRow> {
  if (word === undefined || word === '')
    return { meaning: incomplete('Which unit? Its call sign', offered.map(unitOption(floor))) };
  const read = readUnit(word, floor);
  if ('found' in read) return read;
  const like = unitsLike(word, offered, floor);
  if ('many' in read)
    return {
      meaning: impossible(
        `${word} fits ${read.many.map(({ id }) => id).join(', ')}: type more`,
        read.many.map(unitOption(floor)),
      ),
    };
  return {
    meaning:
      like.length > 0
        ? incomplete(`Which unit begins or ends so?`, like)
        : impossible(`No unit ${word.toUpperCase()}`, offered.map(unitOption(floor))),
  };
}

/** Where the first word is no incident, the selected one is meant and the words start one earlier. */
export function targetOf(
  words: readonly string[],
  floor: Floor,
): { readonly target: Target<IncidentRow>; readonly from: number } {
  const [first = ''] = words;
  const isIncident = first === '.' || /^\d{3,5}$/.test(first) || first.includes('-');
  const names = isIncident && !('found' in readUnitExact(first, floor));
  if (first !== '' && !names && floor.selectedIncident !== undefined)
    return { target: incidentIn('.', floor), from: 0 };
  return { target: incidentIn(words[0], floor), from: 1 };
}

const readUnitExact = (word: string, floor: Floor): Read<UnitRow> => {
  const row = floor.units.get(word.toUpperCase());
  return row ? { found: row } : { none: true };
};

export interface Line {
  readonly verb: string;
  readonly words: readonly string[];
  /** What follows the first words, as it was typed: free text keeps its own spaces. */
  readonly rest: (from: number) => string;
}

/** A line as its verb and the words after it; undefined where nothing is typed. */
export function splitLine(text: string): Line | undefined {
  const line = text.trimStart();
  if (line === '') return undefined;
  const [verb = '', ...words] = line.split(/\s+/);
  const rest = (from: number) => {
    const skipped = new RegExp(`^(\\S+\\s+){${from + 1}}`).exec(`${line} `)?.[0];
    return skipped === undefined ? '' : line.slice(skipped.length).trim();
  };
  return { verb, words, rest };
}

/** The line with its last word replaced by an option, and a space for what follows. */
export function complete(text: string, { insert }: Option): string {
  const start = text.search(/\S*$/);
  return `${text.slice(0, start)}${insert} `;
}
