import type { RecordedEvent } from './event.ts';
import { understand, type Unreadable } from './facts.ts';
import type { DeskId, EpochMs, ShiftHandoverId, UserId } from './ids.ts';
import type { ShiftItem, ShiftLeftOut, ShiftTo } from './shift-items.ts';

type Who = { readonly user: UserId; readonly desk: DeskId };

/** How a shift hand-over stands. Only an acceptance passes anything on. */
export type ShiftHandoverState =
  | { readonly is: 'open' }
  | {
      readonly is: 'accepted';
      readonly by: Who;
      readonly at: EpochMs;
      readonly passed: readonly ShiftItem[];
      readonly leftOut: readonly ShiftLeftOut[];
    }
  | { readonly is: 'declined'; readonly by: Who; readonly at: EpochMs; readonly reason: string }
  | { readonly is: 'withdrawn'; readonly by: Who; readonly at: EpochMs };

/** The list of what somebody owns, offered to the next shift. Until it is accepted they own it still. */
export interface ShiftHandover {
  readonly kind: 'shift-handover';
  readonly id: ShiftHandoverId;
  readonly from: Who | undefined;
  readonly to: ShiftTo;
  readonly items: readonly ShiftItem[];
  readonly offeredAt: EpochMs;
  readonly deadlineAt: EpochMs;
  readonly escalatedAt: EpochMs | undefined;
  readonly state: ShiftHandoverState;
  readonly readOnly: Unreadable | undefined;
}

export const noShiftHandover = (id: ShiftHandoverId): ShiftHandover => ({
  kind: 'shift-handover',
  id,
  from: undefined,
  to: { kind: 'role', role: 'supervisor' },
  items: [],
  offeredAt: 0 as EpochMs, // replaced by the first event; one without it is never shown
  deadlineAt: 0 as EpochMs,
  escalatedAt: undefined,
  state: { is: 'open' },
  readOnly: undefined,
});

export const isShiftHandoverOpen = ({ state }: ShiftHandover) => state.is === 'open';

/** Folds one recorded event into the shift hand-over. Total: what is on record is never refused. */
export function evolveShiftHandover(it: ShiftHandover, event: RecordedEvent): ShiftHandover {
  const known = understand(event);
  if (typeof known === 'string') return { ...it, readOnly: known };
  const at = event.occurredAt;
  switch (known.type) {
    case 'shift-handover.offered': {
      const { from, fromDesk, to, items, deadlineAt } = known.body;
      const who = { user: from, desk: fromDesk };
      return { ...it, from: who, to, items, deadlineAt, offeredAt: at };
    }
    case 'shift-handover.accepted': {
      const { by, desk, passed, leftOut } = known.body;
      return { ...it, state: { is: 'accepted', by: { user: by, desk }, at, passed, leftOut } };
    }
    case 'shift-handover.declined': {
      const { by, desk, reason } = known.body;
      return { ...it, state: { is: 'declined', by: { user: by, desk }, at, reason } };
    }
    case 'shift-handover.withdrawn': {
      const { by, desk } = known.body;
      return { ...it, state: { is: 'withdrawn', by: { user: by, desk }, at } };
    }
    case 'shift-handover.escalated':
      return { ...it, escalatedAt: at };
    default:
      return { ...it, readOnly: 'update-needed' };
  }
}
