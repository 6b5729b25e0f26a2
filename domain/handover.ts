import type { RecordedEvent } from './event.ts';
import { understand, type Grade, type Unreadable } from './facts.ts';
import type { DeskId, EpochMs, HandoverId, IncidentId, UserId } from './ids.ts';

/**
 * A pass of an incident from one to another: it has a sender, a receiver, a deadline and an
 * acceptance, and it outlives the incident's closure.
 */
export interface Handover {
  readonly kind: 'handover';
  readonly id: HandoverId;
  readonly incidentId: IncidentId | undefined;
  readonly from: { readonly user: UserId; readonly desk: DeskId } | undefined;
  readonly to: 'dispatch' | 'supervisor';
  readonly grade: Grade;
  readonly offeredAt: EpochMs;
  readonly deadlineAt: EpochMs;
  readonly escalatedAt: EpochMs | undefined;
  readonly accepted:
    | { readonly user: UserId; readonly desk: DeskId; readonly at: EpochMs }
    | undefined;
  readonly readOnly: Unreadable | undefined;
}

export const noHandover = (id: HandoverId): Handover => ({
  kind: 'handover',
  id,
  incidentId: undefined,
  from: undefined,
  to: 'dispatch',
  grade: 1,
  offeredAt: 0 as EpochMs,
  deadlineAt: 0 as EpochMs,
  escalatedAt: undefined,
  accepted: undefined,
  readOnly: undefined,
});

export const isHandoverOpen = (handover: Handover) => handover.accepted === undefined;

/** Folds one recorded event into the hand-over. Total: what is on record is never refused. */
export function evolveHandover(handover: Handover, event: RecordedEvent): Handover {
  const known = understand(event);
  if (typeof known === 'string') return { ...handover, readOnly: known };
  switch (known.type) {
    case 'handover.offered': {
      const { incidentId, from, fromDesk, to, grade, deadlineAt } = known.body;
      return {
        ...handover,
        incidentId,
        from: { user: from, desk: fromDesk },
        to,
        grade,
        deadlineAt,
        offeredAt: event.occurredAt,
      };
    }
    case 'handover.accepted': {
      const { by, desk } = known.body;
      return { ...handover, accepted: { user: by, desk, at: event.occurredAt } };
    }
    case 'handover.escalated':
      return { ...handover, to: known.body.to, escalatedAt: event.occurredAt };
    default:
      return { ...handover, readOnly: 'update-needed' };
  }
}
