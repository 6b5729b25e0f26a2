import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { commands } from '#domain/commands.ts';
import { deskId, type DeskId } from '#domain/ids.ts';
import type { Person } from '../auth/accounts.ts';
import type { By } from '../auth/administration.ts';
import type { Administering } from './administering.ts';
import { parse } from './refused.ts';

export interface AdminOptions {
  readonly administering: Administering;
  /** Who asks: the policy table has let them through. */
  readonly personOf: (request: FastifyRequest) => Person;
}

const { name, displayName, role } = commands['add-user'].body.shape;
const userBody = z.strictObject({ name, displayName, role });
const nameBody = z.strictObject({ name });
const roleBody = z.strictObject({ name, role });
const sessionsBody = z.union([z.strictObject({ session: z.uuid() }), nameBody], {
  error: 'give one of: session (its id), name (all of a person)',
});
const codeBody = z.strictObject({ desk: deskId.optional() }).optional();
const deskBody = z.strictObject({ desk: deskId });
// It stands in each contact that the system hands in, so it is a name of a system and not of a person.
const keyBody = z.strictObject({ name: z.string().trim().min(2).max(100) });

/** What an administrator does over HTTP: each address is one doing of `Administering`. */
export function addAdminRoutes(app: FastifyInstance, { administering, personOf }: AdminOptions) {
  const byOf = (request: FastifyRequest): By => ({
    user: personOf(request).id,
    desk: 'server' as DeskId, // asked at none
  });

  app.post('/api/users', async (request, reply) => {
    const added = await administering.addUser(byOf(request), parse(userBody, request.body));
    return reply.status(201).send(added);
  });

  app.get('/api/users', async (request) => ({ users: await administering.users(byOf(request)) }));

  app.post('/api/users/role', (request) =>
    administering.change(byOf(request), {
      what: 'set-user-role',
      ...parse(roleBody, request.body),
    }),
  );

  for (const [path, what] of [
    ['disable', 'disable-user'],
    ['reopen', 'reopen-user'],
    ['unlock', 'unlock-user'],
  ] as const)
    app.post(`/api/users/${path}`, (request) =>
      administering.change(byOf(request), { what, ...parse(nameBody, request.body) }),
    );

  app.post('/api/users/reset', (request) =>
    administering.resetPassword(byOf(request), parse(nameBody, request.body).name),
  );

  app.get('/api/sessions', async (request) => ({
    sessions: await administering.sessions(byOf(request)),
  }));

  app.post('/api/sessions/revoke', (request) =>
    administering.revokeSession(byOf(request), parse(sessionsBody, request.body)),
  );

  app.get('/api/desks', async (request) => ({ desks: await administering.desks(byOf(request)) }));

  app.post('/api/desks/codes', async (request, reply) => {
    const { desk } = parse(codeBody, request.body ?? undefined) ?? {};
    return reply.status(201).send(await administering.makeDeskCode(byOf(request), desk));
  });

  app.post('/api/desks/revoke', (request) =>
    administering.revokeDesk(byOf(request), parse(deskBody, request.body).desk),
  );

  app.get('/api/api-keys', async (request) => ({
    keys: await administering.apiKeys(byOf(request)),
  }));

  app.post('/api/api-keys', async (request, reply) => {
    const made = await administering.makeApiKey(byOf(request), parse(keyBody, request.body).name);
    return reply.status(201).send(made);
  });

  app.post('/api/api-keys/revoke', (request) =>
    administering.revokeApiKey(byOf(request), parse(keyBody, request.body).name),
  );
}
