import type { RecordedEvent } from './event.ts';
import { understand, type Role, type Unreadable } from './facts.ts';
import type { DeskId, EpochMs, UserId } from './ids.ts';

export interface User {
  readonly kind: 'user';
  readonly id: UserId;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role | undefined;
  readonly isDisabled: boolean;
  readonly readOnly: Unreadable | undefined;
}

export const noUser = (id: UserId): User => ({
  kind: 'user',
  id,
  name: '',
  displayName: '',
  role: undefined,
  isDisabled: false,
  readOnly: undefined,
});

export function evolveUser(user: User, event: RecordedEvent): User {
  const known = understand(event);
  if (typeof known === 'string') return { ...user, readOnly: known };
  switch (known.type) {
    case 'user.added':
      return { ...user, ...known.body };
    case 'user.role-set':
      return { ...user, role: known.body.role };
    case 'user.disabled':
      return { ...user, isDisabled: true };
    case 'user.reopened':
      return { ...user, isDisabled: false };
    default:
      return { ...user, readOnly: 'update-needed' };
  }
}

/** One person's duty: where they sit, in which role, since when. The roster is everybody's. */
export interface Duty {
  readonly kind: 'duty';
  readonly id: UserId;
  readonly at:
    | { readonly desk: DeskId; readonly role: Role | undefined; readonly since: EpochMs }
    | undefined;
  /** When they last went off duty. */
  readonly endedAt: EpochMs | undefined;
  readonly readOnly: Unreadable | undefined;
}

export const noDuty = (id: UserId): Duty => ({
  kind: 'duty',
  id,
  at: undefined,
  endedAt: undefined,
  readOnly: undefined,
});

export const isOnDuty = (duty: Duty) => duty.at !== undefined;

export function evolveDuty(duty: Duty, event: RecordedEvent): Duty {
  const known = understand(event);
  if (typeof known === 'string') return { ...duty, readOnly: known };
  switch (known.type) {
    case 'duty.started': {
      const { desk, role } = known.body;
      return { ...duty, at: { desk, role, since: event.occurredAt } };
    }
    case 'duty.ended':
      return { ...duty, at: undefined, endedAt: event.occurredAt };
    default:
      return { ...duty, readOnly: 'update-needed' };
  }
}

/** Who holds which reference numbers. A number is in one block, and a block has one desk. */
export interface References {
  readonly kind: 'references';
  readonly next: number;
  readonly blocks: readonly { readonly desk: DeskId; readonly from: number; readonly to: number }[];
  readonly readOnly: Unreadable | undefined;
}

export const noReferences: References = {
  kind: 'references',
  next: 1,
  blocks: [],
  readOnly: undefined,
};

// Enough for every desk's present and earlier blocks to be recognised while they may still be used.
const BLOCKS_MAX = 4_000;

export function evolveReferences(references: References, event: RecordedEvent): References {
  const known = understand(event);
  if (typeof known === 'string') return { ...references, readOnly: known };
  if (known.type !== 'references.reserved') return { ...references, readOnly: 'update-needed' };
  const { desk, from, to } = known.body;
  const blocks = [...references.blocks, { desk, from, to }].slice(-BLOCKS_MAX);
  return { ...references, next: to + 1, blocks };
}

/** A file of rows that was taken in: known by its event only; the rows are in a store of their own. */
export interface Batch {
  readonly kind: 'recorded-crime' | 'dispatched-call';
  readonly id: string;
  readonly isImported: boolean;
  readonly readOnly: Unreadable | undefined;
}

export const noBatch = (kind: Batch['kind'], id: string): Batch => ({
  kind,
  id,
  isImported: false,
  readOnly: undefined,
});

export function evolveBatch(batch: Batch, event: RecordedEvent): Batch {
  const known = understand(event);
  // An administrative body is withheld from desks: that it was imported is all that they need.
  if (known === 'update-needed') return { ...batch, readOnly: known };
  return { ...batch, isImported: true };
}
