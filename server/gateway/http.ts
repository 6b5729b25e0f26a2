import { createHash } from 'node:crypto';
import process from 'node:process';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Registry, collectDefaultMetrics, Gauge } from 'prom-client';
import * as z from 'zod';
import { channel, type CallerNumber } from '#domain/facts.ts';
import {
  deskId,
  type CommandId,
  type ContactId,
  type DeskId,
  type EpochMs,
  type UserId,
} from '#domain/ids.ts';
import { uuidV7 } from '#domain/lib/uuid-v7.ts';
import { parseCallerNumber } from '#domain/telephone-number.ts';
import type { Answer } from '#protocol/ack.ts';
import type { Accounts } from '../auth/accounts.ts';
import type { AuditRow, Recorder, RecordRequest } from '../log/recorder-port.ts';

export interface HttpOptions {
  readonly recorder: Recorder;
  readonly accounts: Accounts;
  readonly now: () => EpochMs;
  readonly joined: () => readonly DeskId[];
  readonly forceName: string;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

const BODY_MAX_BYTES = 16 * 1024; // a long statement, several times over
const EVENTS_PAGE = 500;
const SERVER = 'server' as DeskId;

/** A request that is answered with a reason instead; `message` is for a person to read. */
class Refused extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

const sessionBody = z.strictObject({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
  newPassword: z.string().max(256).optional(),
  desk: deskId.optional(),
});

const contactBody = z.strictObject({
  externalId: z.string().min(1).max(128),
  channel,
  /** As the outside system has it: national, international, a short code, or "withheld". */
  number: z.string().min(1).max(64).optional(),
  place: z.string().min(1).max(200).optional(),
  narrative: z.string().max(4_000).optional(),
  occurredAt: z.iso.datetime({ offset: true }).optional(),
});

const enrolBody = z.strictObject({
  code: z.string().min(1).max(64),
  desk: deskId,
  publicKey: z.string().min(1).max(400),
});

const signInWords = {
  'wrong-name-or-password': [401, 'The name or the password is not right.'],
  locked: [423, 'Too many wrong tries: this account is locked for 15 minutes.'],
  'password-change-needed': [403, 'This is a first password: choose one of your own.'],
  'weak-password': [403, 'The new password needs at least 12 characters and must be another one.'],
} as const;

/** The server's HTTP side. Every refusal is `{ reason, message }`; what is accepted is durable first. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { recorder, accounts, now } = options;
  const app: FastifyInstance = options.tls
    ? // The TLS server has the same routes; the cast only drops its more special type.
      fastify({
        https: { ...options.tls },
        bodyLimit: BODY_MAX_BYTES,
      })
    : fastify({ bodyLimit: BODY_MAX_BYTES });

  const audit = (row: Omit<AuditRow, 'at' | 'desk'> & { desk?: string }) =>
    recorder.audit([{ desk: 'server', ...row, at: now() }]);

  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).send({ reason: 'not-found', message: 'There is nothing at this address.' }),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof Refused)
      return reply.status(error.status).send({ reason: error.reason, message: error.message });
    const status = error.statusCode ?? 500;
    if (status < 500)
      return reply.status(status).send({ reason: 'malformed', message: error.message });
    // What went wrong inside is for the log of the process, not for whoever asks.
    process.stderr.write(`http: ${error.message}\n`);
    return reply
      .status(503)
      .send({ reason: 'not-stored', message: 'The server could not do it. Nothing was stored.' });
  });

  app.post('/api/session', async (request) => {
    const body = parse(sessionBody, request.body);
    const desk = body.desk ?? 'browser';
    const result = await accounts.signIn(body.name, body.password, desk, body.newPassword);
    const outcome = result.outcome === 'signed-in' ? 'signed-in' : result.reason;
    const actor = result.outcome === 'signed-in' ? result.person.id : 'unknown';
    await audit({
      actor,
      desk,
      operation: 'authentication',
      what: 'sign-in',
      subject: actor,
      outcome,
    });
    if (result.outcome === 'refused') {
      const [status, message] = signInWords[result.reason];
      throw new Refused(status, result.reason, message);
    }
    const { token, person, grant } = result;
    return { token, user: person, grant: { id: grant.id, notAfter: grant.notAfter } };
  });

  app.delete('/api/session', async (request, reply) => {
    const token = bearer(request);
    const person = accounts.personOf(token);
    accounts.endSession(token);
    const actor = person?.id ?? 'unknown';
    await audit({
      actor,
      operation: 'authentication',
      what: 'sign-out',
      subject: actor,
      outcome: 'done',
    });
    return reply.status(204).send();
  });

  app.post('/api/desks/enrol', async (request) => {
    const { code, desk, publicKey } = parse(enrolBody, request.body);
    const isGood = accounts.enrol(code, desk, publicKey);
    const outcome = isGood ? 'enrolled' : 'refused';
    await audit({
      actor: 'desk',
      desk,
      operation: 'administration',
      what: 'enrol',
      subject: desk,
      outcome,
    });
    if (!isGood)
      throw new Refused(
        403,
        'bad-code',
        'The code is not known, was used, or is older than 15 minutes.',
      );
    return { logId: recorder.logId, force: options.forceName };
  });

  app.post('/api/contacts', async (request, reply) => {
    const system = await systemOf(request);
    const body = parse(contactBody, request.body);
    const key = headerOf(request, 'idempotency-key') ?? body.externalId;
    const { commandId, details } = contactFrom(system, key, body);
    const caller = body.number === undefined ? undefined : callerOf(body.number);
    const answer = await recorder.record({
      ...outside(system),
      commandId,
      asked: {
        type: 'offer-contact',
        body: {
          channel: body.channel,
          ...(caller && { caller }),
          ...(details && { details }),
          source: system,
          externalId: body.externalId,
        },
      },
      ...(body.occurredAt !== undefined && { occurredAt: Date.parse(body.occurredAt) as EpochMs }),
    });
    return reply.status(201).send({ contactId: commandId, seq: seqOf(answer) });
  });

  for (const [path, ask] of [
    [
      'abandoned',
      (contactId: ContactId) => ({ type: 'abandon-contact', body: { contactId } }) as const,
    ],
    [
      'ended',
      (contactId: ContactId) =>
        ({ type: 'end-contact', body: { contactId, by: 'caller' } }) as const,
    ],
  ] as const) {
    app.post<{ Params: { id: string } }>(`/api/contacts/:id/${path}`, async (request, reply) => {
      const system = await systemOf(request);
      const contactId = request.params.id as ContactId; // one that does not exist is refused below
      const answer = await recorder.record({
        ...outside(system),
        commandId: idFrom(system, `${path} ${contactId}`),
        asked: ask(contactId),
      });
      return reply.status(201).send({ contactId, seq: seqOf(answer) });
    });
  }

  app.get<{ Querystring: { after?: string } }>('/api/events', async (request, reply) => {
    const person = accounts.personOf(bearer(request));
    if (!person) throw new Refused(401, 'not-signed-in', 'Sign in first: POST /api/session.');
    const after = Number(request.query.after ?? 0);
    if (!Number.isSafeInteger(after) || after < 0)
      throw new Refused(400, 'malformed', 'after: a sequence number, 0 for the start.');
    const isAuditor = person.role === 'auditor';
    await audit({
      actor: person.id,
      operation: isAuditor ? 'disclosure' : 'security',
      what: 'read events',
      subject: `after ${after}`,
      outcome: isAuditor ? `to ${recorder.head().seq}` : 'refused not-permitted',
    });
    if (!isAuditor) throw new Refused(403, 'not-permitted', 'Only an auditor reads the whole log.');
    return sendEvents(reply, after);
  });

  async function sendEvents(reply: FastifyReply, after: number) {
    const head = recorder.head().seq;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    let seq = after;
    while (seq < head && !raw.destroyed) {
      const page = recorder.readAfter(seq, Math.min(EVENTS_PAGE, head - seq));
      if (page.length === 0) break;
      const text = page
        .map(({ header, kept }) =>
          JSON.stringify({ ...header, ...(kept && { body: JSON.parse(kept.text) as unknown }) }),
        )
        .join('\n');
      seq = page.at(-1)?.header.seq ?? head;
      if (!raw.write(`${text}\n`)) await new Promise((resolve) => raw.once('drain', resolve));
    }
    raw.end();
    return reply;
  }

  app.get('/healthz', async () => ({ state: 'alive' }));
  app.get('/readyz', async () => {
    // A row through the writer and back: it can decide, commit and answer.
    await recorder.audit([]);
    return { state: 'ready', epoch: recorder.epoch, head: recorder.head().seq };
  });

  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('holdfast_log_head', 'Last recorded event', () => recorder.head().seq);
  gauge('holdfast_desks_joined', 'Desks that are joined now', () => options.joined().length);
  app.get('/metrics', async (request, reply) => {
    if (!isLoopback(request.ip)) throw new Refused(403, 'not-permitted', 'Only from this machine.');
    return reply.type(registry.contentType).send(await registry.metrics());
  });

  async function systemOf(request: FastifyRequest): Promise<string> {
    const system = accounts.systemOf(bearer(request));
    if (system !== undefined) return system;
    await audit({
      actor: 'outside',
      operation: 'security',
      what: `${request.method} ${request.routeOptions.url ?? ''}`,
      subject: 'api-key',
      outcome: 'refused',
    });
    throw new Refused(401, 'unknown-key', 'This API key is not known here. Nothing was stored.');
  }

  const outside = (system: string): Pick<RecordRequest, 'actor' | 'desk' | 'occurredAt'> => ({
    actor: `system-${createHash('sha256').update(system).digest('hex').slice(0, 12)}` as UserId,
    desk: SERVER,
    occurredAt: now(),
  });

  return app;
}

function contactFrom(system: string, key: string, body: z.infer<typeof contactBody>) {
  const { place, narrative } = body;
  const hasDetails = place !== undefined || narrative !== undefined;
  return {
    commandId: idFrom(system, key),
    details: hasDetails
      ? {
          ...(place !== undefined && { place: { text: place, isVerified: false } }),
          ...(narrative !== undefined && { narrative }),
        }
      : undefined,
  };
}

/** The same system and key give the same command, so a repeat gets the answer that the first one had. */
function idFrom(system: string, key: string): CommandId {
  const digest = createHash('sha256')
    .update(JSON.stringify([system, key]))
    .digest();
  return uuidV7(digest.readUIntBE(16, 6), digest) as CommandId; // just made as one
}

function callerOf(text: string): CallerNumber {
  const read = parseCallerNumber(text);
  switch (read.kind) {
    case 'number':
      return { kind: 'number', number: read.e164 };
    case 'short-code':
      return { kind: 'number', number: read.code };
    case 'withheld':
      return { kind: 'withheld' };
    case 'unreadable':
    default:
      throw new Refused(400, 'malformed', 'number: not a telephone number, nor "withheld".');
  }
}

function seqOf(answer: Answer): number {
  if (answer.state === 'recorded') return answer.firstSeq;
  throw new Refused(409, answer.refusal.reason, `Not recorded: ${answer.refusal.reason}.`);
}

const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' && value.length <= 200 ? value : undefined;
};

const bearer = (request: FastifyRequest): string =>
  /^Bearer ([\w-]{16,128})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';

export const isLoopback = (address: string) =>
  address === '::1' || address === 'localhost' || /^(::ffff:)?127\./.test(address);

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refused(
    400,
    'malformed',
    `${issue?.path.join('.') || 'body'}: ${issue?.message ?? ''}`,
  );
}
