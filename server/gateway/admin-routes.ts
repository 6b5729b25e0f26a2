import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { commands } from '#domain/commands.ts';
import { deskId, type EpochMs, type UserId } from '#domain/ids.ts';
import type { Accounts, Person } from '../auth/accounts.ts';
import { RESERVED } from '../auth/keys.ts';
import { newPassword } from '../auth/passwords.ts';
import type { AuditRow } from '../log/recorder-port.ts';
import { parse, Refused } from './refused.ts';

/** A person who is to be added, with the password that they have to change. */
export interface ToAdd {
  readonly name: string;
  readonly displayName: string;
  readonly role: Person['role'];
  readonly password: string;
  readonly mustChange: boolean;
  /** Who adds them. */
  readonly by: UserId;
}

export interface AdminOptions {
  readonly accounts: Accounts;
  /** Adds them to the log and to the accounts; the name may be taken. */
  readonly addUser: (
    person: ToAdd,
  ) => Promise<
    | { readonly outcome: 'added'; readonly id: UserId }
    | { readonly outcome: 'refused'; readonly reason: string }
  >;
  /** Records that an account was closed, with its audit row. */
  readonly disableUser: (user: UserId, by: UserId) => Promise<void>;
  /** Told when a desk's key is no longer good: its line ends at once. */
  readonly keyGone: (desk: string) => void;
  readonly audit: (row: Omit<AuditRow, 'at' | 'desk'>) => Promise<void>;
  /** Who asks: the policy table has let them through. */
  readonly personOf: (request: FastifyRequest) => Person;
  readonly now: () => EpochMs;
}

const { name, displayName, role } = commands['add-user'].body.shape;
const userBody = z.strictObject({ name, displayName, role });
const nameBody = z.strictObject({ name });
const codeBody = z.strictObject({ desk: deskId.optional() }).optional();
const deskBody = z.strictObject({ desk: deskId });
// It stands in each contact that the system hands in, so it is a name of a system and not of a person.
const keyBody = z.strictObject({ name: z.string().trim().min(2).max(100) });

/**
 * What an administrator does to set up a force and to keep it. A secret is told once, in the answer that
 * made it, and only when the audit holds that it was made: until then it is of use to nobody.
 */
export function addAdminRoutes(app: FastifyInstance, options: AdminOptions): void {
  const { accounts, personOf } = options;
  const audit = (who: Person, what: string, subject: string, outcome: string) =>
    options.audit({ actor: who.id, operation: 'administration', what, subject, outcome });

  app.post('/api/users', async (request, reply) => {
    const who = personOf(request);
    const asked = parse(userBody, request.body);
    const password = newPassword();
    // Its audit row is committed with its event.
    const added = await options.addUser({ ...asked, password, mustChange: true, by: who.id });
    if (added.outcome === 'refused') {
      await audit(who, 'add-user', 'account', `refused ${added.reason}`);
      throw new Refused(409, added.reason, 'There is an account of that name. Choose another.');
    }
    return reply.status(201).send({ user: { id: added.id, ...asked }, password });
  });

  app.post('/api/users/disable', async (request) => {
    const who = personOf(request);
    const asked = parse(nameBody, request.body);
    const user = accounts.idOf(asked.name);
    if (user === undefined) {
      await audit(who, 'disable-user', 'account', 'refused no-such-user');
      throw new Refused(404, 'no-such-user', 'There is no account of that name.');
    }
    if (user === who.id) {
      await audit(who, 'disable-user', user, 'refused own-account');
      throw new Refused(409, 'own-account', 'Nobody closes their own account: ask another.');
    }
    // Taken back first: whatever becomes of the audit, nobody comes in with it.
    accounts.disable(user);
    await options.disableUser(user, who.id);
    return { user };
  });

  app.post('/api/desks/codes', async (request, reply) => {
    const who = personOf(request);
    const { desk } = parse(codeBody, request.body ?? undefined) ?? {};
    if (desk !== undefined && RESERVED.has(desk))
      throw new Refused(400, 'name-not-allowed', 'desk: this name is kept for the server itself');
    const { code, notAfter } = accounts.makeEnrolmentCode(desk === undefined ? {} : { desk });
    await audit(who, 'make-desk-code', desk ?? 'any new desk', 'made');
    return reply.status(201).send({ code, notAfter, ...(desk !== undefined && { desk }) });
  });

  app.post('/api/desks/revoke', async (request) => {
    const who = personOf(request);
    const { desk } = parse(deskBody, request.body);
    const isRevoked = accounts.revokeDesk(desk);
    options.keyGone(desk);
    await audit(who, 'revoke-desk', desk, isRevoked ? 'revoked' : 'refused no-such-desk');
    if (!isRevoked) throw new Refused(404, 'no-such-desk', 'No desk of that name is enrolled.');
    return { desk };
  });

  app.post('/api/api-keys', async (request, reply) => {
    const who = personOf(request);
    const system = parse(keyBody, request.body).name;
    if (accounts.hasApiKey(system)) {
      await audit(who, 'make-api-key', 'api-key', 'refused name-taken');
      throw new Refused(409, 'name-taken', 'There is, or was, a key of that name. Choose another.');
    }
    const key = accounts.addApiKey(system);
    await audit(who, 'make-api-key', 'api-key', 'made');
    return reply.status(201).send({ name: system, key });
  });
}
