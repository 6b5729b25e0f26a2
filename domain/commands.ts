import * as z from 'zod';
import {
  callerNumber,
  channel,
  contactOutcomes,
  details,
  facts,
  grade,
  place,
  role,
  roles,
  type Role,
} from './facts.ts';
import {
  commandId,
  contactId,
  deskId,
  epochMs,
  handoverId,
  incidentId,
  shiftHandoverId,
  streamId,
  unitId,
  userId,
} from './ids.ts';
import { SHIFT_ITEMS_MAX, shiftItem, shiftTo } from './shift-items.ts';

const text = z.string().trim().min(1).max(4_000);
const code = z.string().regex(/^[A-Z]{3}$/);

/**
 * What happens to a command that reaches the server later than it was made. `always`: recorded.
 * `check`: recorded if still possible, else both sides are told. `human`: where the record has moved
 * on since the operator saw it, a person decides.
 */
export type LatePolicy = 'always' | 'check' | 'human';

const row = <Schema extends z.ZodType>(
  late: LatePolicy,
  mayAsk: readonly (Role | 'system' | 'outside')[],
  body: Schema,
) => ({ late, mayAsk, body });

const floor = ['call-handler', 'dispatcher', 'supervisor'] as const;
const dispatch = ['dispatcher', 'supervisor'] as const;

/**
 * Every command, who may ask it, and its late policy. A command without a row does not exist; a role
 * that is not named is refused. `system` is the server itself, `outside` a system with an API key.
 */
export const commands = {
  'offer-contact': row(
    'always',
    ['outside', 'system'],
    z.strictObject({
      channel,
      caller: callerNumber.optional(),
      details: details.optional(),
      source: z.string().min(1).max(200).optional(),
      externalId: z.string().min(1).max(200).optional(),
    }),
  ),
  /** A contact that the operator takes in person: a call that came to this desk, the counter. */
  'open-contact': row(
    'always',
    floor,
    z.strictObject({ channel, caller: callerNumber.optional(), details: details.optional() }),
  ),
  'take-contact': row('check', floor, z.strictObject({ contactId })),
  'hold-contact': row('check', floor, z.strictObject({ contactId })),
  'resume-contact': row('check', floor, z.strictObject({ contactId })),
  'end-contact': row(
    'check',
    [...floor, 'outside'],
    z.strictObject({ contactId, by: z.enum(['caller', 'handler']) }),
  ),
  'abandon-contact': row('check', [...floor, 'outside'], z.strictObject({ contactId })),
  'describe-contact': row('always', floor, z.strictObject({ contactId, details })),
  'add-contact-entry': row('always', floor, z.strictObject({ contactId, text })),
  'attach-contact': row('check', floor, z.strictObject({ contactId, incidentId })),
  'finish-contact': row(
    'check',
    floor,
    z.strictObject({ contactId, outcome: z.enum(contactOutcomes), text: text.optional() }),
  ),

  'raise-incident': row(
    'always',
    floor,
    z.strictObject({
      contactId: contactId.optional(),
      place,
      openingCode: code,
      grade,
      qualifiers: z.array(z.string().min(1).max(64)).max(20).default([]),
      narrative: z.string().max(4_000).default(''),
      details: details.optional(),
    }),
  ),
  'add-log-entry': row(
    'always',
    floor,
    z.strictObject({ incidentId, text, corrects: z.uuid().optional() }),
  ),
  'regrade-incident': row('human', floor, z.strictObject({ incidentId, grade, reason: text })),
  'result-incident': row(
    'check',
    dispatch,
    z.strictObject({ incidentId, result: z.string().min(1).max(64), text: text.optional() }),
  ),
  'close-incident': row('human', dispatch, z.strictObject({ incidentId, closingCode: code })),
  'reopen-incident': row('human', dispatch, z.strictObject({ incidentId, reason: text })),

  'accept-handover': row('check', dispatch, z.strictObject({ handoverId })),
  'escalate-handover': row('check', ['system'], z.strictObject({ handoverId })),

  // A shift hand-over: what somebody owns, to whom, accepted before it passes. Late, each is recorded
  // where it is still possible: what has been closed or taken meanwhile is left out by the decision itself,
  // so nothing needs a person but what cannot be done at all, and that goes to the tray.
  'offer-shift-handover': row(
    'check',
    floor,
    z.strictObject({ to: shiftTo, items: z.array(shiftItem).min(1).max(SHIFT_ITEMS_MAX) }),
  ),
  'accept-shift-handover': row('check', floor, z.strictObject({ shiftHandoverId })),
  'decline-shift-handover': row('check', floor, z.strictObject({ shiftHandoverId, reason: text })),
  'withdraw-shift-handover': row('check', floor, z.strictObject({ shiftHandoverId })),
  'escalate-shift-handover': row('check', ['system'], z.strictObject({ shiftHandoverId })),

  'book-on-unit': row(
    'check',
    dispatch,
    z.strictObject({
      unitId,
      officers: z.array(z.string().min(1).max(100)).max(8),
      skills: z.array(z.string().min(1).max(64)).max(20).default([]),
    }),
  ),
  'book-off-unit': row('check', dispatch, z.strictObject({ unitId })),
  'assign-unit': row('check', dispatch, z.strictObject({ incidentId, unitId })),
  'release-unit': row('check', dispatch, z.strictObject({ incidentId, unitId })),
  'set-unit-status': row(
    'check',
    [...dispatch, 'outside'],
    z.strictObject({
      unitId,
      statusCode: z.int().min(0).max(16),
      /**
       * The status that the operator saw, which the desk fills in. Two desks that were apart and say
       * different things of one unit: the second to come goes to a person. Never asked of an emergency.
       */
      insteadOf: z.int().min(1).max(11).optional(),
    }),
  ),
  'own-emergency': row('check', dispatch, z.strictObject({ unitId })),
  'stand-down-emergency': row('human', dispatch, z.strictObject({ unitId, reason: text })),

  /** Asked by a desk for the person who has just signed in at it, and who has just signed out. */
  'start-duty': row('always', roles, z.strictObject({})),
  'end-duty': row('always', roles, z.strictObject({})),
  /** Of somebody whose access was taken back while they sat there: their desk cannot ask it for them any more. */
  'take-off-duty': row('check', ['system'], z.strictObject({ userId, desk: deskId })),

  /** Asked by the server itself with the refusal of a late command. */
  'note-conflict': row(
    'check',
    ['system'],
    z.strictObject({
      command: z.string().min(1).max(64),
      commandId,
      subject: streamId,
      reason: z.string().min(1).max(64),
      by: userId,
      desk: deskId,
      askedAt: epochMs,
      other: deskId,
    }),
  ),
  'settle-conflict': row('check', floor, z.strictObject({ commandId })),

  // Of the four below the server makes the command, for an administrator whom it has judged, with what is
  // changed of the account: from a desk the log would say what the account does not.
  'add-user': row(
    'check',
    ['system'],
    z.strictObject({
      userId,
      name: z.string().regex(/^[\w.-]{2,32}$/),
      displayName: z.string().min(1).max(100),
      role,
    }),
  ),
  'disable-user': row('check', ['system'], z.strictObject({ userId })),
  'reopen-user': row('check', ['system'], z.strictObject({ userId })),
  'set-user-role': row('check', ['system'], z.strictObject({ userId, role })),
  /** The server makes the command, for an administrator who has seen what it changes. */
  'take-over-reference-data': row(
    'check',
    ['system'],
    z.strictObject({
      change: facts['reference-data.taken-over'].body,
      /** The revision that it was made from: where the list has moved on since, nothing is done. */
      insteadOf: z.int().nonnegative(),
    }),
  ),
  /** One import is one event; its rows stand in a table of their own, committed with it. */
  'import-recorded-crimes': row(
    'check',
    ['administrator', 'system'],
    facts['recorded-crime.imported'].body,
  ),
  /** The same for a file of another city's public dispatch records. */
  'import-dispatched-calls': row('check', ['system'], facts['dispatched-call.imported'].body),
  /** Keeps the next numbers for the desk that asks. It is the desk that asks, not the person at it. */
  'reserve-references': row(
    'check',
    ['system'],
    z.strictObject({ desk: z.string().min(1).max(64), count: z.int().min(1).max(100) }),
  ),
} as const;

export type CommandType = keyof typeof commands;
export type CommandBody<Type extends CommandType> = z.infer<(typeof commands)[Type]['body']>;
/** What is asked for, whoever asks. */
export type Asked = {
  [Type in CommandType]: { readonly type: Type; readonly body: CommandBody<Type> };
}[CommandType];

export const commandTypes = Object.keys(commands) as readonly CommandType[];
