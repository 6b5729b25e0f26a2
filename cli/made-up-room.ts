import { randomBytes } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import { contactIdOf, handoverIdOf } from '#domain/decide.ts';
import type { Role } from '#domain/facts.ts';
import type { CommandId, DeskId, EpochMs, IncidentId, UnitId, UserId } from '#domain/ids.ts';
import { uuidV7 } from '#domain/lib/uuid-v7.ts';
import { referenceOf } from '#domain/reference.ts';
import type { RunningServer } from '../server/main.ts';

/** The seats of the demo. Their passwords are printed: this is a room in which nothing is real. */
export const seats = [
  {
    desk: 'CH1',
    name: 'ch1',
    displayName: 'Asha Lane',
    role: 'call-handler',
    window: 'call-handling',
  },
  {
    desk: 'CH2',
    name: 'ch2',
    displayName: 'Ben Ford',
    role: 'call-handler',
    window: 'call-handling',
  },
  { desk: 'D1', name: 'd1', displayName: 'Carys Holt', role: 'dispatcher', window: 'dispatch' },
  { desk: 'SUP', name: 'sup', displayName: 'Dev Marsh', role: 'supervisor', window: 'dispatch' },
] as const satisfies readonly { role: Role; [key: string]: string }[];

const MINUTE_MS = 60_000;
const units = [
  ['HT21', 'PC 2101 Reed', 'PC 2144 Shaw'],
  ['HT22', 'PC 2207 Moss', 'PC 2290 Vale'],
  ['HT23', 'PC 2311 Cole', ''],
  ['HR04', 'PC 0417 Frost', 'PC 0433 Dean'],
  ['HS12', 'PS 1208 Hart', ''],
] as const;
const jobs = [
  ['SUS', 3, 'Albert Road, Southsea', 'Two males trying car doors, one in a grey hooded top'],
  [
    'CFS',
    2,
    'Fawcett Road, Southsea',
    'Elderly neighbour not seen since Saturday, post on the mat',
  ],
  ['ASN', 4, 'Clarence Esplanade', 'Loud music from a parked van, caller wants it noted'],
  ['THF', 3, 'Commercial Road', 'Bicycle taken from outside the station, frame number known'],
] as const;
const earlier = [
  ['+447700900311', '101', 'Highland Road, Southsea', 'Asks about a lost passport', 'advice-given'],
  [
    '+447700900318',
    '999',
    'Osborne Road',
    'Dialled by accident, child with the telephone',
    'no-police-action',
  ],
  ['+447700900325', '101', 'Elm Grove', 'Parking dispute with a neighbour', 'advice-given'],
  [
    '+447700900142',
    '101',
    '12 High Street',
    'Shouting next door again, stopped by itself',
    'enquiry',
  ],
] as const;

/** Fills an empty log with a small, made-up shift, through the same commands that desks send. */
export async function makeUpRoom(server: RunningServer, force: string, timeZone: string) {
  const now = Date.now();
  const ask = async (asked: Asked, minutesAgo: number, reference?: IncidentId) => {
    const commandId = uuidV7(now - minutesAgo * MINUTE_MS, randomBytes(16)) as CommandId; // just made
    const answer = await server.recorder.record({
      commandId,
      asked,
      occurredAt: (now - minutesAgo * MINUTE_MS) as EpochMs,
      actor: 'made-up' as UserId,
      desk: 'DEMO' as DeskId,
      reference,
    });
    if (answer.state === 'refused') throw new Error(`the demo: ${answer.refusal.reason}`);
    return commandId;
  };
  for (const [unitId, ...officers] of units) {
    const body = { unitId: unitId as UnitId, officers: officers.filter(Boolean), skills: [] };
    await ask({ type: 'book-on-unit', body }, 240);
  }
  for (const [index, [number, channel, place, narrative, outcome]] of earlier.entries()) {
    const details = { place: { text: place, isVerified: false }, narrative };
    const caller = { kind: 'number', number } as const;
    const minutesAgo = 200 - index * 20;
    const id = await ask({ type: 'open-contact', body: { channel, caller, details } }, minutesAgo);
    const contactId = contactIdOf(id);
    await ask({ type: 'finish-contact', body: { contactId, outcome } }, minutesAgo - 4);
  }
  const reserve = { type: 'reserve-references', body: { desk: 'DEMO', count: 20 } } as const;
  await ask(reserve, 239);
  for (const [index, [openingCode, grade, place, narrative]] of jobs.entries()) {
    const minutesAgo = 90 - index * 17;
    const at = (now - minutesAgo * MINUTE_MS) as EpochMs;
    const id = await ask(
      {
        type: 'raise-incident',
        body: {
          place: { text: place, isVerified: false },
          openingCode,
          grade,
          qualifiers: [],
          narrative,
        },
      },
      minutesAgo,
      referenceOf(force, timeZone, at, index + 1),
    );
    const handoverId = handoverIdOf(id);
    await ask({ type: 'accept-handover', body: { handoverId } }, minutesAgo - 0.2);
  }
}
