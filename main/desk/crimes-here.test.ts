import { expect, test } from 'vitest';
import { crimeIdentity, type RecordedCrime } from '#domain/recorded-crime.ts';
import { searchPlaces } from '#store/places.ts';
import { addBatch, batchDigest, near } from '#store/recorded-crimes.ts';
import { logMigrations, replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { newWriter, request } from '../../tests/support/room.ts';
import { Replica } from './replica.ts';

const batchId = 'f'.repeat(64);
const rows = Array.from({ length: 5 }, (_, n): RecordedCrime => {
  const crimeId = `c${n}`;
  return {
    identity: crimeIdentity({ crimeId }),
    crimeId,
    month: '2017-02',
    lat: 50.79,
    lon: -1.1,
    location: `On or near ${['High Street', 'Élm Grove'][n % 2]}`,
    crimeType: 'Burglary',
  };
});

/** A desk that has the event of an import and none of its rows, and what the server has of them. */
function open() {
  const db = openStore(':memory:', replicaMigrations);
  const replica = new Replica(db);
  const body = {
    batchId,
    fileDigest: batchId,
    rowsDigest: '',
    rowsRead: 5,
    added: 5,
    alreadyHeld: 0,
    alike: 0,
    duplicates: 0,
    skipped: {},
    months: ['2017-02'],
  };
  const { events } = newWriter().recordGroup([
    request(1, { type: 'import-recorded-crimes', body }),
  ]);
  // As it comes over the wire: the body of an administrative event stays with the server.
  replica.apply(events.map(({ header }) => ({ header, kept: undefined })));
  const server = openStore(':memory:', logMigrations);
  addBatch(server, batchId, rows);
  const held = () => near(db, 50.79, -1.1, 100, 50).length;
  return { db, replica, digest: batchDigest(server, batchId), held };
}

test('a desk asks for the rows of an import page by page, goes on after a restart, and then for no more', () => {
  const { db, replica, digest, held } = open();
  expect(replica.crimesWanted()).toEqual({ batchId, after: undefined });
  replica.keepCrimes(batchId, rows.slice(0, 3), undefined);
  const again = new Replica(db);
  expect(again.crimesWanted()).toEqual({ batchId, after: 'crime:c2' });
  again.keepCrimes(batchId, rows.slice(3), digest);
  expect([held(), again.crimesWanted(), new Replica(db).crimesWanted()]).toEqual([
    5,
    undefined,
    undefined,
  ]);
});

test('a page that comes twice adds nothing', () => {
  const { replica, digest, held } = open();
  replica.keepCrimes(batchId, rows, undefined);
  replica.keepCrimes(batchId, rows, digest);
  expect([held(), replica.crimesWanted()]).toEqual([5, undefined]);
});

test('rows that are not those of the server are thrown away and asked for again, but not for ever', () => {
  const { replica, digest, held } = open();
  const altered = rows.map((row) => ({ ...row, month: '2017-03' }));
  replica.keepCrimes(batchId, altered, digest);
  expect([held(), replica.crimesWanted()]).toEqual([0, { batchId, after: undefined }]);
  replica.keepCrimes(batchId, altered, digest);
  expect(replica.crimesWanted()).toEqual({ batchId, after: undefined });
  replica.keepCrimes(batchId, altered, digest);
  expect(replica.crimesWanted()).toBeUndefined();
});

test('a street is found by the beginnings of its words, a house number is kept, accents do not matter', () => {
  const { db, replica } = open();
  replica.keepCrimes(batchId, rows, undefined);
  const found = (text: string) => searchPlaces(db, text, 10).map((place) => place.text);
  expect([
    found('hi str'),
    found('12a, high'),
    found('elm gr'),
    found('street high'),
    found('igh'),
    found('12'),
    found('"x*'),
  ]).toEqual([['High Street'], ['12a High Street'], ['Élm Grove'], ['High Street'], [], [], []]);
});

test('of the words of a place the first six are looked for', () => {
  const { db, replica } = open();
  replica.keepCrimes(batchId, rows, undefined);
  const found = (text: string) => searchPlaces(db, text, 10).length;
  expect([found('h h h s s s zebra'), found('h h h s s zebra')]).toEqual([1, 0]);
});
