import type { Contact } from './contact.ts';
import type { Given, Of, Outcome } from './decide.ts';
import { factIn, type HoldfastFact, type Role } from './facts.ts';
import {
  shiftHandoverStream,
  userStream,
  type CommandId,
  type DeskId,
  type EpochMs,
  type ShiftHandoverId,
  type UserId,
} from './ids.ts';
import type { Incident } from './incident.ts';
import { unreachable } from './lib/assert.ts';
import { record, refuse } from './lib/decision.ts';
import type { User } from './roster.ts';
import { only, type Room } from './room.ts';
import type { ShiftHandover } from './shift-handover.ts';
import { streamOfItem, type ShiftItem, type ShiftLeftOut } from './shift-items.ts';
import type { Unit } from './unit.ts';

/** What forbids a shift hand-over, beside what forbids any other one. */
export type ShiftRefusal =
  | {
      readonly reason:
        | 'no-such-shift-handover'
        | 'to-yourself'
        | 'nothing-to-hand-over'
        | 'not-for-you'
        | 'not-yours'
        | 'role-may-not-own'
        | 'person-left';
    }
  | {
      readonly reason: 'already-declined' | 'already-withdrawn';
      readonly by: UserId;
      readonly desk: DeskId;
    };

/**
 * Two people have to meet and talk it through, which a deadline of seconds would only disturb: until the
 * acceptance nothing is without its owner. After it the list would lie unread past the change of shift.
 */
export const SHIFT_ACCEPT_WITHIN_MS = 10 * 60_000;

/** The id is the command's own, so that desk, server and a repeat make the same one. */
export const shiftHandoverIdOf = (commandId: CommandId) => String(commandId) as ShiftHandoverId;

type ShiftCommand = Of<
  | 'offer-shift-handover'
  | 'accept-shift-handover'
  | 'decline-shift-handover'
  | 'withdraw-shift-handover'
  | 'escalate-shift-handover'
>;

/** Decides what a shift hand-over records. Ownership passes with its acceptance, in the same commit, and never else. */
export function decideShiftHandover(room: Room, asked: ShiftCommand, given: Given): Outcome {
  if (asked.type === 'offer-shift-handover') return offer(room, asked, given);
  const { by, now } = given;
  const stream = shiftHandoverStream(asked.body.shiftHandoverId);
  const handover = only<ShiftHandover>(room, stream, 'shift-handover');
  const from = handover?.from;
  if (!handover || !from) return refuse({ reason: 'no-such-shift-handover' });
  if (handover.readOnly) return refuse({ reason: handover.readOnly });
  const { state } = handover;
  if (state.is !== 'open') {
    const { user, desk } = state.by;
    return refuse({ reason: `already-${state.is}`, by: user, desk });
  }
  const fact = factIn(stream);
  const who = { by: by.user, desk: by.desk };
  switch (asked.type) {
    case 'withdraw-shift-handover':
      if (from.user !== by.user) return refuse({ reason: 'not-yours' });
      return record(fact('shift-handover.withdrawn', who));
    case 'escalate-shift-handover':
      if (handover.escalatedAt !== undefined) return refuse({ reason: 'already-escalated' });
      if (now < handover.deadlineAt) return refuse({ reason: 'not-due-yet' });
      return record(fact('shift-handover.escalated', { to: 'supervisor' }));
    case 'decline-shift-handover':
      if (!isFor(room, handover, by.user)) return refuse({ reason: 'not-for-you' });
      return record(fact('shift-handover.declined', { ...who, reason: asked.body.reason }));
    case 'accept-shift-handover': {
      if (from.user === by.user) return refuse({ reason: 'to-yourself' });
      if (!isFor(room, handover, by.user)) return refuse({ reason: 'not-for-you' });
      if (!mayOwn(roleOf(room, by.user), handover.items))
        return refuse({ reason: 'role-may-not-own' });
      const { items, leftOut } = sorted(room, handover.items, from.user);
      return record(
        fact('shift-handover.accepted', { ...who, passed: items, leftOut }),
        ...items.map((item) => ownedBy(room, item, who)),
      );
    }
    default:
      return unreachable(asked);
  }
}

function offer(room: Room, { body }: Of<'offer-shift-handover'>, given: Given): Outcome {
  const { commandId, by, now } = given;
  const { to } = body;
  if (to.kind === 'person') {
    if (to.user === by.user) return refuse({ reason: 'to-yourself' });
    const user = only<User>(room, userStream(to.user), 'user');
    if (!user) return refuse({ reason: 'no-such-user' });
    if (user.isDisabled) return refuse({ reason: 'person-left' });
  }
  const role = to.kind === 'role' ? to.role : roleOf(room, to.user);
  if (!mayOwn(role, body.items)) return refuse({ reason: 'role-may-not-own' });
  const { items, leftOut } = sorted(room, body.items, by.user);
  if (items.length === 0) return refuse({ reason: 'nothing-to-hand-over' });
  return record(
    factIn(shiftHandoverStream(shiftHandoverIdOf(commandId)))('shift-handover.offered', {
      from: by.user,
      fromDesk: by.desk,
      to,
      items,
      leftOut,
      deadlineAt: (now + SHIFT_ACCEPT_WITHIN_MS) as EpochMs,
    }),
  );
}

const roleOf = (room: Room, user: UserId) => only<User>(room, userStream(user), 'user')?.role;

/** Whether this person may take the list or send it back: it is theirs, their role's, or the supervisor's by now. */
export function isFor(
  room: Pick<Room, 'get'>,
  { to, escalatedAt }: Pick<ShiftHandover, 'to' | 'escalatedAt'>,
  user: UserId,
): boolean {
  if (to.kind === 'person' && to.user === user) return true;
  const role = only<User>(room, userStream(user), 'user')?.role;
  if (role === undefined) return false;
  return (
    (to.kind === 'role' && to.role === role) || (escalatedAt !== undefined && role === 'supervisor')
  );
}

/** Incidents and emergencies are dispatched: who may not take one by itself may not by a list either. */
const mayOwn = (role: Role | undefined, items: readonly ShiftItem[]) =>
  role === 'dispatcher' ||
  role === 'supervisor' ||
  (role === 'call-handler' && items.every(({ kind }) => kind === 'contact'));

/** What of these `owner` still owns, each once, and what keeps back the rest. */
function sorted(
  room: Pick<Room, 'get'>,
  asked: readonly ShiftItem[],
  owner: UserId,
): { readonly items: ShiftItem[]; readonly leftOut: ShiftLeftOut[] } {
  const items: ShiftItem[] = [];
  const leftOut: ShiftLeftOut[] = [];
  for (const item of new Map(asked.map((it) => [streamOfItem(it), it])).values()) {
    const why = keptBack(room, item, owner);
    if (why === undefined) items.push(item);
    else leftOut.push({ item, why });
  }
  return { items, leftOut };
}

/** Why this does not pass from `owner`; undefined where it does. */
export function keptBack(
  room: Pick<Room, 'get'>,
  item: ShiftItem,
  owner: UserId,
): ShiftLeftOut['why'] | undefined {
  const stream = streamOfItem(item);
  const owned = (by: { readonly user: UserId } | undefined) =>
    by === undefined ? 'not-owned' : by.user === owner ? undefined : 'taken';
  switch (item.kind) {
    case 'contact': {
      const contact = only<Contact>(room, stream, 'contact');
      if (!contact) return 'not-owned';
      if (contact.readOnly) return 'unreadable';
      return contact.state === 'finished' ? 'finished' : owned(contact.owner);
    }
    case 'incident': {
      const incident = only<Incident>(room, stream, 'incident');
      if (!incident?.isRaised) return 'not-owned';
      if (incident.readOnly) return 'unreadable';
      return incident.closedAt === undefined ? owned(incident.owner) : 'closed';
    }
    case 'emergency': {
      const unit = only<Unit>(room, stream, 'unit');
      if (!unit) return 'not-owned';
      if (unit.readOnly) return 'unreadable';
      return unit.emergency ? owned(unit.emergency.owner) : 'stood-down';
    }
    default:
      return unreachable(item);
  }
}

/** The event that says in the record of each item who owns it from now on. */
function ownedBy(
  room: Room,
  item: ShiftItem,
  who: { readonly by: UserId; readonly desk: DeskId },
): HoldfastFact {
  const stream = streamOfItem(item);
  const fact = factIn(stream);
  switch (item.kind) {
    case 'contact':
      return fact('contact.passed', who);
    case 'incident':
      return fact('incident.owned', who);
    case 'emergency': {
      const on = only<Unit>(room, stream, 'unit')?.incidentId;
      return fact('unit.emergency-owned', { ...who, ...(on !== undefined && { incidentId: on }) });
    }
    default:
      return unreachable(item);
  }
}
