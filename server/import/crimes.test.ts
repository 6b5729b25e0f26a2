import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HAMPSHIRE_AND_ISLE_OF_WIGHT, type RecordedCrime } from '#domain/recorded-crime.ts';
import { openStore } from '#store/open-store.ts';
import { addBatch, recordedCrimeMigration } from '#store/recorded-crimes.ts';
import { readStaged, stageCrimeFile, stageCrimes, type StageOptions } from './crimes.ts';

const HEADER =
  'Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,' +
  'Crime type,Last outcome category,Context';
// Made up: no such crimes, at no such street.
const burglary = (id: string) =>
  `${id},2017-02,Test Force,Test Force,-1.404,50.908,On or near Test Street,E01,Test 001A,Burglary,Under investigation,`;
const nuisance =
  ',2017-02,Test Force,Test Force,-1.3,50.8,On or near Test Lane,E02,Test 002B,Anti-social behaviour,,';
const csv = (...rows: readonly string[]) => [HEADER, ...rows, ''].join('\r\n');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-crimes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* inChunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    await setImmediate();
    yield bytes.subarray(at, at + size);
  }
}

const stage = (content: string | Uint8Array, more: Partial<StageOptions> = {}, chunk = 1_000) =>
  stageCrimes(inChunks(Buffer.from(content), chunk), {
    folder,
    area: HAMPSHIRE_AND_ISLE_OF_WIGHT,
    ...more,
  });

/** All that a sound file came to; a refused one fails the test. */
async function staged(content: string | Uint8Array, more: Partial<StageOptions> = {}) {
  const result = await stage(content, more);
  if (result.outcome === 'refused') throw new Error(JSON.stringify(result.fault));
  const rows: readonly RecordedCrime[] = [...result.kept()];
  result[Symbol.dispose]();
  const { digest, rowsRead, keptCount, duplicates, skipped, examples, periods: months } = result;
  return { digest, rowsRead, keptCount, duplicates, skipped, examples, months, rows };
}

describe('a sound file', () => {
  test('is kept row by row, with a month and no time', async () => {
    const { rows, digest, ...counts } = await staged(csv(burglary('a1'), nuisance, nuisance));
    expect(counts).toEqual({
      rowsRead: 3,
      keptCount: 3,
      duplicates: 0,
      skipped: {},
      examples: [],
      months: ['2017-02'],
    });
    expect(rows[0]).toEqual({
      identity: 'crime:a1',
      crimeId: 'a1',
      month: '2017-02',
      lat: 50.908,
      lon: -1.404,
      location: 'On or near Test Street',
      crimeType: 'Burglary',
      outcome: 'Under investigation',
      lsoaCode: 'E01',
      lsoaName: 'Test 001A',
    });
    const likeness = rows[1]?.likeness;
    expect(rows.slice(1).map((row) => [row.identity, row.likeness])).toEqual([
      [`row:${digest.slice(0, 32)}:${likeness}:1`, likeness],
      [`row:${digest.slice(0, 32)}:${likeness}:2`, likeness],
    ]);
  });

  test.each([
    ['a byte order mark', `\uFEFF${csv(burglary('a1'))}`],
    ['line feeds only', csv(burglary('a1')).replaceAll('\r', '')],
    ['no line end at the end', csv(burglary('a1')).trimEnd()],
    ['a blank line at the end', `${csv(burglary('a1'))}\r\n`],
    ['quoted fields', csv(burglary('a1').replace('Burglary', '"Burglary"'))],
    [
      'a comma and quotes within a field',
      csv(
        burglary('a1').replace('Test Street', 'X'),
        burglary('a2').replace('On or near Test Street', '"The ""Test"", Street"'),
      ),
    ],
    [
      'letters of two, three and four bytes',
      csv(burglary('a1').replace('Test Street', 'Tŷ Rhôs ‘Æ’ 𐐷')),
    ],
  ])('may have %s', async (_, content) => {
    const { rowsRead, keptCount } = await staged(content);
    expect(keptCount).toBe(rowsRead);
    expect(keptCount).toBeGreaterThan(0);
  });

  test('gives the same rows however its bytes arrive', async () => {
    const bytes = Buffer.from(csv(burglary('a1').replace('Test', 'Tŷ'), nuisance, nuisance));
    const whole = await staged(bytes);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 80 }), async (size) => {
        const result = await stage(bytes, {}, size);
        expect(result.outcome === 'staged' && [...result.kept()]).toEqual(whole.rows);
        if (result.outcome === 'staged') result[Symbol.dispose]();
      }),
      { numRuns: 12 },
    );
  });

  test('is read from disk with its progress, and its staging is readable elsewhere until it is disposed of', async () => {
    const file = join(folder, 'crimes.csv');
    const content = csv(burglary('a1'), nuisance);
    writeFileSync(file, content);
    const progress: unknown[] = [];
    const result = await stageCrimeFile(file, {
      folder,
      area: HAMPSHIRE_AND_ISLE_OF_WIGHT,
      onProgress: (it) => progress.push(it),
    });
    if (result.outcome === 'refused') throw new Error(result.fault.message);
    const reader = readStaged(result.stagingFile);
    expect([...reader.kept()]).toEqual([...result.kept()]);
    reader[Symbol.dispose]();
    result[Symbol.dispose]();
    expect(progress.at(-1)).toEqual({ bytes: content.length, rows: 2 });
    expect(readdirSync(folder)).toEqual(['crimes.csv']);
  });
});

describe('rows that are not kept', () => {
  test('are counted with their reason and their first lines, and everything adds up', async () => {
    const { rowsRead, keptCount, duplicates, skipped, examples } = await staged(
      csv(
        burglary('a1'),
        burglary('a1'),
        burglary('a2').replace('2017-02', '2017-13'),
        burglary('a3').replace('2017-02', '2017-02-14'),
        burglary('a4').replace('-1.404,50.908', ','),
        burglary('a5').replace('50.908', 'fifty'),
        burglary('a6').replace('-1.404,50.908', '-0.02,51.13'),
        burglary('a7').replace('Burglary', ''),
        burglary('a8').replace('Test Street', 'x'.repeat(201)),
        nuisance,
      ),
    );
    expect({ rowsRead, keptCount, duplicates, skipped, examples }).toEqual({
      rowsRead: 10,
      keptCount: 2,
      duplicates: 1,
      skipped: {
        'bad-month': 2,
        'no-position': 1,
        'bad-position': 1,
        'outside-area': 1,
        'bad-text': 2,
      },
      examples: [
        { line: 3, reason: 'duplicate' },
        { line: 4, reason: 'bad-month' },
        { line: 5, reason: 'bad-month' },
        { line: 6, reason: 'no-position' },
        { line: 7, reason: 'bad-position' },
        { line: 8, reason: 'outside-area' },
        { line: 9, reason: 'bad-text' },
        { line: 10, reason: 'bad-text' },
      ],
    });
  });

  test('are named five times at the most, and counted all', async () => {
    const rows = Array.from({ length: 9 }, () => nuisance.replace('2017-02', ''));
    const { skipped, examples } = await staged(csv(...rows));
    expect([skipped, examples.length]).toEqual([{ 'bad-month': 9 }, 5]);
  });
});

describe('the record after an import', () => {
  test('the same file again adds nothing; an overlapping one is reported', async () => {
    const db = openStore(':memory:', [recordedCrimeMigration]);
    const file = csv(burglary('a1'), nuisance, nuisance);
    const importIt = async (batchId: string, content: string) =>
      addBatch(db, batchId, (await staged(content)).rows);
    expect(await importIt('b1', file)).toEqual({ added: 3, alreadyHeld: 0, alike: 0 });
    expect(await importIt('b2', file)).toEqual({ added: 0, alreadyHeld: 3, alike: 0 });
    expect(await importIt('b3', csv(burglary('a1'), burglary('a2'), nuisance))).toEqual({
      added: 2,
      alreadyHeld: 1,
      alike: 1,
    });
  });
});

describe('a damaged file is refused whole, with line and column, and leaves nothing behind', () => {
  const good = csv(burglary('a1'), burglary('a2'), burglary('a3'));
  const lines = good.split('\r\n');
  const withLine = (nth: number, line: string) => lines.with(nth - 1, line).join('\r\n');
  const streetAt = burglary('a2').indexOf('On or') + 1;

  test.each<[string, string | Uint8Array, string, number, number]>([
    ['an empty file', '', 'empty', 1, 1],
    ['a header and no rows', csv(), 'empty', 2, 1],
    ['a byte order mark and nothing else', '\uFEFF', 'empty', 1, 1],
    [
      'Latin-1',
      Buffer.from(withLine(3, burglary('a2').replace('Test Street', 'Caf\u00e9 Street')), 'latin1'),
      'not-utf-8',
      3,
      streetAt + 14,
    ],
    ['UTF-16', Buffer.from(`\uFEFF${good}`, 'utf16le'), 'not-utf-8', 1, 1],
    ['a cut within a letter', Buffer.from(`${good}Tŷ`).subarray(0, -1), 'not-utf-8', 5, 2],
    [
      'a surrogate half',
      Buffer.concat([Buffer.from(`${HEADER}\r\n`), Buffer.from([0xed, 0xa0, 0x80])]),
      'not-utf-8',
      2,
      1,
    ],
    [
      'a letter in a longer spelling than its own',
      Buffer.concat([Buffer.from(`${HEADER}\r\n`), Buffer.from([0xc0, 0xaf])]),
      'not-utf-8',
      2,
      1,
    ],
    ['a NUL', withLine(2, burglary('a\0')), 'control-character', 2, 2],
    ['carriage returns only', good.replaceAll('\n', ''), 'control-character', 1, HEADER.length + 1],
    [
      'a cut within a line end',
      good.slice(0, -1),
      'control-character',
      4,
      burglary('a3').length + 1,
    ],
    [
      'an unclosed quote',
      withLine(3, burglary('a2').replace('On or', '"On or')),
      'unclosed-quote',
      3,
      streetAt,
    ],
    [
      'an unclosed quote after a doubled one',
      withLine(3, burglary('a2').replace('On or', '"On ""or')),
      'unclosed-quote',
      3,
      streetAt,
    ],
    [
      'a cut within a quote',
      withLine(
        4,
        burglary('a3').replace('On or near Test Street', '"On or near Test Street"'),
      ).slice(0, -60),
      'unclosed-quote',
      4,
      streetAt,
    ],
    [
      'quotes within a bare field',
      withLine(3, burglary('a2').replace('Test Street', '"Test" Street')),
      'stray-quote',
      3,
      streetAt + 11,
    ],
    [
      'more after a closing quote',
      withLine(3, burglary('a2').replace('On or near', '"On or" near')),
      'stray-quote',
      3,
      streetAt + 6,
    ],
    [
      'another header',
      good.replace('Longitude,Latitude', 'Latitude,Longitude'),
      'wrong-header',
      1,
      41,
    ],
    ['no header', good.slice(HEADER.length + 2), 'wrong-header', 1, 1],
    [
      'a header with eleven columns',
      good.replace(',Context', ''),
      'wrong-header',
      1,
      HEADER.length - 7,
    ],
    [
      'a header with thirteen columns',
      good.replace('Context', 'Context,More'),
      'wrong-header',
      1,
      HEADER.length + 2,
    ],
    [
      'a line with eleven columns',
      withLine(3, burglary('a2').slice(0, -1)),
      'column-count',
      3,
      burglary('a2').length,
    ],
    [
      'a line with thirteen columns',
      withLine(3, `${burglary('a2')},more`),
      'column-count',
      3,
      burglary('a2').length + 2,
    ],
    ['a cut within a line', good.slice(0, -30), 'column-count', 4, burglary('a3').length - 27],
    ['a line beyond all measure', withLine(3, 'x'.repeat(5_000)), 'line-too-long', 3, 4_097],
  ])('%s', async (_, content, reason, line, column) => {
    for (const chunk of [7, 100_000]) {
      const result = await stage(content, {}, chunk);
      expect(result).toEqual({
        outcome: 'refused',
        fault: { reason, line, column, message: expect.any(String) as string },
      });
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the first fault is the one that is told', async () => {
    const result = await stage(
      Buffer.concat([Buffer.from(withLine(2, burglary('a1').slice(0, -1))), Buffer.from([0xff])]),
      {},
      100_000,
    );
    expect(result).toMatchObject({ fault: { reason: 'column-count', line: 2 } });
    const stray = withLine(2, `${burglary('a1')},`).replace('a2,', 'a"2",');
    expect(await stage(stray)).toMatchObject({ fault: { reason: 'column-count', line: 2 } });
  });

  test('whatever bytes are changed, the file is refused or its rows add up: it never throws', async () => {
    const bytes = Buffer.from(
      csv(
        burglary('a1').replace('Test Street', 'Tŷ'),
        nuisance,
        burglary('a2').replace('On or near Test Street', '"X, ""Y"""'),
        nuisance,
      ),
    );
    const change = fc.record({
      at: fc.nat(bytes.length - 1),
      to: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('",\r\n\0\u00ff', 'latin1'))),
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    const end = fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length));
    await fc.assert(
      fc.asyncProperty(changes, end, async (made, cutAt) => {
        const damaged = Buffer.from(bytes);
        for (const { at, to } of made) damaged[at] = to;
        const result = await stage(damaged.subarray(0, cutAt));
        if (result.outcome === 'refused') return result.fault.line > 0 && result.fault.column > 0;
        const { rowsRead, keptCount, duplicates, skipped } = result;
        const kept = [...result.kept()].length;
        result[Symbol.dispose]();
        const skippedCount = Object.values(skipped).reduce((sum, count) => sum + count, 0);
        return kept === keptCount && rowsRead === kept + duplicates + skippedCount;
      }),
      { numRuns: 150 },
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the message says what is wrong in words', async () => {
    expect(await stage(good.replace('Crime type', 'Type'))).toMatchObject({
      fault: { message: 'The header has "Type" where "Crime type" belongs.' },
    });
    expect(await stage(withLine(3, 'a,b'))).toMatchObject({
      fault: { line: 3, column: 4, message: 'The line has 2 columns and not 12.' },
    });
  });

  test('a file or a number of rows beyond the limit', async () => {
    expect(await stage(good, { limits: { fileMaxBytes: 300 } })).toMatchObject({
      fault: { reason: 'file-too-large', line: 3 },
    });
    expect(await stage(good, { limits: { rowsMax: 2 } })).toMatchObject({
      fault: { reason: 'too-many-rows', line: 4, column: 1 },
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('an import that is stopped, or cannot read its file, throws and leaves nothing behind', async () => {
  const controller = new AbortController();
  const area = HAMPSHIRE_AND_ISLE_OF_WIGHT;
  const stopped = stageCrimes(
    inChunks(Buffer.from(csv(nuisance, nuisance)), 50),
    { folder, area, onProgress: () => controller.abort() },
    controller.signal,
  );
  await expect(stopped).rejects.toThrow('aborted');
  await expect(stageCrimeFile(join(folder, 'none.csv'), { folder, area })).rejects.toThrow(
    'importing recorded crimes from',
  );
  expect(readdirSync(folder)).toEqual([]);
});
