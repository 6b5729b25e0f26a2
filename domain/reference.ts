import { Temporal } from 'temporal-polyfill';
import type { EpochMs, IncidentId } from './ids.ts';

/**
 * An incident's permanent reference: force, local day of `occurredAt` in the force's time zone, and a
 * number from a block that was reserved for the desk. Example: HC-20261123-0412.
 */
export function referenceOf(
  force: string,
  timeZone: string,
  occurredAt: EpochMs,
  number: number,
): IncidentId {
  const day = Temporal.Instant.fromEpochMilliseconds(occurredAt)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .toString()
    .replaceAll('-', '');
  return `${force}-${day}-${String(number).padStart(4, '0')}` as IncidentId; // as the schema of ids.ts reads it
}

/** The number within a reference, or undefined where the text is none. */
export const numberOf = (reference: string): number | undefined => {
  const digits = /^[A-Z]{2,4}-\d{8}-(\d{4,6})$/.exec(reference)?.[1];
  return digits === undefined ? undefined : Number(digits);
};
