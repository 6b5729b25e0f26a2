import type { Refusal } from '#domain/decide.ts';

/** A refusal as it crosses the wire: a reason, and ids that say more. */
export interface Refused {
  readonly reason: string;
  readonly [detail: string]: unknown;
}

type Sentence = (refusal: Refused) => string;

const word = (value: unknown, otherwise: string) =>
  typeof value === 'string' && value !== '' ? value : otherwise;
const desk = ({ desk: at }: Refused) => word(at, 'Another desk');
const unit = ({ unitId }: Refused) => word(unitId, 'The unit');

/** What the record forbids, said as a colleague would say it. */
const fromTheRecord = {
  'no-such-contact': () => 'That contact is not on record here',
  'no-such-incident': () => 'That incident is not on record here',
  'no-such-unit': () => 'There is no unit with that call sign',
  'no-such-handover': () => 'That hand-over is not on record here',
  'no-such-shift-handover': () => 'That shift hand-over is not on record here',
  'to-yourself': () => 'You own it already: hand it to somebody else',
  'nothing-to-hand-over': () => 'You own none of it any more; nothing was offered',
  'not-for-you': () => 'This shift hand-over is for somebody else',
  'not-yours': () => 'Somebody else has offered it: only they can take it back',
  'role-may-not-own': () =>
    'Incidents and emergencies go to a dispatcher or a supervisor; a call handler takes contacts only',
  'person-left': () => 'That account is closed: choose somebody else',
  'already-declined': (refusal) => `${desk(refusal)} has sent it back already`,
  'already-withdrawn': () => 'It was taken back by who offered it',
  'already-taken': (refusal) => `${desk(refusal)} has it`,
  'already-accepted': (refusal) => `${desk(refusal)} has accepted it already`,
  'already-escalated': () => 'It is with the supervisor already',
  'not-due-yet': () => 'Its deadline has not come yet',
  'not-answered': () => 'Nobody has taken this contact yet, or it is on hold',
  'already-ended': () => 'The call has ended already',
  'already-finished': () => 'This contact is finished; what you add goes to its log',
  'not-attached': () =>
    'It is linked to no incident: choose another outcome, or raise or link first',
  'already-closed': () => 'The incident is closed; reopen it first',
  'not-closed': () => 'The incident is open already',
  'unit-off-duty': (refusal) => `${unit(refusal)} is off duty; book it on first`,
  'unit-on-duty': (refusal) => `${unit(refusal)} is on duty already`,
  'unit-already-assigned': (refusal) => `${unit(refusal)} is on this incident already`,
  'unit-committed': (refusal) =>
    `${unit(refusal)} is on ${word(refusal['incidentId'], 'another incident')}; release it first`,
  'unit-not-assigned': (refusal) => `${unit(refusal)} is not on this incident`,
  'no-emergency': (refusal) => `${unit(refusal)} has no emergency standing`,
  'emergency-owned': (refusal) => `${desk(refusal)} owns this emergency already`,
  'no-reference-left': () =>
    'This desk has no reference numbers left; note it on a card and tell the supervisor',
  'reference-already-used': () => 'That number is used already; raise it again for the next one',
  'status-changed-since-seen': (refusal) =>
    `${unit(refusal)} was given another status at another desk meanwhile: ask the crew, then set it`,
  'already-on-duty': () => 'You are on duty at this desk already',
  'not-on-duty': () => 'You are on duty at another desk, or not at all',
  'on-duty-elsewhere-since': () => 'You have signed in at another desk since',
  'no-such-conflict': () => 'That late command is not on record here',
  'already-seen': () => 'Somebody has seen it already',
  'already-noted': () => 'It is noted already',
  'already-imported': () => 'That file is imported already; nothing was added',
  'list-moved-on': () =>
    'Somebody has changed this list meanwhile: look at it again, and at what yours would change',
  'same-content': () => 'The list holds just this already; nothing was changed',
  'faulty-list': () => 'A row stands twice or is missing; nothing was changed',
  'no-such-user': () => 'There is no account like that',
  'already-disabled': () => 'That account is closed already',
  'not-disabled': () => 'That account is open already',
  'same-role': () => 'That person has this role already',
  'user-already-there': () => 'There is an account like that already',
  'update-needed': () => 'A newer release wrote this record; it can be read here, not changed',
  'body-withheld': () => 'The text of this record is withheld from this seat',
} as const satisfies Record<Refusal['reason'], Sentence>;

/** What the doors say: desk, gateway and server, before anything is decided. */
const fromTheDoor: Readonly<Record<string, Sentence>> = {
  'changed-since-seen': () => 'Somebody changed the record after you saw it: look again and decide',
  'not-permitted': () => 'Your role may not do this',
  malformed: () => 'The desk could not read this; nothing was stored',
  'not-signed-in': () => 'Nobody is signed in at this desk',
  'desk-locked': () => 'This desk is locked',
  'grant-expired': () => 'Your sign-in has run out: sign in again',
  'too-many-views': () => 'This window shows as many records as it can; close one',
  'too-long': () => 'That is longer than this desk can send: make it several entries',
  'desk-cannot-store': () =>
    'This desk could not store it: its disk is full or failing. Note it on a card and tell the supervisor',
  'outbox-full': () => 'This desk holds as many unsent commands as it can; tell the supervisor',
  'no-answer': () => 'No answer yet; try again',
  'wrong-name-or-password': () => 'The name or the password is wrong',
  locked: () => 'Too many tries: this account is locked for a while. Ask the supervisor',
  'weak-password': () => 'That password is too short or too common: take at least 12 characters',
  'not-recordable': () => 'The server can never record it as it is; do it again, or tell support',
  'not-stored': () => 'The server could not store it; try again',
  'wrong-desk': () => 'It was made at another desk than the one that sent it; ask a supervisor',
  'wrong-actor': () => 'It was made under another name than this sign-in; ask a supervisor',
  'unknown-grant': () => 'The server does not know this sign-in: sign in again and send it again',
  'grant-revoked': () => 'This sign-in had been ended by then: a supervisor decides on it',
  disabled: () => 'This account is closed: ask the supervisor',
  'unknown-desk': () => 'This desk is not known to the server: tell the supervisor',
  busy: () => 'The server has too much to do; try again in a moment',
  'too-many': () => 'This desk sends too much at once; it goes on by itself',
  'password-change-needed': () => 'Choose a password of your own before you start',
};

const known: Readonly<Record<string, Sentence>> = { ...fromTheRecord, ...fromTheDoor };

/** One sentence for the operator. A reason of a later release is shown as it is, never swallowed. */
export function refusalText(refusal: Refused, message = ''): string {
  const say = Object.hasOwn(known, refusal.reason) ? known[refusal.reason] : undefined;
  if (say) return say(refusal);
  return message === '' ? `Refused: ${refusal.reason.replaceAll('-', ' ')}` : message;
}

/** A refusal that a row brings as text; what is no refusal in JSON is a sentence already. */
export function refusalIn(reason: string, message: string): string {
  try {
    const parsed: unknown = JSON.parse(message);
    if (typeof parsed === 'object' && parsed !== null) return refusalText({ ...parsed, reason });
  } catch {
    // Not JSON: the sentence itself.
  }
  return refusalText({ reason }, message);
}
