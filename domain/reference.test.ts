import { expect, test } from 'vitest';
import { recordedOf } from '#store/event-log.ts';
import { newWriter, request } from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { incidentId, REFERENCES, userStream, type EpochMs, type UserId } from './ids.ts';
import { numberOf, referenceOf } from './reference.ts';
import { OpenRoom } from './room.ts';

const at = (instant: string) => Date.parse(instant) as EpochMs;
const inPortsmouth = (instant: string) => referenceOf('HC', 'Europe/London', at(instant), 412);

test.each([
  ['a second before midnight in winter', '2026-11-23T23:59:59Z', 'HC-20261123-0412'],
  ['midnight in winter', '2026-11-24T00:00:00Z', 'HC-20261124-0412'],
  ['a second before midnight in summer', '2026-07-14T22:59:59Z', 'HC-20260714-0412'],
  ['midnight in summer, an hour before it in UTC', '2026-07-14T23:00:00Z', 'HC-20260715-0412'],
  ['the last second of a leap day', '2028-02-29T23:59:59Z', 'HC-20280229-0412'],
  ['the first second of a year', '2027-01-01T00:00:00Z', 'HC-20270101-0412'],
])('%s has the local day in its reference', (_, instant, reference) => {
  expect(inPortsmouth(instant)).toBe(reference);
});

test('the day the clocks go forward has 23 hours, and its midnights are where the wall clock says', () => {
  expect(
    [
      '2026-03-28T23:59:59Z', // 23:59:59 GMT
      '2026-03-29T00:00:00Z', // 00:00 GMT
      '2026-03-29T00:59:59Z', // 00:59:59 GMT
      '2026-03-29T01:00:00Z', // 02:00 BST
      '2026-03-29T22:59:59Z', // 23:59:59 BST
      '2026-03-29T23:00:00Z', // 00:00 BST
    ].map((instant) => inPortsmouth(instant)),
  ).toEqual([
    'HC-20260328-0412',
    'HC-20260329-0412',
    'HC-20260329-0412',
    'HC-20260329-0412',
    'HC-20260329-0412',
    'HC-20260330-0412',
  ]);
});

test('the hour that comes twice when the clocks go back is one day, and the day has 25 hours', () => {
  expect(
    [
      '2026-10-24T22:59:59Z', // 23:59:59 BST
      '2026-10-24T23:00:00Z', // 00:00 BST
      '2026-10-25T00:30:00Z', // 01:30 BST
      '2026-10-25T01:30:00Z', // 01:30 GMT
      '2026-10-25T23:59:59Z', // 23:59:59 GMT
      '2026-10-26T00:00:00Z', // 00:00 GMT
    ].map((instant) => inPortsmouth(instant)),
  ).toEqual([
    'HC-20261024-0412',
    'HC-20261025-0412',
    'HC-20261025-0412',
    'HC-20261025-0412',
    'HC-20261025-0412',
    'HC-20261026-0412',
  ]);
});

test("the day is the force's, not the computer's", () => {
  const midnight = at('2026-07-14T23:00:00Z');
  expect([
    referenceOf('HC', 'Europe/London', midnight, 1),
    referenceOf('HC', 'UTC', midnight, 1),
  ]).toEqual(['HC-20260715-0001', 'HC-20260714-0001']);
});

test('a number has four digits, or five where four are not enough', () => {
  const day = at('2026-11-23T21:58:00Z');
  const made = [1, 412, 9_999, 10_000, 99_999].map((number) =>
    referenceOf('HC', 'Europe/London', day, number),
  );
  expect(made).toEqual([
    'HC-20261123-0001',
    'HC-20261123-0412',
    'HC-20261123-9999',
    'HC-20261123-10000',
    'HC-20261123-99999',
  ]);
  expect(made.map((reference) => incidentId.parse(reference))).toEqual(made);
});

test('the number is read back from a reference, and from nothing else', () => {
  expect(
    [
      'HC-20261123-0001',
      'HC-20261123-99999',
      'HC-20261123-001',
      'HC-20261123-1000000',
      'hc-20261123-0412',
      'HC-2026-0412',
      ' HC-20261123-0412',
      '0412',
      '',
    ].map((text) => numberOf(text)),
  ).toEqual([
    1,
    99_999,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

/** What the real writer answers, and a room folded from nothing but what it recorded. */
function ask(...asked: readonly Asked[]) {
  const { settled, events } = newWriter().recordGroup(
    asked.map((it, index) => request(index + 1, it)),
  );
  const room = OpenRoom.of(() => undefined);
  for (const event of events) room.apply(recordedOf(event));
  return {
    room,
    answers: settled.map((it) => (it.outcome === 'answered' ? it.answer : it)),
    blocks: events.map((event) => recordedOf(event).body),
  };
}

test('every desk gets numbers of its own, from 1, with none left out', () => {
  const { room, blocks } = ask(
    { type: 'reserve-references', body: { desk: 'CH1', count: 50 } },
    { type: 'reserve-references', body: { desk: 'CH2', count: 1 } },
    { type: 'reserve-references', body: { desk: 'CH1', count: 100 } },
  );
  const kept = [
    { desk: 'CH1', from: 1, to: 50 },
    { desk: 'CH2', from: 51, to: 51 },
    { desk: 'CH1', from: 52, to: 151 },
  ];
  expect(blocks).toEqual(kept);
  expect(room.get(REFERENCES).entity).toEqual({
    kind: 'references',
    next: 152,
    blocks: kept,
    readOnly: undefined,
  });
});

test('the id of a user is given once, and the user who has it is left as recorded', () => {
  const userId = 'u-kay' as UserId;
  const add = (displayName: string, role: 'dispatcher' | 'administrator'): Asked => ({
    type: 'add-user',
    body: { userId, name: 'kay', displayName, role },
  });
  const { room, answers } = ask(add('Kay', 'dispatcher'), add('Mallory', 'administrator'));
  expect(answers).toEqual([
    { state: 'recorded', firstSeq: 1, lastSeq: 1 },
    { state: 'refused', refusal: { reason: 'user-already-there' } },
  ]);
  expect(room.get(userStream(userId)).entity).toEqual({
    kind: 'user',
    id: userId,
    name: 'kay',
    displayName: 'Kay',
    role: 'dispatcher',
    isDisabled: false,
    readOnly: undefined,
  });
});

test('of blocks of numbers the last four thousand are known by their desk', () => {
  const reserve: Asked = { type: 'reserve-references', body: { desk: 'CH1', count: 1 } };
  const { room } = ask(...Array.from({ length: 4_100 }, () => reserve));
  const { entity } = room.get(REFERENCES);
  const blocks = entity.kind === 'references' ? entity.blocks : [];
  expect([blocks.length, blocks[0]?.from, blocks.at(-1)?.from]).toEqual([4_000, 101, 4_100]);
});
