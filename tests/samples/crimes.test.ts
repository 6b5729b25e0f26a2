import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { HAMPSHIRE_AND_ISLE_OF_WIGHT, type RecordedCrime } from '#domain/recorded-crime.ts';
import { stageCrimeFile, stageCrimes } from '#server/import/crimes.ts';
import { openStore } from '#store/open-store.ts';
import { addBatch, heldOfBatch, near, recordedCrimeMigration } from '#store/recorded-crimes.ts';

// Real files that nobody here wrote. They stand beside the project and are never part of it.
const samples = join(import.meta.dirname, '../..', '../shared/samples/incidents/hampshire');
const isThere = existsSync(samples);
const FEBRUARY_2017 = '2017-02-hampshire-street.csv';
const FEBRUARY_2022 = '2022-02-hampshire-street-visible.csv';
const area = HAMPSHIRE_AND_ISLE_OF_WIGHT;

const open = () => openStore(':memory:', [recordedCrimeMigration]);
const bytesOf = (name: string) => readFileSync(join(samples, name));

async function withFolder<Result>(run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'samples-crimes-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const stageFile = (name: string) =>
  withFolder(async (folder) => {
    const result = await stageCrimeFile(join(samples, name), { folder, area });
    if (result.outcome === 'refused') throw new Error(JSON.stringify(result.fault));
    const rows: readonly RecordedCrime[] = [...result.kept()];
    result[Symbol.dispose]();
    const { rowsRead, keptCount, duplicates, skipped, examples, periods: months } = result;
    return { rowsRead, keptCount, duplicates, skipped, examples, months, rows };
  });

async function* whole(bytes: Uint8Array) {
  yield await Promise.resolve(bytes);
}

/** What a changed copy of a real file comes to: it goes to the record only if it is staged. */
async function importCopy(db: ReturnType<typeof open>, bytes: Uint8Array) {
  return withFolder(async (folder) => {
    const result = await stageCrimes(whole(bytes), { folder, area });
    if (result.outcome === 'refused') return { ...result.fault, leftBehind: readdirSync(folder) };
    addBatch(db, 'damaged', result.kept());
    result[Symbol.dispose]();
    return undefined;
  });
}

test.runIf(isThere)(
  'February 2017: 14,834 rows are read, and kept and skipped add up to them',
  async () => {
    const { rows, ...counts } = await stageFile(FEBRUARY_2017);
    expect(counts).toEqual({
      rowsRead: 14_834,
      keptCount: 14_832,
      duplicates: 0,
      skipped: { 'outside-area': 2 },
      examples: [
        { line: expect.any(Number) as number, reason: 'outside-area' },
        { line: expect.any(Number) as number, reason: 'outside-area' },
      ],
      months: ['2017-02'],
    });
    expect(rows).toHaveLength(14_832);
    // 5,016 in the file; one of the two outside the area is among them.
    expect(rows.filter(({ crimeId }) => crimeId === undefined)).toHaveLength(5_015);
    expect(new Set(rows.map(({ identity }) => identity)).size).toBe(14_832);
  },
);

test.runIf(isThere)('February 2022: 10,106 rows are read and all kept', async () => {
  const { rows, ...counts } = await stageFile(FEBRUARY_2022);
  expect(counts).toEqual({
    rowsRead: 10_106,
    keptCount: 10_106,
    duplicates: 0,
    skipped: {},
    examples: [],
    months: ['2022-02'],
  });
  expect(rows).toHaveLength(10_106);
});

test.runIf(isThere)(
  'both files import, the same files again add nothing, and a place has its crimes near',
  async () => {
    const db = open();
    const files = [await stageFile(FEBRUARY_2017), await stageFile(FEBRUARY_2022)];
    const importAll = (round: string) =>
      files.map(({ rows }, index) => addBatch(db, `${round}-${index}`, rows));
    const [first, second] = importAll('first');
    expect(first).toEqual({ added: 14_832, alreadyHeld: 0, alike: 0 });
    expect(second).toEqual({ added: 10_106, alreadyHeld: 0, alike: 0 });
    expect(importAll('again')).toEqual([
      { added: 0, alreadyHeld: 14_832, alike: 0 },
      { added: 0, alreadyHeld: 10_106, alike: 0 },
    ]);
    const found = near(db, 50.9079, -1.4048, 500, 50);
    expect(found).toHaveLength(50);
    expect(found.map(({ metres }) => metres)).toEqual(
      found.map(({ metres }) => metres).toSorted((a, b) => a - b),
    );
  },
);

test.runIf(isThere)(
  'an overlapping file is reported: what has a Crime ID is held, what has none reads alike',
  async () => {
    const db = open();
    addBatch(db, 'whole', (await stageFile(FEBRUARY_2017)).rows);
    const lines = bytesOf(FEBRUARY_2017).toString('utf8').split('\r\n');
    const part = [lines[0], ...lines.slice(1_001, 2_001), ''].join('\r\n');
    const nameless = lines.slice(1_001, 2_001).filter((line) => line.startsWith(',')).length;
    await withFolder(async (folder) => {
      const result = await stageCrimes(whole(Buffer.from(part)), { folder, area });
      if (result.outcome === 'refused') throw new Error(JSON.stringify(result.fault));
      expect(addBatch(db, 'part', result.kept())).toEqual({
        added: nameless,
        alreadyHeld: 1_000 - nameless,
        alike: nameless,
      });
      result[Symbol.dispose]();
    });
  },
);

const damages: Readonly<Record<string, (bytes: Buffer) => { bytes: Uint8Array; fault: object }>> = {
  'cut in the middle of a row': (bytes) => {
    const middle = bytes.indexOf('\n', bytes.length >> 1) + 1;
    const line = bytes.subarray(0, middle).toString().split('\n').length;
    return { bytes: bytes.subarray(0, middle + 20), fault: { reason: 'column-count', line } };
  },
  'cut in the middle of a quote': (bytes) => {
    const street = bytes.indexOf('On or near', bytes.length >> 1);
    const line = bytes.subarray(0, street).toString().split('\n').length;
    const column = street - bytes.lastIndexOf('\n', street);
    return {
      bytes: Buffer.concat([bytes.subarray(0, street), Buffer.from('"On or ne')]),
      fault: { reason: 'unclosed-quote', line, column },
    };
  },
  'with a quote that is never closed': (bytes) => {
    const street = bytes.indexOf('On or near', bytes.length >> 1);
    const line = bytes.subarray(0, street).toString().split('\n').length;
    const column = street - bytes.lastIndexOf('\n', street);
    const changed = Buffer.concat([
      bytes.subarray(0, street),
      Buffer.from('"'),
      bytes.subarray(street),
    ]);
    return { bytes: changed, fault: { reason: 'unclosed-quote', line, column } };
  },
  'with another header': (bytes) => ({
    bytes: Buffer.from(bytes.toString().replace('Latitude', 'Northing')),
    fault: { reason: 'wrong-header', line: 1, column: 51 },
  }),
  'without its header': (bytes) => ({
    bytes: bytes.subarray(bytes.indexOf('\n') + 1),
    fault: { reason: 'wrong-header', line: 1, column: 1 },
  }),
  'with one byte that is no UTF-8': (bytes) => {
    const changed = Buffer.from(bytes);
    const at = changed.length - 1_000;
    changed[at] = 0xe9;
    const line = bytes.subarray(0, at).toString().split('\n').length;
    const column = at - bytes.lastIndexOf('\n', at - 1);
    return { bytes: changed, fault: { reason: 'not-utf-8', line, column } };
  },
  'with a NUL': (bytes) => {
    const changed = Buffer.from(bytes);
    changed[changed.length >> 1] = 0;
    return { bytes: changed, fault: { reason: 'control-character' } };
  },
  'with a column too many in one row': (bytes) => {
    const end = bytes.indexOf('\r\n', bytes.length >> 1);
    const line = bytes.subarray(0, end).toString().split('\n').length;
    const changed = Buffer.concat([bytes.subarray(0, end), Buffer.from(','), bytes.subarray(end)]);
    return { bytes: changed, fault: { reason: 'column-count', line } };
  },
};

const damaged = [FEBRUARY_2017, FEBRUARY_2022].flatMap((name) =>
  Object.entries(damages).map(([what, damage]) => ({ name, what, damage })),
);

test.runIf(isThere).each(damaged)(
  '$name $what is refused and changes nothing',
  async ({ name, damage }) => {
    const db = open();
    const { bytes, fault } = damage(bytesOf(name));
    expect(await importCopy(db, bytes)).toMatchObject({ ...fault, leftBehind: [] });
    expect(heldOfBatch(db, 'damaged').count).toBe(0);
  },
);

test('where the samples are missing, it is said how many checks did not run, and CI fails', ({
  task,
}) => {
  const notRun = task.file.tasks.filter(({ mode }) => mode === 'skip').length;
  if (notRun > 0)
    process.stderr.write(`samples: ${notRun} checks of recorded crimes did not run\n`);
  expect(process.env['CI'] === 'true' ? notRun : 0, 'checks that did not run under CI').toBe(0);
});
