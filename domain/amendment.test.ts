import { expect, test } from 'vitest';
import { recordedOf } from '#store/event-log.ts';
import { commandId, newWriter, raise, reference, request } from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { contactIdOf } from './decide.ts';
import type { Details } from './facts.ts';
import { incidentStream, type IncidentId } from './ids.ts';
import { OpenRoom } from './room.ts';

const contactId = contactIdOf(commandId(1));
const call: Asked = { type: 'open-contact', body: { channel: '999' } };
const raised = raise({ contactId });
const describeAs = (details: Details): Asked => ({
  type: 'describe-contact',
  body: { contactId, details },
});
const place = { text: '21 High Street', isVerified: false };

/** After a call was raised as an incident: what is recorded when its form is changed. */
function afterRaising(details: Details, ...between: readonly Asked[]) {
  const writer = newWriter();
  const room = OpenRoom.of(() => undefined);
  const asked = [call, raised, ...between, describeAs(details)];
  const { events } = writer.recordGroup(asked.map((it, n) => request(n + 1, it, { reference })));
  for (const event of events) room.apply(recordedOf(event));
  const { entity } = room.get(incidentStream(reference));
  return {
    last: events.filter(({ header }) => header.commandId === commandId(asked.length)),
    incident: entity.kind === 'incident' ? entity : undefined,
  };
}

test('a place that is put right after raising is put right in the incident, and stands in its log', () => {
  const { last, incident } = afterRaising({ place });
  expect(last.map(({ header }) => header.type)).toEqual(['contact.described', 'incident.amended']);
  expect(incident).toMatchObject({ place, narrative: 'shouting heard' });
});

test('what the caller says further goes into the incident too', () => {
  const narrative = 'shouting heard, now quiet';
  expect(afterRaising({ narrative }).incident).toMatchObject({
    narrative,
    place: { text: '12 High Street' },
  });
});

test('the informant, and what reads the same, change nothing in the incident', () => {
  for (const details of [
    { informant: 'a neighbour' },
    { narrative: 'shouting heard', place: { text: '12 High Street', isVerified: false } },
  ])
    expect(afterRaising(details).last.map(({ header }) => header.type)).toEqual([
      'contact.described',
    ]);
});

test('a closed incident, and one that another call raised, stay as they are', () => {
  const close: Asked = {
    type: 'close-incident',
    body: { incidentId: reference, closingCode: 'CIV' },
  };
  expect(afterRaising({ place }, close).last).toHaveLength(1);
  const other = 'HC-20261123-0413' as IncidentId;
  const writer = newWriter();
  const { events } = writer.recordGroup([
    request(1, call),
    request(2, raise(), { reference: other }),
    request(3, { type: 'attach-contact', body: { contactId, incidentId: other } }),
    request(4, describeAs({ place })),
  ]);
  expect(events.at(-1)?.header.type).toBe('contact.described');
});
