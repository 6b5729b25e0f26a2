import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DispatchedCall } from './dispatched-call.ts';
import type { EpochMs } from './ids.ts';
import { responseTimes } from './response-times.ts';

const MINUTE_MS = 60_000;
const moment = (minutes: number, isTwice = false) => ({
  local: '2023-06-04T16:18:15',
  at: (utcNoon + minutes * MINUTE_MS) as EpochMs,
  ...(isTwice && { isTwice: true as const }),
});
const utcNoon = Date.parse('2023-06-04T12:00:00Z');

let nth = 2_023_000_000_000;
const call = (priority: number, more: Partial<DispatchedCall> = {}): DispatchedCall => ({
  callId: String((nth += 1)),
  priority,
  callType: '911',
  initialType: 'TEST',
  finalType: 'TEST',
  clearance: 'TEST',
  queued: { precision: 'second', ...moment(0) },
  ...more,
});
const attended = (priority: number, minutes: number, more: Partial<DispatchedCall> = {}) =>
  call(priority, { arrived: moment(minutes), ...more });

test('each call stands in its priority and in one count of it, and everything adds up', () => {
  const { priorities, all } = responseTimes([
    attended(3, 61),
    attended(1, 15),
    attended(1, 20.5),
    attended(1, 0, { callType: 'ONVIEW' }),
    attended(1, -1),
    call(1),
    call(1, { queued: { precision: 'day', day: '2023-06-04' } }),
    attended(1, 30, { queued: { precision: 'second', ...moment(0, true) } }),
    call(1, { arrived: moment(30, true) }),
  ]);
  expect(priorities.map(({ priority, rows }) => [priority, rows])).toEqual([
    [1, 8],
    [3, 1],
  ]);
  expect(priorities[0]).toEqual({
    priority: 1,
    rows: 8,
    timed: {
      count: 3,
      medianMs: 15 * MINUTE_MS,
      p90Ms: 20.5 * MINUTE_MS,
      within: [
        { minutes: 15, count: 2 },
        { minutes: 20, count: 2 },
        { minutes: 60, count: 3 },
      ],
    },
    noArrival: 1,
    dayOnly: 1,
    arrivedBeforeQueued: 1,
    doubtfulHour: 2,
    onView: 1,
    withoutOnView: {
      count: 2,
      medianMs: 15 * MINUTE_MS,
      p90Ms: 20.5 * MINUTE_MS,
      within: [
        { minutes: 15, count: 1 },
        { minutes: 20, count: 1 },
        { minutes: 60, count: 2 },
      ],
    },
  });
  expect([all.rows, all.timed.count, all.noArrival, all.dayOnly]).toEqual([9, 4, 1, 1]);
});

test('where nothing was timed there is no median, and not one of nought', () => {
  const { all } = responseTimes([call(2)]);
  expect([all.timed.medianMs, all.timed.p90Ms]).toEqual([null, null]);
});

test('the median and the 90th percentile are times that were measured, and as many as they say do not exceed them', () => {
  const times = fc.array(fc.nat(5_000), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(times, (minutes) => {
      const { timed } = responseTimes(minutes.map((it) => attended(2, it))).all;
      for (const [share, ms] of [
        [0.5, timed.medianMs],
        [0.9, timed.p90Ms],
      ] as const) {
        const rank = (ms ?? Number.NaN) / MINUTE_MS;
        expect(minutes).toContain(rank);
        const upTo = minutes.filter((it) => it <= rank).length;
        const below = minutes.filter((it) => it < rank).length;
        expect(upTo).toBeGreaterThanOrEqual(share * minutes.length);
        expect(below).toBeLessThan(share * minutes.length);
      }
    }),
  );
});
