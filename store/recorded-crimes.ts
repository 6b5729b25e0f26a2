import { createHash } from 'node:crypto';
import { boxAround, metresBetween, type Box } from '#domain/lib/geo.ts';
import type { CrimeIdentity, RecordedCrime } from '#domain/recorded-crime.ts';
import type { Store } from './open-store.ts';

/** The history of recorded crimes, on the server and on a desk alike. */
export const recordedCrimeMigration = `
  CREATE TABLE crime_batch (
    batch_id     TEXT PRIMARY KEY,
    added        INTEGER NOT NULL DEFAULT 0 CHECK (added >= 0),
    already_held INTEGER NOT NULL DEFAULT 0 CHECK (already_held >= 0)
  ) STRICT;
  CREATE TABLE recorded_crime (
    id         INTEGER PRIMARY KEY,
    identity   TEXT NOT NULL UNIQUE,
    batch_id   TEXT NOT NULL REFERENCES crime_batch (batch_id),
    crime_id   TEXT,
    likeness   TEXT,
    -- A month and no more: there is no column that a time would fit in.
    month      TEXT NOT NULL CHECK (month GLOB '[12][0-9][0-9][0-9]-[01][0-9]'),
    lat        REAL NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon        REAL NOT NULL CHECK (lon BETWEEN -180 AND 180),
    location   TEXT NOT NULL,
    crime_type TEXT NOT NULL,
    outcome    TEXT,
    lsoa_code  TEXT,
    lsoa_name  TEXT,
    CHECK ((crime_id IS NULL) <> (likeness IS NULL))
  ) STRICT;
  CREATE INDEX recorded_crime_batch ON recorded_crime (batch_id, identity);
  CREATE INDEX recorded_crime_likeness ON recorded_crime (likeness) WHERE likeness IS NOT NULL;
  -- Rounded outward to single precision: it finds candidates, the row above has the position.
  CREATE VIRTUAL TABLE recorded_crime_position USING rtree (id, south, north, west, east);`;

/**
 * The streets that recorded crimes are published at, found by the words of their names. A street that
 * is published at several points is one row for each cell of about a kilometre.
 */
export const crimeStreetMigration = `
  CREATE TABLE crime_street (
    id       INTEGER PRIMARY KEY,
    location TEXT NOT NULL,
    cell     TEXT NOT NULL,
    lat      REAL NOT NULL,
    lon      REAL NOT NULL,
    UNIQUE (location, cell)
  ) STRICT;
  CREATE VIRTUAL TABLE crime_street_words USING fts5(
    location, content = 'crime_street', content_rowid = 'id', prefix = '2 3',
    tokenize = 'unicode61 remove_diacritics 2');
  CREATE TRIGGER crime_street_is_found AFTER INSERT ON crime_street BEGIN
    INSERT INTO crime_street_words (rowid, location) VALUES (new.id, new.location);
  END;
  CREATE TRIGGER recorded_crime_has_a_street AFTER INSERT ON recorded_crime BEGIN
    INSERT INTO crime_street (location, cell, lat, lon)
    VALUES (new.location, round(new.lat, 2) || ' ' || round(new.lon, 2), new.lat, new.lon)
    ON CONFLICT DO NOTHING;
  END;
  INSERT INTO crime_street (location, cell, lat, lon)
    SELECT location, round(lat, 2) || ' ' || round(lon, 2), lat, lon FROM recorded_crime WHERE true
    ON CONFLICT DO NOTHING;`;

export interface AddedCrimes {
  readonly added: number;
  /** The identity was there already, from this batch or an earlier one: left as it was. */
  readonly alreadyHeld: number;
  /**
   * Of those added, the ones without a Crime ID that read exactly as one from another batch: an
   * overlapping file, or another event in the same street. Nobody can tell, so it is reported.
   */
  readonly alike: number;
}

export interface CrimeNearby {
  readonly identity: CrimeIdentity;
  readonly month: string;
  readonly lat: number;
  readonly lon: number;
  readonly location: string;
  readonly crimeType: string;
  readonly outcome?: string;
  /** To the street it is published at, in a straight line, whole metres. */
  readonly metres: number;
}

interface Row {
  readonly identity: CrimeIdentity;
  readonly crimeId: string | null;
  readonly likeness: string | null;
  readonly month: string;
  readonly lat: number;
  readonly lon: number;
  readonly location: string;
  readonly crimeType: string;
  readonly outcome: string | null;
  readonly lsoaCode: string | null;
  readonly lsoaName: string | null;
}

const COLUMNS = `identity, crime_id AS crimeId, likeness, month, lat, lon, location,
  crime_type AS crimeType, outcome, lsoa_code AS lsoaCode, lsoa_name AS lsoaName`;

const prepare = (db: Store) => ({
  putBatch: db.prepare<[string]>(
    'INSERT INTO crime_batch (batch_id) VALUES (?) ON CONFLICT DO NOTHING',
  ),
  hasBatch: db.prepare<[string], number>('SELECT 1 FROM crime_batch WHERE batch_id = ?').pluck(),
  countBatch: db.prepare<[number, number, string]>(
    `UPDATE crime_batch SET added = added + ?, already_held = already_held + ? WHERE batch_id = ?`,
  ),
  put: db.prepare<[Row & { readonly batchId: string }]>(
    `INSERT INTO recorded_crime (identity, batch_id, crime_id, likeness, month, lat, lon, location,
       crime_type, outcome, lsoa_code, lsoa_name)
     VALUES (@identity, @batchId, @crimeId, @likeness, @month, @lat, @lon, @location,
       @crimeType, @outcome, @lsoaCode, @lsoaName)
     ON CONFLICT (identity) DO NOTHING`,
  ),
  putPosition: db.prepare<[number | bigint, number, number, number, number]>(
    'INSERT INTO recorded_crime_position VALUES (?, ?, ?, ?, ?)',
  ),
  hasLike: db
    .prepare<[string, string], number>(
      'SELECT 1 FROM recorded_crime WHERE likeness = ? AND batch_id <> ? LIMIT 1',
    )
    .pluck(),
  within: db.prepare<[Box], { id: number; month: string; lat: number; lon: number }>(
    `SELECT crime.id, month, lat, lon
     FROM recorded_crime_position AS place JOIN recorded_crime AS crime ON crime.id = place.id
     WHERE place.north >= @south AND place.south <= @north
       AND place.east >= @west AND place.west <= @east`,
  ),
  one: db.prepare<[number], Row>(`SELECT ${COLUMNS} FROM recorded_crime WHERE id = ?`),
  page: db.prepare<[string, string, number], Row>(
    `SELECT ${COLUMNS} FROM recorded_crime WHERE batch_id = ? AND identity > ?
     ORDER BY identity LIMIT ?`,
  ),
  ofBatch: db.prepare<[string], Row>(
    `SELECT ${COLUMNS} FROM recorded_crime WHERE batch_id = ? ORDER BY identity`,
  ),
  dropPositions: db.prepare<[string]>(
    `DELETE FROM recorded_crime_position
     WHERE id IN (SELECT id FROM recorded_crime WHERE batch_id = ?)`,
  ),
  dropRows: db.prepare<[string]>('DELETE FROM recorded_crime WHERE batch_id = ?'),
  held: db.prepare<[string], { count: number; lastIdentity: CrimeIdentity | null }>(
    `SELECT count(*) AS count, max(identity) AS lastIdentity
     FROM recorded_crime WHERE batch_id = ?`,
  ),
});

// Once for each connection, and gone with it.
const prepared = new WeakMap<Store, ReturnType<typeof prepare>>();

function sqlOf(db: Store) {
  const known = prepared.get(db);
  if (known) return known;
  const made = prepare(db);
  prepared.set(db, made);
  return made;
}

/**
 * Adds the rows that are not held yet. It opens no transaction: the caller's holds it together with
 * the event of the import. A batch may come in pages, and a page may come again.
 */
export function addBatch(db: Store, batchId: string, rows: Iterable<RecordedCrime>): AddedCrimes {
  const sql = sqlOf(db);
  sql.putBatch.run(batchId);
  let added = 0;
  let alreadyHeld = 0;
  let alike = 0;
  for (const row of rows) {
    const { changes, lastInsertRowid } = sql.put.run({ ...toRow(row), batchId });
    if (changes === 0) {
      alreadyHeld += 1;
      continue;
    }
    added += 1;
    sql.putPosition.run(lastInsertRowid, row.lat, row.lat, row.lon, row.lon);
    if (row.likeness !== undefined && sql.hasLike.get(row.likeness, batchId) !== undefined)
      alike += 1;
  }
  sql.countBatch.run(added, alreadyHeld, batchId);
  return { added, alreadyHeld, alike };
}

/** The recorded crimes around a place: nearest first, of one street the newest month first. */
export function near(
  db: Store,
  lat: number,
  lon: number,
  metres: number,
  limit: number,
): readonly CrimeNearby[] {
  const sql = sqlOf(db);
  return sql.within
    .all(boxAround({ lat, lon }, metres))
    .map((row) => ({ ...row, metres: metresBetween({ lat, lon }, row) }))
    .filter((row) => row.metres <= metres)
    .toSorted((a, b) => a.metres - b.metres || compare(b.month, a.month) || a.id - b.id)
    .slice(0, limit)
    .flatMap((candidate) => {
      const row = sql.one.get(candidate.id);
      if (!row) return []; // its foreign row is deleted by nobody; a row that is gone is not near
      const { identity, month, location, crimeType, outcome } = row;
      return {
        identity,
        month,
        lat: row.lat,
        lon: row.lon,
        location,
        crimeType,
        ...(outcome !== null && { outcome }),
        metres: Math.round(candidate.metres),
      };
    });
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** The next rows of a batch in the order of their identities; from the start without `after`. */
export const pageOfBatch = (
  db: Store,
  batchId: string,
  after: CrimeIdentity | undefined,
  limit: number,
): readonly RecordedCrime[] =>
  sqlOf(db)
    .page.all(batchId, after ?? '', limit)
    .map(fromRow);

/** How far a desk has come with a batch: the identity to ask on from, and how many it holds. */
export function heldOfBatch(
  db: Store,
  batchId: string,
): { readonly count: number; readonly lastIdentity: CrimeIdentity | undefined } {
  const held = sqlOf(db).held.get(batchId);
  return { count: held?.count ?? 0, lastIdentity: held?.lastIdentity ?? undefined };
}

/** Whether the rows of a batch have ever come here, also where all of them were held already. */
export const isBatchHere = (db: Store, batchId: string): boolean =>
  sqlOf(db).hasBatch.get(batchId) !== undefined;

/**
 * A digest over the rows of a batch, in the order of their identities. The server puts it in the
 * event of the import; a desk that holds all of the batch gets the same one.
 */
export function batchDigest(db: Store, batchId: string): string {
  const hash = createHash('sha256');
  for (const row of sqlOf(db).ofBatch.iterate(batchId)) {
    hash.update(JSON.stringify(Object.values(row))).update('\n');
  }
  return hash.digest('hex');
}

/** Throws the rows of a batch away, to be asked for again. The caller's transaction holds it. */
export function dropBatch(db: Store, batchId: string): void {
  const sql = sqlOf(db);
  sql.dropPositions.run(batchId);
  sql.dropRows.run(batchId);
}

const toRow = (row: RecordedCrime): Row => ({
  identity: row.identity,
  crimeId: row.crimeId ?? null,
  likeness: row.likeness ?? null,
  month: row.month,
  lat: row.lat,
  lon: row.lon,
  location: row.location,
  crimeType: row.crimeType,
  outcome: row.outcome ?? null,
  lsoaCode: row.lsoaCode ?? null,
  lsoaName: row.lsoaName ?? null,
});

const fromRow = (row: Row): RecordedCrime => ({
  identity: row.identity,
  ...(row.crimeId !== null && { crimeId: row.crimeId }),
  ...(row.likeness !== null && { likeness: row.likeness }),
  month: row.month,
  lat: row.lat,
  lon: row.lon,
  location: row.location,
  crimeType: row.crimeType,
  ...(row.outcome !== null && { outcome: row.outcome }),
  ...(row.lsoaCode !== null && { lsoaCode: row.lsoaCode }),
  ...(row.lsoaName !== null && { lsoaName: row.lsoaName }),
});
