import { expect, test } from 'vitest';
import type { DispatchedCall } from '#domain/dispatched-call.ts';
import type { EpochMs } from '#domain/ids.ts';
import { addCalls, allCalls, areCallsHere, callsDigest } from './dispatched-calls.ts';
import { logMigrations } from './migrations.ts';
import { openStore } from './open-store.ts';

const at = (text: string) => Date.parse(text) as EpochMs;
// Made up: no such calls.
const plain = {
  priority: 2,
  callType: '911',
  initialType: 'TEST',
  finalType: '--TEST',
  clearance: 'ASSISTANCE RENDERED',
};
const timed: DispatchedCall = {
  ...plain,
  callId: '2023000000001',
  queued: { precision: 'second', local: '2023-06-04T16:18:15', at: at('2023-06-04T23:18:15Z') },
  arrived: { local: '2023-06-04T16:20:00', at: at('2023-06-04T23:20:00Z') },
  precinct: 'EAST',
  sector: 'CHARLIE',
  beat: 'C3',
  position: { lat: 47.61, lon: -122.28 },
};
const twice: DispatchedCall = {
  ...plain,
  callId: '2023000000002',
  queued: {
    precision: 'second',
    local: '2023-11-05T01:30:00',
    at: at('2023-11-05T08:30:00Z'),
    isTwice: true,
  },
};
const dayOnly: DispatchedCall = {
  ...plain,
  callId: '2023000000003',
  queued: { precision: 'day', day: '2023-06-04' },
  category: 'theft',
};

const open = () => openStore(':memory:', logMigrations);

test('a call comes back as it was written: with its times, without an arrival, or with the day only', () => {
  const db = open();
  addCalls(db, 'b1', [dayOnly, twice, timed]);
  expect([...allCalls(db)]).toEqual([timed, twice, dayOnly]);
  const times = db.prepare('SELECT count(queued_at) + count(queued_local) FROM dispatched_call');
  expect(times.pluck().get()).toBe(4);
});

test('a call that is held is left as it was, and it is said where the new one reads otherwise', () => {
  const db = open();
  const all = [timed, twice, dayOnly];
  expect(addCalls(db, 'b1', all)).toEqual({ added: 3, alreadyHeld: 0, otherwise: 0 });
  const [before, digest] = [[...allCalls(db)], callsDigest(db, 'b1')];
  const other = { ...dayOnly, callId: timed.callId };
  const fourth = { ...dayOnly, callId: '2023000000004' };
  expect(addCalls(db, 'b2', [twice, other, fourth])).toEqual({
    added: 1,
    alreadyHeld: 2,
    otherwise: 1,
  });
  expect([...allCalls(db)]).toEqual([...before, fourth]);
  expect([callsDigest(db, 'b1'), areCallsHere(db, 'b2'), areCallsHere(db, 'b3')]).toEqual([
    digest,
    true,
    false,
  ]);
});

test('the table takes no arrival where there is a day only, and no half of a time', () => {
  const db = open();
  addCalls(db, 'b1', [timed, dayOnly]);
  const change = (what: string) => () =>
    db.exec(`UPDATE dispatched_call SET ${what} WHERE call_id = '${dayOnly.callId}'`);
  expect(change("arrived_at = 1, arrived_local = '2023-06-04T16:18:15'")).toThrow('CHECK');
  expect(change("queued_local = '2023-06-04T00:00:00'")).toThrow('CHECK');
  expect(change('lat = 47')).toThrow('CHECK');
});
