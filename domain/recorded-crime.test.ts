import { expect, test } from 'vitest';
import { crimeIdentity, recordedCrime } from './recorded-crime.ts';

const digest = '0123456789abcdef'.repeat(4);
const likeness = 'f'.repeat(32);
const row = {
  identity: crimeIdentity({ fileDigest: digest, likeness, ordinal: 1 }),
  likeness,
  month: '2017-02',
  lat: 50.9,
  lon: -1.4,
  location: 'On or near High Street',
  crimeType: 'Anti-social behaviour',
};

test('a Crime ID is an identity of its own, whatever file it stands in', () => {
  expect(crimeIdentity({ crimeId: 'abc' })).toBe('crime:abc');
});

test('identical rows of one file are told apart by their ordinal', () => {
  const identities = [1, 2].map((ordinal) =>
    crimeIdentity({ fileDigest: digest, likeness, ordinal }),
  );
  expect(new Set(identities).size).toBe(2);
});

test('a row has a month and never a time', () => {
  expect(recordedCrime.parse(row)).toEqual(row);
  for (const month of ['2017-13', '2017-2', '2017-02-01', '2017-02-01T00:00:00Z', ''])
    expect(recordedCrime.safeParse({ ...row, month }).success).toBe(false);
  expect(recordedCrime.safeParse({ ...row, at: 1_485_907_200_000 }).success).toBe(false);
});
