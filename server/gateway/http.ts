import { verify } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Readable } from 'node:stream';
import {
  fastify,
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
} from 'fastify';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import * as z from 'zod';
import { deskId, type DeskId, type EpochMs, type UserId } from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import { unownedKinds } from '#domain/unowned.ts';
import type { Accounts, Person, SignInRefusal } from '../auth/accounts.ts';
import type { Enrolled } from '../auth/keys.ts';
import type { AuditRow, Recorder, UnownedCounts } from '../log/recorder-port.ts';
import { networkOf, SignInLimit } from '../auth/sign-in-limit.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { wayTo } from '../auth/policy.ts';
import { addAdminRoutes } from './admin-routes.ts';
import type { Administering } from './administering.ts';
import type { Ops } from '../ops/ops.ts';
import type { DraftCopies } from './draft-copies.ts';
import { addOutsideRoutes } from './outside-routes.ts';
import { addReferenceRoutes } from './reference-routes.ts';
import { parse, Refused } from './refused.ts';
import { realTimers } from './timers.ts';
import { Turnaways } from './turnaways.ts';
import { addLiveLogRoutes, type LiveLogOptions } from '../web/live-log-routes.ts';

export interface HttpOptions {
  readonly recorder: Recorder;
  readonly accounts: Accounts;
  readonly now: () => EpochMs;
  /** The exact values of the Host header that are ours. */
  readonly hosts: () => ReadonlySet<string>;
  readonly joined: () => readonly DeskId[];
  readonly lagMax: () => number;
  /** What the last orphan sweep found. */
  readonly unowned: () => UnownedCounts;
  /** What looks after this machine. */
  readonly ops?: Pick<Ops, 'all' | 'addMetrics'>;
  /** Told when a desk has a new key, or none: its old line must end. */
  readonly keyGone: (desk: string) => void;
  readonly administering: Administering;
  /** What somebody was typing, as their desks last copied it. */
  readonly draftsOf: (user: UserId) => ReturnType<DraftCopies['of']>;
  readonly force: string;
  readonly forceName: string;
  readonly release?: string | undefined;
  readonly logger: Logger;
  /** The live log at this server's own pages; without it there are none. */
  readonly liveLog?: LiveLogOptions | undefined;
  /** Less only in tests. */
  readonly connectionsMax?: number | undefined;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

const BODY_MAX_BYTES = 32 * 1024; // the longest contact with each of its letters escaped
const HEADERS_MAX_BYTES = 8 * 1024;
const REQUEST_WITHIN_MS = 15_000;
const CONNECTIONS_MAX = 2_000; // 300 desks, each with its line and some requests, twice over
const GRANTS_MAX = 400; // of one desk, as many people as it remembers and who sits there
const EVENTS_PAGE = 500;
const READY_WITHIN_MS = 2_000;
const SERVER = 'server';

const sessionBody = z.strictObject({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
  newPassword: z.string().max(256).optional(),
  desk: deskId.optional(),
});
const enrolBody = z.strictObject({
  code: z.string().min(1).max(64),
  desk: deskId,
  publicKey: z.string().min(1).max(400),
});
const grantsBody = z.strictObject({
  desk: deskId,
  grants: z.array(z.uuid()).max(GRANTS_MAX),
  /** Of `grants.<desk>.<grants, with commas>` in UTF-8, by the desk's key; base64. */
  signature: z.base64().min(1).max(200),
});
const eventsQuery = z.strictObject({ after: z.coerce.number().int().min(0).default(0) });

/** Every refusal of a sign-in, with its status; `docs/INTERFACES.md` lists them. */
export const signInWords: Readonly<Record<SignInRefusal, readonly [number, string]>> = {
  'wrong-name-or-password': [401, 'The name or the password is not right.'],
  locked: [423, 'Too many wrong tries: this account is locked for 15 minutes.'],
  disabled: [403, 'This account was closed. Ask the administrator.'],
  'password-change-needed': [403, 'This is a first password: choose one of your own.'],
  'weak-password': [403, 'The new password needs at least 12 characters and must be another one.'],
  'unknown-desk': [403, 'This desk is not enrolled with this server.'],
  busy: [503, 'Many people are signing in. Try again in a moment.'],
};
const guesses: ReadonlySet<SignInRefusal> = new Set(['wrong-name-or-password', 'locked']);
/** Every refusal of an enrolment. */
export const enrolWords: Readonly<
  Record<Exclude<Enrolled['outcome'], 'enrolled'>, readonly [number, string]>
> = {
  'code-not-valid': [403, 'The code is not known, was used, is too old, or is for another desk.'],
  'desk-already-enrolled': [409, 'This desk has a key. A new one needs a code made for this desk.'],
  'name-not-allowed': [400, 'desk: this name is kept for the server itself'],
  'not-an-ed25519-key': [400, 'publicKey: not an Ed25519 key (SPKI, base64 or PEM)'],
};
const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;
const NOT_FOUND = { reason: 'not-found', message: 'There is nothing at this address.' } as const;
const reasonByStatus: Readonly<Record<number, string>> = {
  413: 'too-large',
  415: 'not-json',
  431: 'too-large',
};

/** The server's HTTP side. Every refusal is `{ reason, message }`; what is accepted is durable first. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { recorder, accounts, now, logger } = options;
  const limits = {
    maxHeaderSize: HEADERS_MAX_BYTES,
    requestTimeout: REQUEST_WITHIN_MS,
    headersTimeout: REQUEST_WITHIN_MS,
  };
  const { tls } = options;
  // One type for both servers: the routes are the same on either.
  const app: FastifyInstance = fastify<RawServerDefault>({
    serverFactory: (handler) => {
      const listener: RequestListener = handler;
      return tls
        ? createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2' }, listener)
        : createServer(limits, listener);
    },
    bodyLimit: BODY_MAX_BYTES,
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }), // ours has no address in it
    forceCloseConnections: 'idle',
    // An address that cannot be read is none; nothing of it is said again.
    frameworkErrors: (_error, _request, reply) => {
      const plain = reply as FastifyReply; // generic in the option's type only
      plain.status(404).headers(SAFE_HEADERS).send(NOT_FOUND);
    },
    clientErrorHandler: (error, socket) => {
      const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
      const status = isTooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request';
      const body = JSON.stringify(
        isTooLarge
          ? { reason: 'too-large', message: 'The headers are longer than any request needs.' }
          : { reason: 'malformed', message: 'This is no request that the server understands.' },
      );
      if (!socket.writable) {
        socket.destroy();
        return;
      }
      socket.end(
        `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    },
  });
  // What is not JSON is told so, and not read.
  app.removeContentTypeParser('text/plain');

  app.server.maxConnections = options.connectionsMax ?? CONNECTIONS_MAX;
  const failed = (error: unknown) => logger.error({ error: String(error) }, 'not audited');
  const turnaways = new Turnaways({ recorder, now, timers: realTimers, failed });
  app.addHook('onClose', () => turnaways.close());
  const audit = (row: Omit<AuditRow, 'at' | 'desk'> & { readonly desk?: string }) =>
    recorder.audit([{ desk: SERVER, ...row, at: now() }]);

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      ...SAFE_HEADERS,
      ...(tls && { 'strict-transport-security': 'max-age=31536000' }),
    });
    // A foreign name that was bound to this address again comes with that name.
    const { host = '', origin } = request.headers;
    const address = networkOf(request.socket.remoteAddress ?? '');
    if (!options.hosts().has(host.toLowerCase())) {
      await refusedTo('unknown', 'request', 'wrong-host', address);
      throw new Refused(421, 'wrong-host', 'This server does not go by that name.');
    }
    // Its own pages ask what is theirs by their own origin. Anything else was asked by some web site.
    const isOfPage = wayTo(`${request.method} ${request.routeOptions.url ?? ''}`)?.by === 'page';
    const own = `${tls ? 'https' : 'http'}://${host.toLowerCase()}`;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isOwn = isOfPage && (origin === own || (origin === undefined && isRead));
    if (isOfPage ? !isOwn : origin !== undefined) {
      await refusedTo('unknown', 'request', 'foreign-origin', address);
      throw new Refused(403, 'foreign-origin', 'This server answers no web site.');
    }
    if (!request.is404) await admit(request);
  });

  /** Lets through whom the policy table names; each refusal is on record. An address without a row is nobody's. */
  const visitors = new WeakMap<FastifyRequest, Person>();
  async function admit(request: FastifyRequest): Promise<void> {
    const route = `${request.method} ${request.routeOptions.url ?? ''}`;
    const way = wayTo(route);
    if (!way) {
      await refusedTo('unknown', route, 'not-permitted');
      throw new Refused(403, 'not-permitted', 'Nobody may use this address.');
    }
    if (way.by !== 'people') return;
    if (way.isOpenHere && isLoopback(request.socket.remoteAddress ?? '')) return;
    const person = accounts.personOf(bearer(request));
    if (!person) {
      await refusedTo('unknown', way.what, 'not-signed-in');
      throw new Refused(401, 'not-signed-in', 'Sign in first: POST /api/session.');
    }
    if (!way.roles.includes(person.role)) {
      await refusedTo(person.id, way.what, 'not-permitted');
      throw new Refused(403, 'not-permitted', `Only for: ${way.roles.join(', ')}.`);
    }
    visitors.set(request, person);
  }

  const personOf = (request: FastifyRequest): Person => {
    const person = visitors.get(request);
    assert(person, 'an address that asks who comes has a row with people in the policy table');
    return person;
  };

  const refusedTo = (actor: string, what: string, reason: string, subject = actor) =>
    turnaways.add({ actor, desk: SERVER, what, subject, outcome: `refused ${reason}` });

  app.setNotFoundHandler((_request, reply) => reply.status(404).send(NOT_FOUND));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof Refused)
      return reply.status(error.status).send({ reason: error.reason, message: error.message });
    const status = error.statusCode ?? 500;
    if (status < 500)
      return reply
        .status(status)
        .send({ reason: reasonByStatus[status] ?? 'malformed', message: error.message });
    // What went wrong inside is for the technical log, not for whoever asks.
    request.log.error({ route: request.routeOptions.url, error: error.message }, 'request failed');
    return reply
      .status(503)
      .send({ reason: 'not-stored', message: 'The server could not do it. Nothing was stored.' });
  });

  const registry = new Registry();
  addMetrics(registry, options);
  options.ops?.addMetrics(registry);
  const took = new Histogram({
    name: 'holdfast_http_seconds',
    help: 'Time to answer a request',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    // The route and not the address: an address can hold what somebody asked for.
    const route = `${request.method} ${request.routeOptions.url ?? 'unknown'}`;
    const status = reply.statusCode;
    took.labels(route, String(status)).observe(reply.elapsedTime / 1_000);
    request.log.info({ route, status, ms: Math.round(reply.elapsedTime) }, 'request');
  });
  app.addHook('onClose', async () => registry.clear());

  const limit = new SignInLimit(now);
  /** Checks who signs in, at whichever door: each try is counted by its address, and on record. */
  const signIn = async (
    request: FastifyRequest,
    reply: FastifyReply,
    body: z.infer<typeof sessionBody>,
  ) => {
    const address = request.socket.remoteAddress ?? '';
    const taken = limit.take(address);
    if (taken.outcome === 'too-many') {
      if (taken.isFirst)
        await audit({
          actor: 'unknown',
          operation: 'security',
          what: 'sign-in',
          subject: address,
          outcome: 'refused too-many-tries',
        });
      reply.header('retry-after', Math.ceil(taken.retryAfterMs / 1_000));
      throw new Refused(
        429,
        'too-many-tries',
        'Too many wrong tries from this address. Wait a little.',
      );
    }
    const result = await accounts.signIn(body);
    // A password that is right, or that nobody looked at, was no wrong guess.
    const isGuess = result.outcome === 'refused' && guesses.has(result.reason);
    if (!isGuess) limit.giveBack(address);
    const actor = result.outcome === 'signed-in' ? result.person.id : (result.user ?? 'unknown');
    await audit({
      actor,
      desk: body.desk ?? SERVER,
      operation: 'authentication',
      what: 'sign-in',
      subject: actor,
      outcome: result.outcome === 'signed-in' ? 'signed-in' : `refused ${result.reason}`,
    });
    if (result.outcome === 'refused') {
      const [status, message] = signInWords[result.reason];
      throw new Refused(status, result.reason, message);
    }
    return result;
  };
  app.post('/api/session', async (request, reply) => {
    const body = parse(sessionBody, request.body);
    const result = await signIn(request, reply, body);
    const { token, person, grant, offlineGrant } = result;
    return {
      token,
      user: person,
      grant: { id: grant.id, notAfter: grant.notAfter },
      ...(offlineGrant && { offlineGrant }),
    };
  });

  app.delete('/api/session', async (request, reply) => {
    const person = personOf(request);
    accounts.endSession(bearer(request));
    await audit({
      actor: person.id,
      operation: 'authentication',
      what: 'sign-out',
      subject: person.id,
      outcome: 'signed-out',
    });
    return reply.status(204).send();
  });

  app.post('/api/desks/enrol', async (request) => {
    const { code, desk, publicKey } = parse(enrolBody, request.body);
    const enrolled = accounts.enrol(code, desk, publicKey);
    const { outcome } = enrolled;
    await audit({
      actor: 'desk',
      desk,
      operation: 'administration',
      what: 'enrol',
      subject: desk,
      outcome: outcome === 'enrolled' ? outcome : `refused ${outcome}`,
    });
    if (outcome !== 'enrolled') {
      const [status, message] = enrolWords[outcome];
      throw new Refused(status, outcome, message);
    }
    if (enrolled.isReplaced) options.keyGone(desk);
    return { logId: recorder.logId, force: options.force, forceName: options.forceName };
  });

  app.post('/api/desks/grants', async (request) => {
    const { desk, grants, signature } = parse(grantsBody, request.body);
    const key = accounts.deskKey(desk);
    const signed = Buffer.from(`grants.${desk}.${grants.join(',')}`, 'utf8');
    if (!key || !verify(null, signed, key, Buffer.from(signature, 'base64'))) {
      const row = { actor: 'desk', desk, what: 'ask for grants', subject: desk };
      await turnaways.add({ ...row, outcome: 'refused not-enrolled' });
      throw new Refused(401, 'not-enrolled', 'This desk is not enrolled with this server.');
    }
    return { withdrawn: accounts.withdrawn(desk, grants) };
  });

  addOutsideRoutes(app, { recorder, accounts, now, bearer, turnaways });
  addReferenceRoutes(app, { recorder, shipped: loadReferenceData(), audit, personOf, now });
  addAdminRoutes(app, { administering: options.administering, personOf });

  const { liveLog } = options;
  if (liveLog) addLiveLogRoutes(app, { ...liveLog, isTls: tls !== undefined, now, audit, signIn });

  app.get('/api/drafts', async (request) => {
    const person = personOf(request);
    const drafts = options.draftsOf(person.id); // nobody else's: who asks is whose they are
    await audit({
      actor: person.id,
      operation: 'consultation',
      what: 'read drafts',
      subject: person.id,
      outcome: `${drafts.length} drafts`,
    });
    return { drafts };
  });

  app.get('/api/events', async (request, reply) => {
    const person = personOf(request);
    const { after } = parse(eventsQuery, request.query);
    const head = recorder.head().seq;
    // Who was shown what stands on record before the first of it is shown.
    await audit({
      actor: person.id,
      operation: 'disclosure',
      what: 'read events',
      subject: after < head ? `${after + 1}-${head}` : 'nothing',
      outcome: `to ${person.id}`,
    });
    return reply.type('application/x-ndjson').send(Readable.from(linesOf(recorder, after, head)));
  });

  app.get('/healthz', async () => ({
    state: 'alive',
    at: now(),
    ...(options.release !== undefined && { release: options.release }),
  }));

  let probe: Promise<void> | undefined;
  app.get('/readyz', async () => {
    // Through the writer and back: it can begin a transaction and answer. One at a time for all who ask.
    probe ??= recorder.audit([]).finally(() => {
      probe = undefined;
    });
    const isReady = await within(READY_WITHIN_MS, probe);
    if (!isReady) throw new Refused(503, 'not-ready', 'The writer of the log does not answer.');
    if (recorder.awaitsTails())
      throw new Refused(
        503,
        'restoring',
        'Restored: first it takes what the desks have on record.',
      );
    const notices = options.ops?.all ?? [];
    return { state: 'ready', epoch: recorder.epoch, head: recorder.head().seq, notices };
  });

  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );

  return app;
}

/** Every event after `after` and up to `head`, a line each; the next page is read when it is asked for. */
function* linesOf(recorder: Recorder, after: number, head: number): Generator<string> {
  let seq = after;
  while (seq < head) {
    const page = recorder.readAfter(seq, Math.min(EVENTS_PAGE, head - seq));
    const last = page.at(-1)?.header.seq;
    if (last === undefined) return;
    seq = last;
    yield page
      .map(({ header, kept }) => {
        const text = JSON.stringify(header);
        // The body is JSON as it stands; one that was disposed of leaves its header.
        return kept ? `${text.slice(0, -1)},"body":${kept.text}}\n` : `${text}\n`;
      })
      .join('');
  }
}

function addMetrics(registry: Registry, { recorder, joined, lagMax, unowned }: HttpOptions): void {
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
  gauge('holdfast_log_epoch', 'Epoch of the log', () => recorder.epoch);
  gauge('holdfast_desks_joined', 'Desks that are joined now', () => joined().length);
  gauge('holdfast_desk_lag_events', 'Events the last desk has yet to apply', lagMax);
  registry.registerMetric(
    new Gauge({
      name: 'holdfast_unowned',
      help: 'What nobody on duty has in hand or answered in its time, by what is wrong, at the last sweep',
      labelNames: ['kind'],
      registers: [],
      collect() {
        const counts = unowned();
        for (const kind of unownedKinds) this.set({ kind }, counts[kind] ?? 0);
      },
    }),
  );
}

/** Whether it was done in time; false where it failed. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const timeUp = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeUp.resolve(false), ms);
  const done = work.then(
    () => true,
    () => false, // why is told by whoever needed the writer
  );
  const isDone = await Promise.race([done, timeUp.promise]);
  clearTimeout(timer);
  return isDone;
}

const bearer = (request: FastifyRequest): string =>
  /^Bearer ([\w-]{16,128})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';

export const isLoopback = (address: string) =>
  address === '::1' || address === 'localhost' || /^(::ffff:)?127\./.test(address);
