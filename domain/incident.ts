import type { RecordedEvent } from './event.ts';
import { understand, type Grade, type Place, type Unreadable } from './facts.ts';
import type { ContactId, DeskId, EpochMs, IncidentId, UserId } from './ids.ts';

export interface Incident {
  readonly kind: 'incident';
  /** The permanent reference. */
  readonly id: IncidentId;
  readonly isRaised: boolean;
  readonly place: Place;
  readonly openingCode: string;
  readonly closingCode: string | undefined;
  readonly grade: Grade;
  readonly qualifiers: readonly string[];
  readonly narrative: string;
  readonly raisedAt: EpochMs;
  readonly raisedBy: UserId;
  /** The target clock runs to here; null where the grade has no target. */
  readonly attendBy: EpochMs | null;
  /** The contact that it was raised from; others are attached to it later. */
  readonly raisedFrom: ContactId | undefined;
  readonly contactIds: readonly ContactId[];
  readonly owner: { readonly user: UserId; readonly desk: DeskId } | undefined;
  readonly result: string | undefined;
  readonly closedAt: EpochMs | undefined;
  readonly readOnly: Unreadable | undefined;
}

export const noIncident = (id: IncidentId): Incident => ({
  kind: 'incident',
  id,
  isRaised: false,
  place: { text: 'unknown', isVerified: false },
  openingCode: '',
  closingCode: undefined,
  grade: 1,
  qualifiers: [],
  narrative: '',
  raisedAt: 0 as EpochMs,
  raisedBy: '' as UserId,
  attendBy: null,
  raisedFrom: undefined,
  contactIds: [],
  owner: undefined,
  result: undefined,
  closedAt: undefined,
  readOnly: undefined,
});

export const isIncidentOpen = (incident: Incident) => incident.closedAt === undefined;

/** Folds one recorded event into the incident. Total: what is on record is never refused. */
export function evolveIncident(incident: Incident, event: RecordedEvent): Incident {
  const known = understand(event);
  if (typeof known === 'string') return { ...incident, readOnly: known };
  switch (known.type) {
    case 'incident.raised': {
      const { contactId, place, openingCode, grade, qualifiers, narrative, attendBy } = known.body;
      return {
        ...incident,
        isRaised: true,
        place,
        openingCode,
        grade,
        qualifiers,
        narrative,
        attendBy,
        raisedFrom: contactId,
        contactIds: contactId === undefined ? [] : [contactId],
        raisedAt: event.occurredAt,
        raisedBy: event.actor as UserId, // the header's actor of a raised incident is a user
      };
    }
    case 'incident.owned':
      return { ...incident, owner: { user: known.body.by, desk: known.body.desk } };
    case 'incident.amended': {
      const { place, narrative } = known.body;
      return {
        ...incident,
        ...(place !== undefined && { place }),
        ...(narrative !== undefined && { narrative }),
      };
    }
    case 'incident.entry-added':
      return incident;
    case 'incident.regraded':
      return { ...incident, grade: known.body.grade, attendBy: known.body.attendBy };
    case 'incident.contact-attached':
      return {
        ...incident,
        contactIds: [...new Set([...incident.contactIds, known.body.contactId])],
      };
    case 'incident.resulted':
      return { ...incident, result: known.body.result };
    case 'incident.closed':
      return { ...incident, closingCode: known.body.closingCode, closedAt: event.occurredAt };
    case 'incident.reopened':
      return { ...incident, closedAt: undefined, closingCode: undefined, result: undefined };
    default:
      return { ...incident, readOnly: 'update-needed' };
  }
}
