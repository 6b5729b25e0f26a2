import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { metresBetween } from '#domain/lib/geo.ts';
import { crimeIdentity, type RecordedCrime } from '#domain/recorded-crime.ts';
import { openStore } from './open-store.ts';
import {
  addBatch,
  batchDigest,
  heldOfBatch,
  near,
  pageOfBatch,
  recordedCrimeMigration,
} from './recorded-crimes.ts';

const open = () => openStore(':memory:', [recordedCrimeMigration]);
const digest = 'd'.repeat(64);
const likeness = '0123456789abcdef'.repeat(2);

const crime = (crimeId: string, more: Partial<RecordedCrime> = {}): RecordedCrime => ({
  identity: crimeIdentity({ crimeId }),
  crimeId,
  month: '2017-02',
  lat: 50.9,
  lon: -1.4,
  location: 'On or near High Street',
  crimeType: 'Burglary',
  ...more,
});

const nameless = (fileDigest: string, ordinal: number): RecordedCrime => ({
  identity: crimeIdentity({ fileDigest, likeness, ordinal }),
  likeness,
  month: '2017-02',
  lat: 50.9,
  lon: -1.4,
  location: 'On or near High Street',
  crimeType: 'Anti-social behaviour',
});

test('the same rows again add nothing, under the same batch or another', () => {
  const db = open();
  const rows = [crime('a'), crime('b'), nameless(digest, 1), nameless(digest, 2)];
  expect(addBatch(db, 'batch-1', rows)).toEqual({ added: 4, alreadyHeld: 0, alike: 0 });
  expect(addBatch(db, 'batch-1', rows)).toEqual({ added: 0, alreadyHeld: 4, alike: 0 });
  expect(addBatch(db, 'batch-2', rows)).toEqual({ added: 0, alreadyHeld: 4, alike: 0 });
  expect(heldOfBatch(db, 'batch-1').count).toBe(4);
  expect(heldOfBatch(db, 'batch-2')).toEqual({ count: 0, lastIdentity: undefined });
});

test('an overlapping file is reported: what is held stays as it was, what only reads alike is counted', () => {
  const db = open();
  addBatch(db, 'batch-1', [crime('a', { outcome: 'Under investigation' }), nameless(digest, 1)]);
  const later = [crime('a', { outcome: 'Local resolution' }), nameless('e'.repeat(64), 1)];
  expect(addBatch(db, 'batch-2', later)).toEqual({ added: 1, alreadyHeld: 1, alike: 1 });
  expect(near(db, 50.9, -1.4, 10, 10).map(({ outcome }) => outcome)).toEqual([
    'Under investigation',
    undefined,
    undefined,
  ]);
});

test("a transaction that fails takes the batch back: it is the caller's", () => {
  const db = open();
  const importing = db.transaction(() => {
    addBatch(db, 'batch-1', [crime('a')]);
    throw new Error('the event could not be recorded');
  });
  expect(importing).toThrow('the event could not be recorded');
  expect([heldOfBatch(db, 'batch-1').count, near(db, 50.9, -1.4, 5_000, 10)]).toEqual([0, []]);
});

test('crimes near a place come with distance and month, nearest first, then newest', () => {
  const db = open();
  addBatch(db, 'batch-1', [
    crime('far', { lat: 50.95 }),
    crime('old', { month: '2016-12' }),
    crime('new', { month: '2017-03' }),
    crime('close', { lat: 50.9009 }),
  ]);
  expect(
    near(db, 50.9, -1.4, 500, 10).map(({ identity, metres, month }) => [identity, metres, month]),
  ).toEqual([
    ['crime:new', 0, '2017-03'],
    ['crime:old', 0, '2016-12'],
    ['crime:close', 100, '2017-02'],
  ]);
  expect(near(db, 50.9, -1.4, 500, 1)).toEqual([
    {
      identity: 'crime:new',
      month: '2017-03',
      lat: 50.9,
      lon: -1.4,
      location: 'On or near High Street',
      crimeType: 'Burglary',
      metres: 0,
    },
  ]);
});

test('whatever is within so many metres is found, at any edge', () => {
  const offset = fc.double({ min: -0.02, max: 0.02, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(offset, offset), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 2_000 }),
      (offsets, metres) => {
        const db = open();
        const rows = offsets.map(([north, east], n) =>
          crime(String(n), { lat: 50.9 + north, lon: -1.4 + east }),
        );
        addBatch(db, 'batch-1', rows);
        const wanted = rows.filter((row) => metresBetween({ lat: 50.9, lon: -1.4 }, row) <= metres);
        expect(
          near(db, 50.9, -1.4, metres, 100)
            .map(({ identity }) => identity)
            .toSorted(),
        ).toEqual(wanted.map(({ identity }) => identity).toSorted());
        db.close();
      },
    ),
    { numRuns: 30 },
  );
});

test('a desk that takes a batch page by page holds the same rows and the same digest', () => {
  const server = open();
  const desk = open();
  const rows = Array.from({ length: 25 }, (_, n) =>
    n % 2 === 0 ? crime(`c${n}`, { outcome: 'Local resolution' }) : nameless(digest, n),
  );
  addBatch(server, 'batch-1', rows);
  for (;;) {
    const { lastIdentity } = heldOfBatch(desk, 'batch-1');
    const page = pageOfBatch(server, 'batch-1', lastIdentity, 10);
    if (page.length === 0) break;
    addBatch(desk, 'batch-1', page);
  }
  const byIdentity = rows.toSorted((a, b) => (a.identity < b.identity ? -1 : 1));
  expect(pageOfBatch(desk, 'batch-1', undefined, 100)).toEqual(byIdentity);
  expect(batchDigest(desk, 'batch-1')).toBe(batchDigest(server, 'batch-1'));
  addBatch(desk, 'batch-1', [crime('more')]);
  expect(batchDigest(desk, 'batch-1')).not.toBe(batchDigest(server, 'batch-1'));
});

test('a time where a month belongs is refused by the table itself', () => {
  const db = open();
  expect(() => addBatch(db, 'batch-1', [crime('a', { month: '2017-02-01' })])).toThrow('CHECK');
});

test('a desk keeps the crimes in its encrypted file, position and all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'recorded-crimes-'));
  try {
    const file = join(folder, 'replica.db');
    const db = openStore(file, [recordedCrimeMigration], { key: new Uint8Array(32) });
    addBatch(db, 'batch-1', [crime('a')]);
    expect(near(db, 50.9, -1.4, 100, 10)).toHaveLength(1);
    db.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
