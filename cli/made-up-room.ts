import { randomBytes } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import { contactIdOf, handoverIdOf } from '#domain/decide.ts';
import type { Channel, Grade, Role } from '#domain/facts.ts';
import {
  commandIdFrom,
  type ContactId,
  type DeskId,
  type EpochMs,
  type IncidentId,
  type UnitId,
  type UserId,
} from '#domain/ids.ts';
import type { WindowRole } from '#desk/shell.ts';
import { random } from '#domain/lib/random.ts';
import { referenceOf } from '#domain/reference.ts';
import type { RunningServer } from '../server/main.ts';
import { portsmouth as streets } from '#training/portsmouth.ts';

/** The seats of the demo. Their passwords are printed: this is a room in which nothing is real. */
export const seats = [
  {
    desk: 'CH1',
    name: 'ch1',
    displayName: 'Asha Lane',
    role: 'call-handler',
    windows: ['call-handling'],
  },
  {
    desk: 'CH2',
    name: 'ch2',
    displayName: 'Ben Ford',
    role: 'call-handler',
    windows: ['call-handling'],
  },
  { desk: 'D1', name: 'd1', displayName: 'Carys Holt', role: 'dispatcher', windows: ['dispatch'] },
  {
    desk: 'SUP',
    name: 'sup',
    displayName: 'Dev Marsh',
    role: 'supervisor',
    windows: ['dispatch', 'supervisor'],
  },
] as const satisfies readonly {
  readonly desk: string;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly windows: readonly [WindowRole, ...WindowRole[]];
}[];

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const HISTORY_DAYS = 30;
const EARLIER_CONTACTS = 260;
const SHIFT_CALLS = 40; // those of some four hours: enough for the figures to say something
const SHIFT_CALL_EVERY_MINUTES = 6;
const AT_ONCE = 40; // chains of commands that are recorded side by side, so that commits are grouped

/** Call sign, officers, and for a unit that is busy: which of the open jobs, and its status there. */
const units = [
  ['HT21', ['PC 2101 Reed', 'PC 2144 Shaw']],
  ['HT22', ['PC 2207 Moss', 'PC 2290 Vale']],
  ['HT23', ['PC 2311 Cole']],
  ['HR04', ['PC 0417 Frost', 'PC 0433 Dean']],
  ['HS12', ['PS 1208 Hart']],
  ['HT31', ['PC 3102 Webb', 'PC 3177 Lund'], 0, 6],
  ['HT32', ['PC 3214 Rowe'], 1, 5],
  ['HT33', ['PC 3340 Kerr', 'PC 3358 Sato'], 2, 6],
  ['HR05', ['PC 0512 Bright', 'PC 0561 Nash'], 1, 6],
  ['HD07', ['PC 0707 Quinn'], 5, 8],
] as const satisfies readonly (readonly [string, readonly string[], number?, number?])[];

/** What is open: minutes ago, code, grade, place, narrative, qualifiers. */
const jobs = [
  [
    104,
    'ALM',
    2,
    'Gunwharf Road',
    'Intruder alarm at a shop, keyholder on the way, no one seen inside',
    ['licensed-premises'],
  ],
  [
    96,
    'POR',
    1,
    'Guildhall Walk',
    'Fight outside a bar, four or five males, one on the ground, door staff with them',
    ['alcohol'],
  ],
  [90, 'SUS', 3, 'Albert Road', 'Two males trying car doors, one in a grey hooded top', []],
  [
    73,
    'CFS',
    2,
    'Fawcett Road',
    'Elderly neighbour not seen since Saturday, post on the mat',
    ['adult-at-risk'],
  ],
  [56, 'ASN', 4, 'Clarence Esplanade', 'Loud music from a parked van, caller wants it noted', []],
  [
    49,
    'RTD',
    3,
    'Goldsmith Avenue',
    'Two cars, no one hurt, both drivers there, road half blocked',
    [],
  ],
  [
    39,
    'THF',
    3,
    'Commercial Road',
    'Bicycle taken from outside the station, frame number known',
    [],
  ],
  [
    31,
    'MIS',
    2,
    'Winter Road',
    'Girl of fourteen not home from school, phone off, has done it before',
    ['child-at-risk', 'youth'],
  ],
  [12, 'DAM', 3, 'Palmerston Road', 'Shop window broken, nobody there now, owner told', []],
] as const satisfies readonly (readonly [
  number,
  string,
  Grade,
  string,
  string,
  readonly string[],
])[];

/** What people ring about, with the outcome that it had. */
const enquiries = [
  ['Asks about a lost passport', 'advice-given'],
  ['Parking dispute with a neighbour', 'advice-given'],
  ['Dialled by accident, child with the telephone', 'no-police-action'],
  ['Wants the crime number of a theft last week', 'enquiry'],
  ['Fly-tipping in the lane, told of the council', 'redirected'],
  ['Found purse, will hand it in at the counter', 'enquiry'],
  ['Rings again about the same noisy flat', 'duplicate'],
  ['Asks when an officer will ring back about a statement', 'enquiry'],
] as const;
const channels: readonly Channel[] = ['999', '101', '101', '101', 'online', 'counter', 'email'];

/** The house of the scenario: who rang from there in the last weeks, and the incident of nine days ago. */
const houseCalls = [
  [27, 'Shouting next door again, stopped by itself', 'enquiry'],
  [16, 'Asks how to leave a joint tenancy, did not want to say why', 'advice-given'],
  [3, 'Call cut off, rang back: says all is well', 'no-police-action'],
] as const;
const HOUSE_NUMBER = '+447700900142';

/**
 * Fills an empty log with a made-up month and a made-up shift, through the same commands that desks send.
 * Numbers are of the range that is kept for drama; the same seed makes the same room.
 */
export async function makeUpRoom(server: RunningServer, force: string, timeZone: string) {
  const now = Date.now();
  const { below, pick } = random(20_261_123);
  const by = peopleOf(server);
  const ask = async (
    asked: Asked,
    minutesAgo: number,
    who: 'ch1' | 'ch2' | 'd1' | 'telephony' = 'ch1',
    reference?: IncidentId,
  ) => {
    const at = Math.round(now - minutesAgo * MINUTE_MS);
    const commandId = commandIdFrom(at, randomBytes(16));
    const answer = await server.recorder.record({
      commandId,
      asked,
      occurredAt: at as EpochMs,
      actor: by(who),
      desk: who.toUpperCase() as DeskId,
      reference,
    });
    if (answer.state === 'refused') throw new Error(`the demo: ${answer.refusal.reason}`);
    return commandId;
  };
  let number = 0;
  const nextReference = (minutesAgo: number) =>
    referenceOf(force, timeZone, (now - minutesAgo * MINUTE_MS) as EpochMs, (number += 1));
  const handlers = ['ch1', 'ch2'] as const;
  const placeIn = (street: string, house = '') => {
    const [, lat, lon] = streets.find(([name]) => name === street) ?? streets[0];
    return { text: `${house}${street}`, lat, lon, isVerified: true };
  };
  const call = async (
    minutesAgo: number,
    {
      number: from,
      channel,
      place,
      narrative,
    }: {
      readonly number: string;
      readonly channel: Channel;
      readonly place: ReturnType<typeof placeIn>;
      readonly narrative: string;
    },
    who: 'ch1' | 'ch2',
  ): Promise<ContactId> => {
    const caller = { kind: 'number', number: from } as const;
    const details = { place, narrative };
    const body = { channel, caller, details };
    return contactIdOf(await ask({ type: 'open-contact', body }, minutesAgo, who));
  };

  await ask({ type: 'reserve-references', body: { desk: 'DEMO', count: 100 } }, 240);

  /** One earlier contact; every seventh became an incident that was dealt with and closed. */
  const earlier = async (n: number) => {
    const minutesAgo = 200 + Math.floor((n / EARLIER_CONTACTS) * HISTORY_DAYS * DAY_MINUTES);
    const who = handlers[n % 2] ?? 'ch1';
    const [street] = pick(streets) ?? streets[0];
    const [said, outcome] = pick(enquiries) ?? enquiries[0];
    const [, code, grade, , narrative, qualifiers] = pick(jobs) ?? jobs[0];
    const isJob = n % 7 === 0;
    const place = placeIn(street, `${1 + below(90)} `);
    const number9 = `+447700900${String(300 + below(600))}`;
    const reference = isJob ? nextReference(minutesAgo) : undefined;
    const contactId = await call(
      minutesAgo,
      {
        number: number9,
        channel: pick(channels) ?? '101',
        place,
        narrative: isJob ? narrative : said,
      },
      who,
    );
    if (reference === undefined) {
      await ask({ type: 'finish-contact', body: { contactId, outcome } }, minutesAgo - 4, who);
      return;
    }
    await dealtWith(
      { contactId, place, code, grade, qualifiers, narrative },
      minutesAgo,
      reference,
    );
  };

  const dealtWith = async (
    job: {
      readonly contactId: ContactId;
      readonly place: ReturnType<typeof placeIn>;
      readonly code: string;
      readonly grade: Grade;
      readonly qualifiers: readonly string[];
      readonly narrative: string;
    },
    minutesAgo: number,
    incidentId: IncidentId,
  ) => {
    const { contactId, place, code, grade, qualifiers, narrative } = job;
    const body = {
      contactId,
      place,
      openingCode: code,
      grade,
      qualifiers: [...qualifiers],
      narrative,
    };
    const raised = await ask({ type: 'raise-incident', body }, minutesAgo - 2, 'ch1', incidentId);
    await ask(
      { type: 'finish-contact', body: { contactId, outcome: 'incident' } },
      minutesAgo - 4,
      'ch1',
    );
    const handoverId = handoverIdOf(raised);
    await ask({ type: 'accept-handover', body: { handoverId } }, minutesAgo - 2.3, 'd1');
    await ask(
      { type: 'result-incident', body: { incidentId, result: 'advice-given' } },
      minutesAgo - 40,
      'd1',
    );
    await ask(
      { type: 'close-incident', body: { incidentId, closingCode: code } },
      minutesAgo - 41,
      'd1',
    );
  };

  for (let first = 0; first < EARLIER_CONTACTS; first += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, EARLIER_CONTACTS - first) }, (_, n) =>
        earlier(first + n),
      ),
    );

  /** A call of this shift as telephony offered it: answered after some seconds, or given up before. */
  const rung = async (n: number) => {
    const minutesAgo = SHIFT_CALL_EVERY_MINUTES * (n + 1);
    const channel = n % 3 === 0 ? '999' : '101';
    const waitMinutes = (2 + below(n % 4 === 0 ? 90 : 9)) / 60;
    const caller = { kind: 'number', number: `+447700900${String(300 + below(600))}` } as const;
    const [said, outcome] = pick(enquiries) ?? enquiries[0];
    const body = { channel, caller, details: { narrative: said } } as const;
    const who = handlers[n % 2] ?? 'ch1';
    const offered = await ask({ type: 'offer-contact', body }, minutesAgo, 'telephony');
    const contactId = contactIdOf(offered);
    const left = minutesAgo - waitMinutes;
    if (n % 9 === 4) await ask({ type: 'abandon-contact', body: { contactId } }, left, 'telephony');
    await ask({ type: 'take-contact', body: { contactId } }, left - (n % 9 === 4 ? 1 : 0), who);
    await ask({ type: 'finish-contact', body: { contactId, outcome } }, left - 3, who);
  };
  await Promise.all(Array.from({ length: SHIFT_CALLS }, (_none, n) => rung(n)));

  const house = placeIn('High Street', '12 ');
  const nineDaysAgo = 9 * DAY_MINUTES + 37;
  const shouting = {
    place: house,
    narrative: 'Partner shouting and throwing things, one child there, gone when officers came',
  };
  const contactId = await call(
    nineDaysAgo,
    { number: HOUSE_NUMBER, channel: '999', ...shouting },
    'ch2',
  );
  await dealtWith(
    { contactId, code: 'DOM', grade: 1, qualifiers: ['domestic-abuse'], ...shouting },
    nineDaysAgo,
    nextReference(nineDaysAgo - 2),
  );
  for (const [days, narrative, outcome] of houseCalls) {
    const minutesAgo = days * DAY_MINUTES + 95;
    const from = { number: HOUSE_NUMBER, channel: '101', place: house, narrative } as const;
    const id = await call(minutesAgo, from, 'ch1');
    await ask({ type: 'finish-contact', body: { contactId: id, outcome } }, minutesAgo - 5);
  }

  for (const [unitId, officers] of units) {
    const body = { unitId: unitId as UnitId, officers: [...officers], skills: [] };
    await ask({ type: 'book-on-unit', body }, 240, 'd1');
  }
  const open: IncidentId[] = [];
  for (const [minutesAgo, openingCode, grade, street, narrative, qualifiers] of jobs) {
    const reference = nextReference(minutesAgo);
    const place = placeIn(street);
    const body = { place, openingCode, grade, qualifiers: [...qualifiers], narrative };
    const id = await ask({ type: 'raise-incident', body }, minutesAgo, 'ch2', reference);
    const handoverId = handoverIdOf(id);
    await ask({ type: 'accept-handover', body: { handoverId } }, minutesAgo - 0.2, 'd1');
    open.push(reference);
  }
  for (const [unitId, , job, statusCode] of units) {
    const incidentId = job === undefined ? undefined : open[job];
    if (incidentId === undefined || statusCode === undefined) continue;
    const minutesAgo = (jobs[job ?? 0]?.[0] ?? 10) - 6;
    const unit = unitId as UnitId;
    await ask({ type: 'assign-unit', body: { incidentId, unitId: unit } }, minutesAgo, 'd1');
    const body = { unitId: unit, statusCode };
    await ask({ type: 'set-unit-status', body }, minutesAgo - 3, 'd1');
  }
}

/** The ids of the demo's people by their name: they were added to the log just before. */
function peopleOf({ recorder }: RunningServer): (name: string) => UserId {
  const ids = new Map<string, UserId>();
  for (const { header, kept } of recorder.readAfter(0, 100)) {
    if (header.type !== 'user.added' || !kept) continue;
    const { name } = JSON.parse(kept.text) as { name: string }; // as the event's own row has it
    ids.set(name, header.stream.slice('user/'.length) as UserId); // a user's stream is made of the id
  }
  return (name) => ids.get(name) ?? ('made-up' as UserId);
}
