import { createHash } from 'node:crypto';
import { dayOf, dispatchedCall, type DispatchedCall } from '#domain/dispatched-call.ts';
import { assert } from '#domain/lib/assert.ts';
import type { EpochMs } from '#domain/ids.ts';
import type { Store } from './open-store.ts';

/** Dispatch records that another city has published: on the server alone, desks never get them. */
export const dispatchedCallMigration = `
  CREATE TABLE call_batch (batch_id TEXT PRIMARY KEY) STRICT;
  CREATE TABLE dispatched_call (
    call_id       TEXT PRIMARY KEY,
    batch_id      TEXT NOT NULL REFERENCES call_batch (batch_id),
    priority      INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 9),
    call_type     TEXT NOT NULL,
    initial_type  TEXT NOT NULL,
    final_type    TEXT NOT NULL,
    clearance     TEXT NOT NULL,
    -- The day where it happened; what the file had of a time of day stands in the columns after it, or
    -- nowhere: a day alone has none.
    day           TEXT NOT NULL CHECK (day GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    queued_local  TEXT,
    queued_at     INTEGER,
    queued_twice  INTEGER CHECK (queued_twice = 1),
    arrived_local TEXT,
    arrived_at    INTEGER,
    arrived_twice INTEGER CHECK (arrived_twice = 1),
    precinct      TEXT,
    sector        TEXT,
    beat          TEXT,
    category      TEXT,
    lat           REAL CHECK (lat BETWEEN -90 AND 90),
    lon           REAL CHECK (lon BETWEEN -180 AND 180),
    CHECK ((queued_local IS NULL) = (queued_at IS NULL)),
    CHECK ((arrived_local IS NULL) = (arrived_at IS NULL)),
    CHECK (arrived_at IS NULL OR queued_at IS NOT NULL),
    CHECK ((lat IS NULL) = (lon IS NULL))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dispatched_call_batch ON dispatched_call (batch_id);`;

export interface AddedCalls {
  readonly added: number;
  /** Its number was there already: left as it was. */
  readonly alreadyHeld: number;
  /** Of those held already, the ones that read otherwise there: reported, and nothing is written over. */
  readonly otherwise: number;
}

interface Row {
  readonly callId: string;
  readonly priority: number;
  readonly callType: string;
  readonly initialType: string;
  readonly finalType: string;
  readonly clearance: string;
  readonly day: string;
  readonly queuedLocal: string | null;
  readonly queuedAt: EpochMs | null;
  readonly queuedTwice: 1 | null;
  readonly arrivedLocal: string | null;
  readonly arrivedAt: EpochMs | null;
  readonly arrivedTwice: 1 | null;
  readonly precinct: string | null;
  readonly sector: string | null;
  readonly beat: string | null;
  readonly category: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
}

const COLUMNS = `call_id AS callId, priority, call_type AS callType, initial_type AS initialType,
  final_type AS finalType, clearance, day, queued_local AS queuedLocal, queued_at AS queuedAt,
  queued_twice AS queuedTwice, arrived_local AS arrivedLocal, arrived_at AS arrivedAt,
  arrived_twice AS arrivedTwice, precinct, sector, beat, category, lat, lon`;

/**
 * Adds the calls that are not held yet. It opens no transaction: the caller's holds it together with the
 * event of the import.
 */
export function addCalls(db: Store, batchId: string, calls: Iterable<DispatchedCall>): AddedCalls {
  db.prepare<[string]>('INSERT INTO call_batch VALUES (?) ON CONFLICT DO NOTHING').run(batchId);
  const held = db.prepare<[string], Row>(
    `SELECT ${COLUMNS} FROM dispatched_call WHERE call_id = ?`,
  );
  const put = db.prepare<[Row & { readonly batchId: string }]>(
    `INSERT INTO dispatched_call VALUES (@callId, @batchId, @priority, @callType, @initialType,
       @finalType, @clearance, @day, @queuedLocal, @queuedAt, @queuedTwice, @arrivedLocal, @arrivedAt,
       @arrivedTwice, @precinct, @sector, @beat, @category, @lat, @lon)`,
  );
  let added = 0;
  let alreadyHeld = 0;
  let otherwise = 0;
  for (const call of calls) {
    const row = toRow(call);
    const before = held.get(row.callId);
    if (!before) {
      put.run({ ...row, batchId });
      added += 1;
      continue;
    }
    alreadyHeld += 1;
    if (JSON.stringify(before) !== JSON.stringify(row)) otherwise += 1;
  }
  return { added, alreadyHeld, otherwise };
}

/** Whether a file of them has ever come here, also where all of it was held already. */
export const areCallsHere = (db: Store, batchId: string): boolean =>
  db
    .prepare<[string], number>('SELECT 1 FROM call_batch WHERE batch_id = ?')
    .pluck()
    .get(batchId) !== undefined;

/** A digest over the calls of a batch, in the order of their numbers; the event of the import has it. */
export function callsDigest(db: Store, batchId: string): string {
  const hash = createHash('sha256');
  const rows = db.prepare<[string], Row>(
    `SELECT ${COLUMNS} FROM dispatched_call WHERE batch_id = ? ORDER BY call_id`,
  );
  for (const row of rows.iterate(batchId))
    hash.update(JSON.stringify(Object.values(row))).update('\n');
  return hash.digest('hex');
}

/** All of them in the order of their numbers, each read as what it was written as. */
export function* allCalls(db: Store): Generator<DispatchedCall> {
  const rows = db.prepare<[], Row>(`SELECT ${COLUMNS} FROM dispatched_call ORDER BY call_id`);
  for (const row of rows.iterate()) yield fromRow(row);
}

/** The row of a call: in the order of the columns, so that two of them can be compared whole. */
function toRow(call: DispatchedCall): Row {
  const { queued, arrived, position } = call;
  const isTimed = queued.precision === 'second';
  return {
    callId: call.callId,
    priority: call.priority,
    callType: call.callType,
    initialType: call.initialType,
    finalType: call.finalType,
    clearance: call.clearance,
    day: dayOf(call),
    queuedLocal: isTimed ? queued.local : null,
    queuedAt: isTimed ? queued.at : null,
    queuedTwice: isTimed && queued.isTwice ? 1 : null,
    arrivedLocal: arrived?.local ?? null,
    arrivedAt: arrived?.at ?? null,
    arrivedTwice: arrived?.isTwice ? 1 : null,
    precinct: call.precinct ?? null,
    sector: call.sector ?? null,
    beat: call.beat ?? null,
    category: call.category ?? null,
    lat: position?.lat ?? null,
    lon: position?.lon ?? null,
  };
}

function fromRow(row: Row): DispatchedCall {
  const { callId, priority, callType, initialType, finalType, clearance } = row;
  const moment = (local: string | null, at: EpochMs | null, isTwice: 1 | null) => {
    if (local === null) return undefined;
    assert(at !== null, 'a local time has its instant: the table holds them to it');
    return { local, at, ...(isTwice !== null && { isTwice: true }) };
  };
  const queued = moment(row.queuedLocal, row.queuedAt, row.queuedTwice);
  const arrived = moment(row.arrivedLocal, row.arrivedAt, row.arrivedTwice);
  return dispatchedCall.parse({
    callId,
    priority,
    callType,
    initialType,
    finalType,
    clearance,
    queued: queued ? { precision: 'second', ...queued } : { precision: 'day', day: row.day },
    ...(arrived && { arrived }),
    ...(row.precinct !== null && { precinct: row.precinct }),
    ...(row.sector !== null && { sector: row.sector }),
    ...(row.beat !== null && { beat: row.beat }),
    ...(row.category !== null && { category: row.category }),
    ...(row.lat !== null && { position: { lat: row.lat, lon: row.lon } }),
  });
}
