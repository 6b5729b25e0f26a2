import { describe, expect, test } from 'vitest';
import {
  commandId,
  openRoom,
  raise,
  reference,
  startedAt,
  targets,
} from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { decide, handoverIdOf } from './decide.ts';
import type { RecordedEvent } from './event.ts';
import { evolveHandover, isHandoverOpen, noHandover, type Handover } from './handover.ts';
import { handoverStream, incidentStream, type DeskId, type EpochMs, type UserId } from './ids.ts';
import type { Incident } from './incident.ts';

/** A control room that tells the types of what was recorded. */
function open(...before: readonly Asked[]) {
  const it = openRoom(({ type }) => type, ...before);
  return {
    ...it,
    handover: () => it.room.get(handoverStream(handoverId)).entity as Handover,
    incident: () => it.room.get(incidentStream(reference)).entity as Incident,
  };
}

const later = (ms: number) => (startedAt + ms) as EpochMs;
const handoverId = handoverIdOf(commandId(1)); // the raising is the first thing asked in every case
const accept: Asked = { type: 'accept-handover', body: { handoverId } };
const escalate: Asked = { type: 'escalate-handover', body: { handoverId } };
const close: Asked = {
  type: 'close-incident',
  body: { incidentId: reference, closingCode: 'CIV' },
};
const d1 = { actor: 'u-d1' as UserId, desk: 'D1' as DeskId };
const sup = { actor: 'u-sup' as UserId, desk: 'SUP' as DeskId };

const offered: Handover = {
  ...noHandover(handoverId),
  incidentId: reference,
  from: { user: 'u-ch1' as UserId, desk: 'CH1' as DeskId },
  to: 'dispatch',
  grade: 1,
  offeredAt: startedAt,
  deadlineAt: later(30_000),
};

describe('a hand-over', () => {
  test.each([
    [1, 30_000],
    [2, 120_000],
    [3, 900_000],
    [4, 3_600_000],
  ] as const)('of grade %d has to be accepted within %d ms of the raising', (grade, within) => {
    const room = open(raise({ grade }));
    expect(room.handover()).toEqual({ ...offered, grade, deadlineAt: later(within) });
    expect([...room.room.handovers()]).toEqual([room.handover()]);
  });

  test('that is accepted gives the incident to whoever accepted it', () => {
    const room = open(raise());
    expect(room.ask(accept, { ...d1, occurredAt: later(10_000) })).toEqual([
      'handover.accepted',
      'incident.owned',
    ]);
    expect(room.handover()).toEqual({
      ...offered,
      accepted: { user: 'u-d1', desk: 'D1', at: later(10_000) },
    });
    expect([room.incident().owner, [...room.room.handovers()]]).toEqual([
      { user: 'u-d1', desk: 'D1' },
      [],
    ]);
  });

  test('goes to the supervisor at its deadline and not a millisecond before', () => {
    const room = open(raise());
    expect([
      room.ask(escalate, { occurredAt: later(29_999) }),
      room.ask(escalate, { occurredAt: later(30_000) }),
      room.ask(escalate, { occurredAt: later(60_000) }),
    ]).toEqual([
      { reason: 'not-due-yet' },
      ['handover.escalated'],
      { reason: 'already-escalated' },
    ]);
    expect(room.handover()).toEqual({
      ...offered,
      to: 'supervisor',
      escalatedAt: later(30_000),
    });
  });

  test('that was escalated is still open until somebody accepts it, and keeps that it was', () => {
    const room = open(raise());
    room.ask(escalate, { occurredAt: later(30_000) });
    expect(isHandoverOpen(room.handover())).toBe(true);
    room.ask(accept, { ...sup, occurredAt: later(45_000) });
    expect(room.handover()).toEqual({
      ...offered,
      to: 'supervisor',
      escalatedAt: later(30_000),
      accepted: { user: 'u-sup', desk: 'SUP', at: later(45_000) },
    });
  });

  test('outlives the closure of its incident: it is still due, and still somebody accepts it', () => {
    const room = open(raise(), close);
    expect([...room.room.handovers()]).toEqual([offered]);
    expect([
      room.ask(escalate, { occurredAt: later(30_000) }),
      room.ask(accept, { ...sup, occurredAt: later(45_000) }),
    ]).toEqual([['handover.escalated'], ['handover.accepted', 'incident.owned']]);
    expect(room.incident()).toMatchObject({
      closingCode: 'CIV',
      closedAt: startedAt,
      owner: { user: 'u-sup', desk: 'SUP' },
    });
    expect(isHandoverOpen(room.handover())).toBe(false);
  });

  test('keeps the deadline it was offered with when its incident is regraded', () => {
    const room = open(raise());
    room.ask({
      type: 'regrade-incident',
      body: { incidentId: reference, grade: 3, reason: 'caller safe' },
    });
    expect(room.handover()).toEqual(offered);
  });
});

describe('a hand-over refuses', () => {
  test('to be accepted or escalated where there is none', () => {
    const room = open();
    expect([room.ask(accept, d1), room.ask(escalate)]).toEqual([
      { reason: 'no-such-handover' },
      { reason: 'no-such-handover' },
    ]);
  });

  test('a second dispatcher, and says who has it', () => {
    const room = open(raise());
    room.ask(accept, d1);
    expect([room.ask(accept, sup), room.ask(accept, d1)]).toEqual([
      { reason: 'already-accepted', by: 'u-d1', desk: 'D1' },
      { reason: 'already-accepted', by: 'u-d1', desk: 'D1' },
    ]);
    expect(room.incident().owner).toEqual({ user: 'u-d1', desk: 'D1' });
  });

  test('to be escalated once it is accepted, however late it is', () => {
    const room = open(raise());
    room.ask(accept, d1);
    expect(room.ask(escalate, { occurredAt: later(600_000) })).toEqual({
      reason: 'already-accepted',
      by: 'u-d1',
      desk: 'D1',
    });
  });
});

describe('a hand-over accepted while the desk was cut off', () => {
  test('is accepted although it was escalated meanwhile, at the time it was accepted', () => {
    const room = open(raise());
    room.ask(escalate, { occurredAt: later(30_000) });
    room.ask(accept, { ...d1, occurredAt: later(20_000) });
    expect(room.handover().accepted).toEqual({ user: 'u-d1', desk: 'D1', at: later(20_000) });
  });

  test('loses to whoever accepted it on record', () => {
    const room = open(raise());
    room.ask(accept, { ...sup, occurredAt: later(45_000) });
    expect(room.ask(accept, { ...d1, occurredAt: later(20_000) })).toEqual({
      reason: 'already-accepted',
      by: 'u-sup',
      desk: 'SUP',
    });
  });
});

describe('a hand-over with something on record that cannot be read', () => {
  const given = {
    now: later(60_000),
    commandId: commandId(9),
    by: { user: d1.actor, desk: d1.desk },
    targets,
  };

  test.each([
    ['an event of a later release', 'handover.declined', { body: {} }, 'update-needed'],
    ['a later version', 'handover.accepted', { typeVersion: 2, body: {} }, 'update-needed'],
    ['a body of another shape', 'handover.escalated', { body: { to: 'nobody' } }, 'update-needed'],
    ["another record's event", 'contact.held', { body: {} }, 'update-needed'],
    ['a withheld body', 'handover.accepted', {}, 'body-withheld'],
  ] as const)('is kept as it was and becomes read-only: %s', (_, type, more, readOnly) => {
    const { room, events } = open(raise());
    const [last] = events.slice(-1);
    if (!last) throw new Error('the hand-over was not recorded');
    const { body: _body, ...header } = last;
    const event: RecordedEvent = { ...header, version: 2, type, ...more };
    expect(evolveHandover(offered, event)).toEqual({ ...offered, readOnly });
    room.apply(event);
    expect([accept, escalate].map((asked) => decide(room, asked, given))).toEqual([
      { refusal: { reason: readOnly } },
      { refusal: { reason: readOnly } },
    ]);
  });
});
