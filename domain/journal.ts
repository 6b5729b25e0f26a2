import type { RecordedEvent } from './event.ts';
import { understand } from './facts.ts';
import { contactStream, incidentStream, type StreamId } from './ids.ts';
import { unreachable } from './lib/assert.ts';
import { spaced } from './lib/spaced-number.ts';

/** What a name lookup gives for ids that are opaque in the log. */
export interface Names {
  readonly user: (id: string) => string;
  readonly status: (code: number) => string;
}

/** The records in whose running log an event is shown. A unit's deployment stands in its incident's log too. */
export function subjectsOf(event: Pick<RecordedEvent, 'stream' | 'type' | 'body'>): StreamId[] {
  const subjects = [event.stream];
  const known = understand({ ...event, typeVersion: 1 });
  if (typeof known === 'string') return subjects;
  const { body } = known;
  if ('incidentId' in body && body.incidentId !== undefined)
    subjects.push(incidentStream(body.incidentId));
  // An amendment stands in the contact's own log already, as what was said there.
  const isSaidThere = known.type === 'incident.amended';
  if ('contactId' in body && body.contactId !== undefined && !isSaidThere)
    subjects.push(contactStream(body.contactId));
  return [...new Set(subjects)];
}

const gradeWords = ['', 'Immediate', 'Priority', 'Scheduled', 'Resolution without deployment'];

/** One line of a log in plain words. Total: an event that cannot be read says so. */
export function sentenceOf(
  event: Pick<RecordedEvent, 'stream' | 'type' | 'typeVersion' | 'body'> &
    Partial<Pick<RecordedEvent, 'class'>>,
  names: Names,
): string {
  const { body, class: seal = 'operational' } = event;
  if (body === undefined && seal !== 'operational') return `Sealed (${seal})`;
  const known = understand(event);
  if (known === 'body-withheld')
    return `${event.type}: text withheld from this seat or disposed of`;
  if (known === 'update-needed') return `${event.type}: made by a later release, update needed`;
  const callSign = event.stream.slice(event.stream.indexOf('/') + 1);
  switch (known.type) {
    case 'contact.offered': {
      const { channel, caller, source } = known.body;
      const from = caller?.kind === 'number' ? ` from ${spaced(caller.number)}` : '';
      const withheld = caller?.kind === 'withheld' ? ', number withheld' : '';
      return `Contact on ${channel}${from}${withheld}${source === undefined ? '' : `, by ${source}`}`;
    }
    case 'contact.answered':
      return `Taken by ${names.user(known.body.by)}`;
    case 'contact.passed':
      return `Passed to ${names.user(known.body.by)} at the change of shift`;
    case 'contact.held':
      return 'Call held';
    case 'contact.resumed':
      return 'Call resumed';
    case 'contact.ended':
      return known.body.by === 'caller' ? 'Caller rang off' : 'Call ended';
    case 'contact.abandoned':
      return 'Abandoned before it was answered';
    case 'contact.described': {
      const { place, narrative, informant, callbackNumber } = known.body.details;
      const parts = [place?.text, narrative, informant, callbackNumber].filter(Boolean);
      return parts.join(' · ') || 'Details cleared';
    }
    case 'contact.entry-added':
    case 'incident.entry-added':
      return known.body.text;
    case 'contact.attached':
      return `Linked to incident ${known.body.incidentId}`;
    case 'contact.finished':
      return `Contact finished: ${known.body.outcome}${known.body.text === undefined ? '' : `, ${known.body.text}`}`;
    case 'incident.raised': {
      const { openingCode, grade, place, narrative } = known.body;
      return `Raised ${openingCode}, grade ${grade} ${gradeWords[grade]}, ${place.text}${narrative === '' ? '' : `: ${narrative}`}`;
    }
    case 'incident.amended': {
      const { place, narrative } = known.body;
      const parts = [place && `place now ${place.text}`, narrative && `now said: ${narrative}`];
      return `From the caller's handler: ${parts.filter(Boolean).join('; ')}`;
    }
    case 'incident.owned':
      return `Owned by ${names.user(known.body.by)}`;
    case 'incident.regraded':
      return `Regraded to ${known.body.grade} ${gradeWords[known.body.grade]}: ${known.body.reason}`;
    case 'incident.contact-attached':
      return 'Another contact linked';
    case 'incident.resulted':
      return `Result: ${known.body.result}${known.body.text === undefined ? '' : `, ${known.body.text}`}`;
    case 'incident.closed':
      return `Closed as ${known.body.closingCode}`;
    case 'incident.reopened':
      return `Reopened: ${known.body.reason}`;
    case 'handover.offered':
      return `Handed over to ${known.body.to}`;
    case 'handover.accepted':
      return `Hand-over accepted by ${names.user(known.body.by)}`;
    case 'handover.escalated':
      return 'Hand-over not accepted in time: to the supervisor';
    case 'shift-handover.offered': {
      const { to, items } = known.body;
      const whom = to.kind === 'person' ? names.user(to.user) : `a ${to.role.replace('-', ' ')}`;
      return `Shift hand-over offered to ${whom}: ${items.map(({ id }) => id).join(', ')}`;
    }
    case 'shift-handover.accepted': {
      const { by, passed, leftOut } = known.body;
      const left = leftOut.map(({ item, why }) => `${item.id} (${why.replaceAll('-', ' ')})`);
      return `Shift hand-over accepted by ${names.user(by)}: ${passed.map(({ id }) => id).join(', ') || 'nothing was left to pass'}${left.length === 0 ? '' : `; left out ${left.join(', ')}`}`;
    }
    case 'shift-handover.declined':
      return `Shift hand-over declined by ${names.user(known.body.by)}: ${known.body.reason}`;
    case 'shift-handover.withdrawn':
      return `Shift hand-over withdrawn by ${names.user(known.body.by)}`;
    case 'shift-handover.escalated':
      return 'Shift hand-over not accepted in time: to the supervisor';
    case 'unit.booked-on':
      return `${callSign} on duty: ${known.body.officers.join(', ')}`;
    case 'unit.booked-off':
      return `${callSign} off duty`;
    case 'unit.assigned':
      return `${callSign} assigned`;
    case 'unit.released':
      return `${callSign} ${known.body.why === 'stood-down' ? 'stood down' : 'clear'}`;
    case 'unit.status-set':
      return `${callSign} ${names.status(known.body.statusCode)}`;
    case 'unit.emergency-owned':
      return `${callSign} emergency owned by ${names.user(known.body.by)}`;
    case 'unit.emergency-stood-down':
      return `${callSign} emergency stood down: ${known.body.reason}`;
    case 'duty.started':
      return `On duty at ${known.body.desk}`;
    case 'duty.ended':
      return `Off duty at ${known.body.desk}`;
    case 'conflict.noted': {
      const { command, by, desk, reason } = known.body;
      return `${names.user(by)} at ${desk} asked too late: ${command.replaceAll('-', ' ')} (${reason.replaceAll('-', ' ')})`;
    }
    case 'conflict.seen':
      return `Late command seen by ${names.user(known.body.by)}`;
    case 'user.added':
      return `${known.body.displayName} added`;
    case 'user.role-set':
      return `Role is now ${known.body.role}`;
    case 'user.disabled':
      return 'Account disabled';
    case 'user.reopened':
      return 'Account open again';
    case 'references.reserved':
      return `Reference numbers ${known.body.from} to ${known.body.to} reserved`;
    case 'reference-data.taken-over': {
      const { list, note, rolledBackTo } = known.body;
      const back = rolledBackTo === undefined ? '' : `, back to revision ${rolledBackTo}`;
      return `Reference data taken over, ${list.replaceAll('-', ' ')}${back}: ${note}`;
    }
    case 'recorded-crime.imported':
      return `Recorded crimes imported: ${known.body.added} of ${known.body.rowsRead} rows`;
    case 'dispatched-call.imported':
      return `Dispatch records imported: ${known.body.added} of ${known.body.rowsRead} rows`;
    default:
      return unreachable(known);
  }
}
