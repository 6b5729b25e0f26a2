import { expect, test } from 'vitest';
import { complete, readIncident, readUnit, splitLine } from './line-grammar.ts';
import { first, floor } from './rows.suite.ts';

test('a unit is named by its call sign or by its tail, and two that fit are two', () => {
  const read = (word: string) => {
    const found = readUnit(word, floor);
    if ('found' in found) return found.found.id;
    return 'many' in found ? found.many.map(({ id }) => id) : 'none';
  };
  expect(['ht21', '21', '31', 'WB31', '99'].map(read)).toEqual([
    'HT21',
    'HT21',
    ['HT31', 'WB31'],
    'WB31',
    'none',
  ]);
});

test('an incident is named by its number, its reference or a full stop; a closed one only where none is open', () => {
  const read = (word: string) => {
    const found = readIncident(word, floor);
    if ('found' in found) return found.found.id;
    return 'many' in found ? found.many.map(({ id }) => id) : 'none';
  };
  expect(['412', '0412', first.toLowerCase(), '.', '7', '300', '41', 'x'].map(read)).toEqual([
    first,
    first,
    first,
    first,
    ['HC-20261122-0007', 'HC-20261123-0007'],
    'HC-20261123-0300',
    'none',
    'none',
  ]);
  expect(readIncident('.', { ...floor, selectedIncident: undefined })).toEqual({ none: true });
});

test('free text keeps its own spaces, wherever it starts', () => {
  const line = splitLine('  T 412   he has  a knife ');
  expect([line?.verb, line?.words, line?.rest(1), line?.rest(9)]).toEqual([
    'T',
    ['412', 'he', 'has', 'a', 'knife', ''],
    'he has  a knife',
    '',
  ]);
  expect(splitLine('   ')).toBeUndefined();
});

test('an option takes the place of the word at the caret', () => {
  expect([
    complete('d 412 HT', { insert: 'HT21', name: '' }),
    complete('s ', { insert: 'HT21', name: '' }),
  ]).toEqual(['d 412 HT21 ', 's HT21 ']);
});
