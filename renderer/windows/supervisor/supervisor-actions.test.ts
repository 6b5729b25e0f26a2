import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import type { EpochMs } from '#domain/ids.ts';
import { serviceLevels, type CallLife, type ServiceLevelRow } from '#domain/service-levels.ts';
import type { SeatRow } from '#protocol/view.ts';
import { fakeDesk } from '../../app/fake-desk.suite.ts';
import { levelColumns, levelsFile, shownLevels } from './level-table.ts';
import { createSupervisorActions, LEVELS_EVERY_MS } from './supervisor-actions.ts';

const DAY_MS = 24 * 3_600_000;
const day = Date.parse('2026-11-25T00:00:00Z');
const call = (minute: number, waitMs: number, channel: '999' | '101' = '999') =>
  ({
    id: `c${minute}`,
    channel,
    offeredAt: day + minute * 60_000,
    answeredAt: day + minute * 60_000 + waitMs,
    endedAt: undefined,
  }) as CallLife; // plain numbers are moments
const levelsOf = (calls: readonly CallLife[], from = day) =>
  serviceLevels(calls, {
    from: from as EpochMs, // the same
    to: (from + DAY_MS) as EpochMs,
    now: (from + 90 * 60_000) as EpochMs,
    timeZone: 'Europe/London',
  });

function open() {
  const desk = fakeDesk({ now: day, link: 'open' });
  const saved: { readonly name: string; readonly text: string }[] = [];
  const actions = createSupervisorActions(desk.store, desk.line, desk.ports, (name, text) =>
    saved.push({ name, text }),
  );
  const line = desk.join();
  const seat = { id: 'seat', desk: 'SUP', user: { id: 'u1', role: 'supervisor' } } as SeatRow;
  desk.store.setState({ seat });
  const asked = () => line.sentUp('query').map(({ params }) => params);
  return { ...desk, ...line, actions, saved, asked };
}

test('the figures are asked for again once they are old, one answer at a time, and only where they may be seen', async () => {
  const { actions, pass, answer, asked, store } = open();
  pass(LEVELS_EVERY_MS);
  actions.keepLevels();
  actions.keepLevels();
  pass(LEVELS_EVERY_MS / 2);
  actions.keepLevels();
  expect(asked()).toEqual([{}]);
  await answer(levelsOf([call(10, 4_000)]));
  actions.keepLevels();
  expect(store.getState().levels).toMatchObject({ state: 'answered', asAt: 5 });
  pass(LEVELS_EVERY_MS / 2);
  actions.keepLevels();
  expect(asked()).toEqual([{}, {}]);
  await answer([]);
  const { seat } = store.getState();
  store.setState({
    seat: seat && { ...seat, user: { ...seat.user, role: 'dispatcher' } as never },
  });
  pass(LEVELS_EVERY_MS);
  actions.keepLevels();
  expect(asked()).toHaveLength(2);
});

test('figures that do not come are said so, and those that were here stay', async () => {
  const { actions, pass, answer, store } = open();
  pass(LEVELS_EVERY_MS);
  actions.keepLevels();
  await answer(levelsOf([call(10, 4_000)]));
  const { rows } = store.getState().levels ?? {};
  pass(LEVELS_EVERY_MS);
  actions.keepLevels();
  pass(LEVELS_EVERY_MS);
  await Promise.resolve();
  await Promise.resolve();
  const { levels } = store.getState();
  expect(levels).toMatchObject({ state: 'failed', rows });
  expect(levels?.state === 'failed' && levels.message).toMatch(
    /these are the figures as at [\d:]{8}$/,
  );
});

test('one key leads to the day before, one to the day after it, and none beyond today', async () => {
  const { actions, answer, asked, store, pass } = open();
  store.setState({ now: day + 60_000 });
  actions.stepDay(-1); // nothing is here yet to count from
  pass(LEVELS_EVERY_MS);
  actions.keepLevels();
  await answer(levelsOf([]));
  actions.stepDay(1);
  expect(asked()).toEqual([{}]);
  actions.stepDay(-1);
  expect(store.getState().levels).toBeUndefined();
  await answer(levelsOf([], day - DAY_MS));
  store.setState({ now: day + 60_000 });
  actions.stepDay(1);
  expect(asked()).toEqual([{}, { to: day }, { from: day }]);
});

test('a day that is asked for while another is under way is the one that is shown', async () => {
  const { actions, answer, asked, store, pass } = open();
  pass(LEVELS_EVERY_MS);
  actions.keepLevels();
  await answer(levelsOf([]));
  actions.stepDay(-1);
  store.setState({ levelsOf: {}, levels: undefined });
  await answer(levelsOf([call(1, 1_000)], day - DAY_MS));
  expect(asked()).toEqual([{}, { to: day }, {}]);
  await answer(levelsOf([call(2, 1_000)]));
  expect(store.getState().levels?.rows[0]).toMatchObject({ day: '2026-11-25' });
});

test('the file is the table: the whole of each channel, then what was in each quarter, the newest first', async () => {
  const { actions, answer, saved, store, pass } = open();
  actions.saveLevels();
  expect(store.getState().notices[0]?.text).toBe('There are no figures to save yet');
  pass(LEVELS_EVERY_MS);
  actions.keepLevels();
  const rows = levelsOf([
    call(1, 4_000),
    call(2, 12_500),
    call(40, 61_000, '101'),
    call(41, 1_000),
  ]);
  await answer(rows);
  actions.saveLevels();
  expect(saved.map(({ name }) => name)).toEqual(['service-levels-2026-11-25.csv']);
  const [header, ...lines] = parse(saved[0]?.text ?? '') as readonly string[][];
  expect(header?.slice(1)).toEqual(levelColumns.map(({ name }) => name));
  const cells = (row: ServiceLevelRow) => levelColumns.map(({ text }) => text(row));
  expect(lines).toEqual(shownLevels(rows).map((row) => ['2026-11-25', ...cells(row)]));
  expect(lines.map((line) => line.slice(1, 6).join(' '))).toEqual([
    '999 all day 3 2 66.7',
    '101 all day 1 0 0.0',
    '999 00:30 1 1 100.0',
    '101 00:30 1 0 0.0',
    '999 00:00 2 1 50.0',
  ]);
  expect(levelsFile([])).toMatch(/^"Day","Channel"/);
});
