import * as z from 'zod';
import {
  contactId,
  contactStream,
  incidentId,
  incidentStream,
  unitId,
  unitStream,
  userId,
  type StreamId,
} from './ids.ts';

/** One thing that a person owns and can give to the next shift. */
export const shiftItem = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('contact'), id: contactId }),
  z.strictObject({ kind: z.literal('incident'), id: incidentId }),
  /** The emergency of a unit, by its call sign. */
  z.strictObject({ kind: z.literal('emergency'), id: unitId }),
]);
export type ShiftItem = z.infer<typeof shiftItem>;

/** What somebody owns at the end of a shift; a person with more than this has not worked one desk. */
export const SHIFT_ITEMS_MAX = 200;

/** To one person, or to whoever of the floor works in a role. */
export const shiftTo = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('person'), user: userId }),
  z.strictObject({
    kind: z.literal('role'),
    role: z.enum(['call-handler', 'dispatcher', 'supervisor']),
  }),
]);
export type ShiftTo = z.infer<typeof shiftTo>;

/** An item that does not pass, and the fact that keeps it back. */
export const shiftLeftOut = z.object({
  item: shiftItem,
  why: z.enum(['finished', 'closed', 'stood-down', 'taken', 'not-owned', 'unreadable']),
});
export type ShiftLeftOut = z.infer<typeof shiftLeftOut>;

export function streamOfItem(item: ShiftItem): StreamId {
  switch (item.kind) {
    case 'contact':
      return contactStream(item.id);
    case 'incident':
      return incidentStream(item.id);
    default:
      return unitStream(item.id);
  }
}
