import { expect, test } from 'vitest';
import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { deskReports, type DeskReport, type DeskReports } from '#protocol/desk-report.ts';
import { Reports } from './reports.ts';
import { HandTimers } from './running.suite.ts';

const [sup, d1, ch1] = ['SUP', 'D1', 'CH1'] as DeskId[] as [DeskId, DeskId, DeskId];
const boss = 'u-sup' as UserId;
const report = (more: Partial<DeskReport> = {}): DeskReport => ({
  mode: 'online',
  waiting: 0,
  tray: 0,
  drafts: 0,
  version: '1',
  offsetMs: 0,
  ...more,
});

function open() {
  const timers = new HandTimers(1_000);
  const told: (readonly [DeskId, DeskReports])[] = [];
  const reports = new Reports({
    timers,
    now: () => timers.now as EpochMs,
    maySee: (user) => user === boss,
    tell: (desk, frame) => void told.push([desk, frame]),
  });
  return { timers, told, reports };
}

test('only the desk where a supervisor sits is told how the others are, all at first and then what changed', () => {
  const { timers, told, reports } = open();
  reports.heard(d1, { user: 'u-d1' as UserId, report: report({ tray: 2 }) });
  timers.pass(10_000);
  expect(told).toEqual([]);
  reports.heard(sup, { user: boss, report: report() });
  expect(told).toMatchObject([
    [
      'SUP',
      { isAll: true, latest: [{ desk: 'D1', at: 1_000, report: { tray: 2 } }, { desk: 'SUP' }] },
    ],
  ]);
  told.length = 0;
  for (const waiting of [1, 2, 3]) reports.heard(d1, { report: report({ waiting }) });
  timers.pass(1_000);
  const changed = told.flatMap(([, { latest }]) => latest.filter(({ desk }) => desk === d1));
  expect(changed).toEqual([{ desk: d1, at: 11_000, report: report({ waiting: 3 }) }]);
  told.length = 0;
  // They sign out: what is said from then on is not for that desk any more.
  reports.heard(sup, { report: report() });
  reports.heard(d1, { report: report({ waiting: 4 }) });
  timers.pass(10_000);
  expect(told).toEqual([]);
});

test('a desk that hung up stays with what it said last and the moment, for a shift, and counts as back once it reports', () => {
  const { timers, told, reports } = open();
  reports.heard(d1, { report: report({ tray: 3, waiting: 7, oldestWaitingMs: 40 }) });
  timers.pass(5_000);
  reports.gone(d1);
  reports.heard(sup, { user: boss, report: report() });
  const died = { desk: d1, at: 1_000, goneSince: 6_000, report: { tray: 3, waiting: 7 } };
  expect(told[0]?.[1].latest[0]).toMatchObject(died);
  timers.pass(12 * 3_600_000);
  reports.heard(ch1, { report: report() });
  timers.pass(1_000);
  reports.heard(ch1, { user: boss, report: report() });
  expect(told.at(-1)?.[1].latest.map(({ desk }) => desk)).toEqual(['SUP', 'CH1']);
  reports.gone(ch1);
  reports.heard(ch1, { report: report() });
  reports.heard(sup, { report: report() });
  reports.heard(sup, { user: boss, report: report() });
  expect(told.at(-1)?.[1].latest.filter(({ goneSince }) => goneSince !== undefined)).toEqual([]);
});

test('of the desks that have gone five hundred are kept, the last ones, and every frame is one that a desk can read', () => {
  const { timers, told, reports } = open();
  for (let n = 0; n < 700; n += 1) {
    reports.heard(`D${n}` as DeskId, { report: report() });
    reports.gone(`D${n}` as DeskId);
    timers.pass(10);
  }
  for (let n = 0; n < 300; n += 1) reports.heard(`L${n}` as DeskId, { report: report() });
  reports.heard(sup, { user: boss, report: report() });
  const frames = told.map(([, frame]) => frame);
  expect(frames.map((frame) => deskReports.safeParse(frame).success)).toEqual([true, true]);
  expect(frames.map(({ isAll, latest }) => [isAll, latest.length])).toEqual([
    [true, 500],
    [false, 301],
  ]);
  expect(frames[0]?.latest[0]?.desk).toBe('D200');
});
