import * as z from 'zod';
import type { EventClass, Fact, RecordedEvent } from './event.ts';
import {
  commandId,
  contactId,
  deskId,
  epochMs,
  incidentId,
  streamId,
  userId,
  type StreamId,
} from './ids.ts';
import { SHIFT_ITEMS_MAX, shiftItem, shiftLeftOut, shiftTo } from './shift-items.ts';
import { referenceChanges } from './reference-data.ts';

const line = z.string().min(1).max(4_000); // a long statement; a longer one is several entries
const short = z.string().min(1).max(200);
const code = z.string().regex(/^[A-Z]{3}$/);

export const grade = z.literal([1, 2, 3, 4]);
export type Grade = z.infer<typeof grade>;

export const channels = ['999', '101', 'online', 'text', 'email', 'counter', 'partner'] as const;
export const channel = z.enum(channels);
export type Channel = z.infer<typeof channel>;

/** Where something is: what was said, and a position where one was picked. An unverified place is kept and flagged. */
export const place = z.strictObject({
  text: short,
  lat: z.number().min(-90).max(90).optional(),
  lon: z.number().min(-180).max(180).optional(),
  isVerified: z.boolean().default(false),
  /** What the position was picked from; says how far to trust it. */
  source: short.optional(),
});
export type Place = z.infer<typeof place>;

/** The number a caller rings from: E.164 or a short code, or withheld. Absent where the channel has none. */
export const callerNumber = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('number'), number: z.string().regex(/^(\+\d{6,15}|\d{3,6})$/) }),
  z.strictObject({ kind: z.literal('withheld') }),
]);
export type CallerNumber = z.infer<typeof callerNumber>;

export const details = z.strictObject({
  place: place.optional(),
  narrative: z.string().max(4_000).optional(),
  informant: z.string().max(200).optional(),
  callbackNumber: z.string().max(32).optional(),
});
export type Details = z.infer<typeof details>;

export const roles = [
  'call-handler',
  'dispatcher',
  'supervisor',
  'investigator',
  'administrator',
  'auditor',
] as const;
export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

export const contactOutcomes = [
  'incident',
  'linked',
  'enquiry',
  'redirected',
  'advice-given',
  'duplicate',
  'no-police-action',
] as const;

const takenOver = <Change extends z.core.$ZodShape>(change: Change) =>
  z.object({
    ...change,
    /** Why, in the words of whoever did it. */
    note: short,
    /** Set where an earlier content was brought back: which. */
    rolledBackTo: z.int().nonnegative().optional(),
  });

const row = <Schema extends z.ZodType>(body: Schema, eventClass: EventClass = 'operational') => ({
  typeVersion: 1,
  class: eventClass,
  body,
});

/** Every fact this release records, by event type. Fields are added, never repurposed. */
export const facts = {
  'contact.offered': row(
    z.object({
      channel,
      caller: callerNumber.optional(),
      details: details.optional(),
      source: short.optional(),
      externalId: short.optional(),
    }),
  ),
  'contact.answered': row(z.object({ by: userId, desk: deskId })),
  /** Whoever had it has given it to another in a shift hand-over: the call goes on as it was. */
  'contact.passed': row(z.object({ by: userId, desk: deskId })),
  'contact.held': row(z.object({})),
  'contact.resumed': row(z.object({})),
  'contact.ended': row(z.object({ by: z.enum(['caller', 'handler']) })),
  'contact.abandoned': row(z.object({})),
  'contact.described': row(z.object({ details })),
  'contact.entry-added': row(z.object({ text: line })),
  'contact.attached': row(z.object({ incidentId })),
  'contact.finished': row(z.object({ outcome: z.enum(contactOutcomes), text: line.optional() })),

  'incident.raised': row(
    z.object({
      contactId: contactId.optional(),
      place,
      openingCode: code,
      grade,
      qualifiers: z.array(short).max(20),
      narrative: z.string().max(4_000),
      /** When a unit should be there: the target clock. Null where the grade has no target. */
      attendBy: epochMs.nullable(),
    }),
  ),
  'incident.owned': row(z.object({ by: userId, desk: deskId })),
  /** The caller's handler has put right what was said first: the place, or what is happening. */
  'incident.amended': row(
    z.object({ contactId, place: place.optional(), narrative: z.string().max(4_000).optional() }),
  ),
  'incident.entry-added': row(z.object({ text: line, corrects: z.uuid().optional() })),
  'incident.regraded': row(z.object({ grade, reason: line, attendBy: epochMs.nullable() })),
  'incident.contact-attached': row(z.object({ contactId })),
  'incident.resulted': row(z.object({ result: short, text: line.optional() })),
  'incident.closed': row(z.object({ closingCode: code })),
  'incident.reopened': row(z.object({ reason: line })),

  'handover.offered': row(
    z.object({
      incidentId,
      from: userId,
      fromDesk: deskId,
      to: z.enum(['dispatch', 'supervisor']),
      grade,
      deadlineAt: epochMs,
    }),
  ),
  'handover.accepted': row(z.object({ incidentId, by: userId, desk: deskId })),
  'handover.escalated': row(z.object({ incidentId, to: z.literal('supervisor') })),

  /** What somebody owns is offered to the next shift. Until it is accepted, they own it still. */
  'shift-handover.offered': row(
    z.object({
      from: userId,
      fromDesk: deskId,
      to: shiftTo,
      items: z.array(shiftItem).min(1).max(SHIFT_ITEMS_MAX),
      /** Asked for and not theirs any more when it was recorded. */
      leftOut: z.array(shiftLeftOut).max(SHIFT_ITEMS_MAX),
      deadlineAt: epochMs,
    }),
  ),
  /** Recorded with one event for each item that says who owns it now. */
  'shift-handover.accepted': row(
    z.object({
      by: userId,
      desk: deskId,
      passed: z.array(shiftItem).max(SHIFT_ITEMS_MAX),
      leftOut: z.array(shiftLeftOut).max(SHIFT_ITEMS_MAX),
    }),
  ),
  'shift-handover.declined': row(z.object({ by: userId, desk: deskId, reason: line })),
  'shift-handover.withdrawn': row(z.object({ by: userId, desk: deskId })),
  'shift-handover.escalated': row(z.object({ to: z.literal('supervisor') })),

  'unit.booked-on': row(
    z.object({ officers: z.array(short).max(8), skills: z.array(short).max(20) }),
  ),
  'unit.booked-off': row(z.object({})),
  'unit.assigned': row(z.object({ incidentId })),
  'unit.released': row(z.object({ incidentId, why: z.enum(['cleared', 'stood-down', 'closed']) })),
  'unit.status-set': row(
    z.object({ statusCode: z.int().min(0).max(16), incidentId: incidentId.optional() }),
  ),
  'unit.emergency-owned': row(
    z.object({ by: userId, desk: deskId, incidentId: incidentId.optional() }),
  ),
  'unit.emergency-stood-down': row(
    z.object({ by: userId, reason: line, incidentId: incidentId.optional() }),
  ),

  'duty.started': row(z.object({ desk: deskId, role: role.optional() })),
  'duty.ended': row(z.object({ desk: deskId })),

  /**
   * A command that was made while its desk was away came too late: it was refused, its operator has it
   * in the tray, and this tells the desk whose earlier decision it ran into.
   */
  'conflict.noted': row(
    z.object({
      command: short,
      commandId,
      subject: streamId,
      reason: short,
      by: userId,
      desk: deskId,
      /** When it was asked for, by the clock of the desk that was away. */
      askedAt: epochMs,
      other: deskId,
    }),
  ),
  'conflict.seen': row(z.object({ by: userId, desk: deskId })),

  'user.added': row(z.object({ name: short, displayName: short, role })),
  'user.role-set': row(z.object({ role })),
  'user.disabled': row(z.object({})),
  'user.reopened': row(z.object({})),

  /** Numbers `from` to `to` are kept for one desk, which may use them with nobody to ask. */
  'references.reserved': row(
    z.object({ desk: deskId, from: z.int().positive(), to: z.int().positive() }),
  ),

  /** From here on the list holds this and nothing else; what was decided before stays as it is. */
  'reference-data.taken-over': row(
    z.discriminatedUnion('list', [
      takenOver(referenceChanges.grades),
      takenOver(referenceChanges['opening-codes']),
      takenOver(referenceChanges.qualifiers),
      takenOver(referenceChanges['unit-statuses']),
      takenOver(referenceChanges.results),
      takenOver(referenceChanges['pnc-warning-signals']),
    ]),
  ),

  'recorded-crime.imported': row(
    z.object({
      batchId: short,
      fileDigest: short,
      rowsDigest: short,
      rowsRead: z.int().nonnegative(),
      added: z.int().nonnegative(),
      alreadyHeld: z.int().nonnegative(),
      /** Without a Crime ID, and reading exactly as one of another batch: nobody can tell, so it is reported. */
      alike: z.int().nonnegative(),
      duplicates: z.int().nonnegative(),
      skipped: z.record(z.string(), z.int().nonnegative()),
      months: z.array(short).max(240),
    }),
    'administrative',
  ),
  /** One file of another city's public dispatch records, in a training force that is made of them. */
  'dispatched-call.imported': row(
    z.object({
      batchId: short,
      fileDigest: short,
      rowsDigest: short,
      /** Whose records, in words that say that nothing of it is ours. */
      label: short,
      timeZone: short,
      rowsRead: z.int().nonnegative(),
      added: z.int().nonnegative(),
      alreadyHeld: z.int().nonnegative(),
      /** Held already, and reading otherwise there: nothing is written over. */
      otherwise: z.int().nonnegative(),
      duplicates: z.int().nonnegative(),
      skipped: z.record(z.string(), z.int().nonnegative()),
      /** The first and the last day of what the file has, where it happened. */
      days: z.strictObject({ first: short, last: short }).optional(),
    }),
    'administrative',
  ),
} as const;

export type FactType = keyof typeof facts;
export type Body<Type extends FactType> = z.infer<(typeof facts)[Type]['body']>;
export type HoldfastFact = { [Type in FactType]: Fact<Type, Body<Type>> }[FactType];

/** Makes one fact; its class and version are the table's, not the caller's. */
export const factIn =
  (stream: StreamId) =>
  <Type extends FactType>(type: Type, body: Body<Type>) =>
    ({
      stream,
      type,
      typeVersion: facts[type].typeVersion,
      class: facts[type].class,
      body,
    }) as Extract<HoldfastFact, { type: Type }>; // each field is the table's for this very type

export type Known = { [Type in FactType]: { type: Type; body: Body<Type> } }[FactType];
export type Unreadable = 'update-needed' | 'body-withheld';

/** The event as this release reads it, or why it cannot. Never throws: what is on record is never refused. */
export function understand(
  event: Pick<RecordedEvent, 'type' | 'typeVersion' | 'body'>,
): Known | Unreadable {
  if (!Object.hasOwn(facts, event.type)) return 'update-needed';
  const known = facts[event.type as FactType];
  if (event.typeVersion !== known.typeVersion) return 'update-needed';
  if (event.body === undefined) return 'body-withheld';
  const parsed = known.body.safeParse(event.body);
  // The cast pairs a type with the body that its own schema has just parsed.
  return parsed.success ? ({ type: event.type, body: parsed.data } as Known) : 'update-needed';
}
