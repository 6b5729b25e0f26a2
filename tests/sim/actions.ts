import type { Asked } from '#domain/commands.ts';
import type { Contact } from '#domain/contact.ts';
import {
  incidentStream,
  referenceStream,
  unitStream,
  type CommandId,
  type EpochMs,
  type HandoverId,
  type ShiftHandoverId,
  type StreamId,
  type UnitId,
  type UserId,
} from '#domain/ids.ts';
import type { random } from '#domain/lib/random.ts';
import { crimeIdentity, type RecordedCrime } from '#domain/recorded-crime.ts';
import type { Incident } from '#domain/incident.ts';
import { referenceIn } from '#domain/reference-table.ts';
import type { OpenRoom } from '#domain/room.ts';
import type { ShiftItem, ShiftTo } from '#domain/shift-items.ts';
import type { Unit } from '#domain/unit.ts';
import type { Seat } from '#desk/desk.ts';
import { referenceData } from '../support/room.ts';

type Source = ReturnType<typeof random>;

/** What an operator asks, and what they had seen when it matters. */
export interface Wanted {
  readonly asked: Asked;
  readonly expect?: Readonly<Record<StreamId, number>>;
}

const UNITS = ['HT21', 'HT22', 'HT23', 'HT24'] as UnitId[];
const PLACES = ['Pier 4', '12 High Street', 'the park'];
const CHANNELS = ['999', '101', 'counter'] as const;

/** Everybody who may sit down somewhere. */
export const people: readonly Seat['user'][] = (
  [
    ['Asha', 'call-handler'],
    ['Bela', 'call-handler'],
    ['Carys', 'dispatcher'],
    ['Dev', 'dispatcher'],
    ['Eve', 'supervisor'],
    ['Finn', 'supervisor'],
  ] as const
).map(([name, role]) => ({
  id: `u-${name}` as Seat['user']['id'], // opaque, as an account's is
  name,
  displayName: name,
  role,
}));

export const seatOf = (user: Seat['user']): Seat => ({
  user,
  grant: { id: `g-${user.name}`, notAfter: Number.MAX_SAFE_INTEGER as EpochMs },
});

/** Chooses what `me` asks, out of what a desk shows: mostly what makes sense, now and then what does not. */
export function choose(room: OpenRoom, source: Source, me: UserId): Wanted | undefined {
  const { below, chance, pick } = source;
  const incidents: Incident[] = [];
  const contacts: Contact[] = [];
  const units = new Map<UnitId, Unit>();
  const handovers: HandoverId[] = [];
  const conflicts: CommandId[] = [];
  const shiftHandovers: ShiftHandoverId[] = [];
  for (const [, { entity }] of room.entries()) {
    if (entity.kind === 'incident' && entity.isRaised) incidents.push(entity);
    else if (entity.kind === 'contact') contacts.push(entity);
    else if (entity.kind === 'unit') units.set(entity.id, entity);
    else if (entity.kind === 'handover' && !entity.accepted) handovers.push(entity.id);
    else if (entity.kind === 'shift-handover' && entity.state.is === 'open')
      shiftHandovers.push(entity.id);
    else if (entity.kind === 'conflict' && !entity.seen) conflicts.push(entity.id);
  }
  // What came last is what people are busy with.
  const late = <Item>(items: readonly Item[]) => pick(chance(0.8) ? items.slice(-6) : items);
  const incident = late(incidents);
  const incidentId = incident?.id;
  const contact = late(contacts);
  const contactId = contact?.id;
  const unitId = pick(UNITS) ?? ('HT21' as UnitId);
  const unit = units.get(unitId);
  const handoverId = late(handovers);
  const text = `said ${below(1_000)}`;
  const place = { text: pick(PLACES) ?? 'unknown', isVerified: false };
  const grade = pick([1, 2, 3, 4] as const) ?? 1;
  const seen = (stream: StreamId) => ({ [stream]: room.get(stream).version });
  const ask = (asked: Asked): Wanted => ({ asked });
  const about = (asked: Asked, stream: StreamId): Wanted =>
    chance(0.5) ? { asked, expect: seen(stream) } : { asked };

  switch (below(36)) {
    case 0:
    case 1:
      return ask({ type: 'book-on-unit', body: { unitId, officers: ['A B'], skills: [] } });
    case 2:
      return chance(0.4) ? ask({ type: 'book-off-unit', body: { unitId } }) : undefined;
    case 3:
    case 4:
    case 5: {
      const from = chance(0.6) && contactId !== undefined && { contactId };
      const body = { ...from, place, openingCode: 'DOM', grade, qualifiers: [], narrative: text };
      return ask({ type: 'raise-incident', body });
    }
    case 6:
    case 7:
      return handoverId && ask({ type: 'accept-handover', body: { handoverId } });
    case 8:
    case 9:
    case 10:
      return incidentId && ask({ type: 'assign-unit', body: { incidentId, unitId } });
    case 11:
    case 12: {
      const statusCode = pick([0, 1, 2, 5, 6, 7, 11, 13]) ?? 5;
      return ask({ type: 'set-unit-status', body: { unitId, statusCode } });
    }
    case 13: {
      const on = unit?.incidentId ?? incidentId;
      return on && ask({ type: 'release-unit', body: { incidentId: on, unitId } });
    }
    case 14:
      return ask({ type: 'own-emergency', body: { unitId } });
    case 15:
      return about(
        { type: 'stand-down-emergency', body: { unitId, reason: text } },
        unitStream(unitId),
      );
    case 16:
      return (
        incidentId &&
        about(
          { type: 'close-incident', body: { incidentId, closingCode: 'CIV' } },
          incidentStream(incidentId),
        )
      );
    case 17:
      return (
        incidentId &&
        about(
          { type: 'reopen-incident', body: { incidentId, reason: text } },
          incidentStream(incidentId),
        )
      );
    case 18:
      return (
        incidentId &&
        about(
          { type: 'regrade-incident', body: { incidentId, grade, reason: text } },
          incidentStream(incidentId),
        )
      );
    case 19:
      return (
        incidentId && ask({ type: 'result-incident', body: { incidentId, result: 'advice-given' } })
      );
    case 20:
    case 21:
      return incidentId && ask({ type: 'add-log-entry', body: { incidentId, text } });
    case 22:
      return ask({ type: 'open-contact', body: { channel: pick(CHANNELS) ?? '101' } });
    case 23:
    case 24:
      return contactId && ask({ type: 'take-contact', body: { contactId } });
    case 25: {
      const type = pick(['hold-contact', 'resume-contact', 'abandon-contact'] as const);
      return contactId && type && ask({ type, body: { contactId } });
    }
    case 26:
      return contactId && ask({ type: 'end-contact', body: { contactId, by: 'caller' } });
    case 27:
      return (
        contactId &&
        ask({ type: 'describe-contact', body: { contactId, details: { place, narrative: text } } })
      );
    case 28:
      return contactId && ask({ type: 'add-contact-entry', body: { contactId, text } });
    case 29:
      return (
        contactId && incidentId && ask({ type: 'attach-contact', body: { contactId, incidentId } })
      );
    case 30: {
      const outcome = pick(['incident', 'linked', 'enquiry', 'advice-given'] as const) ?? 'enquiry';
      return contactId && ask({ type: 'finish-contact', body: { contactId, outcome } });
    }
    case 31:
    case 32:
    case 33:
      return handedOver(source, me, { incidents, contacts, units: [...units.values()] });
    case 34: {
      const shiftHandoverId = late(shiftHandovers);
      if (shiftHandoverId === undefined) return undefined;
      const body = { shiftHandoverId };
      if (chance(0.7)) return ask({ type: 'accept-shift-handover', body });
      return chance(0.5)
        ? ask({ type: 'withdraw-shift-handover', body })
        : ask({ type: 'decline-shift-handover', body: { ...body, reason: text } });
    }
    default: {
      const commandId = pick(conflicts);
      return commandId && ask({ type: 'settle-conflict', body: { commandId } });
    }
  }
}

/** A shift hand-over of what they own; now and then with what they do not own among it. */
function handedOver(
  { below, chance, pick }: Source,
  me: UserId,
  owned: {
    readonly incidents: readonly Incident[];
    readonly contacts: readonly Contact[];
    readonly units: readonly Unit[];
  },
): Wanted | undefined {
  const isTheirs = (owner: { readonly user: string } | undefined) =>
    owner !== undefined && (owner.user === me || chance(0.1));
  const items: ShiftItem[] = [
    ...owned.incidents
      .filter(({ owner }) => isTheirs(owner))
      .map(({ id }) => ({ kind: 'incident', id }) as const),
    ...owned.contacts
      .filter(({ owner }) => isTheirs(owner))
      .map(({ id }) => ({ kind: 'contact', id }) as const),
    ...owned.units
      .filter(({ emergency }) => isTheirs(emergency?.owner))
      .map(({ id }) => ({ kind: 'emergency', id }) as const),
  ].slice(-1 - below(8));
  const user = pick(people)?.id;
  const to: ShiftTo | undefined = chance(0.5)
    ? user && { kind: 'person', user }
    : {
        kind: 'role',
        role: pick(['call-handler', 'dispatcher', 'supervisor'] as const) ?? 'supervisor',
      };
  if (items.length === 0 || !to) return undefined;
  return { asked: { type: 'offer-shift-handover', body: { to, items } } };
}

/** What comes from systems outside: contacts, their ends, and statuses off the air. */
export function fromOutside(room: OpenRoom | undefined, source: Source): Asked | undefined {
  const { below, chance, pick } = source;
  const waiting: Contact[] = [];
  for (const [, { entity }] of room?.entries() ?? [])
    if (entity.kind === 'contact' && entity.state !== 'finished') waiting.push(entity);
  const contactId = pick(waiting)?.id;
  if (contactId !== undefined && chance(0.3))
    return chance(0.5)
      ? { type: 'abandon-contact', body: { contactId } }
      : { type: 'end-contact', body: { contactId, by: 'caller' } };
  if (chance(0.2))
    return {
      type: 'set-unit-status',
      body: { unitId: pick(UNITS) ?? ('HT21' as UnitId), statusCode: pick([0, 5, 6, 14]) ?? 5 },
    };
  if (room && chance(0.1)) {
    // An administrator gives the force other times; deadlines that are not recorded yet are made anew.
    const { grades } = referenceIn(room, referenceData);
    const minutes = 1 + below(5);
    const rows = grades.rows.map((row) => ({ ...row, acceptWithinMs: minutes * 60_000 }));
    return {
      type: 'take-over-reference-data',
      body: {
        change: { list: 'grades', content: { ...grades, rows: [...rows] }, note: 'other times' },
        insteadOf: room.get(referenceStream('grades')).version,
      },
    } as Asked; // as its schema has it: nothing of it is changed after it was made
  }
  const number = `+44770090${String(below(1_000)).padStart(4, '0')}`;
  const caller = { kind: 'number', number } as const;
  return { type: 'offer-contact', body: { channel: '999', caller, source: 'telephony' } };
}

/** A file of recorded crimes; some of its rows stand in another file too. */
export const crimesOf = (batch: number, { below }: Source): readonly RecordedCrime[] =>
  Array.from({ length: 1 + below(8) }, (_, n): RecordedCrime => {
    const crimeId = below(4) === 0 ? `shared-${below(6)}` : `c-${batch}-${n}`;
    return {
      identity: crimeIdentity({ crimeId }),
      crimeId,
      month: '2017-02',
      lat: 50.8 + n / 1_000,
      lon: -1.1,
      location: `On or near Street ${n}`,
      crimeType: 'Burglary',
    };
  });
