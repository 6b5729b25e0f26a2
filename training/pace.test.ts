import { expect, test, vi } from 'vitest';
import { arrivalsOn, DAY_MS, HOUR_MS } from './arrivals.ts';
import { Pace, weekTimeFrom, weekTimeOf } from './pace.ts';

test('a minute at sixty times the speed is a second', async () => {
  vi.useFakeTimers();
  using _ = { [Symbol.dispose]: () => vi.useRealTimers() };
  const pace = new Pace(60, 5 * HOUR_MS);
  let isOver = false;
  const over = pace.wait(60_000).then(() => (isOver = true));
  await vi.advanceTimersByTimeAsync(990);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(20);
  expect(isOver).toBe(true);
  await over;
  expect(pace.now).toBeCloseTo(5 * HOUR_MS + 1_010 * 60, -2);
});

test('who waits when the training ends waits no longer, and nobody waits after it', async () => {
  const pace = new Pace(1, 0);
  const waiting = Promise.all([pace.wait(HOUR_MS), pace.wait(DAY_MS)]);
  pace.hurry();
  await waiting;
  await pace.wait(HOUR_MS);
  expect(pace.isHurried).toBe(true);
});

test('a week begins on Monday at midnight by the clocks of the force', () => {
  const at = (text: string) => weekTimeOf(Date.parse(text), 'Europe/London');
  expect(at('2026-11-23T00:00:00Z')).toBe(0);
  expect(at('2026-11-29T23:59:59Z')).toBe(7 * DAY_MS - 1_000);
  expect(at('2026-07-03T20:30:00Z')).toBe(4 * DAY_MS + 21.5 * HOUR_MS); // summer time: a Friday, 21:30
});

test('a training begins at the hour that is written, today or on the day that is named', () => {
  const now = 2 * DAY_MS + 9.5 * HOUR_MS; // a Wednesday, 09:30
  const from = (written: string) => weekTimeFrom(written, now);
  expect(from('22:00')).toBe(2 * DAY_MS + 22 * HOUR_MS);
  expect(from('05:30')).toBe(2 * DAY_MS + 5.5 * HOUR_MS);
  expect(from('fri-22:00')).toBe(4 * DAY_MS + 22 * HOUR_MS);
  expect(from('Mon-00:00')).toBe(0);
  for (const wrong of ['', '24:00', '7:00', 'fri', 'xyz-10:00', '10:60', 'fri 22:00'])
    expect([wrong, from(wrong)]).toEqual([wrong, undefined]);
});

test('Friday at ten in the evening is busy on 999, and Tuesday at five in the morning is quiet', () => {
  const calls = (written: string) => {
    const at = weekTimeFrom(written, 0) ?? NaN;
    const day = Math.floor(at / DAY_MS);
    return [1, 2, 3, 4, 5].flatMap((seed) =>
      arrivalsOn({ seed, rate: 1 }, day).filter(
        ({ channel, atMs }) =>
          channel === '999' && atMs >= at % DAY_MS && atMs < (at % DAY_MS) + HOUR_MS,
      ),
    ).length;
  };
  expect(calls('fri-22:00')).toBeGreaterThan(4 * calls('tue-05:00'));
});
