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
import { decide } from './decide.ts';
import type { RecordedEvent } from './event.ts';
import {
  unitStream,
  type DeskId,
  type EpochMs,
  type IncidentId,
  type UnitId,
  type UserId,
} from './ids.ts';
import { evolveUnit, isUnitOpen, noUnit, type Unit } from './unit.ts';

/** A control room that tells the type and the body of each event. */
function open(...before: readonly Asked[]) {
  const it = openRoom(({ type, body }) => ({ type, body }), ...before);
  return { ...it, unit: () => it.room.get(unitStream(unitId)).entity as Unit };
}

const later = (ms: number) => (startedAt + ms) as EpochMs;
const unitId = 'HT21' as UnitId;
const incidentId = reference;
const elsewhere = 'HC-20261123-0413' as IncidentId;
const d1 = { actor: 'u-d1' as UserId, desk: 'D1' as DeskId };
const d2 = { actor: 'u-d2' as UserId, desk: 'D2' as DeskId };

const bookOn: Asked = {
  type: 'book-on-unit',
  body: { unitId, officers: ['PC 2101', 'PC 2102'], skills: ['taser'] },
};
const bookOff: Asked = { type: 'book-off-unit', body: { unitId } };
const assign: Asked = { type: 'assign-unit', body: { incidentId, unitId } };
const release: Asked = { type: 'release-unit', body: { incidentId, unitId } };
const set = (statusCode: number): Asked => ({
  type: 'set-unit-status',
  body: { unitId, statusCode },
});
const own: Asked = { type: 'own-emergency', body: { unitId } };
const standDown: Asked = {
  type: 'stand-down-emergency',
  body: { unitId, reason: 'spoken to both, pressed by mistake' },
};

const onDuty: Unit = {
  ...noUnit(unitId),
  isOnDuty: true,
  officers: ['PC 2101', 'PC 2102'],
  skills: ['taser'],
  statusCode: 1,
  statusAt: startedAt,
};

describe('a unit', () => {
  test('is booked on with its officers and skills, is available, and is booked off', () => {
    const room = open(bookOn);
    expect(room.unit()).toEqual(onDuty);
    room.ask(set(2), { occurredAt: later(1_000) });
    expect(room.unit()).toEqual({ ...onDuty, statusCode: 2, statusAt: later(1_000) });
    expect(room.ask(bookOff, { occurredAt: later(2_000) })).toEqual([
      { type: 'unit.booked-off', body: {} },
    ]);
    expect(room.unit()).toEqual({
      ...onDuty,
      isOnDuty: false,
      statusCode: 11,
      statusAt: later(2_000),
    });
    expect(isUnitOpen(room.unit())).toBe(false);
  });

  test('goes to an incident and arrives, and each status carries the incident it was at', () => {
    const room = open(bookOn, raise(), assign);
    expect([room.ask(set(5)), room.ask(set(6), { occurredAt: later(300_000) })]).toEqual([
      [{ type: 'unit.status-set', body: { statusCode: 5, incidentId } }],
      [{ type: 'unit.status-set', body: { statusCode: 6, incidentId } }],
    ]);
    expect(room.unit()).toEqual({ ...onDuty, incidentId, statusCode: 6, statusAt: later(300_000) });
  });

  test('is free again once it is released', () => {
    const room = open(bookOn, raise(), assign, set(6));
    expect(room.ask(release, { occurredAt: later(900_000) })).toEqual([
      { type: 'unit.released', body: { incidentId, why: 'cleared' } },
    ]);
    expect(room.unit()).toEqual({ ...onDuty, statusCode: 2, statusAt: later(900_000) });
  });

  test('that says it is available has left its incident', () => {
    const room = open(bookOn, raise(), assign);
    expect(room.ask(set(2), { occurredAt: later(900_000) })).toEqual([
      { type: 'unit.released', body: { incidentId, why: 'cleared' } },
      { type: 'unit.status-set', body: { statusCode: 2, incidentId } },
    ]);
    expect(room.unit()).toEqual({ ...onDuty, statusCode: 2, statusAt: later(900_000) });
  });

  test.each([
    ['booked off', bookOff],
    ['saying that it goes off duty', set(11)],
  ])('%s is stood down from its incident first', (_, asked) => {
    const room = open(bookOn, raise(), assign);
    expect(room.ask(asked)).toEqual([
      { type: 'unit.released', body: { incidentId, why: 'stood-down' } },
      { type: 'unit.booked-off', body: {} },
    ]);
    expect(room.unit()).toEqual({ ...onDuty, isOnDuty: false, statusCode: 11 });
  });

  test('saying that it goes off duty is booked off', () => {
    expect(open(bookOn).ask(set(11))).toEqual([{ type: 'unit.booked-off', body: {} }]);
  });

  test.each([12, 13, 14, 15, 16])(
    'with status %d asks for something and is as available as before',
    (statusCode) => {
      const room = open(bookOn, raise(), assign, set(6));
      room.ask(set(statusCode), { occurredAt: later(60_000) });
      const atScene = { ...onDuty, incidentId, statusCode: 6 };
      expect(room.unit()).toEqual({ ...atScene, request: { statusCode, at: later(60_000) } });
      room.ask(set(6), { occurredAt: later(90_000) });
      expect(room.unit()).toEqual({ ...atScene, statusAt: later(90_000) });
    },
  );
});

describe('an emergency', () => {
  test('stands beside the availability and the incident of the unit and replaces neither', () => {
    const room = open(bookOn, raise(), assign, set(6));
    expect(room.ask(set(0), { occurredAt: later(60_000) })).toEqual([
      { type: 'unit.status-set', body: { statusCode: 0, incidentId } },
    ]);
    expect(room.unit()).toEqual({
      ...onDuty,
      incidentId,
      statusCode: 6,
      emergency: { at: later(60_000), owner: undefined },
    });
  });

  test('is heard from a unit that is off duty, and keeps it on the screen', () => {
    const room = open(bookOn, bookOff);
    expect(room.ask(set(0), { occurredAt: later(60_000) })).toEqual([
      { type: 'unit.status-set', body: { statusCode: 0 } },
    ]);
    expect(room.unit()).toEqual({
      ...onDuty,
      isOnDuty: false,
      statusCode: 11,
      emergency: { at: later(60_000), owner: undefined },
    });
    expect([...room.room.units()]).toEqual([room.unit()]);
  });

  test('that is pressed again runs from the first press and keeps its owner', () => {
    const room = open(bookOn, set(0));
    room.ask(own, { ...d1, occurredAt: later(10_000) });
    room.ask(set(0), { occurredAt: later(30_000) });
    expect(room.unit().emergency).toEqual({
      at: startedAt,
      owner: { user: 'u-d1', desk: 'D1' },
    });
  });

  test('is owned by one person, by name, until it is stood down with a reason', () => {
    const room = open(bookOn, set(0));
    expect([room.ask(own, d1), room.ask(own, d2)]).toEqual([
      [{ type: 'unit.emergency-owned', body: { by: 'u-d1', desk: 'D1' } }],
      { reason: 'emergency-owned', by: 'u-d1', desk: 'D1' },
    ]);
    expect(room.ask(standDown, d1)).toEqual([
      {
        type: 'unit.emergency-stood-down',
        body: { by: 'u-d1', reason: 'spoken to both, pressed by mistake' },
      },
    ]);
    expect(room.unit()).toEqual(onDuty);
  });

  test('outlives the booking off of its unit, and can still be owned and stood down', () => {
    const room = open(bookOn, set(0), bookOff);
    expect(isUnitOpen(room.unit())).toBe(true);
    room.ask(own, d1);
    room.ask(standDown, d1);
    expect(isUnitOpen(room.unit())).toBe(false);
  });
});

describe('a unit refuses', () => {
  const other: Asked = { type: 'assign-unit', body: { incidentId: elsewhere, unitId } };
  const off = { reason: 'unit-off-duty', unitId };
  const nowhere = { reason: 'no-such-unit' };
  const notAssigned = { reason: 'unit-not-assigned', unitId };
  test.each([
    ['an incident where it never was on duty', [raise()], assign, nowhere],
    ['a status where it never was on duty', [], set(2), nowhere],
    ['to be booked off where it never was on duty', [], bookOff, nowhere],
    ['to be booked on twice', [bookOn], bookOn, { reason: 'unit-on-duty', unitId }],
    ['to be booked off twice', [bookOn, bookOff], bookOff, off],
    ['a status when it is off duty', [bookOn, bookOff], set(6), off],
    ['a request when it is off duty', [bookOn, bookOff], set(13), off],
    ['an incident when it is off duty', [raise(), bookOn, bookOff], assign, off],
    ['an incident that was never raised', [bookOn], assign, { reason: 'no-such-incident' }],
    [
      'the incident that it has already',
      [bookOn, raise(), assign],
      assign,
      { reason: 'unit-already-assigned', unitId },
    ],
    ['to be released from where it is not', [bookOn, raise()], release, notAssigned],
    ['to be released twice', [bookOn, raise(), assign, release], release, notAssigned],
    ['an owner where there is no emergency', [bookOn], own, { reason: 'no-emergency', unitId }],
    ['a standing down of nothing', [bookOn], standDown, { reason: 'no-emergency', unitId }],
  ] as const)('%s', (_, before, asked, refusal) => {
    const room = open(...before);
    const as = room.unit();
    expect([room.ask(asked), room.unit()]).toEqual([refusal, as]);
  });

  test('a second incident, and says where it is', () => {
    const room = open(bookOn, raise(), assign);
    room.ask(raise(), { reference: elsewhere });
    expect(room.ask(other)).toEqual({ reason: 'unit-committed', unitId, incidentId });
    expect(room.unit().incidentId).toBe(incidentId);
  });
});

describe('work done with a unit while the desk was cut off', () => {
  const late = { ...d2, occurredAt: later(60_000) };

  test('loses the unit to the desk that is on record, and is told where the unit is', () => {
    const room = open(bookOn, raise());
    room.ask(raise(), { reference: elsewhere });
    room.ask(assign, { ...d1, occurredAt: later(120_000) });
    const mine: Asked = { type: 'assign-unit', body: { incidentId: elsewhere, unitId } };
    expect(room.ask(mine, late)).toEqual({ reason: 'unit-committed', unitId, incidentId });
  });

  test('sends no unit to an incident that was closed meanwhile', () => {
    const room = open(bookOn, raise());
    room.ask(
      { type: 'close-incident', body: { incidentId, closingCode: 'CIV' } },
      { occurredAt: later(120_000) },
    );
    expect(room.ask(assign, late)).toEqual({
      reason: 'already-closed',
      closedAt: later(120_000),
    });
  });

  test('sets no status of a unit that went off duty meanwhile, but its emergency is heard', () => {
    const room = open(bookOn);
    room.ask(bookOff, { occurredAt: later(120_000) });
    expect([room.ask(set(6), late), room.ask(set(0), late)]).toEqual([
      { reason: 'unit-off-duty', unitId },
      [{ type: 'unit.status-set', body: { statusCode: 0 } }],
    ]);
  });

  test('releases no unit from an incident that it has left for another', () => {
    const room = open(bookOn, raise(), assign, release);
    room.ask(raise(), { reference: elsewhere });
    room.ask({ type: 'assign-unit', body: { incidentId: elsewhere, unitId } });
    expect(room.ask(release, late)).toEqual({ reason: 'unit-not-assigned', unitId });
    expect(room.unit().incidentId).toBe(elsewhere);
  });
});

describe('a unit with something on record that cannot be read', () => {
  const given = {
    now: startedAt,
    commandId: commandId(9),
    by: { user: 'u-d1' as UserId, desk: 'D1' as DeskId },
    targets,
  };

  test.each([
    ['an event of a later release', 'unit.redeployed', { body: {} }, 'update-needed'],
    ['a later version of an event', 'unit.assigned', { typeVersion: 2, body: {} }, 'update-needed'],
    [
      'a status that does not exist',
      'unit.status-set',
      { body: { statusCode: 17 } },
      'update-needed',
    ],
    ["another record's event", 'contact.held', { body: {} }, 'update-needed'],
    ['a withheld body', 'unit.booked-on', {}, 'body-withheld'],
  ] as const)('is kept as it was and is not sent anywhere: %s', (_, type, more, readOnly) => {
    const { room, events } = open(raise(), bookOn);
    const [last] = events.slice(-1);
    if (!last) throw new Error('the unit was not recorded');
    const { body: _body, ...header } = last;
    const event: RecordedEvent = { ...header, version: 2, type, ...more };
    expect(evolveUnit(onDuty, event)).toEqual({ ...onDuty, readOnly });
    room.apply(event);
    const refusal = { reason: readOnly };
    expect([assign, release, bookOff, set(6)].map((asked) => decide(room, asked, given))).toEqual([
      { refusal },
      { refusal },
      { refusal },
      { refusal },
    ]);
  });
});
