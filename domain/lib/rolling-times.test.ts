import { expect, test } from 'vitest';
import { RollingTimes } from './rolling-times.ts';

test('the spread is of what was measured lately: of the last so many, and of nothing older', () => {
  const times = new RollingTimes({ max: 20, ageMs: 1_000 });
  expect(times.spread(0)).toBeUndefined();
  for (let ms = 1; ms <= 40; ms += 1) times.add(ms, ms * 10);
  expect(times.spread(400)).toEqual({ p50Ms: 30, p95Ms: 39, count: 20 });
  expect(times.spread(1_310)).toEqual({ p50Ms: 35, p95Ms: 40, count: 10 });
  expect(times.spread(2_000)).toBeUndefined();
});

test('a clock that went back makes no time shorter than nothing', () => {
  const times = new RollingTimes({ max: 1, ageMs: 10 });
  times.add(-5, 0);
  expect(times.spread(0)).toEqual({ p50Ms: 0, p95Ms: 0, count: 1 });
});
