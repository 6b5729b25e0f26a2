import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { assert } from '#domain/lib/assert.ts';
import { isWithin, type Box } from '#domain/lib/geo.ts';
import {
  crimeIdentity,
  recordedCrime,
  type RecordedCrime,
  type SkipReason,
} from '#domain/recorded-crime.ts';
import { openStore, type Store } from '#store/open-store.ts';
import type { FileFault } from './file-fault.ts';
import { LineChecker } from './line-checker.ts';

// Reads the street-level CSV of data.police.uk. A first pass checks the whole file and writes what it
// keeps to a staging file; only when all of it is sound is anything for the record handed out.
//
//   bytes -> LineChecker -> whole lines -> csv-parse -> rows -> staging file -> kept() -> the record
//               |                             |           |
//               +-------- file fault ---------+           +- skipped, with the reason and the line

const HEADER = [
  'Crime ID',
  'Month',
  'Reported by',
  'Falls within',
  'Longitude',
  'Latitude',
  'Location',
  'LSOA code',
  'LSOA name',
  'Crime type',
  'Last outcome category',
  'Context',
] as const;

const LIMITS = {
  fileMaxBytes: 256 * 1024 * 1024, // a year of the largest force, in one file
  lineMaxBytes: 4_096, // the longest published line is below 400
  rowsMax: 2_000_000,
};
const EXAMPLES_MAX = 5; // lines named for each reason; the counts are whole
const READ_BYTES = 256 * 1024; // parsed in one go, a few milliseconds

export interface ImportProgress {
  readonly bytes: number;
  readonly rows: number;
}

/** How the folder of a staging file is named. */
export const STAGING = 'crimes-';

export interface StageOptions {
  /** Where the staging file is made, in a folder of its own that goes when the result is disposed of. */
  readonly folder: string;
  /** A row with a position outside is skipped. */
  readonly area: Box;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** For tests; the limits of a real import are above. */
  readonly limits?: Partial<typeof LIMITS>;
}

/** A sound file. `rowsRead` is `keptCount` and `duplicates` and all that is `skipped` together. */
export interface StagedCrimes extends Disposable {
  readonly outcome: 'staged';
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
  readonly rowsRead: number;
  readonly keptCount: number;
  /** Rows whose Crime ID an earlier row of the same file has. */
  readonly duplicates: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  /** The first lines of each kind that is not kept. */
  readonly examples: readonly {
    readonly line: number;
    readonly reason: SkipReason | 'duplicate';
  }[];
  readonly months: readonly string[];
  /** For `readStaged` in another thread; gone when this is disposed of. */
  readonly stagingFile: string;
  readonly kept: () => Iterable<RecordedCrime>;
}

export interface RefusedFile {
  readonly outcome: 'refused';
  readonly fault: FileFault;
}

/** Stages a file from disk. Throws where it cannot be read at all. */
export async function stageCrimeFile(
  file: string,
  options: StageOptions,
  signal?: AbortSignal,
): Promise<StagedCrimes | RefusedFile> {
  const bytes = createReadStream(file, { highWaterMark: READ_BYTES });
  try {
    return await stageCrimes(bytes, options, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Error(`importing recorded crimes from ${file}`, { cause });
  } finally {
    bytes.destroy();
  }
}

/** Checks and stages the bytes of one file. A file with any fault is refused whole and leaves nothing behind. */
export async function stageCrimes(
  bytes: AsyncIterable<Uint8Array>,
  options: StageOptions,
  signal?: AbortSignal,
): Promise<StagedCrimes | RefusedFile> {
  const staging = new Staging(options);
  let isHandedOver = false;
  try {
    const result = await fill(staging, bytes, options, signal);
    isHandedOver = result.outcome === 'staged';
    return result;
  } finally {
    if (!isHandedOver) staging[Symbol.dispose]();
  }
}

async function fill(
  staging: Staging,
  bytes: AsyncIterable<Uint8Array>,
  { onProgress, limits }: StageOptions,
  signal: AbortSignal | undefined,
): Promise<StagedCrimes | RefusedFile> {
  const checker = new LineChecker({ ...LIMITS, ...limits });
  const digest = createHash('sha256');
  let read = 0;
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    digest.update(chunk);
    read += chunk.length;
    const { lines, fault: broken } = checker.push(chunk);
    // The lines before a broken one may have an earlier fault.
    const fault = staging.addLines(lines) ?? broken;
    if (fault) return { outcome: 'refused', fault };
    onProgress?.({ bytes: read, rows: staging.rowsRead });
  }
  const { lines, fault: broken } = checker.end();
  const fault = broken ?? staging.addLines(lines) ?? staging.missing(checker.line);
  if (fault) return { outcome: 'refused', fault };
  onProgress?.({ bytes: read, rows: staging.rowsRead });
  return staging.finish(digest.digest('hex'));
}

const stagingMigration = `
  CREATE TABLE staged_file (one INTEGER PRIMARY KEY CHECK (one = 1), digest TEXT NOT NULL) STRICT;
  CREATE TABLE staged (
    line       INTEGER PRIMARY KEY,
    crime_id   TEXT UNIQUE,
    likeness   TEXT,
    ordinal    INTEGER,
    month      TEXT NOT NULL,
    lat        REAL NOT NULL,
    lon        REAL NOT NULL,
    location   TEXT NOT NULL,
    crime_type TEXT NOT NULL,
    outcome    TEXT,
    lsoa_code  TEXT,
    lsoa_name  TEXT,
    UNIQUE (likeness, ordinal)
  ) STRICT`;

/** What is staged of a row; without a Crime ID the likeness and the ordinal stand for one. */
interface StagedRow {
  readonly line: number;
  readonly crimeId: string | null;
  readonly likeness: string | null;
  readonly ordinal: number | null;
  readonly month: string;
  readonly lat: number;
  readonly lon: number;
  readonly location: string;
  readonly crimeType: string;
  readonly outcome: string | null;
  readonly lsoaCode: string | null;
  readonly lsoaName: string | null;
}

/** The first pass over one file: counts, skips, and keeps the rest in a file of its own. */
class Staging implements Disposable {
  readonly #options: StageOptions;
  readonly #limits: typeof LIMITS;
  readonly #folder: string;
  readonly #file: string;
  readonly #db: Store;
  readonly #sql;
  readonly #skipped = new Map<SkipReason, number>();
  readonly #examples: StagedCrimes['examples'][number][] = [];
  #linesDone = 0;
  #hasHeader = false;
  #rowsRead = 0;
  #keptCount = 0;
  #duplicates = 0;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#folder = mkdtempSync(join(options.folder, STAGING));
    this.#file = join(this.#folder, 'staging.db');
    this.#db = openStore(this.#file, [stagingMigration]);
    // Nothing here is acknowledged to anybody: after a power cut the file is imported again.
    this.#db.pragma('synchronous = OFF');
    this.#sql = {
      put: this.#db.prepare<[StagedRow]>(
        `INSERT INTO staged VALUES (@line, @crimeId, @likeness, @ordinal, @month, @lat, @lon,
           @location, @crimeType, @outcome, @lsoaCode, @lsoaName)
         ON CONFLICT (crime_id) DO NOTHING`,
      ),
      lastOrdinal: this.#db
        .prepare<[string], number | null>('SELECT max(ordinal) FROM staged WHERE likeness = ?')
        .pluck(),
      months: this.#db
        .prepare<[], string>('SELECT DISTINCT month FROM staged ORDER BY month')
        .pluck(),
    };
  }

  get rowsRead(): number {
    return this.#rowsRead;
  }

  /** Takes the next whole lines of the file; gives back the first fault in them. */
  addLines(lines: Buffer): FileFault | undefined {
    return lines.length === 0 ? undefined : this.#db.transaction(() => this.#add(lines))();
  }

  #add(lines: Buffer): FileFault | undefined {
    const parsed = parseLines(lines, this.#linesDone === 0);
    for (const { line: lineWithin, fields } of parsed.rows) {
      const line = this.#linesDone + lineWithin;
      const text = () => lineOf(lines, lineWithin);
      const fault = this.#hasHeader
        ? this.#addRow(line, fields, text)
        : headerFault(fields, text());
      if (fault) return { ...fault, line };
      this.#hasHeader = true;
    }
    const { fault } = parsed;
    if (fault) return { ...fault, line: this.#linesDone + fault.line };
    this.#linesDone += countOf(lines, 0x0a);
    return undefined;
  }

  #addRow(line: number, fields: readonly string[], text: () => string): Fault | undefined {
    if (fields.length !== HEADER.length) return columnFault(fields.length, text());
    const { rowsMax } = this.#limits;
    if (this.#rowsRead >= rowsMax)
      return { column: 1, reason: 'too-many-rows', message: `The file has over ${rowsMax} rows.` };
    this.#rowsRead += 1;

    const read = readRow(fields, this.#options.area);
    if (typeof read === 'string') {
      this.#skipped.set(read, (this.#skipped.get(read) ?? 0) + 1);
      this.#giveExample(line, read);
      return undefined;
    }
    const likeness = read.crimeId === null ? likenessOf(fields) : null;
    const ordinal = likeness === null ? null : (this.#sql.lastOrdinal.get(likeness) ?? 0) + 1;
    if (this.#sql.put.run({ ...read, line, likeness, ordinal }).changes === 1) {
      this.#keptCount += 1;
    } else {
      this.#duplicates += 1;
      this.#giveExample(line, 'duplicate');
    }
    return undefined;
  }

  #giveExample(line: number, reason: SkipReason | 'duplicate') {
    const given = this.#examples.filter((example) => example.reason === reason).length;
    if (given < EXAMPLES_MAX) this.#examples.push({ line, reason });
  }

  /** The fault of a file that has no rows: an empty month is published by nobody. */
  missing(line: number): FileFault | undefined {
    if (this.#rowsRead > 0) return undefined;
    const message = 'The file has no rows.';
    return { line, column: 1, reason: 'empty', message };
  }

  finish(digest: string): StagedCrimes {
    this.#db.prepare<[string]>('INSERT INTO staged_file VALUES (1, ?)').run(digest);
    const notKept = [...this.#skipped.values()].reduce((sum, count) => sum + count, 0);
    assert(
      this.#rowsRead === this.#keptCount + this.#duplicates + notKept,
      'every row that was read is kept, a duplicate, or skipped',
    );
    return {
      outcome: 'staged',
      digest,
      rowsRead: this.#rowsRead,
      keptCount: this.#keptCount,
      duplicates: this.#duplicates,
      skipped: Object.fromEntries(this.#skipped),
      examples: this.#examples,
      months: this.#sql.months.all(),
      stagingFile: this.#file,
      kept: () => keptIn(this.#db),
      [Symbol.dispose]: () => this[Symbol.dispose](),
    };
  }

  [Symbol.dispose]() {
    this.#db.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Opens a staging file in another thread or process, while the one that staged it keeps it. */
export function readStaged(
  stagingFile: string,
): Disposable & { readonly kept: () => Iterable<RecordedCrime> } {
  const db = openStore(stagingFile, [stagingMigration]);
  return { kept: () => keptIn(db), [Symbol.dispose]: () => void db.close() };
}

/** The rows in the order of the file, each checked as what it is to become. */
function* keptIn(db: Store): Generator<RecordedCrime> {
  const digest = db.prepare<[], string>('SELECT digest FROM staged_file').pluck().get();
  assert(digest !== undefined, 'a staging file that is read was finished');
  const rows = db.prepare<[], StagedRow>(
    `SELECT line, crime_id AS crimeId, likeness, ordinal, month, lat, lon, location,
       crime_type AS crimeType, outcome, lsoa_code AS lsoaCode, lsoa_name AS lsoaName
     FROM staged ORDER BY line`,
  );
  for (const row of rows.iterate()) {
    const { crimeId, likeness, ordinal, month, lat, lon, location, crimeType } = row;
    yield recordedCrime.parse({
      ...(crimeId === null
        ? {
            identity: crimeIdentity({
              fileDigest: digest,
              likeness: likeness ?? '',
              ordinal: ordinal ?? 0,
            }),
            likeness,
          }
        : { identity: crimeIdentity({ crimeId }), crimeId }),
      month,
      lat,
      lon,
      location,
      crimeType,
      ...(row.outcome !== null && { outcome: row.outcome }),
      ...(row.lsoaCode !== null && { lsoaCode: row.lsoaCode }),
      ...(row.lsoaName !== null && { lsoaName: row.lsoaName }),
    });
  }
}

type Fault = Omit<FileFault, 'line'>;
type ReadRow = Omit<StagedRow, 'line' | 'likeness' | 'ordinal'>;

const { crimeId: crimeIdText, month: monthText, location: wordsText } = recordedCrime.shape;
const isA = (schema: { safeParse(value: unknown): { success: boolean } }, value: string | null) =>
  schema.safeParse(value).success;
const DEGREES = /^-?\d{1,3}(\.\d{1,12})?$/;

/** The row as it is kept, or why it is not. */
function readRow(fields: readonly string[], area: Box): ReadRow | SkipReason {
  const [id = '', month = '', , , lonText = '', latText = '', location = ''] = fields;
  const [, , , , , , , lsoaCode = '', lsoaName = '', crimeType = '', outcome = ''] = fields;
  if (!isA(monthText, month)) return 'bad-month';
  if (lonText === '' || latText === '') return 'no-position';
  if (!DEGREES.test(lonText) || !DEGREES.test(latText)) return 'bad-position';
  const [lat, lon] = [Number(latText), Number(lonText)];
  if (Math.abs(lat) > 90 || Math.abs(lon) > 180) return 'bad-position';
  if (!isWithin(area, { lat, lon })) return 'outside-area';
  const row = {
    crimeId: id || null,
    month,
    lat,
    lon,
    location,
    crimeType,
    outcome: outcome || null,
    lsoaCode: lsoaCode || null,
    lsoaName: lsoaName || null,
  };
  const optional = [row.outcome, row.lsoaCode, row.lsoaName].filter((text) => text !== null);
  const isSound =
    (row.crimeId === null || isA(crimeIdText, row.crimeId)) &&
    [location, crimeType, ...optional].every((text) => isA(wordsText, text));
  return isSound ? row : 'bad-text';
}

/** The same for rows that read the same in every field, in whatever file they stand. */
const likenessOf = (fields: readonly string[]) =>
  createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 32);

interface ParsedLines {
  readonly rows: readonly { readonly line: number; readonly fields: readonly string[] }[];
  readonly fault?: FileFault;
}

/** Splits lines into fields. The lines are counted from 1; those before a fault are given with it. */
function parseLines(lines: Buffer, isStart: boolean): ParsedLines {
  try {
    const parsed = parse(lines, {
      bom: isStart,
      info: true,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true, // a wrong count is ours to tell, with its column
      skip_empty_lines: true,
      max_record_size: 0, // a line has its limit already
      // With `info` a record comes with where it stood; the package's types leave that out.
    }) as unknown as readonly { info: { lines: number }; record: readonly string[] }[];
    return { rows: parsed.map(({ info, record }) => ({ line: info.lines, fields: record })) };
  } catch (error) {
    const line = error instanceof CsvError ? Number(error['lines']) : Number.NaN;
    // Every line has its quotes in pairs by now: what is left is a quote within a bare field.
    if (!Number.isInteger(line)) throw error;
    const before = lines.subarray(0, startOf(lines, line));
    const column = scan(lineOf(lines, line)).strayColumn ?? 1;
    const message = 'A quote stands here within a field that is not quoted as a whole.';
    const rows = before.length === 0 ? [] : parseLines(before, isStart).rows;
    return { rows, fault: { line, column, reason: 'stray-quote', message } };
  }
}

function headerFault(fields: readonly string[], text: string): Fault | undefined {
  const wrong = HEADER.findIndex((name, index) => fields[index] !== name);
  const at = wrong < 0 && fields.length > HEADER.length ? HEADER.length : wrong;
  if (at < 0) return undefined;
  const { columns, end } = scan(text);
  const wanted = HEADER[at];
  const is = fields[at] === undefined ? 'nothing' : `"${fields[at]}"`;
  const message =
    wanted === undefined
      ? `The header has ${is} after its last column.`
      : `The header has ${is} where "${wanted}" belongs.`;
  return { column: columns[at] ?? end, reason: 'wrong-header', message };
}

function columnFault(count: number, text: string): Fault {
  const { columns, end } = scan(text);
  const message = `The line has ${count} columns and not ${HEADER.length}.`;
  return { column: columns[HEADER.length] ?? end, reason: 'column-count', message };
}

/** Where the fields of one line begin, in characters from 1; only used to tell where a fault is. */
function scan(line: string): {
  readonly columns: readonly number[];
  readonly end: number;
  readonly strayColumn: number | undefined;
} {
  const columns = [1];
  let state: 'start' | 'bare' | 'quoted' | 'closed' = 'start';
  let strayColumn: number | undefined;
  let column = 0;
  for (const character of line.replace(/^\uFEFF/, '').replace(/\r?\n$/, '')) {
    column += 1;
    if (character === ',' && state !== 'quoted') {
      columns.push(column + 1);
      state = 'start';
    } else if (character === '"') {
      if (state === 'bare') strayColumn ??= column;
      if (state === 'quoted') state = 'closed';
      // After a closing quote another one is a doubled quote.
      else if (state !== 'bare') state = 'quoted';
    } else if (state === 'closed') {
      strayColumn ??= column - 1;
    } else if (state === 'start') {
      state = 'bare';
    }
  }
  return { columns, end: column + 1, strayColumn };
}

/** Where a line begins among these, counted from 1. */
function startOf(lines: Buffer, line: number): number {
  let start = 0;
  for (let before = 1; before < line; before += 1) start = lines.indexOf(0x0a, start) + 1;
  return start;
}

function lineOf(lines: Buffer, line: number): string {
  const start = startOf(lines, line);
  const end = lines.indexOf(0x0a, start);
  return lines.toString('utf8', start, end < 0 ? lines.length : end + 1);
}

function countOf(bytes: Buffer, wanted: number): number {
  let count = 0;
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) count += 1;
  return count;
}
