import * as z from 'zod';
import type { Brand } from './lib/brand.ts';
import { uuidV7 } from './lib/uuid-v7.ts';

export type EpochMs = Brand<number, 'EpochMs'>;
export type StreamId = Brand<string, 'StreamId'>;
export type CommandId = Brand<string, 'CommandId'>;
export type ContactId = Brand<string, 'ContactId'>;
export type IncidentId = Brand<string, 'IncidentId'>;
export type UnitId = Brand<string, 'UnitId'>;
export type HandoverId = Brand<string, 'HandoverId'>;
export type ShiftHandoverId = Brand<string, 'ShiftHandoverId'>;
export type UserId = Brand<string, 'UserId'>;
export type DeskId = Brand<string, 'DeskId'>;

// A schema is where an id is made; the cast gives what it parsed our brand instead of zod's.
const branded = <Id>(schema: z.ZodType) => schema as z.ZodType<Id>;
const opaque = z.string().regex(/^[\w.-]{1,64}$/);

export const epochMs = branded<EpochMs>(z.int().nonnegative());
export const commandId = branded<CommandId>(z.uuidv7());
export const contactId = branded<ContactId>(opaque);
/** An incident's id is its permanent reference: force, local day of `occurredAt`, number. */
export const incidentId = branded<IncidentId>(
  z.string().regex(/^[A-Z]{2,4}-\d{8}-\d{4,6}$/, 'a reference such as HC-20261123-0412'),
);
/** A unit's id is its call sign. */
export const unitId = branded<UnitId>(z.string().regex(/^[A-Z0-9]{2,8}$/, 'a call sign'));
export const handoverId = branded<HandoverId>(opaque);
export const shiftHandoverId = branded<ShiftHandoverId>(opaque);
/** Opaque: a name of a person never stands in a header. */
export const userId = branded<UserId>(opaque);
export const deskId = branded<DeskId>(opaque);
export const streamId = branded<StreamId>(
  z
    .string()
    .regex(/^[a-z-]+\/.+$/)
    .max(128),
);

export const streamKinds = [
  'contact',
  'incident',
  'unit',
  'handover',
  'shift-handover',
  'user',
  'duty',
  'conflict',
  'references',
  'recorded-crime',
  'reference-data',
  'dispatched-call',
] as const;
export type StreamKind = (typeof streamKinds)[number];

export const contactStream = (id: ContactId) => `contact/${id}` as StreamId;
export const incidentStream = (id: IncidentId) => `incident/${id}` as StreamId;
export const unitStream = (id: UnitId) => `unit/${id}` as StreamId;
export const handoverStream = (id: HandoverId) => `handover/${id}` as StreamId;
export const shiftHandoverStream = (id: ShiftHandoverId) => `shift-handover/${id}` as StreamId;
export const userStream = (id: UserId) => `user/${id}` as StreamId;
/** One person's times on duty: the roster is all of them that are open. */
export const dutyStream = (id: UserId) => `duty/${id}` as StreamId;
/** A conflict has the id of the command that was refused. */
export const conflictStream = (id: CommandId) => `conflict/${id}` as StreamId;
export const batchStream = (id: string) => `recorded-crime/${id}` as StreamId;
/** One file of dispatch records that another city has published. */
export const callBatchStream = (id: string) => `dispatched-call/${id}` as StreamId;
/** One stream counts the reference numbers of the whole force. */
export const REFERENCES = 'references/numbers' as StreamId;

/** One list of reference data, by its name. */
export const referenceStream = (list: string) => `reference-data/${list}` as StreamId;

/** A command's id of this moment; `random` are 16 bytes, fresh ones unless the same id is to come again. */
export const commandIdFrom = (now: number, random: Uint8Array) => uuidV7(now, random) as CommandId; // just made as one

/** The kind of thing a stream is about, or undefined for a kind of a later release. */
export function kindOf(stream: StreamId): StreamKind | undefined {
  const kind = stream.slice(0, stream.indexOf('/'));
  return streamKinds.find((known) => known === kind);
}
