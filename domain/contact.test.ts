import { describe, expect, test } from 'vitest';
import { recordedOf } from '#store/event-log.ts';
import {
  commandId,
  newWriter,
  openRoom,
  raise,
  reference,
  request,
  startedAt,
  targets,
} from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { evolveContact, isContactOpen, noContact, type Contact } from './contact.ts';
import { contactIdOf, decide } from './decide.ts';
import type { RecordedEvent } from './event.ts';
import { contactStream, type DeskId, type EpochMs, type IncidentId, type UserId } from './ids.ts';
import { OpenRoom } from './room.ts';

/** A control room that tells the types of what was recorded. */
function open() {
  const { room, ask } = openRoom(({ type }) => type);
  return { ask, contact: () => room.get(contactStream(contactId)).entity as Contact };
}

const contactId = contactIdOf(commandId(1)); // the first thing asked in every case here
const later = (ms: number) => (startedAt + ms) as EpochMs;
const ch1 = { user: 'u-ch1' as UserId, desk: 'CH1' as DeskId };
const ch2 = { actor: 'u-ch2' as UserId, desk: 'CH2' as DeskId };
const caller = { kind: 'number', number: '+447700900142' } as const;
const offer: Asked = { type: 'offer-contact', body: { channel: '999', caller } };
const openHere: Asked = { type: 'open-contact', body: { channel: 'counter' } };
const take: Asked = { type: 'take-contact', body: { contactId } };
const hold: Asked = { type: 'hold-contact', body: { contactId } };
const resume: Asked = { type: 'resume-contact', body: { contactId } };
const end: Asked = { type: 'end-contact', body: { contactId, by: 'caller' } };
const abandon: Asked = { type: 'abandon-contact', body: { contactId } };
const attach: Asked = { type: 'attach-contact', body: { contactId, incidentId: reference } };
const note: Asked = { type: 'add-contact-entry', body: { contactId, text: 'a child is crying' } };
const describeIt: Asked = {
  type: 'describe-contact',
  body: { contactId, details: { informant: 'a neighbour' } },
};
const finish = (outcome: 'incident' | 'linked' | 'enquiry' | 'advice-given'): Asked => ({
  type: 'finish-contact',
  body: { contactId, outcome },
});

const offered: Contact = { ...noContact(contactId), caller, offeredAt: startedAt };
const answered: Contact = { ...offered, state: 'answered', answeredAt: later(4_000), owner: ch1 };

describe('a contact', () => {
  test('that is offered waits for whoever takes it', () => {
    const room = open();
    expect(room.ask(offer)).toEqual(['contact.offered']);
    expect(room.contact()).toEqual(offered);
    expect(room.ask(take, { occurredAt: later(4_000) })).toEqual(['contact.answered']);
    expect(room.contact()).toEqual(answered);
  });

  test('that comes to the counter belongs at once to the operator who opens it', () => {
    const room = open();
    expect(room.ask(openHere)).toEqual(['contact.offered', 'contact.answered']);
    expect(room.contact()).toEqual({
      ...noContact(contactId),
      channel: 'counter',
      state: 'answered',
      offeredAt: startedAt,
      answeredAt: startedAt,
      owner: ch1,
    });
  });

  test('is held, resumed, rung off by the caller and finished, and keeps its last owner', () => {
    const room = open();
    room.ask(offer);
    room.ask(take, { occurredAt: later(4_000) });
    const states = [hold, resume, end, finish('enquiry')].map((asked) => {
      room.ask(asked, { occurredAt: later(60_000) });
      return room.contact().state;
    });
    expect(states).toEqual(['held', 'answered', 'ended', 'finished']);
    expect(room.contact()).toEqual({
      ...answered,
      state: 'finished',
      endedAt: later(60_000),
      outcome: 'enquiry',
    });
    expect(isContactOpen(room.contact())).toBe(false);
  });

  test('that is finished during the call is ended by the handler first', () => {
    const room = open();
    room.ask(openHere);
    expect(room.ask(finish('advice-given'))).toEqual(['contact.ended', 'contact.finished']);
  });

  test('that is abandoned stays open, and stays abandoned when somebody takes it to ring back', () => {
    const room = open();
    room.ask(offer);
    expect(room.ask(abandon, { occurredAt: later(9_000) })).toEqual(['contact.abandoned']);
    expect(room.ask(take, { occurredAt: later(20_000) })).toEqual(['contact.answered']);
    expect(room.contact()).toEqual({
      ...offered,
      state: 'abandoned',
      endedAt: later(9_000),
      owner: ch1,
    });
    expect(isContactOpen(room.contact())).toBe(true);
  });

  test('adds to its details what is said later and keeps what was said before', () => {
    const room = open();
    const place = { text: 'behind the library', isVerified: false };
    room.ask({ type: 'open-contact', body: { channel: '101', details: { place } } });
    room.ask(describeIt);
    expect(room.contact().details).toEqual({ place, informant: 'a neighbour' });
  });

  test('is linked to an incident once, however often it is attached', () => {
    const room = open();
    room.ask(openHere);
    room.ask(raise(), { reference });
    expect(room.ask(attach)).toEqual(['contact.attached', 'incident.contact-attached']);
    room.ask(attach);
    expect(room.contact().incidentIds).toEqual([reference]);
    expect(room.ask(finish('linked'))).toEqual(['contact.ended', 'contact.finished']);
    expect(room.contact()).toMatchObject({ state: 'finished', outcome: 'linked' });
  });

  test('from which an incident is raised carries its place, its story and its reference', () => {
    const room = open();
    room.ask(openHere);
    room.ask(raise({ contactId, details: { informant: 'a neighbour' } }), { reference });
    expect(room.contact()).toMatchObject({
      state: 'answered',
      details: {
        informant: 'a neighbour',
        place: { text: '12 High Street', isVerified: false },
        narrative: 'shouting heard',
      },
      incidentIds: [reference],
      outcome: 'incident',
    });
  });
});

describe('a contact refuses', () => {
  test.each([
    ['to be taken where there is none', [], take, 'no-such-contact'],
    ['a note where there is none', [], note, 'no-such-contact'],
    ['to be held before it is answered', [offer], hold, 'not-answered'],
    ['to be held twice', [openHere, hold], hold, 'not-answered'],
    ['to be resumed when it is not held', [openHere], resume, 'not-answered'],
    ['to be held once it was abandoned', [offer, abandon], hold, 'not-answered'],
    ['to be ended before it is answered', [offer], end, 'already-ended'],
    ['to be ended twice', [openHere, end], end, 'already-ended'],
    ['to be abandoned once somebody has answered', [offer, take], abandon, 'already-ended'],
    ['to be finished by nobody', [offer], finish('enquiry'), 'not-answered'],
    [
      'to be finished as an incident that it has not',
      [openHere],
      finish('incident'),
      'not-attached',
    ],
    ['to be finished as linked to nothing', [openHere], finish('linked'), 'not-attached'],
    ['to be finished twice', [openHere, finish('enquiry')], finish('enquiry'), 'already-finished'],
    ['to be taken once it is finished', [openHere, finish('enquiry')], take, 'already-finished'],
    ['an incident that was never raised', [openHere], attach, 'no-such-incident'],
  ] as const)('%s', (_, before, asked, reason) => {
    const room = open();
    for (const earlier of before) room.ask(earlier);
    const as = room.contact();
    expect([room.ask(asked), room.contact()]).toEqual([{ reason }, as]);
  });

  test('a second operator, and says who has it', () => {
    const room = open();
    room.ask(offer);
    room.ask(take, { occurredAt: later(4_000) });
    expect(room.ask(take, ch2)).toEqual({ reason: 'already-taken', by: 'u-ch1', desk: 'CH1' });
    expect(room.contact()).toEqual(answered);
  });
});

describe('work done on a contact while the desk was cut off', () => {
  test('loses the call to whoever is on record, even where it was taken here first', () => {
    const room = open();
    room.ask(offer);
    room.ask(take, { occurredAt: later(4_000) });
    expect(room.ask(take, { ...ch2, occurredAt: later(1_000) })).toEqual({
      reason: 'already-taken',
      by: 'u-ch1',
      desk: 'CH1',
    });
  });

  test('keeps what the caller said although the contact is finished meanwhile', () => {
    const room = open();
    room.ask(openHere);
    room.ask(finish('enquiry'), { occurredAt: later(60_000) });
    const late = { ...ch2, occurredAt: later(30_000) };
    expect([room.ask(note, late), room.ask(describeIt, late), room.ask(end, late)]).toEqual([
      ['contact.entry-added'],
      ['contact.described'],
      { reason: 'already-finished' },
    ]);
    expect(room.contact()).toMatchObject({
      state: 'finished',
      endedAt: later(60_000),
      details: { informant: 'a neighbour' },
    });
  });

  test('raises the incident although the contact is finished meanwhile, and the outcome stands', () => {
    const room = open();
    room.ask(openHere);
    room.ask(finish('enquiry'));
    expect(room.ask(raise({ contactId }), { ...ch2, reference })).toEqual([
      'contact.described',
      'contact.attached',
      'incident.raised',
      'handover.offered',
    ]);
    expect(room.contact()).toMatchObject({
      state: 'finished',
      outcome: 'enquiry',
      incidentIds: [reference],
    });
  });

  test('attaches one call to the incidents of two desks and loses neither', () => {
    const room = open();
    const other = 'HC-20261123-0413' as IncidentId;
    room.ask(openHere);
    room.ask(raise({ contactId }), { reference });
    room.ask(raise({ contactId }), { ...ch2, reference: other });
    expect(room.contact().incidentIds).toEqual([reference, other]);
  });
});

describe('a contact with something on record that cannot be read', () => {
  const given = {
    now: startedAt,
    commandId: commandId(9),
    by: { user: ch2.actor, desk: ch2.desk },
    targets,
  };

  test.each([
    ['an event of a later release', 'contact.transcribed', { body: {} }, 'update-needed'],
    ['a later version of an event', 'contact.held', { typeVersion: 2, body: {} }, 'update-needed'],
    ['a body of another shape', 'contact.ended', { body: { by: 'nobody' } }, 'update-needed'],
    ["another record's event", 'unit.booked-off', { body: {} }, 'update-needed'],
    ['a withheld body', 'contact.described', {}, 'body-withheld'],
  ] as const)('is kept as it was and read-only, and takes notes: %s', (_, type, more, readOnly) => {
    const { events } = newWriter().recordGroup([request(1, offer)]);
    const [first] = events;
    if (!first) throw new Error('the contact was not recorded');
    const event: RecordedEvent = { ...first.header, version: 2, type, ...more };
    expect(evolveContact(answered, event)).toEqual({ ...answered, readOnly });

    const room = OpenRoom.of(() => undefined);
    for (const recorded of [recordedOf(first), event]) room.apply(recorded);
    const decided = [take, abandon, attach, finish('enquiry'), note, describeIt].map((asked) => {
      const decision = decide(room, asked, given);
      return 'refusal' in decision ? decision.refusal : decision.events.map((fact) => fact.type);
    });
    const refusal = { reason: readOnly };
    const noted = [['contact.entry-added'], ['contact.described']];
    expect(decided).toEqual([refusal, refusal, refusal, refusal, ...noted]);
  });
});
