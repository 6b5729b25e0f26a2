import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWriter } from '../log/open-writer.ts';
import { dispatchedCallFile } from './dispatched-calls.ts';
import { importDispatchFile } from './import-dispatch-file.ts';
import { reportResponse } from './report-response.ts';
import { stageBytes } from './stage-file.ts';

const TIMED =
  'CAD Event Number,Event Clearance Description,Call Type,Priority,Initial Call Type,Final Call Type,' +
  'Original Time Queued,Arrived Time,Precinct,Sector,Beat,Blurred_Longitude,Blurred_Latitude';
const DAY_ONLY =
  '"CAD.Event.Number","Event.Clearance.Description","Call.Type","Priority","Initial.Call.Type",' +
  '"Final.Call.Type","Incident.Date","Blurred_Longitude","Blurred_Latitude","broad_category"';
// Made up: no such calls.
const timed = (id: number, queued = '11/04/2023 6:08:26 PM', arrived = '11/04/2023 6:51:06 PM') =>
  `202300000000${id},ASSISTANCE RENDERED,911,2,"TEST, A CALL",--TEST,${queued},${arrived},EAST,CHARLIE,C3,-122.28112,47.6176603`;
const dayOnly = (id: number, day = '2024-05-15') =>
  `202400000000${id},"ASSISTANCE RENDERED","TELEPHONE OTHER, NOT 911",3,"TEST","TEST",${day},-122.28715964,47.61099714,"theft"`;
const csv = (...lines: readonly string[]) => [...lines, ''].join('\r\n');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-cad-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* whole(content: string) {
  yield await Promise.resolve(Buffer.from(content));
}
const stage = (content: string) => stageBytes(whole(content), dispatchedCallFile, { folder });

async function staged(content: string) {
  const result = await stage(content);
  if (result.outcome === 'refused') throw new Error(JSON.stringify(result.fault));
  const rows = [...result.kept()];
  result[Symbol.dispose]();
  const { rowsRead, keptCount, duplicates, skipped, examples, periods } = result;
  return { rows, counts: { rowsRead, keptCount, duplicates, skipped, examples, periods } };
}

const fileOf = (name: string, content: string) => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};

test('a row with times is kept with the instants of its city, and one without arrival as such', async () => {
  const { rows } = await staged(csv(TIMED, timed(1), timed(2, '11/04/2023 12:00:00 AM', '')));
  expect(rows[0]).toEqual({
    callId: '2023000000001',
    priority: 2,
    callType: '911',
    initialType: 'TEST, A CALL',
    finalType: '--TEST',
    clearance: 'ASSISTANCE RENDERED',
    queued: {
      precision: 'second',
      local: '2023-11-04T18:08:26',
      at: Date.parse('2023-11-05T01:08:26Z'),
    },
    arrived: { local: '2023-11-04T18:51:06', at: Date.parse('2023-11-05T01:51:06Z') },
    precinct: 'EAST',
    sector: 'CHARLIE',
    beat: 'C3',
    position: { lat: 47.6176603, lon: -122.28112 },
  });
  expect(rows[1]?.queued).toEqual({
    precision: 'second',
    local: '2023-11-04T00:00:00',
    at: Date.parse('2023-11-04T07:00:00Z'),
  });
  expect(rows[1]?.arrived).toBeUndefined();
});

test('a row with the day only is kept with the day only', async () => {
  const { rows } = await staged(csv(DAY_ONLY, dayOnly(1)));
  expect(rows).toEqual([
    {
      callId: '2024000000001',
      priority: 3,
      callType: 'TELEPHONE OTHER, NOT 911',
      initialType: 'TEST',
      finalType: 'TEST',
      clearance: 'ASSISTANCE RENDERED',
      queued: { precision: 'day', day: '2024-05-15' },
      category: 'theft',
      position: { lat: 47.61099714, lon: -122.28715964 },
    },
  ]);
});

test('what is not kept is counted with its reason and its first lines, and everything adds up', async () => {
  const { counts } = await staged(
    csv(
      TIMED,
      timed(1),
      timed(1),
      timed(2).replace('2023000000002', 'A-2'),
      timed(3).replace(',2,', ',0,'),
      timed(4, '04/11/2023 18:08'),
      timed(5, '02/30/2023 6:08:26 PM'),
      timed(6, '11/04/2023 6:08:26 PM', '11/04/2023'),
      timed(7, '03/12/2023 2:30:00 AM'),
      timed(8).replace('47.6176603', 'north'),
      timed(9).replace('-122.28112,47.6176603', '47.6176603,-122.28112'),
      timed(0).replace('--TEST', ''),
      timed(0, '11/05/2023 1:30:00 AM', ''),
    ),
  );
  expect(counts).toEqual({
    rowsRead: 12,
    keptCount: 2,
    duplicates: 1,
    skipped: {
      'bad-number': 1,
      'bad-priority': 1,
      'bad-time': 3,
      'no-such-time': 1,
      'bad-position': 1,
      'outside-area': 1,
      'bad-text': 1,
    },
    examples: [
      { line: 3, reason: 'duplicate' },
      { line: 4, reason: 'bad-number' },
      { line: 5, reason: 'bad-priority' },
      { line: 6, reason: 'bad-time' },
      { line: 7, reason: 'bad-time' },
      { line: 8, reason: 'bad-time' },
      { line: 9, reason: 'no-such-time' },
      { line: 10, reason: 'bad-position' },
      { line: 11, reason: 'outside-area' },
      { line: 12, reason: 'bad-text' },
    ],
    periods: ['2023-11-04', '2023-11-05'],
  });
});

test.each([
  [
    'a header of neither form',
    csv(TIMED.replace('Beat', 'Patch'), timed(1)),
    1,
    TIMED.indexOf('Beat') + 1,
  ],
  ['a row of the other form', csv(DAY_ONLY, dayOnly(1), timed(1)), 3, timed(1).indexOf('C3') + 1],
  ['a cut within a row', csv(TIMED, timed(1), timed(2)).slice(0, -20), 3, timed(2).length - 17],
  ['an unclosed quote', csv(TIMED, timed(1).replace('CALL"', 'CALL')), 2, 41],
  ['no rows', csv(DAY_ONLY), 2, 1],
])(
  'a file with %s is refused whole, with line and column, and leaves nothing behind',
  async (_, content, line, column) => {
    expect(await stage(content)).toMatchObject({ outcome: 'refused', fault: { line, column } });
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('a new folder becomes a training force of these records: one event a file, and the same file adds nothing', async () => {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  const one = fileOf('one.csv', csv(TIMED, timed(1), timed(2)));
  const two = fileOf('two.csv', csv(TIMED, timed(2), timed(3), timed(1, '11/04/2023 6:08:27 PM')));
  const days = fileOf('days.csv', csv(DAY_ONLY, dayOnly(1)));
  const results = [];
  for (const file of [one, two, days, one]) {
    const result = await importDispatchFile(file, { dataDir });
    results.push(
      result.outcome === 'refused'
        ? result
        : [result.outcome, result.rowsRead, result.added, result.alreadyHeld, result.otherwise],
    );
  }
  expect(results).toEqual([
    ['imported', 2, 2, 0, 0],
    ['imported', 3, 1, 2, 1],
    ['imported', 1, 1, 0, 0],
    ['already-imported', 2, 0, 2, 0],
  ]);
  using opened = openWriter(dataDir, 'training-SEA');
  expect(opened.writer.head.seq).toBe(3);
});

test('a folder of another force is refused in words and left as it was', async () => {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  openWriter(dataDir, 'force-HC')[Symbol.dispose]();
  const file = fileOf('one.csv', csv(TIMED, timed(1)));
  await expect(importDispatchFile(file, { dataDir })).rejects.toThrow(
    /force-HC.*America\/Los_Angeles.*nothing was imported/,
  );
  expect(() => reportResponse(dataDir)).toThrow('holds no dispatch records');
  using opened = openWriter(dataDir, 'force-HC');
  expect(opened.writer.head.seq).toBe(0);
});

test('a report on a folder that is not there says so and makes none', () => {
  const dataDir = join(folder, 'nowhere');
  expect(() => reportResponse(dataDir)).toThrow('there is no log');
  expect(readdirSync(folder)).toEqual([]);
});
