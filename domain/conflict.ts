import type { RecordedEvent } from './event.ts';
import { understand, type Unreadable } from './facts.ts';
import type { CommandId, DeskId, EpochMs, StreamId, UserId } from './ids.ts';

/** A late command that was refused, until somebody at the other desk has seen that it was tried. */
export interface Conflict {
  readonly kind: 'conflict';
  /** That of the command. */
  readonly id: CommandId;
  readonly command: string;
  readonly subject: StreamId | undefined;
  readonly reason: string;
  readonly by: { readonly user: UserId; readonly desk: DeskId } | undefined;
  readonly askedAt: EpochMs;
  readonly other: DeskId | undefined;
  readonly seen: { readonly user: UserId; readonly desk: DeskId } | undefined;
  readonly readOnly: Unreadable | undefined;
}

export const noConflict = (id: CommandId): Conflict => ({
  kind: 'conflict',
  id,
  command: '',
  subject: undefined,
  reason: '',
  by: undefined,
  askedAt: 0 as EpochMs,
  other: undefined,
  seen: undefined,
  readOnly: undefined,
});

export const isConflictOpen = (conflict: Conflict) => conflict.seen === undefined;

/** Folds one recorded event into the conflict. Total: what is on record is never refused. */
export function evolveConflict(conflict: Conflict, event: RecordedEvent): Conflict {
  const known = understand(event);
  if (typeof known === 'string') return { ...conflict, readOnly: known };
  switch (known.type) {
    case 'conflict.noted': {
      const { command, subject, reason, by, desk, askedAt, other } = known.body;
      return { ...conflict, command, subject, reason, by: { user: by, desk }, askedAt, other };
    }
    case 'conflict.seen':
      return { ...conflict, seen: { user: known.body.by, desk: known.body.desk } };
    default:
      return { ...conflict, readOnly: 'update-needed' };
  }
}
