import * as z from 'zod';
import { readJson, type TextPosition } from './lib/json-text.ts';

// Codes, grades, targets, qualifiers, statuses: what a force may want different is data, and an error
// in it is told with its file, line and field before any of it is used.

const name = z.string().min(1).max(64);
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'lower-case words with hyphens');
/** False where no published page was found: shown as ours, never as official. */
const isConfirmed = z.boolean();
const durationMs = z.int().positive();

const gradeRow = z
  .strictObject({
    grade: z.literal([1, 2, 3, 4]),
    name,
    attendWithinMs: durationMs.nullable(),
    attendWithinRuralMs: durationMs.nullable(),
    acceptWithinMs: durationMs,
    clockStartsAt: z.enum(['contact-received', 'incident-raised', 'unit-assigned']),
    isConfirmed,
  })
  .refine((row) => (row.attendWithinMs === null) === (row.attendWithinRuralMs === null), {
    error: 'has a target in both kinds of place or in neither',
    path: ['attendWithinRuralMs'],
  });

const openingCodeRow = z.strictObject({
  code: z.string().regex(/^[A-Z]{3}$/, 'three capital letters'),
  name,
  group: z.enum([
    'transport',
    'anti-social-behaviour',
    'safety-and-welfare',
    'crime',
    'administration',
  ]),
  isConfirmed,
});

const qualifierRow = z.strictObject({ code: slug, name, isConfirmed });

// The rules read these numbers (see unit.ts): a force may name a status anew, not move it.
const unitStatusRow = z.discriminatedUnion('kind', [
  z.strictObject({ code: z.literal(0), name, kind: z.literal('emergency') }),
  z.strictObject({
    code: z.int().min(1).max(11),
    name,
    kind: z.literal('availability'),
    deployable: z.enum(['yes', 'second-choice', 're-route', 'if-immediate', 'no']),
  }),
  z.strictObject({ code: z.int().min(12).max(16), name, kind: z.enum(['request', 'ack']) }),
]);

const resultRow = z.strictObject({
  code: slug,
  name,
  /** The detail that goes with the result, as its label; null where there is none. */
  asksFor: name.nullable(),
  isConfirmed,
});

const warningSignalRow = z.strictObject({
  code: z.string().regex(/^[A-Z]{2}$/, 'two capital letters'),
  name,
  isConfirmed,
});

const ROWS_MAX = 500; // a list that people choose from

const fileOf = <Row extends z.ZodType>(row: Row) =>
  z.strictObject({
    source: z.string().min(1).max(400),
    status: z.string().min(1).max(400),
    version: z.int().positive(),
    notes: z.array(z.string().min(1).max(400)).max(20),
    rows: z.array(row).min(1).max(ROWS_MAX),
  });

/** The files, which field of a row stands once, and which of its values must be there. */
const files = {
  grades: {
    file: 'grades.json',
    schema: fileOf(gradeRow),
    key: 'grade',
    needed: [1, 2, 3, 4],
  },
  openingCodes: {
    file: 'opening-codes.json',
    schema: fileOf(openingCodeRow),
    key: 'code',
    needed: [],
  },
  qualifiers: {
    file: 'qualifiers.json',
    schema: fileOf(qualifierRow),
    key: 'code',
    needed: [],
  },
  unitStatuses: {
    file: 'unit-statuses.json',
    schema: fileOf(unitStatusRow),
    key: 'code',
    needed: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  },
  results: {
    file: 'results.json',
    schema: fileOf(resultRow),
    key: 'code',
    needed: [],
  },
  warningSignals: {
    file: 'pnc-warning-signals.json',
    schema: fileOf(warningSignalRow),
    key: 'code',
    needed: [],
  },
} as const;

type Files = typeof files;

/** The lists as an administrator names them: as their files are called. */
export const referenceLists = [
  'grades',
  'opening-codes',
  'qualifiers',
  'unit-statuses',
  'results',
  'pnc-warning-signals',
] as const;
export type ReferenceListName = (typeof referenceLists)[number];

/** Under which field of `ReferenceData` a list stands. */
export const fieldOfList = {
  grades: 'grades',
  'opening-codes': 'openingCodes',
  qualifiers: 'qualifiers',
  'unit-statuses': 'unitStatuses',
  results: 'results',
  'pnc-warning-signals': 'warningSignals',
} as const satisfies Readonly<Record<ReferenceListName, keyof Files>>;

/** Which field of a row stands once in its list, and so names the row. */
export const keyOfList = (list: ReferenceListName): string => files[fieldOfList[list]].key;

// With its header it has to fit into one frame of a desk, which gives it back to a restored server.
export const REFERENCE_LIST_MAX_CHARS = 48_000;

const changeOf = <Name extends ReferenceListName>(list: Name) => ({
  list: z.literal(list),
  content: files[fieldOfList[list]].schema,
});

/** A list and what it holds from now on, each list by the schema of its own rows. */
export const referenceChanges = {
  grades: changeOf('grades'),
  'opening-codes': changeOf('opening-codes'),
  qualifiers: changeOf('qualifiers'),
  'unit-statuses': changeOf('unit-statuses'),
  results: changeOf('results'),
  'pnc-warning-signals': changeOf('pnc-warning-signals'),
} as const;
export type GradeRow = Readonly<z.infer<typeof gradeRow>>;
export type OpeningCodeRow = Readonly<z.infer<typeof openingCodeRow>>;
export type QualifierRow = Readonly<z.infer<typeof qualifierRow>>;
export type UnitStatusRow = Readonly<z.infer<typeof unitStatusRow>>;
export type ResultRow = Readonly<z.infer<typeof resultRow>>;
export type WarningSignalRow = Readonly<z.infer<typeof warningSignalRow>>;

export interface ReferenceList<Row> {
  readonly source: string;
  readonly status: string;
  readonly version: number;
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

/** Everything a force may want different. A closing code comes from the same list as an opening code. */
export interface ReferenceData {
  readonly grades: ReferenceList<GradeRow>;
  readonly openingCodes: ReferenceList<OpeningCodeRow>;
  readonly qualifiers: ReferenceList<QualifierRow>;
  readonly unitStatuses: ReferenceList<UnitStatusRow>;
  readonly results: ReferenceList<ResultRow>;
  readonly warningSignals: ReferenceList<WarningSignalRow>;
}

export const referenceFileNames: readonly string[] = Object.values(files).map(({ file }) => file);

export interface ReferenceFault extends TextPosition {
  readonly file: string;
  /** Such as `rows[3].name`; empty where the whole file is meant. */
  readonly field: string;
  readonly message: string;
}

export type ParsedReferenceData =
  | { readonly outcome: 'parsed'; readonly data: ReferenceData }
  | { readonly outcome: 'faulty'; readonly faults: readonly ReferenceFault[] };

/** Reads the files as one set: all of it or, with every fault in every file, none. */
export function parseReferenceData(
  given: readonly { readonly name: string; readonly text: string }[],
): ParsedReferenceData {
  const faults: ReferenceFault[] = [];
  const whole = (file: string, message: string) =>
    faults.push({ file, line: 1, column: 1, field: '', message });

  const texts = new Map<string, string>();
  for (const file of given) {
    if (!referenceFileNames.includes(file.name)) whole(file.name, 'is no file of reference data');
    else if (texts.has(file.name)) whole(file.name, 'is given twice');
    else texts.set(file.name, file.text);
  }
  const lists = Object.entries(files).map(([list, rules]) => {
    const text = texts.get(rules.file);
    if (text === undefined) whole(rules.file, 'is missing');
    return [list, text === undefined ? undefined : readFile(rules, text, faults)] as const;
  });
  if (faults.length > 0) return { outcome: 'faulty', faults };
  // Each list has passed the schema of its own row of the table: without a fault none is missing.
  return { outcome: 'parsed', data: Object.fromEntries(lists) as unknown as ReferenceData };
}

/** Reads one list, as `parseReferenceData` reads all of them. Faults are told with their line and field. */
export function parseReferenceList(
  list: ReferenceListName,
  text: string,
):
  | { readonly outcome: 'parsed'; readonly content: ReferenceList<unknown> }
  | { readonly outcome: 'faulty'; readonly faults: readonly ReferenceFault[] } {
  const rules = files[fieldOfList[list]];
  const faults: ReferenceFault[] = [];
  const content = readFile(rules, text, faults);
  if (faults.length === 0 && JSON.stringify(content).length > REFERENCE_LIST_MAX_CHARS)
    faults.push({
      file: rules.file,
      line: 1,
      column: 1,
      field: '',
      message: `is longer than ${REFERENCE_LIST_MAX_CHARS} characters: shorten names and notes, or take rows out`,
    });
  if (faults.length > 0) return { outcome: 'faulty', faults };
  // It has passed the schema of its list.
  return { outcome: 'parsed', content: content as ReferenceList<unknown> };
}

/** A fault as a line for a terminal or a log: `grades.json:12:7 rows[1].name: …`. */
export const describeFault = ({ file, line, column, field, message }: ReferenceFault) =>
  `${file}:${line}:${column} ${field === '' ? '' : `${field}: `}${message}`;

function readFile(
  { file, schema, key, needed }: Files[keyof Files],
  text: string,
  faults: ReferenceFault[],
): unknown {
  const read = readJson(text);
  if (read.outcome === 'malformed') {
    const { line, column, message } = read;
    faults.push({ file, line, column, field: '', message });
    return undefined;
  }
  const fault = (path: readonly PropertyKey[], message: string) =>
    faults.push({ file, ...read.at(path), field: fieldOf(path), message });

  const parsed = schema.safeParse(read.value);
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys')
      for (const unknown of issue.keys) fault([...issue.path, unknown], 'is not known here');
    else fault(issue.path, issue.message);
  }
  // Beside the schema and not within it, so that a row that stands twice is told with the other faults.
  const seen = new Map<unknown, number>();
  for (const [index, row] of rowsOf(read.value).entries()) {
    const value = row[key];
    const first = seen.get(value);
    if (value !== undefined && first !== undefined)
      fault(['rows', index, key], `${JSON.stringify(value)} stands already in rows[${first}]`);
    else seen.set(value, index);
  }
  for (const value of needed)
    if (parsed.success && !seen.has(value)) fault(['rows'], `has no row with ${key} ${value}`);
  return parsed.data;
}

/** The rows as far as they are objects; what they are instead is told by the schema. */
function rowsOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const rows: unknown = isRecord(value) ? value['rows'] : undefined;
  return Array.isArray(rows) ? rows.map((row: unknown) => (isRecord(row) ? row : {})) : [];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const fieldOf = (path: readonly PropertyKey[]) =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
