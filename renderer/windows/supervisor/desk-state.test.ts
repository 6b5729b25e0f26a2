import { expect, test } from 'vitest';
import type { DeskRow } from '#protocol/view.ts';
import { byTrouble, clockWords, sinceWords, spreadWords, stateOf } from './desk-state.ts';

const now = 10_000_000;
const from = { now, version: '1', isLive: true, since: now - 60_000 };
const well: NonNullable<DeskRow['report']> = {
  mode: 'online',
  waiting: 0,
  oldestWaitingAt: undefined,
  tray: 0,
  drafts: 0,
  oldestDraftAt: undefined,
  version: '1',
  offsetMs: 0,
};
const desk = (id: string, change: Partial<DeskRow> = {}): DeskRow => ({
  id,
  person: 'A. Price',
  role: 'dispatcher',
  onDutySince: 0,
  line: 'joined',
  goneSince: undefined,
  at: now - 3_000,
  report: well,
  ...change,
});
const reports = (change: Partial<typeof well>) => desk('D1', { report: { ...well, ...change } });

test('what is wrong with a desk is said in words, each thing by itself', () => {
  const slow = { p50Ms: 5, count: 9 };
  const troubled: readonly (readonly [Partial<typeof well>, readonly string[]])[] = [
    [{}, []],
    [{ tray: 1 }, ['tray']],
    [{ waiting: 3, oldestWaitingAt: now - 29_000 }, []],
    [{ waiting: 3, oldestWaitingAt: now - 31_000 }, ['unsent']],
    [{ drafts: 1, oldestDraftAt: now - 29 * 60_000 }, []],
    [{ drafts: 1, oldestDraftAt: now - 31 * 60_000 }, ['draft left']],
    [{ keyToPaint: { ...slow, p95Ms: 101 } }, ['slow keys']],
    [{ saveToRecord: { ...slow, p95Ms: 2_001 } }, ['slow saves']],
    [{ offsetMs: -2_500 }, ['clock']],
    [{ version: '2' }, ['release']],
    [{ tray: 1, offsetMs: 60_000 }, ['tray', 'clock']],
  ];
  for (const [change, troubles] of troubled)
    expect(stateOf(reports(change), from)).toEqual({
      level: troubles.length > 0 ? 1 : 0,
      word: 'Online',
      since: undefined,
      troubles,
    });
});

test('a desk that has gone, that nobody hears or that is behind stands above one that is only troubled, and those by name', () => {
  const rows = [
    desk('D10'),
    desk('D2'),
    desk('CH1', { report: { ...well, tray: 1 } }),
    desk('CH2', { line: 'gone', goneSince: now - 9_000, report: { ...well, waiting: 1 } }),
    desk('CH3', { line: 'unheard', at: undefined, report: undefined }),
    desk('CH4', { report: { ...well, mode: 'alone' } }),
    desk('SUP', { line: 'here', at: undefined }),
    desk('T1', { report: undefined }),
  ];
  const told = byTrouble(rows, from).map((row) => {
    const { word, troubles } = stateOf(row, from);
    return [row.id, word, ...troubles].join(' ');
  });
  expect(told).toEqual([
    'CH2 Gone unsent',
    'CH3 Not heard',
    'CH4 Catching up',
    'CH1 Online tray',
    'D2 Online',
    'D10 Online',
    'SUP Online',
    'T1 Online, no report',
  ]);
});

test('a desk that was left with nobody at it and nothing in it is off, and nothing to look at', () => {
  const left = (change: Partial<DeskRow>) =>
    stateOf(desk('D1', { line: 'gone', goneSince: 9, person: undefined, ...change }), from);
  expect(left({})).toEqual({ level: 0, word: 'Off', since: 9, troubles: [] });
  for (const change of [
    { person: 'A. Price' },
    { report: { ...well, tray: 1 } },
    { report: { ...well, waiting: 1 } },
    { report: { ...well, drafts: 1 } },
  ])
    expect(left(change)).toMatchObject({ level: 2, word: 'Gone' });
});

test('while the desk of this window is alone, of no other is it said that it is online', () => {
  const alone = { ...from, isLive: false };
  const own = desk('SUP', { line: 'here', report: { ...well, mode: 'alone' } });
  const others = [desk('D1'), desk('D2', { line: 'unheard', at: undefined, report: undefined })];
  expect([own, ...others].map((row) => stateOf(row, alone).word)).toEqual([
    'Alone',
    'Was online',
    'Not known',
  ]);
});

test('how old what a desk says is, its clock and its times are told in words', () => {
  const gone = desk('D1', { line: 'gone', goneSince: now - 1_000 });
  expect(sinceWords(gone, stateOf(gone, from), now)).toMatch(/^[\d:]{8}, as at [\d:]{8}$/);
  const own = desk('SUP', { line: 'here', report: { ...well, mode: 'alone' } });
  expect(sinceWords(own, stateOf(own, from), now)).toMatch(/^since [\d:]{8}, this desk$/);
  expect(sinceWords(desk('D1'), stateOf(desk('D1'), from), now)).toBe('report 3 s old');
  expect([0, 999, -3_000, 65_000].map(clockWords)).toEqual([
    'right',
    'right',
    '3 s fast',
    '1 min slow',
  ]);
  expect([spreadWords(undefined), spreadWords({ p50Ms: 11.6, p95Ms: 40.2 })]).toEqual([
    '–',
    '12 / 40',
  ]);
});
