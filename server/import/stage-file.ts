import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '#domain/lib/assert.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { columnFault, countOf, headerOf, lineOf, parseLines, type LineFault } from './csv-lines.ts';
import type { FileFault } from './file-fault.ts';
import { LineChecker } from './line-checker.ts';

// A first pass checks the whole file and writes what it keeps to a staging file; only when all of it is
// sound is anything for the record handed out.
//
//   bytes -> LineChecker -> whole lines -> csv-parse -> rows -> staging file -> kept() -> the record
//               |                             |           |
//               +-------- file fault ---------+           +- skipped, with the reason and the line

const LIMITS = {
  fileMaxBytes: 256 * 1024 * 1024, // a year of the largest force, in one file
  lineMaxBytes: 4_096, // the longest published line is below 400
  rowsMax: 2_000_000,
};
const EXAMPLES_MAX = 5; // lines named for each reason; the counts are whole
const READ_BYTES = 256 * 1024; // parsed in one go, a few milliseconds

/** A kind of published file: its headers, and how a row of it is read and kept. */
export interface FileKind<Read, Kept, Reason extends string> {
  /** What it has, as a person is told where it cannot be read: "recorded crimes". */
  readonly what: string;
  /** The headers that it is published with, each as the names of its columns. */
  readonly headers: readonly (readonly string[])[];
  /** The row as it is kept, or why it is not. `header` is the place of the file's own among the headers. */
  readonly read: (fields: readonly string[], header: number) => ReadRow<Read> | Reason;
  /** What a row that was kept becomes for the record, checked as that. */
  readonly kept: (row: Read, staged: StagedRow) => Kept;
}

export interface ReadRow<Read> {
  /** What makes it the same in whatever file; `null` where nothing was published that does. */
  readonly key: string | null;
  /** The month or day that it is of. */
  readonly period: string;
  readonly row: Read;
}

/** Where a row stands for another: the likeness and the ordinal are there where the key is not. */
export interface StagedRow {
  readonly fileDigest: string;
  readonly likeness: string | null;
  readonly ordinal: number | null;
}

export interface ImportProgress {
  readonly bytes: number;
  readonly rows: number;
}

/** How the folder of a staging file is named. */
export const STAGING = 'import-';

export interface StagingOptions {
  /** Where the staging file is made, in a folder of its own that goes when the result is disposed of. */
  readonly folder: string;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** For tests; the limits of a real import are above. */
  readonly limits?: Partial<typeof LIMITS>;
}

/** A sound file. `rowsRead` is `keptCount` and `duplicates` and all that is `skipped` together. */
export interface StagedFile<Kept, Reason extends string> extends Disposable {
  readonly outcome: 'staged';
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
  readonly rowsRead: number;
  readonly keptCount: number;
  /** Rows whose key an earlier row of the same file has. */
  readonly duplicates: number;
  readonly skipped: Readonly<Record<string, number>>;
  /** The first lines of each kind that is not kept. */
  readonly examples: readonly { readonly line: number; readonly reason: Reason | 'duplicate' }[];
  /** All that its rows are of, in order. */
  readonly periods: readonly string[];
  /** For `readStagedFile` in another thread; gone when this is disposed of. */
  readonly stagingFile: string;
  readonly kept: () => Iterable<Kept>;
}

export interface RefusedFile {
  readonly outcome: 'refused';
  readonly fault: FileFault;
}

/** Stages a file from disk. Throws where it cannot be read at all. */
export async function stageFile<Read, Kept, Reason extends string>(
  file: string,
  kind: FileKind<Read, Kept, Reason>,
  options: StagingOptions,
  signal?: AbortSignal,
): Promise<StagedFile<Kept, Reason> | RefusedFile> {
  const bytes = createReadStream(file, { highWaterMark: READ_BYTES });
  try {
    return await stageBytes(bytes, kind, options, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Error(`importing ${kind.what} from ${file}`, { cause });
  } finally {
    bytes.destroy();
  }
}

/** Checks and stages the bytes of one file. A file with any fault is refused whole and leaves nothing behind. */
export async function stageBytes<Read, Kept, Reason extends string>(
  bytes: AsyncIterable<Uint8Array>,
  kind: FileKind<Read, Kept, Reason>,
  options: StagingOptions,
  signal?: AbortSignal,
): Promise<StagedFile<Kept, Reason> | RefusedFile> {
  const staging = new Staging(kind, options);
  let isHandedOver = false;
  try {
    const result = await fill(staging, bytes, options, signal);
    isHandedOver = result.outcome === 'staged';
    return result;
  } finally {
    if (!isHandedOver) staging[Symbol.dispose]();
  }
}

async function fill<Read, Kept, Reason extends string>(
  staging: Staging<Read, Kept, Reason>,
  bytes: AsyncIterable<Uint8Array>,
  { onProgress, limits }: StagingOptions,
  signal: AbortSignal | undefined,
): Promise<StagedFile<Kept, Reason> | RefusedFile> {
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
    line     INTEGER PRIMARY KEY,
    key      TEXT UNIQUE,
    likeness TEXT,
    ordinal  INTEGER,
    period   TEXT NOT NULL,
    read     TEXT NOT NULL CHECK (json_valid(read)),
    UNIQUE (likeness, ordinal)
  ) STRICT`;

/** What is staged of a row; without a key the likeness and the ordinal stand for one. */
interface StagedLine {
  readonly line: number;
  readonly key: string | null;
  readonly likeness: string | null;
  readonly ordinal: number | null;
  readonly period: string;
  readonly read: string;
}

/** The first pass over one file: counts, skips, and keeps the rest in a file of its own. */
class Staging<Read, Kept, Reason extends string> implements Disposable {
  readonly #kind: FileKind<Read, Kept, Reason>;
  readonly #limits: typeof LIMITS;
  readonly #folder: string;
  readonly #file: string;
  readonly #db: Store;
  readonly #sql;
  readonly #skipped = new Map<Reason, number>();
  readonly #examples: StagedFile<Kept, Reason>['examples'][number][] = [];
  #linesDone = 0;
  /** Which header the file has; none was read yet where it is missing. */
  #header: number | undefined;
  #rowsRead = 0;
  #keptCount = 0;
  #duplicates = 0;

  constructor(kind: FileKind<Read, Kept, Reason>, options: StagingOptions) {
    this.#kind = kind;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#folder = mkdtempSync(join(options.folder, STAGING));
    this.#file = join(this.#folder, 'staging.db');
    this.#db = openStore(this.#file, [stagingMigration]);
    // Nothing here is acknowledged to anybody: after a power cut the file is imported again.
    this.#db.pragma('synchronous = OFF');
    this.#sql = {
      put: this.#db.prepare<[StagedLine]>(
        `INSERT INTO staged VALUES (@line, @key, @likeness, @ordinal, @period, @read)
         ON CONFLICT (key) DO NOTHING`,
      ),
      lastOrdinal: this.#db
        .prepare<[string], number | null>('SELECT max(ordinal) FROM staged WHERE likeness = ?')
        .pluck(),
      periods: this.#db
        .prepare<[], string>('SELECT DISTINCT period FROM staged ORDER BY period')
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
      const fault =
        this.#header === undefined
          ? this.#readHeader(fields, text())
          : this.#addRow(line, this.#header, fields, text);
      if (fault) return { ...fault, line };
    }
    const { fault } = parsed;
    if (fault) return { ...fault, line: this.#linesDone + fault.line };
    this.#linesDone += countOf(lines, 0x0a);
    return undefined;
  }

  #readHeader(fields: readonly string[], text: string): LineFault | undefined {
    const header = headerOf(this.#kind.headers, fields, text);
    if (typeof header !== 'number') return header;
    this.#header = header;
    return undefined;
  }

  #addRow(
    line: number,
    header: number,
    fields: readonly string[],
    text: () => string,
  ): LineFault | undefined {
    const columns = this.#kind.headers[header]?.length ?? 0;
    if (fields.length !== columns) return columnFault(fields.length, columns, text());
    const { rowsMax } = this.#limits;
    if (this.#rowsRead >= rowsMax)
      return { column: 1, reason: 'too-many-rows', message: `The file has over ${rowsMax} rows.` };
    this.#rowsRead += 1;

    const read = this.#kind.read(fields, header);
    if (typeof read === 'string') {
      this.#skipped.set(read, (this.#skipped.get(read) ?? 0) + 1);
      this.#giveExample(line, read);
      return undefined;
    }
    const { key, period, row } = read;
    const likeness = key === null ? likenessOf(fields) : null;
    const ordinal = likeness === null ? null : (this.#sql.lastOrdinal.get(likeness) ?? 0) + 1;
    const staged = { line, key, likeness, ordinal, period, read: JSON.stringify(row) };
    if (this.#sql.put.run(staged).changes === 1) {
      this.#keptCount += 1;
    } else {
      this.#duplicates += 1;
      this.#giveExample(line, 'duplicate');
    }
    return undefined;
  }

  #giveExample(line: number, reason: Reason | 'duplicate') {
    const given = this.#examples.filter((example) => example.reason === reason).length;
    if (given < EXAMPLES_MAX) this.#examples.push({ line, reason });
  }

  /** The fault of a file that has no rows: an empty month is published by nobody. */
  missing(line: number): FileFault | undefined {
    if (this.#rowsRead > 0) return undefined;
    const message = 'The file has no rows.';
    return { line, column: 1, reason: 'empty', message };
  }

  finish(digest: string): StagedFile<Kept, Reason> {
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
      periods: this.#sql.periods.all(),
      stagingFile: this.#file,
      kept: () => keptIn(this.#db, this.#kind.kept),
      [Symbol.dispose]: () => this[Symbol.dispose](),
    };
  }

  [Symbol.dispose]() {
    this.#db.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Opens a staging file in another thread or process, while the one that staged it keeps it. */
export function readStagedFile<Read, Kept>(
  stagingFile: string,
  kept: FileKind<Read, Kept, string>['kept'],
): Disposable & { readonly kept: () => Iterable<Kept> } {
  const db = openStore(stagingFile, [stagingMigration]);
  return { kept: () => keptIn(db, kept), [Symbol.dispose]: () => void db.close() };
}

/** The rows in the order of the file, each checked as what it is to become. */
function* keptIn<Read, Kept>(
  db: Store,
  kept: FileKind<Read, Kept, string>['kept'],
): Generator<Kept> {
  const fileDigest = db.prepare<[], string>('SELECT digest FROM staged_file').pluck().get();
  assert(fileDigest !== undefined, 'a staging file that is read was finished');
  const rows = db.prepare<[], StagedLine>('SELECT * FROM staged ORDER BY line');
  for (const { likeness, ordinal, read } of rows.iterate())
    // Our own words come back: `put` wrote what this kind's `read` gave.
    yield kept(JSON.parse(read) as Read, { fileDigest, likeness, ordinal });
}

/** The same for rows that read the same in every field, in whatever file they stand. */
const likenessOf = (fields: readonly string[]) =>
  createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 32);
