import { expect, test } from 'vitest';
import { drawsOf } from './draws.ts';
import { handlingTimes, isSomebodySent, jobTimes, travelMs } from './jobs.ts';

const draws = drawsOf(1, 'jobs');
const many = <Item>(make: () => Item) => Array.from({ length: 5_000 }, make);
const medianOf = (all: readonly number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;
const shareBelow = (all: readonly number[], limit: number) =>
  all.filter((it) => it <= limit).length / all.length;

test('with handlers enough, calls are answered as fast as was published', () => {
  const answers = (channel: '999' | '101') =>
    many(() => handlingTimes(channel, false, draws).answerMs);
  expect(shareBelow(answers('999'), 10_000)).toBeCloseTo(0.86, 1);
  expect(shareBelow(answers('101'), 60_000)).toBeCloseTo(0.65, 1);
});

test('a pocket dial is short, a talk takes minutes, and nothing takes no time', () => {
  const talks = many(() => handlingTimes('999', false, draws));
  const pockets = many(() => handlingTimes('999', true, draws));
  const length = (it: (typeof talks)[number]) => it.describeMs + it.decideMs;
  expect(medianOf(talks.map(length)) / 60_000).toBeCloseTo(4, 0);
  expect(medianOf(pockets.map(length))).toBeLessThan(60_000);
  for (const { holdMs = 1, ...times } of talks)
    expect(Math.min(holdMs, ...Object.values(times))).toBeGreaterThan(0);
});

test('an immediate job is accepted and sent to within seconds; a code has its own time at the scene', () => {
  const stage = (code: string, grade: 1 | 3, of: 'acceptMs' | 'onSceneMs') =>
    medianOf(many(() => jobTimes(code, grade, draws)[of]));
  expect(stage('VIO', 1, 'acceptMs')).toBeLessThan(10_000);
  expect(stage('THF', 3, 'acceptMs')).toBeGreaterThan(120_000);
  expect(stage('MHI', 1, 'onSceneMs')).toBeGreaterThan(4 * stage('ALM', 1, 'onSceneMs'));
});

test('the way takes longer the further and the less urgent it is, and never more than an hour', () => {
  const southsea = { lat: 50.7853, lon: -1.0893 };
  const copnor = { lat: 50.8115, lon: -1.0612 };
  const ventnor = { lat: 50.5936, lon: -1.2067 };
  const urgent = travelMs(southsea, copnor, 1);
  expect(urgent / 60_000).toBeGreaterThan(4);
  expect(urgent / 60_000).toBeLessThan(7);
  expect(travelMs(southsea, copnor, 3)).toBeGreaterThan(1.5 * urgent);
  expect(travelMs(southsea, ventnor, 1)).toBeGreaterThan(5 * urgent);
  expect(travelMs(southsea, { lat: 52, lon: -1 }, 3)).toBe(3_600_000);
});

test('somebody is always sent to the immediate and never to what needs nobody', () => {
  const share = (grade: 1 | 2 | 3 | 4) =>
    many(() => isSomebodySent(grade, draws)).filter(Boolean).length / 5_000;
  expect([share(1), share(4)]).toEqual([1, 0]);
  expect(share(2)).toBeCloseTo(0.7, 1);
  expect(share(3)).toBeCloseTo(0.12, 1);
});

test('some calls on 101 are put on hold, few on 999, and no form', () => {
  const share = (channel: '999' | '101' | 'online') =>
    many(() => handlingTimes(channel, false, draws)).filter(({ holdMs }) => holdMs !== undefined)
      .length / 5_000;
  expect(share('101')).toBeCloseTo(0.2, 1);
  expect(share('999')).toBeLessThan(0.06);
  expect(share('online')).toBe(0);
});
