import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { CommandBody } from '#domain/commands.ts';
import { contactIdOf } from '#domain/decide.ts';
import { channel, place, type CallerNumber, type Details } from '#domain/facts.ts';
import {
  commandIdFrom,
  contactId,
  unitId,
  type CommandId,
  type DeskId,
  type EpochMs,
  type UserId,
} from '#domain/ids.ts';
import { parseCallerNumber } from '#domain/telephone-number.ts';
import type { Answer } from '#protocol/ack.ts';
import type { Accounts } from '../auth/accounts.ts';
import { systemId } from '../auth/keys.ts';
import { judge } from '../auth/policy.ts';
import type { Recorder, RecordRequest } from '../log/recorder-port.ts';
import { parse, Refused } from './refused.ts';
import type { Turnaways } from './turnaways.ts';

export interface OutsideOptions {
  readonly recorder: Recorder;
  readonly accounts: Accounts;
  readonly now: () => EpochMs;
  readonly turnaways: Turnaways;
  /** The secret that a request brought, or nothing. */
  readonly bearer: (request: FastifyRequest) => string;
}

const SERVER = 'server' as DeskId;
const CALLBACK_MAX = 32; // what the field of a contact holds
const NARRATIVE_MAX = 4_000;
const KEY_MAX = 200;
// From a request to its commit, on a disk that is almost standing still.
const CAME_IN_WITHIN_MS = 60_000;

// Seconds taken for milliseconds are in January 1970; nothing that a system hands in is older than this.
const OLDEST_MS = Date.UTC(2000, 0, 1);

const at = z
  .union([
    z.int().nonnegative(),
    z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  ])
  .refine((ms) => ms >= OLDEST_MS, {
    message:
      'before the year 2000: give milliseconds since 1970, or an ISO 8601 time with its offset',
  });

const contactBody = z
  .strictObject({
    externalId: z.string().min(1).max(200),
    channel,
    /** In any spelling: national, international, a short code, a telephone URI, or "withheld". */
    number: z.string().min(1).max(200).optional(),
    withheld: z.boolean().optional(),
    place: z.union([place, z.string().trim().min(1).max(200)]).optional(),
    narrative: z.string().max(NARRATIVE_MAX).optional(),
    occurredAt: at.optional(),
  })
  .refine(({ number, withheld }) => number === undefined || withheld !== true, {
    path: ['withheld'],
    message: 'a withheld number is not known',
  });
const callEventBody = z.strictObject({ occurredAt: at.optional() }).optional();
const endedBody = z
  .strictObject({ by: z.enum(['caller', 'handler']).optional(), occurredAt: at.optional() })
  .optional();
const statusBody = z.strictObject({
  statusCode: z.int().min(0).max(16),
  occurredAt: at.optional(),
});

/**
 * What outside systems hand in: contacts, the life of a call, the statuses of units. Each is a command
 * like any other, and it is answered after the durable commit.
 */
export function addOutsideRoutes(app: FastifyInstance, options: OutsideOptions): void {
  const { recorder, accounts, now, turnaways } = options;

  /** Records what a system asks. Its clock may be ahead; nothing has happened in the future. */
  const ask = (
    system: string,
    commandId: CommandId,
    asked: RecordRequest['asked'],
    occurredAt: number | undefined,
  ) =>
    recorder.record({
      commandId,
      asked,
      occurredAt: Math.min(occurredAt ?? now(), now()) as EpochMs, // an instant either way
      actor: systemId(system) as UserId,
      desk: SERVER,
      forbidden: judge(asked.type, 'outside'),
    });

  const systemOf = async (request: FastifyRequest): Promise<string> => {
    const system = accounts.systemOf(options.bearer(request));
    if (system !== undefined) return system;
    const what = `${request.method} ${request.routeOptions.url ?? ''}`;
    const row = { actor: 'outside', desk: SERVER, what, subject: 'api-key' };
    await turnaways.add({ ...row, outcome: 'refused unknown-key' });
    throw new Refused(401, 'unknown-key', 'This API key is not known here. Nothing was stored.');
  };

  app.post('/api/contacts', async (request, reply) => {
    const system = await systemOf(request);
    const body = parse(contactBody, request.body);
    const commandId = idFrom(system, keyOf(request) ?? body.externalId);
    const offered = offeredBy(system, body);
    const answer = await ask(
      system,
      commandId,
      { type: 'offer-contact', body: offered },
      body.occurredAt,
    );
    const seq = seqOf(answer);
    if (!isSame(recorder, seq, offered, body.occurredAt))
      throw new Refused(
        409,
        'key-used-for-another',
        'Another contact was handed in under this key. It stays as it is; this one was not stored.',
      );
    return reply.status(201).send({ contactId: contactIdOf(commandId), seq });
  });

  app.post<{ Params: { id: string } }>('/api/contacts/:id/abandoned', async (request) => {
    const system = await systemOf(request);
    const id = parse(contactId, request.params.id);
    const body = parse(callEventBody, request.body ?? undefined);
    const commandId = idFrom(system, `abandoned ${id}`);
    const asked = { type: 'abandon-contact', body: { contactId: id } } as const;
    const answer = await ask(system, commandId, asked, body?.occurredAt);
    return { contactId: id, seq: seqOf(answer) };
  });

  app.post<{ Params: { id: string } }>('/api/contacts/:id/ended', async (request) => {
    const system = await systemOf(request);
    const id = parse(contactId, request.params.id);
    const body = parse(endedBody, request.body ?? undefined);
    const commandId = idFrom(system, `ended ${id}`);
    const asked = {
      type: 'end-contact',
      body: { contactId: id, by: body?.by ?? 'caller' },
    } as const;
    const answer = await ask(system, commandId, asked, body?.occurredAt);
    return { contactId: id, seq: seqOf(answer) };
  });

  app.post<{ Params: { callSign: string } }>('/api/units/:callSign/status', async (request) => {
    const system = await systemOf(request);
    const unit = parse(unitId, request.params.callSign);
    const { statusCode, occurredAt } = parse(statusBody, request.body);
    const key = keyOf(request);
    // The same status again is a new fact, unless the system says by a key that it repeats itself.
    const commandId =
      key === undefined
        ? commandIdFrom(now(), randomBytes(16))
        : idFrom(system, `status ${unit} ${key}`);
    const asked = { type: 'set-unit-status', body: { unitId: unit, statusCode } } as const;
    const answer = await ask(system, commandId, asked, occurredAt);
    return { unitId: unit, seq: seqOf(answer) };
  });
}

type Offered = CommandBody<'offer-contact'>;

function offeredBy(system: string, body: z.infer<typeof contactBody>): Offered {
  const { number, place: where, narrative } = body;
  const read = number === undefined ? undefined : callerOf(number);
  const caller: CallerNumber | undefined = body.withheld ? { kind: 'withheld' } : read?.caller;
  const details: Details = {
    ...(where !== undefined && {
      place: typeof where === 'string' ? { text: where, isVerified: false } : where,
    }),
    ...(narrative !== undefined && { narrative }),
    ...asWritten(read?.unreadable, narrative),
  };
  return {
    channel: body.channel,
    ...(caller && { caller }),
    ...(Object.keys(details).length > 0 && { details }),
    source: system.slice(0, 200),
    externalId: body.externalId,
  };
}

/** A number that nobody can read is still what the caller rang from: it is shown as it came. */
function asWritten(unreadable: string | undefined, narrative = ''): Details {
  if (unreadable === undefined) return {};
  if (unreadable.length <= CALLBACK_MAX) return { callbackNumber: unreadable };
  const line = `Number as received: ${unreadable}`;
  const whole = narrative === '' ? line : `${line}\n${narrative}`;
  return whole.length <= NARRATIVE_MAX
    ? { narrative: whole }
    : { callbackNumber: unreadable.slice(0, CALLBACK_MAX) };
}

function callerOf(text: string): {
  readonly caller?: CallerNumber;
  readonly unreadable?: string;
} {
  const read = parseCallerNumber(text);
  switch (read.kind) {
    case 'number':
      return { caller: { kind: 'number', number: read.e164 } };
    case 'short-code':
      return { caller: { kind: 'number', number: read.code } };
    case 'withheld':
      return { caller: { kind: 'withheld' } };
    case 'unreadable':
    default:
      return { unreadable: read.text.trim() };
  }
}

/** Whether the record under this key is of the same contact. One whose body was disposed of is. */
function isSame(
  recorder: Recorder,
  seq: number,
  offered: Offered,
  occurredAt: number | undefined,
): boolean {
  const [event] = recorder.readAfter(seq - 1, 1);
  if (!event?.kept) return true;
  const { header, kept } = event;
  // A time that was ahead of our clock was set to the moment it came in.
  const isOfThatMoment = header.recordedAt - header.occurredAt < CAME_IN_WITHIN_MS;
  const isSameTime =
    occurredAt === undefined ||
    occurredAt === header.occurredAt ||
    (occurredAt > header.occurredAt && isOfThatMoment);
  return (
    isSameTime && isDeepStrictEqual(JSON.parse(kept.text), JSON.parse(JSON.stringify(offered)))
  );
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** The same system and key give the same command, so a repeat gets the answer that the first one had. */
function idFrom(system: string, key: string): CommandId {
  const bytes = digest(JSON.stringify([system, key]));
  return commandIdFrom(bytes.readUIntBE(16, 6), bytes);
}

function keyOf(request: FastifyRequest): string | undefined {
  const value = request.headers['idempotency-key'];
  if (value === undefined) return undefined;
  // Cut short it could be another's; it is refused instead.
  if (typeof value !== 'string' || value.length === 0 || value.length > KEY_MAX)
    throw new Refused(400, 'malformed', `Idempotency-Key: 1 to ${KEY_MAX} characters`);
  return value;
}

function seqOf(answer: Answer): number {
  if (answer.state === 'recorded') return answer.firstSeq;
  const { reason } = answer.refusal;
  const status = reason.startsWith('no-such-') ? 404 : reason === 'not-permitted' ? 403 : 409;
  throw new Refused(status, reason, `Not recorded: ${reason}.`);
}
