import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { incidentId, type EpochMs } from '#domain/ids.ts';
import { contentSecurityPolicy, type Assets } from '#protocol/page.ts';
import type { SignedIn } from '../auth/accounts.ts';
import { NO_DESK } from '../auth/keys.ts';
import { mayFollowLive } from '../auth/policy.ts';
import { networkOf } from '../auth/sign-in-limit.ts';
import { parse, Refused } from '../gateway/refused.ts';
import type { AuditRow } from '../log/recorder-port.ts';
import type { SeatGateway } from './seat-gateway.ts';
import { IDLE_MS, type SeatSession, type SeatSessions } from './seat-sessions.ts';
import { seatCookie, seatToken } from './seat-token.ts';

export interface LiveLogOptions {
  /** The built windows, by exact path. */
  readonly assets: Assets;
  readonly sessions: SeatSessions;
  readonly gateway: SeatGateway;
}

interface Ports extends LiveLogOptions {
  readonly isTls: boolean;
  readonly now: () => EpochMs;
  readonly audit: (
    row: Omit<AuditRow, 'at' | 'desk'> & { readonly desk?: string },
  ) => Promise<void>;
  /** Checks a name and password as for anybody; throws `Refused` where they let nobody in. */
  readonly signIn: (
    request: FastifyRequest,
    reply: FastifyReply,
    body: z.infer<typeof signInBody>,
  ) => Promise<Extract<SignedIn, { outcome: 'signed-in' }>>;
}

const PAGE = '/live-log';

const signInBody = z.strictObject({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
  newPassword: z.string().max(256).optional(),
});
const printBody = z.strictObject({ incident: incidentId });

/**
 * The live log: its page, and what the page asks over HTTP. Everything else goes over its socket, see
 * `SeatGateway`. The page itself is for anybody to load; nothing is shown before a sign-in and a reason.
 */
export function addLiveLogRoutes(app: FastifyInstance, ports: Ports): void {
  const { assets, sessions, gateway, isTls, now, audit } = ports;
  const tokenOf = (request: FastifyRequest) => seatToken(request.raw, isTls);
  const setCookie = (request: FastifyRequest, reply: FastifyReply, token: string) =>
    reply.header('set-cookie', seatCookie(request.raw, { token, isTls }));

  const seatOf = (request: FastifyRequest): SeatSession => {
    const session = sessions.of(tokenOf(request));
    if (session) return session;
    throw new Refused(401, 'not-signed-in', 'Sign in at this seat first.');
  };

  const told = (token: string) => {
    const session = sessions.of(token);
    if (!session) throw new Refused(401, 'not-signed-in', 'Sign in at this seat first.');
    const { person, until } = session;
    return { user: person, until, idleMs: IDLE_MS, leftMs: sessions.leftMs(token) };
  };

  const serve = (path: string, request: FastifyRequest, reply: FastifyReply) => {
    const asset = assets.get(path);
    if (!asset) throw new Refused(404, 'not-found', 'There is nothing at this address.');
    const { host = '' } = request.headers;
    return reply
      .headers({
        'content-type': asset.type,
        'content-security-policy': contentSecurityPolicy(`${isTls ? 'wss' : 'ws'}://${host}`),
        'cross-origin-opener-policy': 'same-origin',
        'permissions-policy': 'camera=(), microphone=(), geolocation=(), clipboard-read=()',
      })
      .send(typeof asset.body === 'string' ? asset.body : Buffer.from(asset.body));
  };
  app.get(`${PAGE}/`, (request, reply) => serve(PAGE, request, reply));
  app.get<{ Params: { '*': string } }>('/assets/*', (request, reply) =>
    serve(`/assets/${request.params['*']}`, request, reply),
  );

  app.post(`${PAGE}/session`, async (request, reply) => {
    const body = parse(signInBody, request.body);
    const { token, person } = await ports.signIn(request, reply, body);
    if (!mayFollowLive(person.role)) {
      sessions.end(token, 'not-permitted');
      await audit({
        actor: person.id,
        desk: NO_DESK,
        operation: 'security',
        what: 'live-log',
        subject: person.id,
        outcome: 'refused not-permitted',
      });
      throw new Refused(
        403,
        'not-permitted',
        'This seat is for investigators and supervisors. Sign in at a desk.',
      );
    }
    // Whoever sat here before has gone: two people never share a seat.
    sessions.end(tokenOf(request), 'signed-out');
    sessions.touch(token);
    setCookie(request, reply, token);
    return told(token);
  });

  app.get(`${PAGE}/session`, async (request) => told(tokenOf(request)));

  app.put(`${PAGE}/session`, async (request) => {
    sessions.touch(tokenOf(request));
    return told(tokenOf(request));
  });

  app.delete(`${PAGE}/session`, async (request, reply) => {
    const { person } = seatOf(request);
    sessions.end(tokenOf(request), 'signed-out');
    await audit({
      actor: person.id,
      desk: NO_DESK,
      operation: 'authentication',
      what: 'sign-out',
      subject: person.id,
      outcome: 'signed-out',
    });
    setCookie(request, reply, '');
    return reply.header('clear-site-data', '"cache", "storage"').status(204).send();
  });

  app.post('/ws-ticket', async (request, reply) => {
    seatOf(request);
    const network = networkOf(request.socket.remoteAddress ?? '');
    const ticket = sessions.ticket(tokenOf(request), network);
    if (ticket === undefined)
      throw new Refused(401, 'not-signed-in', 'Sign in at this seat first.');
    return reply.status(201).send({ ticket });
  });

  app.post(`${PAGE}/prints`, async (request, reply) => {
    const session = seatOf(request);
    const { incident } = parse(printBody, request.body);
    const follow = gateway.followed(session, incident);
    if (!follow) throw new Refused(409, 'not-followed', 'Open the incident first, then print it.');
    const print = randomBytes(4).toString('hex');
    // On record before there is any paper.
    await audit({
      actor: session.person.id,
      desk: NO_DESK,
      operation: 'disclosure',
      what: 'print-incident',
      subject: incident,
      outcome: `print ${print} of view ${follow.view}, ${follow.lines.size} lines, up to event ${follow.upTo}, to ${session.person.id}`,
    });
    sessions.touch(tokenOf(request));
    return reply
      .status(201)
      .send({ print, at: now(), by: session.person.displayName, reason: follow.reason });
  });
}
