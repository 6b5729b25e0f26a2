import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { csvOf } from './csv.ts';

test('a file reads back cell by cell, with quotes, commas and line ends in it', () => {
  const rows = [
    ['999', 'he said "run", twice', 'two\r\nlines', ''],
    ['-12.5', '100', 'ü', ' '],
  ];
  const text = csvOf(['a', 'b', 'c', 'd'], rows);
  expect(parse(text)).toEqual([['a', 'b', 'c', 'd'], ...rows]);
  expect(text.startsWith('"a","b","c","d"\r\n')).toBe(true);
  expect(text.endsWith('"\r\n')).toBe(true);
});

test('no spreadsheet takes a text for a formula', () => {
  const evil = ['=1+1', '+A1', '-A1', '@SUM(A1)', '\t=1', '\r=1', '-1-1'];
  const [, ...rows] = parse(
    csvOf(
      ['x'],
      evil.map((it) => [it]),
    ),
  );
  expect(rows.flat()).toEqual(evil.map((it) => `'${it}`));
});
