import { describe, expect, test } from 'vitest';
import { recordedOf } from '#store/event-log.ts';
import { commandId, newWriter, raise, reference, request } from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { contactIdOf, handoverIdOf } from './decide.ts';
import type { RecordedEvent } from './event.ts';
import {
  contactStream,
  handoverStream,
  incidentStream,
  unitStream,
  type StreamId,
  type UnitId,
} from './ids.ts';
import { sentenceOf, subjectsOf, type Names } from './journal.ts';

const contactId = contactIdOf(commandId(1));
const handoverId = handoverIdOf(commandId(2));
const unitId = 'HT21' as UnitId;
const incidentId = reference;
const names: Names = {
  user: (id) => (id === 'u-ch1' ? 'Kay Handler' : id),
  status: (code) => ['emergency', 'on duty', 'available'][code] ?? `status ${code}`,
};

/** One whole evening through the real writer: every command an operator has, each once or twice. */
function evening(): readonly RecordedEvent[] {
  const asked: Asked[] = [
    {
      type: 'open-contact',
      body: { channel: '999', caller: { kind: 'number', number: '+447700900142' } },
    },
    raise({ contactId, details: { informant: 'a neighbour' } }),
    { type: 'add-contact-entry', body: { contactId, text: 'a child is crying' } },
    { type: 'hold-contact', body: { contactId } },
    { type: 'resume-contact', body: { contactId } },
    { type: 'attach-contact', body: { contactId, incidentId } },
    { type: 'end-contact', body: { contactId, by: 'caller' } },
    { type: 'finish-contact', body: { contactId, outcome: 'incident', text: 'told to wait' } },
    { type: 'accept-handover', body: { handoverId } },
    { type: 'book-on-unit', body: { unitId, officers: ['PC 2101', 'PC 2102'], skills: [] } },
    { type: 'set-unit-status', body: { unitId, statusCode: 2 } },
    { type: 'assign-unit', body: { incidentId, unitId } },
    { type: 'set-unit-status', body: { unitId, statusCode: 0 } },
    { type: 'own-emergency', body: { unitId } },
    { type: 'stand-down-emergency', body: { unitId, reason: 'pressed by mistake' } },
    { type: 'add-log-entry', body: { incidentId, text: 'door is open' } },
    { type: 'regrade-incident', body: { incidentId, grade: 2, reason: 'caller safe' } },
    { type: 'result-incident', body: { incidentId, result: 'arrest', text: 'one in custody' } },
    { type: 'release-unit', body: { incidentId, unitId } },
    { type: 'close-incident', body: { incidentId, closingCode: 'CIV' } },
    { type: 'reopen-incident', body: { incidentId, reason: 'rang again' } },
    { type: 'book-off-unit', body: { unitId } },
  ];
  const { settled, events } = newWriter().recordGroup(
    asked.map((it, at) => request(at + 1, it, { reference })),
  );
  expect(
    settled.filter((it) => it.outcome === 'not-recordable' || it.answer.state === 'refused'),
  ).toEqual([]);
  return events.map(recordedOf);
}

/** The running log of a record, as its lines. */
const logOf = (subject: StreamId, events: readonly RecordedEvent[]) =>
  events
    .filter((event) => subjectsOf(event).includes(subject))
    .map((event) => sentenceOf(event, names));

describe('the running log', () => {
  test('of an incident tells the call, the hand-over and the deployment beside its own entries', () => {
    expect(logOf(incidentStream(incidentId), evening())).toEqual([
      'Linked to incident HC-20261123-0412',
      'Raised DOM, grade 1 Immediate, 12 High Street: shouting heard',
      'Handed over to dispatch',
      'Linked to incident HC-20261123-0412',
      'Another contact linked',
      'Hand-over accepted by Kay Handler',
      'Owned by Kay Handler',
      'HT21 assigned',
      'HT21 emergency',
      'HT21 emergency owned by Kay Handler',
      'HT21 emergency stood down: pressed by mistake',
      'door is open',
      'Regraded to 2 Priority: caller safe',
      'Result: arrest, one in custody',
      'HT21 clear',
      'Closed as CIV',
      'Reopened: rang again',
    ]);
  });

  test('of a contact tells the call from the first ring to the outcome', () => {
    expect(logOf(contactStream(contactId), evening())).toEqual([
      'Contact on 999 from 07700 900142',
      'Taken by Kay Handler',
      '12 High Street · shouting heard · a neighbour',
      'Linked to incident HC-20261123-0412',
      'Raised DOM, grade 1 Immediate, 12 High Street: shouting heard',
      'a child is crying',
      'Call held',
      'Call resumed',
      'Linked to incident HC-20261123-0412',
      'Another contact linked',
      'Caller rang off',
      'Contact finished: incident, told to wait',
    ]);
  });

  test('of a unit tells its shift, wherever it was sent', () => {
    expect(logOf(unitStream(unitId), evening())).toEqual([
      'HT21 on duty: PC 2101, PC 2102',
      'HT21 available',
      'HT21 assigned',
      'HT21 emergency',
      'HT21 emergency owned by Kay Handler',
      'HT21 emergency stood down: pressed by mistake',
      'HT21 clear',
      'HT21 off duty',
    ]);
  });

  test('of a hand-over tells only of the hand-over', () => {
    expect(logOf(handoverStream(handoverId), evening())).toEqual([
      'Handed over to dispatch',
      'Hand-over accepted by Kay Handler',
    ]);
  });

  test('shows an event once in each record that it is about, its own record first', () => {
    const about = (type: string) => {
      const event = evening().find((it) => it.type === type);
      return event && subjectsOf(event);
    };
    const [contact, incident] = [contactStream(contactId), incidentStream(incidentId)];
    expect({
      raised: about('incident.raised'),
      attached: about('contact.attached'),
      offered: about('handover.offered'),
      assigned: about('unit.assigned'),
      bookedOn: about('unit.booked-on'),
      entry: about('incident.entry-added'),
    }).toEqual({
      raised: [incident, contact],
      attached: [contact, incident],
      offered: [handoverStream(handoverId), incident],
      assigned: [unitStream(unitId), incident],
      bookedOn: [unitStream(unitId)],
      entry: [incident],
    });
  });
});

describe('a line of the log', () => {
  const line = (
    type: string,
    body: unknown,
    more: { typeVersion?: number; class?: 'restricted' } = {},
  ) => sentenceOf({ stream: unitStream(unitId), type, typeVersion: 1, body, ...more }, names);

  test.each([
    ['contact.offered', { channel: 'counter' }, 'Contact on counter'],
    [
      'contact.offered',
      { channel: '999', caller: { kind: 'withheld' }, source: 'BT' },
      'Contact on 999, number withheld, by BT',
    ],
    ['contact.ended', { by: 'handler' }, 'Call ended'],
    ['contact.abandoned', {}, 'Abandoned before it was answered'],
    ['contact.described', { details: {} }, 'Details cleared'],
    ['contact.finished', { outcome: 'enquiry' }, 'Contact finished: enquiry'],
    ['incident.resulted', { result: 'advice' }, 'Result: advice'],
    [
      'handover.escalated',
      { incidentId, to: 'supervisor' },
      'Hand-over not accepted in time: to the supervisor',
    ],
    ['unit.released', { incidentId, why: 'stood-down' }, 'HT21 stood down'],
    ['unit.released', { incidentId, why: 'closed' }, 'HT21 clear'],
    ['unit.status-set', { statusCode: 13 }, 'HT21 status 13'],
    ['user.added', { name: 'kay', displayName: 'Kay', role: 'dispatcher' }, 'Kay added'],
    ['user.role-set', { role: 'supervisor' }, 'Role is now supervisor'],
    ['user.disabled', {}, 'Account disabled'],
    ['user.reopened', {}, 'Account open again'],
    ['references.reserved', { desk: 'CH1', from: 1, to: 50 }, 'Reference numbers 1 to 50 reserved'],
    [
      'recorded-crime.imported',
      {
        batchId: 'b1',
        fileDigest: 'f',
        rowsDigest: 'r',
        rowsRead: 10,
        added: 7,
        alreadyHeld: 2,
        alike: 0,
        duplicates: 0,
        skipped: { 'no place': 1 },
        months: ['2026-10'],
      },
      'Recorded crimes imported: 7 of 10 rows',
    ],
    [
      'dispatched-call.imported',
      {
        batchId: 'b1',
        fileDigest: 'f',
        rowsDigest: 'r',
        label: 'TRAINING',
        timeZone: 'America/Los_Angeles',
        rowsRead: 10,
        added: 7,
        alreadyHeld: 2,
        otherwise: 1,
        duplicates: 0,
        skipped: { 'bad-time': 1 },
        days: { first: '2018-01-02', last: '2023-12-12' },
      },
      'Dispatch records imported: 7 of 10 rows',
    ],
  ])('%s %j reads: %s', (type, body, sentence) => {
    expect(line(type, body)).toBe(sentence);
  });

  test('that cannot be read says so and says why', () => {
    expect([
      line('unit.redeployed', {}),
      line('unit.assigned', { incidentId }, { typeVersion: 2 }),
      line('unit.assigned', { incidentId: 'nowhere' }),
      line('unit.assigned', undefined),
      line('unit.assigned', undefined, { class: 'restricted' }),
    ]).toEqual([
      'unit.redeployed: made by a later release, update needed',
      'unit.assigned: made by a later release, update needed',
      'unit.assigned: made by a later release, update needed',
      'unit.assigned: text withheld from this seat or disposed of',
      'Sealed (restricted)',
    ]);
  });

  test('whose body was disposed of stands in the log of its own record only', () => {
    expect([
      subjectsOf({ stream: unitStream(unitId), type: 'unit.assigned', body: undefined }),
      subjectsOf({ stream: unitStream(unitId), type: 'unit.redeployed', body: { incidentId } }),
    ]).toEqual([[unitStream(unitId)], [unitStream(unitId)]]);
  });
});
