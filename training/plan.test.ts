import { expect, test } from 'vitest';
import { arrivalsOn } from './arrivals.ts';
import { narrativeOf, planOf, type PlannedContact } from './plan.ts';

const planned = (seed: number, days = 5): readonly PlannedContact[] =>
  Array.from({ length: days }, (_none, day) =>
    arrivalsOn({ seed, rate: 1 }, day).map((arrival, n) => planOf({ seed }, arrival, n)),
  ).flat();
const share = (all: readonly PlannedContact[], is: (it: PlannedContact) => boolean) =>
  all.filter(is).length / all.length;
const isIncident = ({ becomes }: PlannedContact) => becomes.kind === 'incident';

test('as many contacts become incidents, and as many incidents are sent to, as was published', () => {
  const all = planned(1);
  expect(share(all, isIncident)).toBeCloseTo(232_404 / (232_404 + 282_993), 1);
  const sent = share(
    all.filter(isIncident),
    ({ becomes }) => becomes.kind === 'incident' && becomes.isSomebodySent,
  );
  expect(Math.abs(sent - 85_000 / 232_404)).toBeLessThan(0.1);
});

test('a pocket dial is settled on the line, and a form waits for ever', () => {
  const all = planned(2, 2);
  const pockets = all.filter(({ caller }) => caller.habit === 'pocket');
  expect(new Set(pockets.map(({ becomes }) => becomes.kind))).toEqual(new Set(['settled']));
  const patient = all.filter(({ patienceMs }) => !Number.isFinite(patienceMs));
  expect(patient).toEqual(all.filter(({ arrival }) => arrival.channel === 'online'));
});

test('a contact of a seed is planned the same every time, and no two are alike', () => {
  expect(planned(3, 1)).toEqual(planned(3, 1));
  expect(planned(3, 1).map(narrativeOf)).not.toEqual(planned(4, 1).map(narrativeOf));
});

test('as many callers give up before anybody answers as was published: 1.1 % of 999 and 13 % of 101', () => {
  const all = planned(5, 14);
  const givenUp = (channel: string) =>
    share(
      all.filter(({ arrival }) => arrival.channel === channel),
      ({ givesUpMs }) => givesUpMs !== undefined,
    );
  expect(Math.abs(givenUp('999') - 0.011)).toBeLessThan(0.004);
  expect(Math.abs(givenUp('101') - 0.13)).toBeLessThan(0.01);
  expect(givenUp('online')).toBe(0);
});
