import type { RecordedEvent } from './event.ts';
import {
  understand,
  type CallerNumber,
  type Channel,
  type Details,
  type Unreadable,
} from './facts.ts';
import type { ContactId, DeskId, EpochMs, IncidentId, UserId } from './ids.ts';

/** The life of a contact: offered, then held by one person at a time, until it has an outcome. */
export type ContactState = 'offered' | 'answered' | 'held' | 'ended' | 'abandoned' | 'finished';

export interface Contact {
  readonly kind: 'contact';
  readonly id: ContactId;
  readonly state: ContactState;
  readonly channel: Channel;
  readonly caller: CallerNumber | undefined;
  readonly details: Details;
  readonly offeredAt: EpochMs;
  readonly answeredAt: EpochMs | undefined;
  readonly endedAt: EpochMs | undefined;
  /** Who has it. A finished contact keeps its last owner. */
  readonly owner: { readonly user: UserId; readonly desk: DeskId } | undefined;
  readonly incidentIds: readonly IncidentId[];
  readonly outcome: string | undefined;
  readonly readOnly: Unreadable | undefined;
}

export const noContact = (id: ContactId): Contact => ({
  kind: 'contact',
  id,
  state: 'offered',
  channel: '999',
  caller: undefined,
  details: {},
  offeredAt: 0 as EpochMs, // replaced by the first event; a contact without one is never shown
  answeredAt: undefined,
  endedAt: undefined,
  owner: undefined,
  incidentIds: [],
  outcome: undefined,
  readOnly: undefined,
});

/** Whether somebody still has to do something about it. */
export const isContactOpen = (contact: Contact) => contact.state !== 'finished';

/** Folds one recorded event into the contact. Total: what is on record is never refused. */
export function evolveContact(contact: Contact, event: RecordedEvent): Contact {
  const known = understand(event);
  if (typeof known === 'string') return { ...contact, readOnly: known };
  const at = event.occurredAt;
  switch (known.type) {
    case 'contact.offered': {
      const { channel, caller, details = {} } = known.body;
      return { ...contact, channel, caller, details, offeredAt: at };
    }
    case 'contact.answered':
      return {
        ...contact,
        // An abandoned call that somebody takes stays abandoned: nobody was spoken to.
        state: contact.state === 'offered' ? 'answered' : contact.state,
        answeredAt: contact.state === 'offered' ? at : contact.answeredAt,
        owner: { user: known.body.by, desk: known.body.desk },
      };
    case 'contact.passed':
      return { ...contact, owner: { user: known.body.by, desk: known.body.desk } };
    case 'contact.held':
      return { ...contact, state: 'held' };
    case 'contact.resumed':
      return { ...contact, state: 'answered' };
    case 'contact.ended':
      return {
        ...contact,
        state: contact.state === 'finished' ? 'finished' : 'ended',
        endedAt: at,
      };
    case 'contact.abandoned':
      return { ...contact, state: 'abandoned', endedAt: at };
    case 'contact.described':
      return { ...contact, details: { ...contact.details, ...known.body.details } };
    case 'contact.attached':
      return {
        ...contact,
        incidentIds: [...new Set([...contact.incidentIds, known.body.incidentId])],
        outcome: contact.outcome ?? 'incident',
      };
    case 'contact.finished':
      return { ...contact, state: 'finished', outcome: known.body.outcome };
    case 'contact.entry-added':
      return contact;
    default:
      // A fact of another kind of stream has no business here: kept, and nothing is built on it.
      return { ...contact, readOnly: 'update-needed' };
  }
}
