import type { Channel, Grade } from './facts.ts';
import { isHandoverOpen } from './handover.ts';
import { dutyStream, incidentStream, type EpochMs, type StreamId, type UserId } from './ids.ts';
import { isContactOpen } from './contact.ts';
import type { Incident } from './incident.ts';
import { unreachable } from './lib/assert.ts';
import type { Duty } from './roster.ts';
import { only, type Entity, type OpenRoom } from './room.ts';
import { streamOfItem } from './shift-items.ts';
import { isShiftHandoverOpen } from './shift-handover.ts';

/** What is wrong with something that stands on the supervisor's panel; the first is the worst. */
export const unownedKinds = [
  'emergency-unowned',
  'emergency-left',
  'handover-late',
  'incident-unowned',
  'incident-left',
  'contact-waiting',
  'contact-left',
  'shift-handover-late',
  'unit-on-closed',
  'conflict-unseen',
] as const;
export type UnownedKind = (typeof unownedKinds)[number];

/** Something that nobody on duty has in hand, or that nobody has answered in its time. */
export interface Unowned {
  readonly kind: UnownedKind;
  readonly subject: StreamId;
  readonly since: EpochMs;
  /** Who had it last, of what was left behind. */
  readonly owner: { readonly user: UserId; readonly desk: string } | undefined;
  readonly grade: Grade | undefined;
}

/** How long each may be so before it is told. */
export interface UnownedAfter {
  readonly answerMs: Readonly<Record<Channel, number>>;
  readonly emergencyMs: number;
  /** Of an owner who is off duty: to sign in at another desk takes a moment. */
  readonly awayMs: number;
  readonly conflictMs: number;
}

const MINUTE_MS = 60_000;
export const unownedAfter: UnownedAfter = {
  answerMs: {
    999: 10_000, // the national target
    101: 30_000,
    text: 5 * MINUTE_MS,
    partner: 5 * MINUTE_MS,
    counter: 5 * MINUTE_MS, // somebody stands there
    online: 60 * MINUTE_MS,
    email: 240 * MINUTE_MS,
  },
  emergencyMs: 15_000, // in New York in 2013 an alert stood on many screens, and nobody's
  awayMs: 2 * MINUTE_MS,
  conflictMs: MINUTE_MS,
};

/**
 * Everything without an owner on duty and everything that was not answered in time, the worst first and
 * of one kind the oldest. A function of the room and the moment alone, so that a desk and the server find
 * the same. What has a hand-over that is not late has its clock already and is not here.
 */
export function unownedIn(
  room: OpenRoom,
  now: EpochMs,
  after: UnownedAfter = unownedAfter,
): readonly Unowned[] {
  const handedOver = new Set<StreamId>();
  for (const it of room.handovers())
    if (it.incidentId !== undefined) handedOver.add(incidentStream(it.incidentId));
  for (const { items } of room.shiftHandovers())
    for (const item of items) handedOver.add(streamOfItem(item));
  const found: Unowned[] = [];
  for (const [subject, { entity, version }] of room.entries()) {
    if (version === 0) continue;
    const one = wrongWith(entity, { room, now, after, isHandedOver: handedOver.has(subject) });
    if (one && one.since + one.afterMs <= now) {
      const { kind, since, owner, grade } = one;
      found.push({ kind, subject, since, owner, grade });
    }
  }
  return found.toSorted(
    (left, right) =>
      unownedKinds.indexOf(left.kind) - unownedKinds.indexOf(right.kind) ||
      left.since - right.since ||
      left.subject.localeCompare(right.subject),
  );
}

interface Wrong {
  readonly kind: UnownedKind;
  readonly since: EpochMs;
  readonly afterMs: number;
  readonly owner?: Unowned['owner'];
  readonly grade?: Grade;
}

interface Looked {
  readonly room: OpenRoom;
  readonly now: EpochMs;
  readonly after: UnownedAfter;
  readonly isHandedOver: boolean;
}

function wrongWith(entity: Entity, { room, now, after, isHandedOver }: Looked): Wrong | undefined {
  switch (entity.kind) {
    case 'contact': {
      const { owner, channel, offeredAt, answeredAt } = entity;
      if (!isContactOpen(entity)) return undefined;
      if (!owner)
        return { kind: 'contact-waiting', since: offeredAt, afterMs: after.answerMs[channel] };
      const since = awaySince(room, owner.user, answeredAt ?? offeredAt);
      if (since === undefined || isHandedOver) return undefined;
      return { kind: 'contact-left', since, afterMs: after.awayMs, owner };
    }
    case 'incident': {
      const { owner, grade, raisedAt } = entity;
      if (!entity.isRaised || entity.closedAt !== undefined || isHandedOver) return undefined;
      if (!owner) return { kind: 'incident-unowned', since: raisedAt, afterMs: 0, grade };
      const since = awaySince(room, owner.user, raisedAt);
      if (since === undefined) return undefined;
      return { kind: 'incident-left', since, afterMs: after.awayMs, owner, grade };
    }
    case 'handover': {
      const { deadlineAt: since, grade, incidentId } = entity;
      if (!isHandoverOpen(entity) || incidentId === undefined || now <= since) return undefined;
      return { kind: 'handover-late', since, afterMs: 0, grade };
    }
    case 'shift-handover': {
      const { deadlineAt: since, from: owner } = entity;
      if (!isShiftHandoverOpen(entity) || !owner || now <= since) return undefined;
      return { kind: 'shift-handover-late', since, afterMs: 0, owner };
    }
    case 'unit': {
      const { emergency, incidentId } = entity;
      if (emergency) {
        const { owner, at } = emergency;
        const afterMs = after.emergencyMs;
        if (!owner) return { kind: 'emergency-unowned', since: at, afterMs };
        const since = awaySince(room, owner.user, at);
        if (since !== undefined && !isHandedOver)
          return { kind: 'emergency-left', since, afterMs, owner };
      }
      if (incidentId === undefined) return undefined;
      const incident = only<Incident>(room, incidentStream(incidentId), 'incident');
      const closedAt = incident?.closedAt;
      return closedAt && { kind: 'unit-on-closed', since: closedAt, afterMs: 0 };
    }
    case 'conflict': {
      if (entity.seen || !entity.by) return undefined;
      return { kind: 'conflict-unseen', since: entity.askedAt, afterMs: after.conflictMs };
    }
    case 'user':
    case 'duty':
    case 'references':
    case 'recorded-crime':
    case 'dispatched-call':
    case 'reference-data':
    case 'unknown':
      return undefined;
    default:
      return unreachable(entity);
  }
}

/** Since when somebody is off duty, or has had this without ever coming on; undefined where they are on. */
function awaySince(room: OpenRoom, user: UserId, had: EpochMs): EpochMs | undefined {
  const duty = only<Duty>(room, dutyStream(user), 'duty');
  if (duty?.at) return undefined;
  return Math.max(duty?.endedAt ?? 0, had) as EpochMs; // one of two instants
}
