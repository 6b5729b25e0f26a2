import type { Asked } from './commands.ts';
import type { Conflict } from './conflict.ts';
import type { Contact } from './contact.ts';
import { factIn, type Details, type Grade, type HoldfastFact, type Unreadable } from './facts.ts';
import {
  batchStream,
  callBatchStream,
  conflictStream,
  contactStream,
  dutyStream,
  handoverStream,
  incidentStream,
  shiftHandoverStream,
  REFERENCES,
  referenceStream,
  unitStream,
  userStream,
  type CommandId,
  type ContactId,
  type DeskId,
  type EpochMs,
  type HandoverId,
  type IncidentId,
  type StreamId,
  type UnitId,
  type UserId,
} from './ids.ts';
import type { Incident } from './incident.ts';
import { assert, unreachable } from './lib/assert.ts';
import { record, refuse, type Decision } from './lib/decision.ts';
import type { Handover } from './handover.ts';
import { parseReferenceList } from './reference-data.ts';
import { targetsIn } from './reference-table.ts';
import type { Duty, References, User } from './roster.ts';
import { only, type Room } from './room.ts';
import {
  decideShiftHandover,
  shiftHandoverIdOf,
  type ShiftRefusal,
} from './decide-shift-handover.ts';
import { streamOfItem } from './shift-items.ts';
import { isRequest, status, type Unit } from './unit.ts';

/** Time, ids and who asks are given: nothing here depends on when or where it is decided. */
export interface Given {
  /** The command's `occurredAt`. */
  readonly now: EpochMs;
  /** Ids are derived from the command, so that desk, server and a repeat make the same ones. */
  readonly commandId: CommandId;
  readonly by: { readonly user: UserId; readonly desk: DeskId };
  /** The reference that the desk took from its block; only raising an incident needs one. */
  readonly reference?: IncidentId | undefined;
  /** What the release brings; where the force has taken over grades of its own, theirs hold. */
  readonly targets: Targets;
}

/** What a force promises for each grade: reference data, see `reference-data/grades.json`. */
export interface Targets {
  readonly attendWithinMs: (grade: Grade) => number | null;
  readonly acceptWithinMs: (grade: Grade) => number;
}

/** The fact that forbids it. Ids and times only: answers are kept, so nothing personal is in them. */
export type Refusal =
  | {
      readonly reason: 'no-such-contact' | 'no-such-incident' | 'no-such-unit' | 'no-such-handover';
    }
  | ShiftRefusal
  | { readonly reason: 'already-taken'; readonly by: UserId; readonly desk: DeskId }
  | { readonly reason: 'already-accepted'; readonly by: UserId; readonly desk: DeskId }
  | { readonly reason: 'already-escalated' | 'not-due-yet' }
  | { readonly reason: 'not-answered' | 'already-ended' | 'already-finished' | 'not-attached' }
  | { readonly reason: 'already-closed'; readonly closedAt: EpochMs }
  | { readonly reason: 'not-closed' }
  | { readonly reason: 'unit-off-duty'; readonly unitId: UnitId }
  | { readonly reason: 'unit-on-duty'; readonly unitId: UnitId }
  | { readonly reason: 'unit-already-assigned'; readonly unitId: UnitId }
  | { readonly reason: 'unit-committed'; readonly unitId: UnitId; readonly incidentId: IncidentId }
  | { readonly reason: 'unit-not-assigned'; readonly unitId: UnitId }
  | { readonly reason: 'no-emergency'; readonly unitId: UnitId }
  | { readonly reason: 'emergency-owned'; readonly by: UserId; readonly desk: DeskId }
  | { readonly reason: 'no-reference-left' }
  | { readonly reason: 'reference-already-used'; readonly reference: IncidentId }
  | {
      /** Another desk has set another status than the one that the operator saw. */
      readonly reason: 'status-changed-since-seen';
      readonly unitId: UnitId;
      readonly statusCode: number;
    }
  | { readonly reason: 'already-on-duty' | 'not-on-duty' | 'on-duty-elsewhere-since' }
  | { readonly reason: 'no-such-conflict' | 'already-seen' | 'already-noted' }
  | {
      readonly reason:
        | 'user-already-there'
        | 'no-such-user'
        | 'already-disabled'
        | 'not-disabled'
        | 'same-role';
    }
  | { readonly reason: 'already-imported' }
  | { readonly reason: 'list-moved-on'; readonly revision: number }
  | { readonly reason: 'same-content' | 'faulty-list' }
  | { readonly reason: Unreadable };

/** The ids that a command makes are its own id, so making them again makes the same ones. */
export const contactIdOf = (commandId: CommandId) => String(commandId) as ContactId;
export const handoverIdOf = (commandId: CommandId) => String(commandId) as HandoverId;

/** The streams a command reads before it is decided, beside the units of the incident it closes. */
export function streamsOf(
  asked: Asked,
  given: Pick<Given, 'commandId' | 'reference'> & { readonly by?: Given['by'] },
): StreamId[] {
  const { body } = asked;
  const streams: StreamId[] = [];
  if ('contactId' in body && body.contactId !== undefined)
    streams.push(contactStream(body.contactId));
  if ('incidentId' in body) streams.push(incidentStream(body.incidentId));
  if ('unitId' in body) streams.push(unitStream(body.unitId));
  if ('handoverId' in body) streams.push(handoverStream(body.handoverId));
  if ('shiftHandoverId' in body) streams.push(shiftHandoverStream(body.shiftHandoverId));
  switch (asked.type) {
    case 'offer-shift-handover':
      streams.push(shiftHandoverStream(shiftHandoverIdOf(given.commandId)));
      if (asked.body.to.kind === 'person') streams.push(userStream(asked.body.to.user));
      streams.push(...asked.body.items.map(streamOfItem));
      break;
    case 'accept-shift-handover':
    case 'decline-shift-handover':
      if (given.by) streams.push(userStream(given.by.user));
      break;
    case 'raise-incident':
      if (given.reference !== undefined) streams.push(incidentStream(given.reference));
      streams.push(handoverStream(handoverIdOf(given.commandId)), referenceStream('grades'));
      break;
    case 'regrade-incident':
      streams.push(referenceStream('grades'));
      break;
    case 'offer-contact':
    case 'open-contact':
      streams.push(contactStream(contactIdOf(given.commandId)));
      break;
    case 'add-user':
    case 'disable-user':
    case 'reopen-user':
    case 'set-user-role':
      streams.push(userStream(asked.body.userId));
      break;
    case 'take-off-duty':
      streams.push(dutyStream(asked.body.userId));
      break;
    case 'start-duty':
    case 'end-duty':
      if (given.by) streams.push(dutyStream(given.by.user), userStream(given.by.user));
      break;
    case 'note-conflict':
    case 'settle-conflict':
      streams.push(conflictStream(asked.body.commandId));
      break;
    case 'reserve-references':
      streams.push(REFERENCES);
      break;
    case 'take-over-reference-data':
      streams.push(referenceStream(asked.body.change.list));
      break;
    default:
  }
  return streams;
}

export type Outcome = Decision<HoldfastFact, Refusal>;

/** Decides what a command would record, or why it is refused. Reads no clock and does no I/O. */
export function decide(room: Room, asked: Asked, given: Given): Outcome {
  switch (asked.type) {
    case 'offer-contact':
    case 'open-contact':
      return openContact(asked, given);
    case 'take-contact':
    case 'hold-contact':
    case 'resume-contact':
    case 'end-contact':
    case 'abandon-contact':
    case 'describe-contact':
    case 'add-contact-entry':
    case 'attach-contact':
    case 'finish-contact':
      return decideContact(room, asked, given);
    case 'raise-incident':
      return raiseIncident(room, asked, given);
    case 'add-log-entry':
    case 'regrade-incident':
    case 'result-incident':
    case 'close-incident':
    case 'reopen-incident':
      return decideIncident(room, asked, given);
    case 'accept-handover':
    case 'escalate-handover':
      return decideHandover(room, asked, given);
    case 'offer-shift-handover':
    case 'accept-shift-handover':
    case 'decline-shift-handover':
    case 'withdraw-shift-handover':
    case 'escalate-shift-handover':
      return decideShiftHandover(room, asked, given);
    case 'book-on-unit':
    case 'book-off-unit':
    case 'assign-unit':
    case 'release-unit':
    case 'set-unit-status':
    case 'own-emergency':
    case 'stand-down-emergency':
      return decideUnit(room, asked, given);
    case 'start-duty':
    case 'end-duty':
      return decideDuty(room, asked, given);
    case 'take-off-duty': {
      const { userId, desk } = asked.body;
      const ended = offDuty(room, userId, desk);
      return ended ? record(ended) : refuse({ reason: 'not-on-duty' });
    }
    case 'note-conflict':
    case 'settle-conflict':
      return decideConflict(room, asked, given);
    case 'add-user':
      return addUser(room, asked);
    case 'disable-user':
    case 'reopen-user':
    case 'set-user-role':
      return changeUser(room, asked);
    case 'import-recorded-crimes': {
      const stream = batchStream(asked.body.batchId);
      if (room.get(stream).version > 0) return refuse({ reason: 'already-imported' });
      return record(factIn(stream)('recorded-crime.imported', asked.body));
    }
    case 'import-dispatched-calls': {
      const stream = callBatchStream(asked.body.batchId);
      if (room.get(stream).version > 0) return refuse({ reason: 'already-imported' });
      return record(factIn(stream)('dispatched-call.imported', asked.body));
    }
    case 'reserve-references':
      return reserveReferences(room, asked);
    case 'take-over-reference-data':
      return takeOverReferenceData(room, asked);
    default:
      return unreachable(asked);
  }
}

export type Of<Type extends Asked['type']> = Extract<Asked, { type: Type }>;

function openContact(asked: Of<'offer-contact' | 'open-contact'>, { commandId, by }: Given) {
  const fact = factIn(contactStream(contactIdOf(commandId)));
  const offered = fact('contact.offered', asked.body);
  if (asked.type === 'offer-contact') return record(offered);
  return record(offered, fact('contact.answered', { by: by.user, desk: by.desk }));
}

type ContactCommand = Of<
  | 'take-contact'
  | 'hold-contact'
  | 'resume-contact'
  | 'end-contact'
  | 'abandon-contact'
  | 'describe-contact'
  | 'add-contact-entry'
  | 'attach-contact'
  | 'finish-contact'
>;

function decideContact(room: Room, asked: ContactCommand, { by }: Given): Outcome {
  const stream = contactStream(asked.body.contactId);
  const contact = only<Contact>(room, stream, 'contact');
  if (!contact) return refuse({ reason: 'no-such-contact' });
  // What was said is kept whatever else has become of the contact.
  const fact = factIn(stream);
  if (asked.type === 'add-contact-entry')
    return record(fact('contact.entry-added', { text: asked.body.text }));
  if (asked.type === 'describe-contact') {
    const { details } = asked.body;
    return record(fact('contact.described', { details }), ...amendments(room, contact, details));
  }
  if (contact.readOnly) return refuse({ reason: contact.readOnly });
  if (contact.state === 'finished') return refuse({ reason: 'already-finished' });
  const isLive = contact.state === 'answered' || contact.state === 'held';

  switch (asked.type) {
    case 'take-contact':
      if (contact.owner)
        return refuse({
          reason: 'already-taken',
          by: contact.owner.user,
          desk: contact.owner.desk,
        });
      return record(fact('contact.answered', { by: by.user, desk: by.desk }));
    case 'hold-contact':
      if (contact.state !== 'answered') return refuse({ reason: 'not-answered' });
      return record(fact('contact.held', {}));
    case 'resume-contact':
      if (contact.state !== 'held') return refuse({ reason: 'not-answered' });
      return record(fact('contact.resumed', {}));
    case 'end-contact':
      if (!isLive) return refuse({ reason: 'already-ended' });
      return record(fact('contact.ended', { by: asked.body.by }));
    case 'abandon-contact':
      if (contact.state !== 'offered') return refuse({ reason: 'already-ended' });
      return record(fact('contact.abandoned', {}));
    case 'attach-contact': {
      const incidentAt = incidentStream(asked.body.incidentId);
      const incident = only<Incident>(room, incidentAt, 'incident');
      if (!incident?.isRaised) return refuse({ reason: 'no-such-incident' });
      return record(
        fact('contact.attached', { incidentId: incident.id }),
        factIn(incidentAt)('incident.contact-attached', { contactId: contact.id }),
      );
    }
    case 'finish-contact': {
      const { outcome, text } = asked.body;
      const isLinked = contact.incidentIds.length > 0;
      if ((outcome === 'incident' || outcome === 'linked') && !isLinked)
        return refuse({ reason: 'not-attached' });
      if (!contact.owner) return refuse({ reason: 'not-answered' });
      const finished = fact('contact.finished', { outcome, ...(text !== undefined && { text }) });
      return isLive ? record(fact('contact.ended', { by: 'handler' }), finished) : record(finished);
    }
    default:
      return unreachable(asked);
  }
}

/**
 * What the handler puts right after raising, the place above all, is put right in the incident too:
 * who dispatches to it must not have to look into the contact.
 */
function amendments(room: Room, contact: Contact, { place, narrative }: Details): HoldfastFact[] {
  return contact.incidentIds.flatMap((id) => {
    const stream = incidentStream(id);
    const incident = only<Incident>(room, stream, 'incident');
    // Only of the incident that this contact raised: another caller's words are not its own.
    if (!incident?.isRaised || incident.readOnly || incident.raisedFrom !== contact.id) return [];
    if (incident.closedAt !== undefined) return [];
    const isPlaceNew =
      place !== undefined &&
      (place.text !== incident.place.text ||
        place.lat !== incident.place.lat ||
        place.lon !== incident.place.lon);
    const isNarrativeNew = narrative !== undefined && narrative !== incident.narrative;
    if (!isPlaceNew && !isNarrativeNew) return [];
    return [
      factIn(stream)('incident.amended', {
        contactId: contact.id,
        ...(isPlaceNew && { place }),
        ...(isNarrativeNew && { narrative }),
      }),
    ];
  });
}

function raiseIncident(room: Room, { body }: Of<'raise-incident'>, given: Given): Outcome {
  const { reference, now, by, commandId } = given;
  const targets = targetsIn(room, given.targets);
  if (reference === undefined) return refuse({ reason: 'no-reference-left' });
  const stream = incidentStream(reference);
  if (room.get(stream).version > 0) return refuse({ reason: 'reference-already-used', reference });
  const { contactId, place, openingCode, grade, qualifiers, narrative, details } = body;
  const facts: HoldfastFact[] = [];
  if (contactId !== undefined) {
    const contactAt = contactStream(contactId);
    if (!only<Contact>(room, contactAt, 'contact')) return refuse({ reason: 'no-such-contact' });
    const fact = factIn(contactAt);
    facts.push(
      fact('contact.described', {
        // What was said before is not wiped by a raising that says nothing.
        details: { ...details, place, ...(narrative !== '' && { narrative }) },
      }),
    );
    facts.push(fact('contact.attached', { incidentId: reference }));
  }
  const within = targets.attendWithinMs(grade);
  facts.push(
    factIn(stream)('incident.raised', {
      ...(contactId !== undefined && { contactId }),
      place,
      openingCode,
      grade,
      qualifiers,
      narrative,
      attendBy: within === null ? null : after(now, within),
    }),
    // No incident without somebody who has to take it: the hand-over is part of raising it.
    factIn(handoverStream(handoverIdOf(commandId)))('handover.offered', {
      incidentId: reference,
      from: by.user,
      fromDesk: by.desk,
      to: 'dispatch',
      grade,
      deadlineAt: after(now, targets.acceptWithinMs(grade)),
    }),
  );
  return { events: facts };
}

type IncidentCommand = Of<
  'add-log-entry' | 'regrade-incident' | 'result-incident' | 'close-incident' | 'reopen-incident'
>;

function decideIncident(room: Room, asked: IncidentCommand, given: Given): Outcome {
  const { incidentId } = asked.body;
  const stream = incidentStream(incidentId);
  const incident = only<Incident>(room, stream, 'incident');
  if (!incident?.isRaised) return refuse({ reason: 'no-such-incident' });
  const fact = factIn(stream);
  if (asked.type === 'add-log-entry') {
    const { text, corrects } = asked.body;
    return record(
      fact('incident.entry-added', { text, ...(corrects !== undefined && { corrects }) }),
    );
  }
  if (incident.readOnly) return refuse({ reason: incident.readOnly });
  if (asked.type === 'reopen-incident') {
    if (incident.closedAt === undefined) return refuse({ reason: 'not-closed' });
    return record(fact('incident.reopened', { reason: asked.body.reason }));
  }
  const { closedAt } = incident;
  if (closedAt !== undefined) return refuse({ reason: 'already-closed', closedAt });
  switch (asked.type) {
    case 'regrade-incident': {
      const { grade, reason } = asked.body;
      const within = targetsIn(room, given.targets).attendWithinMs(grade);
      const attendBy = within === null ? null : after(incident.raisedAt, within);
      return record(fact('incident.regraded', { grade, reason, attendBy }));
    }
    case 'result-incident': {
      const { result, text } = asked.body;
      return record(fact('incident.resulted', { result, ...(text !== undefined && { text }) }));
    }
    case 'close-incident': {
      const { closingCode } = asked.body;
      // Every unit is let go first, so that none is left on a closed incident.
      const released = [...room.units()]
        .filter((unit) => unit.incidentId === incidentId)
        .map((unit) => factIn(unitStream(unit.id))('unit.released', { incidentId, why: 'closed' }));
      return record(...released, fact('incident.closed', { closingCode }));
    }
    default:
      return unreachable(asked);
  }
}

function decideHandover(
  room: Room,
  asked: Of<'accept-handover' | 'escalate-handover'>,
  { now, by }: Given,
): Outcome {
  const stream = handoverStream(asked.body.handoverId);
  const handover = only<Handover>(room, stream, 'handover');
  const incidentId = handover?.incidentId;
  if (!handover || incidentId === undefined) return refuse({ reason: 'no-such-handover' });
  if (handover.readOnly) return refuse({ reason: handover.readOnly });
  if (handover.accepted)
    return refuse({
      reason: 'already-accepted',
      by: handover.accepted.user,
      desk: handover.accepted.desk,
    });
  const fact = factIn(stream);
  if (asked.type === 'escalate-handover') {
    if (handover.escalatedAt !== undefined) return refuse({ reason: 'already-escalated' });
    if (now < handover.deadlineAt) return refuse({ reason: 'not-due-yet' });
    return record(fact('handover.escalated', { incidentId, to: 'supervisor' }));
  }
  const owner = { by: by.user, desk: by.desk };
  return record(
    fact('handover.accepted', { incidentId, ...owner }),
    factIn(incidentStream(incidentId))('incident.owned', owner),
  );
}

type UnitCommand = Of<
  | 'book-on-unit'
  | 'book-off-unit'
  | 'assign-unit'
  | 'release-unit'
  | 'set-unit-status'
  | 'own-emergency'
  | 'stand-down-emergency'
>;

function decideUnit(room: Room, asked: UnitCommand, { by }: Given): Outcome {
  const { unitId } = asked.body;
  const stream = unitStream(unitId);
  const fact = factIn(stream);
  const unit = only<Unit>(room, stream, 'unit');
  // An officer in danger is heard whatever the record or the roster says, also an unknown call sign.
  if (asked.type === 'set-unit-status' && asked.body.statusCode === status.emergency) {
    const on = unit?.incidentId;
    return record(
      fact('unit.status-set', {
        statusCode: status.emergency,
        ...(on !== undefined && { incidentId: on }),
      }),
    );
  }
  if (asked.type === 'book-on-unit') {
    if (unit?.readOnly) return refuse({ reason: unit.readOnly });
    if (unit?.isOnDuty) return refuse({ reason: 'unit-on-duty', unitId });
    const { officers, skills } = asked.body;
    return record(fact('unit.booked-on', { officers, skills }));
  }
  if (!unit) return refuse({ reason: 'no-such-unit' });
  if (unit.readOnly) return refuse({ reason: unit.readOnly });
  const { incidentId, emergency } = unit;

  if (asked.type === 'own-emergency' || asked.type === 'stand-down-emergency') {
    if (!emergency) return refuse({ reason: 'no-emergency', unitId });
    const on = incidentId !== undefined && { incidentId }; // so that it stands in the incident's log
    if (asked.type === 'stand-down-emergency') {
      const { reason } = asked.body;
      return record(fact('unit.emergency-stood-down', { by: by.user, reason, ...on }));
    }
    const { owner } = emergency;
    if (owner) return refuse({ reason: 'emergency-owned', by: owner.user, desk: owner.desk });
    return record(fact('unit.emergency-owned', { by: by.user, desk: by.desk, ...on }));
  }
  if (!unit.isOnDuty) return refuse({ reason: 'unit-off-duty', unitId });

  switch (asked.type) {
    case 'book-off-unit':
      if (incidentId === undefined) return record(fact('unit.booked-off', {}));
      return record(
        fact('unit.released', { incidentId, why: 'stood-down' }),
        fact('unit.booked-off', {}),
      );
    case 'assign-unit': {
      const incident = only<Incident>(room, incidentStream(asked.body.incidentId), 'incident');
      if (!incident?.isRaised) return refuse({ reason: 'no-such-incident' });
      if (incident.readOnly) return refuse({ reason: incident.readOnly });
      const { closedAt } = incident;
      if (closedAt !== undefined) return refuse({ reason: 'already-closed', closedAt });
      if (incidentId === incident.id) return refuse({ reason: 'unit-already-assigned', unitId });
      if (incidentId !== undefined) return refuse({ reason: 'unit-committed', unitId, incidentId });
      return record(fact('unit.assigned', { incidentId: incident.id }));
    }
    case 'release-unit':
      if (incidentId !== asked.body.incidentId)
        return refuse({ reason: 'unit-not-assigned', unitId });
      return record(fact('unit.released', { incidentId, why: 'cleared' }));
    case 'set-unit-status': {
      const { statusCode, insteadOf } = asked.body;
      const isSeen = insteadOf === undefined || insteadOf === unit.statusCode;
      if (!isSeen && statusCode !== unit.statusCode && !isRequest(statusCode))
        return refuse({
          reason: 'status-changed-since-seen',
          unitId,
          statusCode: unit.statusCode,
        });
      if (statusCode === status.offDuty) {
        return incidentId === undefined
          ? record(fact('unit.booked-off', {}))
          : record(
              fact('unit.released', { incidentId, why: 'stood-down' }),
              fact('unit.booked-off', {}),
            );
      }
      if (incidentId === undefined) return record(fact('unit.status-set', { statusCode }));
      const set = fact('unit.status-set', { statusCode, incidentId });
      // A unit that says it is free has left its incident.
      return statusCode === status.available
        ? record(fact('unit.released', { incidentId, why: 'cleared' }), set)
        : record(set);
    }
    default:
      return unreachable(asked);
  }
}

const CLOCKS_DIFFER_MS = 5 * 60_000; // what the clocks of two desks may differ by: then the last to come counts

/** Who sits where: a person is on duty at one desk, and signing in at another one moves them. */
function decideDuty(room: Room, asked: Of<'start-duty' | 'end-duty'>, { by, now }: Given): Outcome {
  const stream = dutyStream(by.user);
  const duty = only<Duty>(room, stream, 'duty');
  const fact = factIn(stream);
  if (asked.type === 'end-duty') {
    const ended = offDuty(room, by.user, by.desk);
    return ended ? record(ended) : refuse({ reason: 'not-on-duty' });
  }
  const role = only<User>(room, userStream(by.user), 'user')?.role;
  // In another role they begin anew, at the desk where they sit.
  if (duty?.at?.desk === by.desk && duty.at.role === role)
    return refuse({ reason: 'already-on-duty' });
  // It comes late from a desk that was alone: they have sat down elsewhere since, and are there.
  if (duty?.at && duty.at.desk !== by.desk && now + CLOCKS_DIFFER_MS < duty.at.since)
    return refuse({ reason: 'on-duty-elsewhere-since' });
  return record(fact('duty.started', { desk: by.desk, ...(role !== undefined && { role }) }));
}

/** What ends somebody's duty, at this desk or wherever they are on duty; undefined where they are not. */
function offDuty(room: Room, user: UserId, desk?: DeskId): HoldfastFact | undefined {
  const stream = dutyStream(user);
  const at = only<Duty>(room, stream, 'duty')?.at;
  if (!at || (desk !== undefined && at.desk !== desk)) return undefined;
  return factIn(stream)('duty.ended', { desk: at.desk });
}

function decideConflict(
  room: Room,
  asked: Of<'note-conflict' | 'settle-conflict'>,
  { by }: Given,
): Outcome {
  const stream = conflictStream(asked.body.commandId);
  const conflict = only<Conflict>(room, stream, 'conflict');
  if (asked.type === 'note-conflict') {
    if (conflict) return refuse({ reason: 'already-noted' });
    return record(factIn(stream)('conflict.noted', asked.body));
  }
  if (!conflict) return refuse({ reason: 'no-such-conflict' });
  if (conflict.seen) return refuse({ reason: 'already-seen' });
  return record(factIn(stream)('conflict.seen', { by: by.user, desk: by.desk }));
}

function addUser(room: Room, { body }: Of<'add-user'>): Outcome {
  const stream = userStream(body.userId);
  if (only<User>(room, stream, 'user')) return refuse({ reason: 'user-already-there' });
  const { name, displayName, role } = body;
  return record(factIn(stream)('user.added', { name, displayName, role }));
}

function changeUser(
  room: Room,
  asked: Of<'disable-user' | 'reopen-user' | 'set-user-role'>,
): Outcome {
  const stream = userStream(asked.body.userId);
  const user = only<User>(room, stream, 'user');
  const fact = factIn(stream);
  if (!user) return refuse({ reason: 'no-such-user' });
  switch (asked.type) {
    case 'disable-user': {
      if (user.isDisabled) return refuse({ reason: 'already-disabled' });
      // Whoever may not come in any more is nowhere on duty: their desk signs them out and cannot say so.
      const ended = offDuty(room, user.id);
      return ended ? record(fact('user.disabled', {}), ended) : record(fact('user.disabled', {}));
    }
    case 'reopen-user':
      if (!user.isDisabled) return refuse({ reason: 'not-disabled' });
      return record(fact('user.reopened', {}));
    case 'set-user-role':
      if (user.role === asked.body.role) return refuse({ reason: 'same-role' });
      return record(fact('user.role-set', { role: asked.body.role }));
    default:
      return unreachable(asked);
  }
}

// Six digits are what an operator can still read over the radio, and three years of the busiest force;
// then the numbers start again. A block that lay at an unused desk for all that time could be given
// twice; the same day and number is refused.
const NUMBER_MAX = 999_999;

function reserveReferences(room: Room, { body }: Of<'reserve-references'>): Outcome {
  const { entity } = room.get(REFERENCES);
  assert(entity.kind === 'references', 'the stream of references holds references');
  const references: References = entity;
  const from = references.next > NUMBER_MAX ? 1 : references.next;
  const to = Math.min(from + body.count - 1, NUMBER_MAX);
  return record(factIn(REFERENCES)('references.reserved', { desk: body.desk as DeskId, from, to }));
}

/** Of the content that the release brings nothing is known here: whoever asks has compared with it. */
function takeOverReferenceData(room: Room, { body }: Of<'take-over-reference-data'>): Outcome {
  const { change, insteadOf } = body;
  const stream = referenceStream(change.list);
  const { version, entity } = room.get(stream);
  assert(entity.kind === 'reference-data', 'the stream of a list holds that list');
  if (entity.readOnly) return refuse({ reason: entity.readOnly });
  if (version !== insteadOf) return refuse({ reason: 'list-moved-on', revision: version });
  const text = JSON.stringify(change.content);
  if (entity.content && JSON.stringify(entity.content) === text)
    return refuse({ reason: 'same-content' });
  // The schema looks at each row; that no row stands twice and none is missing is looked at here.
  if (parseReferenceList(change.list, text).outcome === 'faulty')
    return refuse({ reason: 'faulty-list' });
  return record(factIn(stream)('reference-data.taken-over', change));
}

const after = (at: EpochMs, ms: number) => (at + ms) as EpochMs;
