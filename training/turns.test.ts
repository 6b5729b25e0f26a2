import { expect, test } from 'vitest';
import { drawsOf } from './draws.ts';
import { nextShift, officersOf } from './shifts.ts';
import { turnsOf, type Turns } from './turns.ts';

const many = (grade: 1 | 2 | 3 | 4) =>
  Array.from({ length: 5_000 }, (_none, n) => turnsOf(grade, drawsOf(1, 'turns', grade, n)));
const share = (all: readonly Turns[], is: (it: Turns) => boolean) =>
  all.filter(is).length / all.length;

test('an immediate job always wants two units at least, the rest mostly one', () => {
  const immediate = many(1);
  expect(share(immediate, ({ units }) => units >= 2)).toBe(1);
  expect(share(immediate, ({ units }) => units === 3)).toBeCloseTo(0.3, 1);
  expect(share(many(2), ({ units }) => units === 1)).toBeCloseTo(0.75, 1);
  expect(share(many(4), ({ units }) => units === 1)).toBe(1);
});

test('a new grade is one step away and within the four', () => {
  for (const grade of [1, 2, 3, 4] as const) {
    const grades = many(grade).flatMap(({ regrade }) => (regrade ? [regrade.grade] : []));
    expect(grades.length).toBeGreaterThan(150);
    for (const it of grades) expect([it >= 1 && it <= 4, Math.abs(it - grade)]).toEqual([true, 1]);
  }
});

test('emergencies are rare and mostly by mistake; only what has minutes is ever forgotten', () => {
  const all = [1, 2, 3, 4].flatMap((grade) => many(grade as 1));
  const emergencies = all.flatMap(({ emergency }) => (emergency ? [emergency.reason] : []));
  expect(emergencies.length / all.length).toBeCloseTo(0.01, 2);
  const pressed = emergencies.filter((it) => /pressed|caught/.test(it)).length;
  expect(pressed / emergencies.length).toBeCloseTo(0.8, 1);
  expect(share([...many(3), ...many(4)], ({ isForgotten }) => isForgotten)).toBe(0);
  expect(share(many(1), ({ isForgotten }) => isForgotten)).toBeGreaterThan(0.02);
});

test('the same draws give the same turns', () => {
  expect(many(2)).toEqual(many(2));
});

test('crews change at seven and at nineteen, and nobody works two shifts on end', () => {
  const HOUR = 3_600_000;
  expect(nextShift(0)).toEqual({ shift: 0, atMs: 7 * HOUR });
  expect(nextShift(7 * HOUR)).toEqual({ shift: 1, atMs: 19 * HOUR });
  expect(nextShift(4 * 24 * HOUR + 22 * HOUR).atMs).toBe(5 * 24 * HOUR + 7 * HOUR);
  for (let shift = -1; shift < 20; shift += 1) {
    const now = new Set(officersOf(1, 'TR001', shift));
    expect(officersOf(1, 'TR001', shift + 1).filter((it) => now.has(it))).toEqual([]);
    for (const it of now) expect(it).toMatch(/^Officer 001[A-D][12], made up$/);
  }
});
