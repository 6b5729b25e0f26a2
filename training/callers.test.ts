import { expect, test } from 'vitest';
import { parseCallerNumber } from '#domain/telephone-number.ts';
import { arrivalChannels } from './arrivals.ts';
import { callerOf, personOf, type Caller } from './callers.ts';
import { drawsOf } from './draws.ts';

const calls = (seed: number, channel: (typeof arrivalChannels)[number]): readonly Caller[] => {
  const draws = drawsOf(seed, 'calls', channel);
  return Array.from({ length: 3_000 }, () => callerOf(seed, channel, draws));
};
const timesByNumber = (callers: readonly Caller[]) =>
  [...Map.groupBy(callers, ({ number }) => number).values()].map((all) => all.length);

test('every number is of a range that is kept for drama, and no two people share one', () => {
  const numbers = Array.from(
    { length: 3_000 },
    (_none, person) => personOf(1, person).number ?? '',
  );
  expect(new Set(numbers).size).toBe(3_000);
  for (const number of numbers) {
    expect(number).toMatch(/^(07700 900\d{3}|01632 960\d{3}|0113 496 0\d{3})$/);
    expect(parseCallerNumber(number)).toMatchObject({ kind: 'number', isRecognised: true });
  }
});

test('every caller says in the name that they are made up', () => {
  for (const channel of arrivalChannels)
    for (const { name } of calls(2, channel)) expect(name).toContain('made-up');
});

test('a few regulars ring again and again, most people once or twice', () => {
  const named = calls(3, '101').filter(({ number }) => number !== undefined);
  const regulars = timesByNumber(named.filter(({ habit }) => habit === 'regular'));
  expect(Math.max(...regulars)).toBeGreaterThan(20);
  const others = timesByNumber(named.filter(({ habit }) => habit === 'once'));
  expect(others.filter((times) => times <= 2).length / others.length).toBeGreaterThan(0.8);
});

test('shared numbers, withheld ones and pocket dials come on the channels that have them', () => {
  const share = (callers: readonly Caller[], is: (caller: Caller) => boolean) =>
    callers.filter(is).length / callers.length;
  const [emergency, other, online] = arrivalChannels.map((channel) => calls(4, channel));
  const isWithheld = ({ number }: Caller) => number === undefined;
  expect(share(other ?? [], isWithheld)).toBeCloseTo(0.12 * 0.91, 1);
  expect(share(online ?? [], isWithheld)).toBe(0);
  expect(share(emergency ?? [], ({ habit }) => habit === 'pocket')).toBeCloseTo(0.1, 1);
  expect(share(other ?? [], ({ habit }) => habit === 'pocket')).toBe(0);
  const shared = (other ?? []).filter(({ habit }) => habit === 'shared');
  expect(new Set(shared.map(({ number }) => number)).size).toBe(8);
});

test('a seed has its own public, the same every time', () => {
  expect(personOf(5, 70)).toEqual(personOf(5, 70));
  expect(personOf(6, 70)).not.toEqual(personOf(5, 70));
  expect(calls(7, '999')).toEqual(calls(7, '999'));
});
