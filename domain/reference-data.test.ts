import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeFault, parseReferenceData, referenceFileNames } from './reference-data.ts';

const folder = join(import.meta.dirname, '../reference-data');
const shipped = () =>
  referenceFileNames.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

/** The files we ship with one of them changed, and what is said of it. */
function faultsAfter(name: string, change: (text: string) => string): readonly string[] {
  const parsed = parseReferenceData(
    shipped().map((file) => (file.name === name ? { name, text: change(file.text) } : file)),
  );
  return parsed.outcome === 'faulty' ? parsed.faults.map(describeFault) : [];
}
const lineOf = (name: string, needle: string, nth = 1) =>
  readFileSync(join(folder, name), 'utf8').split(needle).slice(0, nth).join('').split('\n').length;

describe('the reference data we ship', () => {
  const parsed = parseReferenceData(shipped());
  const data = parsed.outcome === 'parsed' ? parsed.data : undefined;

  test('passes its own schemas', () => {
    expect(parsed.outcome === 'faulty' ? parsed.faults : []).toEqual([]);
  });

  test('gives a grade 1 hand-over 30 seconds, and 15 or 20 minutes to be there', () => {
    expect(data?.grades.rows[0]).toEqual({
      grade: 1,
      name: 'Immediate',
      attendWithinMs: 15 * 60_000,
      attendWithinRuralMs: 20 * 60_000,
      acceptWithinMs: 30_000,
      clockStartsAt: 'incident-raised',
      isConfirmed: true,
    });
    expect(data?.grades.rows.map((row) => [row.grade, row.attendWithinMs])).toEqual([
      [1, 15 * 60_000],
      [2, 60 * 60_000],
      [3, 48 * 60 * 60_000],
      [4, null],
    ]);
  });

  test('has all 57 opening codes, 17 Airwave statuses and FI, WE, XP, VI first', () => {
    expect(data?.openingCodes.rows).toHaveLength(57);
    expect(data?.unitStatuses.rows.map(({ code }) => code)).toEqual([...Array(17).keys()]);
    expect(data?.warningSignals.rows.slice(0, 4).map(({ code }) => code)).toEqual([
      'FI',
      'WE',
      'XP',
      'VI',
    ]);
  });
});

describe('a damaged file is told with its file, line and field', () => {
  test('a wrong type', () => {
    const line = lineOf('grades.json', '"acceptWithinMs": 120000');
    expect(
      faultsAfter('grades.json', (text) => text.replace(': 120000,', ': "two minutes",')),
    ).toEqual([
      `grades.json:${line}:7 rows[1].acceptWithinMs: Invalid input: expected number, received string`,
    ]);
  });

  test('a missing field stands where its row begins', () => {
    const line = lineOf('qualifiers.json', '{ "code": "drugs"');
    expect(faultsAfter('qualifiers.json', (text) => text.replace('"name": "Drugs", ', ''))).toEqual(
      [
        `qualifiers.json:${line}:5 rows[1].name: Invalid input: expected string, received undefined`,
      ],
    );
  });

  test('a code that stands twice, together with another fault in the same file', () => {
    const faults = faultsAfter('opening-codes.json', (text) =>
      text.replace('"RTD"', '"RTI"').replace('"group": "crime"', '"group": "crimes"'),
    );
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain('.group: ');
    expect(faults[1]).toMatch(
      /^opening-codes\.json:\d+:\d+ rows\[1\]\.code: "RTI" stands already in rows\[0\]$/,
    );
  });

  test('a field that is not known here', () => {
    const line = lineOf('results.json', '"code": "arrest"');
    expect(
      faultsAfter('results.json', (text) =>
        text.replace('{ "code": "arrest"', '{ "colour": "red", "code": "arrest"'),
      ),
    ).toEqual([`results.json:${line}:7 rows[2].colour: is not known here`]);
  });

  test('a status that has gone', () => {
    expect(
      faultsAfter('unit-statuses.json', (text) => text.replace(/,\s*\{ "code": 16[^}]*\}/, '')),
    ).toEqual([expect.stringMatching(/^unit-statuses\.json:\d+:3 rows: has no row with code 16$/)]);
  });

  test('a status whose number has another meaning in the rules', () => {
    expect(
      faultsAfter('unit-statuses.json', (text) => text.replace('"code": 16,', '"code": 0,')),
    ).toEqual([
      expect.stringMatching(/rows\[16\]\.code: Too small/),
      expect.stringMatching(/rows\[16\]\.code: 0 stands already in rows\[0\]$/),
    ]);
  });

  test('bad JSON, a file cut short, an empty one', () => {
    expect(
      faultsAfter('results.json', (text) => text.replace('"version": 1,', '"version": 1')),
    ).toEqual(['results.json:5:3 """ stands where a comma or } was expected']);
    expect(faultsAfter('results.json', () => '')).toEqual([
      'results.json:1:1 the file ends where a value was expected',
    ]);
    expect(faultsAfter('results.json', () => '[]')).toEqual([
      'results.json:1:1 Invalid input: expected object, received array',
    ]);
  });

  test('a missing file, one too many and one given twice', () => {
    const [first, ...rest] = shipped();
    const more = [...rest, ...rest.slice(0, 1), { name: 'colours.json', text: '{}' }];
    const parsed = parseReferenceData(more);
    expect(first?.name).toBe('grades.json');
    expect(parsed.outcome === 'faulty' && parsed.faults.map(describeFault)).toEqual([
      'opening-codes.json:1:1 is given twice',
      'colours.json:1:1 is no file of reference data',
      'grades.json:1:1 is missing',
    ]);
  });

  test('faults of several files come together', () => {
    const parsed = parseReferenceData(
      shipped().map((file) => ({
        ...file,
        text: file.text.replace('"version": 1', '"version": 0'),
      })),
    );
    expect(parsed.outcome === 'faulty' && parsed.faults.map(({ file }) => file)).toEqual(
      referenceFileNames,
    );
  });
});

test('a list that people choose from has five hundred rows at most', () => {
  const rowsOf = (count: number) => (text: string) =>
    JSON.stringify({
      ...(JSON.parse(text) as object),
      rows: Array.from({ length: count }, (_none, n) => ({
        code: `made-up-${n}`,
        name: `Made up ${n}`,
        isConfirmed: false,
      })),
    });
  expect(faultsAfter('qualifiers.json', rowsOf(500))).toEqual([]);
  expect(faultsAfter('qualifiers.json', rowsOf(501))).toHaveLength(1);
});
