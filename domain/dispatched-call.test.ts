import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { assert } from './lib/assert.ts';
import { dispatchedCall, momentOf, SEATTLE } from './dispatched-call.ts';

const momentIn = (local: string) => momentOf(local, SEATTLE.timeZone);
const utc = (text: string) => Date.parse(text);

test.each([
  ['in winter', '2023-12-12T16:06:49', '2023-12-13T00:06:49Z'],
  ['in summer', '2023-06-04T16:18:15', '2023-06-04T23:18:15Z'],
  ['a second before the clock is put forward', '2023-03-12T01:59:59', '2023-03-12T09:59:59Z'],
  ['as soon as it was put forward', '2023-03-12T03:00:00', '2023-03-12T10:00:00Z'],
  ['a second before the hour that comes twice', '2023-11-05T00:59:59', '2023-11-05T07:59:59Z'],
  ['as soon as that hour is over', '2023-11-05T02:00:00', '2023-11-05T10:00:00Z'],
])('a time %s is one instant', (_, local, instant) => {
  expect(momentIn(local)).toEqual({ local, at: utc(instant) });
});

test('a time that the clock showed twice is taken as the first of the two, and says so', () => {
  const local = '2023-11-05T01:30:00';
  expect(momentIn(local)).toEqual({ local, at: utc('2023-11-05T08:30:00Z'), isTwice: true });
});

test('a time that the clock never showed is none', () => {
  expect(
    ['2023-03-12T02:00:00', '2023-03-12T02:59:59', '2018-03-11T02:30:00'].map(momentIn),
  ).toEqual(['no-such-time', 'no-such-time', 'no-such-time']);
});

test('whenever something happened there, its wall-clock time gives the instant back, or says that there are two', () => {
  const wall = new Intl.DateTimeFormat('sv-SE', {
    timeZone: SEATTLE.timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const seconds = fc.integer({ min: utc('2010-01-01') / 1_000, max: utc('2026-01-01') / 1_000 });
  fc.assert(
    fc.property(seconds, (second) => {
      const moment = momentIn(wall.format(second * 1_000).replace(' ', 'T'));
      assert(moment !== 'no-such-time', 'the clock showed it');
      expect(moment.isTwice ? [0, 3_600_000] : [0]).toContain(second * 1_000 - moment.at);
    }),
    { numRuns: 2_000 },
  );
});

test('a call with the day only has no arrival and no field that a time would fit in', () => {
  const call = {
    callId: '2023000000001',
    priority: 2,
    callType: '911',
    initialType: 'TEST',
    finalType: 'TEST',
    clearance: 'TEST',
    queued: { precision: 'day', day: '2023-11-04' },
  };
  const arrived = momentIn('2023-11-04T18:00:00');
  expect(
    [call, { ...call, arrived }, { ...call, queued: { ...call.queued, at: 0 } }].map(
      (it) => dispatchedCall.safeParse(it).success,
    ),
  ).toEqual([true, false, false]);
});
