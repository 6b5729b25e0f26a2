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
import { contactIdOf, decide } from './decide.ts';
import {
  incidentStream,
  unitStream,
  type DeskId,
  type EpochMs,
  type IncidentId,
  type UnitId,
  type UserId,
} from './ids.ts';
import { evolveIncident, isIncidentOpen, noIncident, type Incident } from './incident.ts';
import { noUnit, type Unit } from './unit.ts';

/** A control room that tells the type and the record of each event. */
function open() {
  const it = openRoom(({ type, stream }) => `${type} ${stream}`);
  return {
    ...it,
    incident: () => it.room.get(incidentStream(reference)).entity as Incident,
    unit: (unitId: UnitId) => it.room.get(unitStream(unitId)).entity as Unit,
  };
}

const later = (ms: number) => (startedAt + ms) as EpochMs;
const at = `incident/${reference}`;
const incidentId = reference;
const ht21 = 'HT21' as UnitId;
const ht22 = 'HT22' as UnitId;
const note = (text: string, corrects?: string): Asked => ({
  type: 'add-log-entry',
  body: { incidentId, text, ...(corrects !== undefined && { corrects }) },
});
const regrade = (grade: 1 | 2 | 3 | 4): Asked => ({
  type: 'regrade-incident',
  body: { incidentId, grade, reason: 'caller safe' },
});
const result: Asked = { type: 'result-incident', body: { incidentId, result: 'advice' } };
const close: Asked = { type: 'close-incident', body: { incidentId, closingCode: 'CIV' } };
const reopen: Asked = { type: 'reopen-incident', body: { incidentId, reason: 'rang again' } };
const bookOn = (unitId: UnitId): Asked => ({
  type: 'book-on-unit',
  body: { unitId, officers: ['PC 2101'], skills: [] },
});
const assign = (unitId: UnitId): Asked => ({ type: 'assign-unit', body: { incidentId, unitId } });

const raised: Incident = {
  ...noIncident(reference),
  isRaised: true,
  place: { text: '12 High Street', isVerified: false },
  openingCode: 'DOM',
  grade: 1,
  narrative: 'shouting heard',
  raisedAt: startedAt,
  raisedBy: 'u-ch1' as UserId,
  attendBy: later(15 * 60_000),
};

describe('an incident', () => {
  test('is raised with its place, its code, its grade and the time a unit should be there', () => {
    const room = open();
    expect(room.ask(raise())).toEqual([
      `incident.raised ${at}`,
      `handover.offered handover/${commandId(1)}`,
    ]);
    expect(room.incident()).toEqual(raised);
  });

  test('knows the contact it was raised from and every other that is linked to it', () => {
    const room = open();
    const [first, second] = [commandId(1), commandId(2)].map(contactIdOf);
    if (!first || !second) throw new Error('two contacts');
    room.ask({ type: 'open-contact', body: { channel: '999' } });
    room.ask({ type: 'open-contact', body: { channel: '999' } });
    room.ask(raise({ contactId: first }));
    room.ask({ type: 'attach-contact', body: { contactId: second, incidentId } });
    expect(room.incident()).toEqual({ ...raised, raisedFrom: first, contactIds: [first, second] });
  });

  test('has its target clock run from the raising, whatever grade it has and whenever it was regraded', () => {
    const room = open();
    room.ask(raise());
    const clocks = ([2, 3, 4, 1] as const).map((grade) => {
      room.ask(regrade(grade), { occurredAt: later(10 * 60_000) });
      const incident = room.incident();
      return [incident.grade, incident.attendBy];
    });
    expect(clocks).toEqual([
      [2, later(3_600_000)],
      [3, later(48 * 3_600_000)],
      [4, null],
      [1, later(15 * 60_000)],
    ]);
  });

  test('is resulted, closed and reopened, and is then open without result and code', () => {
    const room = open();
    room.ask(raise());
    expect([room.ask(result), room.ask(close, { occurredAt: later(3_600_000) })]).toEqual([
      [`incident.resulted ${at}`],
      [`incident.closed ${at}`],
    ]);
    const closed = { result: 'advice', closingCode: 'CIV', closedAt: later(3_600_000) };
    expect(room.incident()).toEqual({ ...raised, ...closed });
    expect(isIncidentOpen(room.incident())).toBe(false);
    expect(room.ask(reopen)).toEqual([`incident.reopened ${at}`]);
    expect(room.incident()).toEqual(raised);
    expect(isIncidentOpen(room.incident())).toBe(true);
  });

  test('that is closed lets every unit go first, and leaves other units where they are', () => {
    const room = open();
    const elsewhere = 'HC-20261123-0413' as IncidentId;
    const ht23 = 'HT23' as UnitId;
    room.ask(raise());
    room.ask(raise(), { reference: elsewhere });
    for (const unitId of [ht21, ht22, ht23]) room.ask(bookOn(unitId));
    room.ask(assign(ht21));
    room.ask(assign(ht22));
    room.ask({ type: 'assign-unit', body: { incidentId: elsewhere, unitId: ht23 } });
    expect(room.ask(close, { occurredAt: later(3_600_000) })).toEqual([
      'unit.released unit/HT21',
      'unit.released unit/HT22',
      `incident.closed ${at}`,
    ]);
    const free = {
      isOnDuty: true,
      officers: ['PC 2101'],
      statusCode: 2,
      statusAt: later(3_600_000),
    };
    expect([room.unit(ht21), room.unit(ht22), room.unit(ht23).incidentId]).toEqual([
      { ...noUnit(ht21), ...free },
      { ...noUnit(ht22), ...free },
      elsewhere,
    ]);
  });

  test('is corrected by a new entry, and the entry that was wrong stands as it was said', () => {
    const room = open();
    room.ask(raise());
    room.ask(note('two men, one with a bat'));
    const before = room.events.slice();
    const wrong = before.at(-1)?.commandId;
    room.ask(note('one man, no bat', wrong));
    expect(room.events.slice(0, -1)).toEqual(before);
    expect(room.events.slice(-2).map(({ type, body }) => ({ type, body }))).toEqual([
      { type: 'incident.entry-added', body: { text: 'two men, one with a bat' } },
      { type: 'incident.entry-added', body: { text: 'one man, no bat', corrects: wrong } },
    ]);
    expect(room.incident()).toEqual(raised);
  });
});

describe('an incident refuses', () => {
  const closedAt = startedAt;
  test.each([
    ['a note where there is none', [], note('hm'), { reason: 'no-such-incident' }],
    ['a grade where there is none', [], regrade(2), { reason: 'no-such-incident' }],
    ['to be closed where there is none', [], close, { reason: 'no-such-incident' }],
    ['to be reopened while it is open', [raise()], reopen, { reason: 'not-closed' }],
    ['to be closed twice', [raise(), close], close, { reason: 'already-closed', closedAt }],
    ['a grade once closed', [raise(), close], regrade(2), { reason: 'already-closed', closedAt }],
    ['a result once closed', [raise(), close], result, { reason: 'already-closed', closedAt }],
    [
      'a unit once closed',
      [raise(), bookOn(ht21), close],
      assign(ht21),
      { reason: 'already-closed', closedAt },
    ],
    [
      'a reference that is taken',
      [raise()],
      raise(),
      { reason: 'reference-already-used', reference },
    ],
    [
      'to be raised from a contact that is nowhere',
      [],
      raise({ contactId: contactIdOf(commandId(77)) }),
      { reason: 'no-such-contact' },
    ],
  ] as const)('%s', (_, before, asked, refusal) => {
    const room = open();
    for (const earlier of before) room.ask(earlier);
    const as = room.incident();
    expect([room.ask(asked), room.incident()]).toEqual([refusal, as]);
  });

  test('to be raised by a desk that has no reference left', () => {
    const room = open();
    expect(room.ask(raise(), { reference: undefined })).toEqual({ reason: 'no-reference-left' });
  });
});

describe('work done on an incident while the desk was cut off', () => {
  const late = { actor: 'u-d1' as UserId, desk: 'D1' as DeskId, occurredAt: later(60_000) };

  test('adds its notes to an incident that was closed meanwhile, and leaves it closed', () => {
    const room = open();
    room.ask(raise());
    room.ask(close, { occurredAt: later(3_600_000) });
    expect(room.ask(note('caller rang: he is back'), late)).toEqual([`incident.entry-added ${at}`]);
    expect(room.incident()).toEqual({
      ...raised,
      closingCode: 'CIV',
      closedAt: later(3_600_000),
    });
  });

  test('is told when the incident was closed, where it cannot be done any more', () => {
    const room = open();
    room.ask(raise());
    room.ask(close, { occurredAt: later(3_600_000) });
    expect([result, close, regrade(2)].map((asked) => room.ask(asked, late))).toEqual([
      { reason: 'already-closed', closedAt: later(3_600_000) },
      { reason: 'already-closed', closedAt: later(3_600_000) },
      { reason: 'already-closed', closedAt: later(3_600_000) },
    ]);
  });

  test('raises its incidents when they happened, with the clock running from then', () => {
    const room = open();
    const occurredAt = (startedAt - 1_800_000) as EpochMs;
    room.ask(raise(), { occurredAt, enteredAt: startedAt });
    expect(room.incident()).toEqual({
      ...raised,
      raisedAt: occurredAt,
      attendBy: occurredAt + 15 * 60_000,
    });
  });

  test('is decided by the order of the record and not by the clock of the desk', () => {
    const room = open();
    room.ask(raise());
    room.ask(regrade(2), { occurredAt: later(120_000) });
    room.ask(regrade(3), late);
    expect(room.incident().grade).toBe(3);
  });
});

describe('an incident with something on record that cannot be read', () => {
  const unreadable = (type: string, more: { typeVersion?: number; body?: unknown } = {}) => {
    const room = open();
    room.ask(raise());
    const [event] = room.events;
    if (!event) throw new Error('the incident was not recorded');
    const { body: _, ...header } = event;
    return { room, event: { ...header, version: 2, type, ...more } };
  };
  const given = {
    now: startedAt,
    commandId: commandId(9),
    by: { user: 'u-d1' as UserId, desk: 'D1' as DeskId },
    reference,
    targets,
  };

  test.each([
    ['an event of a later release', 'incident.merged', { body: {} }, 'update-needed'],
    [
      'a later version of an event',
      'incident.closed',
      { typeVersion: 2, body: {} },
      'update-needed',
    ],
    ['a body of another shape', 'incident.closed', { body: { closingCode: 'c' } }, 'update-needed'],
    ["another record's event", 'contact.held', { body: {} }, 'update-needed'],
    ['a withheld body', 'incident.regraded', {}, 'body-withheld'],
  ] as const)(
    'is kept as it was and read-only, and still takes notes: %s',
    (_, type, more, readOnly) => {
      const { room, event } = unreadable(type, more);
      expect(evolveIncident(raised, event)).toEqual({ ...raised, readOnly });
      room.room.apply(event);
      expect(
        [regrade(2), result, close, reopen, note('hm')].map((asked) =>
          decide(room.room, asked, given),
        ),
      ).toEqual([
        { refusal: { reason: readOnly } },
        { refusal: { reason: readOnly } },
        { refusal: { reason: readOnly } },
        { refusal: { reason: readOnly } },
        {
          events: [
            {
              stream: at,
              type: 'incident.entry-added',
              typeVersion: 1,
              class: 'operational',
              body: { text: 'hm' },
            },
          ],
        },
      ]);
    },
  );
});
