import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadReferenceData } from './load-reference-data.ts';

test('the reference data we ship is read from its folder', () => {
  expect(loadReferenceData().grades.rows.map(({ grade }) => grade)).toEqual([1, 2, 3, 4]);
});

test('a damaged or missing file stops the start and is named with its line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reference-data-'));
  try {
    cpSync(join(import.meta.dirname, '../reference-data'), folder, { recursive: true });
    writeFileSync(join(folder, 'results.json'), '{\n  "source": 7\n');
    expect(() => loadReferenceData(folder)).toThrow('results.json:3:1 the file ends where');
    rmSync(join(folder, 'results.json'));
    expect(() => loadReferenceData(folder)).toThrow('reading results.json of the reference data');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
