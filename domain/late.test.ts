import { describe, expect, test } from 'vitest';
import { recordedOf } from '#store/event-log.ts';
import {
  newFiles,
  newWriter,
  raise,
  reference,
  request,
  startedAt,
} from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { conflictStream, unitStream, type DeskId, type EpochMs, type UnitId } from './ids.ts';
import { OpenRoom } from './room.ts';

const unitId = 'HT21' as UnitId;
const bookOn: Asked = { type: 'book-on-unit', body: { unitId, officers: [], skills: [] } };
const bookOff: Asked = { type: 'book-off-unit', body: { unitId } };
const assign: Asked = { type: 'assign-unit', body: { incidentId: reference, unitId } };
const set = (statusCode: number, insteadOf?: number): Asked => ({
  type: 'set-unit-status',
  body: { unitId, statusCode, ...(insteadOf !== undefined && { insteadOf }) },
});
const OUTBOX = '8c8e5a40-2f5a-4a57-9d0c-0f6a1c7b1f11';
const MINUTES_LATER = (startedAt + 300_000) as EpochMs;

/** Two desks that were apart: what SUP had recorded, and then what D1 had made meanwhile. */
function apart(sup: readonly Asked[], d1: readonly Asked[], recordedAt = MINUTES_LATER) {
  const files = newFiles();
  const first = newWriter(files);
  const desk = 'SUP' as DeskId;
  first.recordGroup(sup.map((asked, n) => request(n + 1, asked, { desk, reference })));
  const later = newWriter(files, { now: () => recordedAt });
  const outbox = (n: number) => ({ id: OUTBOX, deskSeq: n });
  const requests = d1.map((asked, n) =>
    request(100 + n, asked, { desk: 'D1' as DeskId, outbox: outbox(n + 1) }),
  );
  const { settled, events } = later.recordGroup(requests);
  const again = later.recordGroup(requests);
  const room = OpenRoom.of(() => undefined);
  for (const event of [...events, ...again.events]) room.apply(recordedOf(event));
  return { settled, again, events: events.map(recordedOf), room, requests };
}

const answerOf = (settled: ReturnType<typeof apart>['settled'], n = 0) => {
  const one = settled[n];
  return one?.outcome === 'answered' ? one.answer : undefined;
};

describe('a command that was made while its desk was away', () => {
  test('and ran into what another desk had decided is refused, and the other side is told, once', () => {
    const { settled, again, events, room, requests } = apart(
      [raise(), bookOn, bookOff],
      [assign, set(5)],
    );
    expect(answerOf(settled)).toEqual({
      state: 'refused',
      refusal: { reason: 'unit-off-duty', unitId },
    });
    expect(again.events).toEqual([]);
    expect(events.map(({ type, actor, desk }) => [type, actor, desk])).toEqual([
      ['conflict.noted', 'system', 'server'],
      ['conflict.noted', 'system', 'server'],
    ]);
    const [refused] = requests;
    const stream = conflictStream(refused?.commandId ?? assertNever());
    expect(room.get(stream).entity).toMatchObject({
      command: 'assign-unit',
      reason: 'unit-off-duty',
      by: { user: 'u-ch1', desk: 'D1' },
      askedAt: startedAt,
      other: 'SUP',
    });
  });

  test('tells nobody where it was refused at once, as anybody may be', () => {
    expect(apart([raise(), bookOn, bookOff], [assign], startedAt).events).toEqual([]);
  });

  test('tells nobody where only its own desk had decided before', () => {
    const { settled, events } = apart([raise()], [bookOn, bookOff, assign]);
    expect(answerOf(settled, 2)).toMatchObject({ state: 'refused' });
    expect(events.filter(({ type }) => type === 'conflict.noted')).toEqual([]);
  });

  test('a log line is always recorded', () => {
    const note: Asked = {
      type: 'add-log-entry',
      body: { incidentId: reference, text: 'door shut' },
    };
    const close: Asked = {
      type: 'close-incident',
      body: { incidentId: reference, closingCode: 'CIV' },
    };
    const { settled } = apart([raise(), close], [note]);
    expect(answerOf(settled)).toMatchObject({ state: 'recorded' });
  });

  test('a conflict stands until somebody at the other side has seen it', () => {
    const files = newFiles();
    const writer = newWriter(files, { now: () => MINUTES_LATER });
    const sup = { desk: 'SUP' as DeskId, reference };
    const late = request(9, assign, {
      desk: 'D1' as DeskId,
      outbox: { id: OUTBOX, deskSeq: 1 },
    });
    const { commandId } = late;
    const seen = (n: number) =>
      request(n, { type: 'settle-conflict', body: { commandId } }, { desk: 'SUP' as DeskId });
    const { settled } = writer.recordGroup([
      request(1, raise(), sup),
      request(2, bookOn, sup),
      request(3, bookOff, sup),
      late,
      seen(10),
      seen(11),
    ]);
    expect(settled.slice(4).map((it) => it.outcome === 'answered' && it.answer)).toEqual([
      { state: 'recorded', firstSeq: 6, lastSeq: 6 },
      { state: 'refused', refusal: { reason: 'already-seen' } },
    ]);
  });
});

describe('a status that was set on an older picture', () => {
  test('goes to a person where another desk has set another one meanwhile', () => {
    const { settled, room } = apart([bookOn, set(6)], [set(2, 1)]);
    expect(answerOf(settled)).toEqual({
      state: 'refused',
      refusal: { reason: 'status-changed-since-seen', unitId, statusCode: 6 },
    });
    expect(room.get(unitStream(unitId)).version).toBe(0); // nothing of it is in what was recorded
  });

  test.each([
    ['says the same as the other desk', set(6, 1)],
    ['is made on what is on record', set(2, 6)],
    ['is a request, which replaces nothing', set(13, 1)],
    ['is an emergency', set(0, 1)],
  ])('is recorded where it %s', (_, asked) => {
    expect(answerOf(apart([bookOn, set(6)], [asked]).settled)).toMatchObject({ state: 'recorded' });
  });
});

const assertNever = (): never => {
  throw new Error('there is a request');
};
