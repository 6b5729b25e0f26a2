import { assert } from '#domain/lib/assert.ts';
import type { Store } from './open-store.ts';

type Value = string | number | null | { readonly bytes: string };
type Row = Readonly<Record<string, Value>>;
/** A row as it is after a change, or null where it is not there any more. The later image of a row is the valid one. */
export type Image = readonly [table: string, rowid: number, row: Row | null];
/** The rows of a store, by table and rowid. */
export type Rows = ReadonlyMap<string, ReadonlyMap<number, Row>>;

/** The tables of a store whose rows are kept, by name; `apart` is the one that keeps account of it. */
const tablesOf = (db: Store, apart: string) =>
  db
    .prepare<[string], string>(
      `SELECT name FROM sqlite_schema
       WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> ? ORDER BY name`,
    )
    .pluck()
    .all(apart);

const imageOf = (row: Readonly<Record<string, unknown>>): Row =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [column, valueOf(value)]));

function valueOf(value: unknown): Value {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  assert(value instanceof Uint8Array, 'a column holds text, a number or bytes');
  return { bytes: Buffer.from(value).toString('base64') };
}

const plainOf = (value: Value) =>
  typeof value === 'object' && value !== null ? Buffer.from(value.bytes, 'base64') : value;

/**
 * Tells which rows of a store a piece of work has changed, whatever statement did it, and refuses any
 * change outside of one: by triggers of this connection alone, which leave nothing in the file.
 */
export class ChangedRows {
  readonly #read = new Map<string, (rowid: number) => unknown>();
  readonly #changed = new Map<string, Set<number>>();
  #isOpen = false;

  constructor(db: Store, apart: string) {
    db.pragma('temp_store = MEMORY');
    db.function('row_changed', (table: unknown, rowid: unknown) => {
      assert(this.#isOpen, 'a change of this store goes through its one writer');
      // The triggers below are the only callers.
      this.#changed.get(table as string)?.add(rowid as number);
      return null;
    });
    for (const table of tablesOf(db, apart)) {
      const changes = ['INSERT', 'UPDATE', 'DELETE'] as const;
      for (const change of changes) {
        const rows = change === 'DELETE' ? ['OLD'] : change === 'INSERT' ? ['NEW'] : ['OLD', 'NEW'];
        const calls = rows.map((row) => `SELECT row_changed('${table}', ${row}.rowid);`).join(' ');
        db.exec(
          `CREATE TEMP TRIGGER "${table}_${change}" AFTER ${change} ON main."${table}" BEGIN ${calls} END`,
        );
      }
      const row = db.prepare<[number]>(`SELECT * FROM "${table}" WHERE rowid = ?`);
      this.#read.set(table, (rowid) => row.get(rowid));
      this.#changed.set(table, new Set());
    }
  }

  /** Runs `work`, and gives the rows that it may have changed as they are now. */
  during<Result>(work: () => Result): { readonly result: Result; readonly images: Image[] } {
    for (const rowids of this.#changed.values()) rowids.clear();
    this.#isOpen = true;
    try {
      const result = work();
      const images: Image[] = [];
      for (const [table, rowids] of this.#changed)
        for (const rowid of rowids) {
          const row = this.#read.get(table)?.(rowid);
          images.push([table, rowid, row === undefined ? null : imageOf(row as Row)]);
        }
      return { result, images };
    } finally {
      this.#isOpen = false;
    }
  }
}

/** Every row of a store. Throws where one cannot be read. */
export function* allRows(db: Store, apart: string): Generator<Image> {
  for (const table of tablesOf(db, apart))
    for (const { [ROWID]: rowid, ...row } of rowsOf(db, table, 'ASC').iterate())
      yield [table, rowid as number, imageOf(row)];
}

const ROWID = 'its rowid'; // no column is named like this

const rowsOf = (db: Store, table: string, order: 'ASC' | 'DESC') =>
  db.prepare<[], Record<string, unknown>>(
    `SELECT rowid AS "${ROWID}", * FROM "${table}" ORDER BY rowid ${order}`,
  );

/** The rows of a damaged store that can still be read: of each table from both its ends. */
export function readableRows(db: Store, apart: string): Image[] {
  const images: Image[] = [];
  const attempt = (work: () => void) => {
    try {
      work();
    } catch {
      // Here the damage begins; what stands behind it is read from the other end.
    }
  };
  attempt(() => {
    for (const table of tablesOf(db, apart))
      for (const order of ['ASC', 'DESC'] as const)
        attempt(() => {
          for (const { [ROWID]: rowid, ...row } of rowsOf(db, table, order).iterate())
            images.push([table, rowid as number, imageOf(row)]);
        });
  });
  return images;
}

/** What a row is after all of these, in their order. */
export function foldImages(images: Iterable<Image>): Rows {
  const rows = new Map<string, Map<number, Row>>();
  for (const [table, rowid, row] of images) {
    const of = rows.get(table) ?? new Map<number, Row>();
    rows.set(table, of);
    if (row === null) of.delete(rowid);
    else of.set(rowid, row);
  }
  return rows;
}

/**
 * Puts rows into a store, in the order of their rowids. One whose key is there already is left out where
 * `onlyNew` is set; else it throws, as for a row that does not fit its table, and nothing is put.
 */
export function putRows(db: Store, rows: Rows, { onlyNew = false } = {}): void {
  const insert = onlyNew ? 'INSERT OR IGNORE' : 'INSERT';
  db.transaction(() => {
    for (const [table, byRowid] of rows)
      for (const rowid of [...byRowid.keys()].toSorted((a, b) => a - b)) {
        const row = byRowid.get(rowid) ?? {};
        const columns = ['rowid', ...Object.keys(row)].map((name) => `"${name}"`);
        const marks = columns.map(() => '?').join(', ');
        db.prepare(`${insert} INTO "${table}" (${columns.join(', ')}) VALUES (${marks})`).run(
          rowid,
          ...Object.values(row).map(plainOf),
        );
      }
  }).immediate();
}
