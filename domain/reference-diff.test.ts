import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffLines, isSame, referenceDiff } from './reference-diff.ts';
import type { ReferenceList } from './reference-data.ts';

const list = (rows: readonly object[], more = {}): ReferenceList<unknown> => ({
  source: 'the force',
  status: 'in use',
  version: 1,
  notes: [],
  rows,
  ...more,
});
const row = (code: string, name: string) => ({ code, name, isConfirmed: true });

test('an administrator sees each row that comes, goes or reads otherwise, and what is said of the list', () => {
  const before = list([
    row('DOM', 'Domestic'),
    row('CIV', 'Civil dispute'),
    row('RTC', 'Collision'),
  ]);
  const after = list(
    [row('DOM', 'Domestic incident'), row('MIS', 'Missing person'), row('CIV', 'Civil dispute')],
    {
      version: 2,
    },
  );
  const diff = referenceDiff('opening-codes', before, after);
  expect(diffLines('opening-codes', diff)).toEqual([
    '- RTC name "Collision", isConfirmed true',
    '+ MIS name "Missing person", isConfirmed true',
    '~ DOM name: "Domestic" becomes "Domestic incident"',
    '~ of the list: version: 1 becomes 2',
  ]);
  expect(isSame(diff)).toBe(false);
});

test('the same rows in another order are a change, for people choose from the list in its order', () => {
  const rows = [row('DOM', 'Domestic'), row('CIV', 'Civil dispute')];
  const diff = referenceDiff('opening-codes', list(rows), list(rows.toReversed()));
  expect(diffLines('opening-codes', diff)).toEqual(['~ the rows stand in another order']);
  expect(isSame(diff)).toBe(false);
});

test('a difference is empty exactly where both contents are the same', () => {
  const rows = fc.uniqueArray(
    fc.record({ code: fc.constantFrom('AAA', 'BBB', 'CCC'), name: fc.constantFrom('x', 'y') }),
    {
      selector: ({ code }) => code,
    },
  );
  fc.assert(
    fc.property(rows, rows, fc.constantFrom(1, 2), (one, other, version) => {
      const [before, after] = [list(one), list(other, { version })];
      const isEqual = JSON.stringify(before) === JSON.stringify(after);
      expect(isSame(referenceDiff('opening-codes', before, after))).toBe(isEqual);
    }),
  );
});
