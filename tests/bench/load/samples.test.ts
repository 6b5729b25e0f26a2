import { expect, test } from 'vitest';
import { Samples } from './samples.ts';

test('a spread is of times that were measured, however many there are', () => {
  const samples = new Samples();
  for (let n = 100_000; n >= 1; n -= 1) samples.add(n / 100);
  expect(samples.spread()).toEqual({ samples: 100_000, p50: 500, p95: 950, p99: 990, max: 1_000 });
});

test('of one time everything is that time', () => {
  const samples = new Samples();
  samples.add(7);
  expect(samples.spread()).toEqual({ samples: 1, p50: 7, p95: 7, p99: 7, max: 7 });
});
