import { expect, test } from 'vitest';
import {
  arrivalChannels,
  arrivalsOn,
  contactsADay,
  expectedIn,
  HOUR_MS,
  type Arrival,
  type ArrivalChannel,
} from './arrivals.ts';

const WEEKS = 8;
const daysOf = (seed: number, rate = 1) =>
  Array.from({ length: WEEKS * 7 }, (_none, day) => arrivalsOn({ seed, rate }, day));
const countOf = (days: readonly (readonly Arrival[])[], channel: ArrivalChannel) =>
  days.flat().filter((arrival) => arrival.channel === channel).length;

/** How far a count that comes at random is from what is expected; one in 16,000 is four deviations off. */
const deviations = (count: number, expected: number) =>
  Math.abs(count - expected) / Math.sqrt(expected);

test.each([1, 2, 3])(
  'weeks of seed %i have the real number of contacts on each channel',
  (seed) => {
    const days = daysOf(seed);
    for (const channel of arrivalChannels)
      expect(deviations(countOf(days, channel), WEEKS * 7 * contactsADay[channel])).toBeLessThan(4);
  },
);

test('twice the rate is twice the contacts', () => {
  const days = daysOf(4, 2);
  for (const channel of arrivalChannels)
    expect(deviations(countOf(days, channel), 14 * WEEKS * contactsADay[channel])).toBeLessThan(4);
});

test('each hour of the day has its share, and the shares of a week come to seven days', () => {
  const days = daysOf(5);
  for (const channel of arrivalChannels) {
    for (const hour of [0, 4, 10, 20]) {
      const [expected, count] = [0, 1].map((what) =>
        days.reduce((sum, arrivals, day) => {
          const here = arrivals.filter((it) => it.channel === channel && hourOf(it) === hour);
          return sum + (what === 0 ? expectedIn(channel, day, hour, 1) : here.length);
        }, 0),
      );
      expect(deviations(count ?? 0, expected ?? 0)).toBeLessThan(4);
    }
    const week = Array.from({ length: 168 }, (_none, at) =>
      expectedIn(channel, Math.floor(at / 24), at % 24, 1),
    );
    expect(week.reduce((sum, it) => sum + it, 0)).toBeCloseTo(7 * contactsADay[channel]);
  }
});

const hourOf = ({ atMs }: Arrival) => Math.floor(atMs / HOUR_MS);

test('999 is busiest in the evening, quietest before dawn, and twice as busy on a weekend night', () => {
  const days = daysOf(6);
  const inHours = (which: readonly number[], weekdays: readonly number[]) =>
    days
      .filter((_arrivals, day) => weekdays.includes(day % 7))
      .flat()
      .filter((it) => it.channel === '999' && which.includes(hourOf(it))).length /
    (WEEKS * weekdays.length);
  const midweek = [0, 1, 2, 3];
  expect(inHours([18, 19, 20, 21], midweek)).toBeGreaterThan(
    1.3 * inHours([10, 11, 12, 13], midweek),
  );
  expect(inHours([10, 11, 12, 13], midweek)).toBeGreaterThan(2 * inHours([3, 4, 5, 6], midweek));
  const ratio = inHours([0, 1, 2, 3], [5, 6]) / inHours([0, 1, 2, 3], midweek);
  expect(ratio).toBeGreaterThan(1.8);
  expect(ratio).toBeLessThan(2.2);
});

test('a seed has one plan, in order; another seed has another', () => {
  const plan = arrivalsOn({ seed: 7, rate: 1 }, 12);
  expect(arrivalsOn({ seed: 7, rate: 1 }, 12)).toEqual(plan);
  expect(plan.map(({ atMs }) => atMs)).toEqual(
    plan.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
  );
  expect(arrivalsOn({ seed: 8, rate: 1 }, 12)).not.toEqual(plan);
  expect(arrivalsOn({ seed: 7, rate: 1 }, 13)).not.toEqual(plan.map((it) => ({ ...it, day: 13 })));
});

test('a rate that is none, or more than the worst day, is refused', () => {
  for (const rate of [0, -1, Number.NaN, 11])
    expect(() => arrivalsOn({ seed: 1, rate }, 0)).toThrow('at most 10');
});
