import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { importDispatchFile } from '#server/import/import-dispatch-file.ts';
import { reportResponse } from '#server/import/report-response.ts';
import { allCalls } from '#store/dispatched-calls.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { verifyServer } from '../support/verify-server.ts';

// Real files that nobody here wrote. They stand beside the project and are never part of it.
const samples = join(import.meta.dirname, '../..', '../shared/samples/incidents/us');
const isThere = existsSync(samples);
const TIMED = 'seattle-spd-cad-calls-dennyblaine-2018-2023.csv';
const DAY_ONLY = 'seattle-spd-cad-calls-madrona-2010-2023.csv';
const textOf = (name: string) => readFileSync(join(samples, name), 'utf8');

function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'samples-cad-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  return {
    folder,
    dataDir,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function importBoth(dataDir: string) {
  const results = [];
  for (const name of [TIMED, DAY_ONLY]) {
    const result = await importDispatchFile(join(samples, name), { dataDir });
    if (result.outcome === 'refused') throw new Error(JSON.stringify(result.fault));
    const { outcome, rowsRead, kept, added, alreadyHeld, duplicates, skipped } = result;
    results.push({ outcome, rowsRead, kept, added, alreadyHeld, duplicates, skipped });
  }
  return results;
}

function callsIn(dataDir: string) {
  const log = openStore(join(dataDir, 'log.db'), logMigrations);
  const calls = [...allCalls(log)];
  log.close();
  return calls;
}

/** The fields of every line, by other means than the import's: these files have commas only within quotes. */
function fieldsOf(name: string): readonly (readonly string[])[] {
  const lines = textOf(name).split(/\r?\n/).slice(1).filter(Boolean);
  return lines.map((line) =>
    [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(
      ([, quoted, bare]) => quoted ?? bare ?? '',
    ),
  );
}

/**
 * Seconds on the wall clock as if no clock were ever changed. No call of the file spans a change, so that
 * the difference of two of them is the time that passed; the test below says so if that ceases to hold.
 */
const wallSeconds = (text: string) => {
  const [, month, day, year, hour, minute, second, half] =
    /^(\d+)\/(\d+)\/(\d+) (\d+):(\d+):(\d+) (AM|PM)$/.exec(text) ?? [];
  const hours = (Number(hour) % 12) + (half === 'PM' ? 12 : 0);
  return (
    Date.UTC(Number(year), Number(month) - 1, Number(day), hours, Number(minute), Number(second)) /
    1_000
  );
};

test.runIf(isThere)(
  '222 calls with times and 446 with the day only are read, kept as such, and not doubled',
  async () => {
    using room = newFolder();
    const counts = {
      kept: expect.any(Number) as number,
      alreadyHeld: 0,
      duplicates: 0,
      skipped: {},
    };
    expect(await importBoth(room.dataDir)).toEqual([
      { ...counts, outcome: 'imported', rowsRead: 222, kept: 222, added: 222 },
      { ...counts, outcome: 'imported', rowsRead: 446, kept: 446, added: 446 },
    ]);
    const calls = callsIn(room.dataDir);
    const isTimed = calls.filter(({ queued }) => queued.precision === 'second');
    expect([calls.length, isTimed.length]).toEqual([668, 222]);
    expect(calls.filter(({ arrived }) => arrived)).toHaveLength(186);
    const again = (rows: number) => ({
      ...counts,
      outcome: 'already-imported',
      rowsRead: rows,
      kept: rows,
      added: 0,
      alreadyHeld: rows,
    });
    expect(await importBoth(room.dataDir)).toEqual([again(222), again(446)]);
    expect(callsIn(room.dataDir)).toEqual(calls);
    expect(verifyServer(room.dataDir).faults).toEqual([]);
  },
);

test.runIf(isThere)(
  'every day of the file without times is kept, and no time with it',
  async () => {
    using room = newFolder();
    await importBoth(room.dataDir);
    const kept = callsIn(room.dataDir)
      .filter(({ queued }) => queued.precision === 'day')
      .map(({ callId, priority, queued, arrived }) => ({ callId, priority, queued, arrived }));
    const published = fieldsOf(DAY_ONLY)
      .map(([callId = '', , , priority, , , day]) => ({
        callId,
        priority: Number(priority),
        queued: { precision: 'day', day },
        arrived: undefined,
      }))
      .toSorted((a, b) => (a.callId < b.callId ? -1 : 1));
    expect(kept).toEqual(published);
  },
);

test.runIf(isThere)('times to attend are those that a recount from the file gives', async () => {
  using room = newFolder();
  await importBoth(room.dataDir);
  const { priorities, all } = reportResponse(room.dataDir);
  const rows = fieldsOf(TIMED).map(([, , callType, priority, , , queued = '', arrived = '']) => ({
    priority: Number(priority),
    isOnView: callType === 'ONVIEW',
    seconds: arrived === '' ? undefined : wallSeconds(arrived) - wallSeconds(queued),
  }));
  const days = fieldsOf(DAY_ONLY).map(([, , , priority]) => Number(priority));
  const recount = (isOf: (priority: number) => boolean) => {
    const own = rows.filter(({ priority }) => isOf(priority));
    const timed = own.flatMap(({ seconds }) => seconds ?? []).toSorted((a, b) => a - b);
    const dayOnly = days.filter(isOf).length;
    // The smallest time that enough of them do not exceed, looked for one by one.
    const nearest = (tenths: number) =>
      timed.find((it) => timed.filter((other) => other <= it).length * 10 >= tenths * timed.length);
    const msOf = (seconds: number | undefined) => (seconds === undefined ? null : seconds * 1_000);
    return {
      rows: own.length + dayOnly,
      count: timed.length,
      noArrival: own.filter(({ seconds }) => seconds === undefined).length,
      dayOnly,
      medianMs: msOf(nearest(5)),
      p90Ms: msOf(nearest(9)),
      within: [15, 20, 60].map((minutes) => timed.filter((it) => it <= minutes * 60).length),
      onView: own.filter(({ isOnView, seconds }) => isOnView && seconds !== undefined).length,
      leftOut: 0,
    };
  };
  const told = ({ timed, ...row }: typeof all) => ({
    rows: row.rows,
    count: timed.count,
    noArrival: row.noArrival,
    dayOnly: row.dayOnly,
    medianMs: timed.medianMs,
    p90Ms: timed.p90Ms,
    within: timed.within.map(({ count }) => count),
    onView: row.onView,
    leftOut: row.arrivedBeforeQueued + row.doubtfulHour,
  });
  expect(priorities.map(({ priority }) => priority)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  for (const row of priorities)
    expect([row.priority, told(row)]).toEqual([row.priority, recount((it) => it === row.priority)]);
  expect(told(all)).toEqual(recount(() => true));
  expect([all.rows, all.timed.count, all.noArrival, all.dayOnly]).toEqual([668, 186, 36, 446]);
});

const damages: Readonly<Record<string, (text: string) => string>> = {
  'cut in the middle of a row': (text) => text.slice(0, text.indexOf('\n', text.length >> 1) + 30),
  'with another header': (text) => text.replace('Priority', 'Rank'),
  'without its header': (text) => text.slice(text.indexOf('\n') + 1),
  'with a quote that is never closed': (text) =>
    `${text.slice(0, text.length >> 1)}\n"${text.slice(text.length >> 1)}`,
  'with a NUL': (text) => `${text.slice(0, text.length >> 1)}\0${text.slice(text.length >> 1)}`,
};

test
  .runIf(isThere)
  .each(
    [TIMED, DAY_ONLY].flatMap((name) =>
      Object.keys(damages).map((damage) => [name, damage] as const),
    ),
  )('%s %s is refused whole and changes nothing', async (name, damage) => {
  using room = newFolder();
  await importBoth(room.dataDir);
  const before = callsIn(room.dataDir);
  const file = join(room.folder, 'damaged.csv');
  writeFileSync(file, damages[damage]?.(textOf(name)) ?? '');
  const result = await importDispatchFile(file, { dataDir: room.dataDir });
  expect(result.outcome === 'refused' && result.fault.line > 0 && result.fault.column > 0).toBe(
    true,
  );
  expect(callsIn(room.dataDir)).toEqual(before);
});

test('where the samples are missing, it is said how many checks did not run, and CI fails', ({
  task,
}) => {
  const notRun = task.file.tasks.filter(({ mode }) => mode === 'skip').length;
  if (notRun > 0)
    process.stderr.write(`samples: ${notRun} checks of dispatch records did not run\n`);
  expect(process.env['CI'] === 'true' ? notRun : 0, 'checks that did not run under CI').toBe(0);
});
