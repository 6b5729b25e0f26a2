import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { commands } from '#domain/commands.ts';
import { deskId, type EpochMs, type UserId } from '#domain/ids.ts';
import type { Person } from '../auth/accounts.ts';
import { RESERVED } from '../auth/keys.ts';
import { newPassword } from '../auth/passwords.ts';
import type { Account, Administration, AdminRefusal, Done } from '../auth/administration.ts';
import type { Withdrawn } from '../auth/grants.ts';
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
  /** Adds them to the log and to the accounts; the name may be taken. */
  readonly addUser: (
    person: ToAdd,
  ) => Promise<
    | { readonly outcome: 'added'; readonly id: UserId }
    | { readonly outcome: 'refused'; readonly reason: string }
  >;
  readonly administration: Administration;
  /** Brings to the log what was done; rejects where it cannot take it yet. */
  readonly carry: () => Promise<void>;
  /** The desks that are joined now. */
  readonly joined: () => readonly string[];
  /** Told which grants are no good any more: who sits under one is signed out at once. */
  readonly withdrawn: (grants: readonly Withdrawn[]) => void;
  /** Told when a desk's key is no longer good: its line ends at once. */
  readonly keyGone: (desk: string) => void;
  readonly audit: (row: Omit<AuditRow, 'at' | 'desk'>) => Promise<void>;
  /** Who asks: the policy table has let them through. */
  readonly personOf: (request: FastifyRequest) => Person;
  readonly now: () => EpochMs;
  /** Told what went wrong inside. */
  readonly failed: (error: unknown) => void;
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

/** Every refusal of what an administrator asks, with its status. */
export const adminWords: Readonly<Record<AdminRefusal, readonly [number, string]>> = {
  'no-such-user': [404, 'There is no account of that name.'],
  'no-such-session': [404, 'There is no session of that id.'],
  'no-such-desk': [404, 'No desk of that name is enrolled.'],
  'name-taken': [409, 'There is, or was, one of that name. Choose another.'],
  'own-account': [409, 'Nobody does this to their own account: ask another administrator.'],
  'last-administrator': [
    409,
    'Nobody else could administer this force then: make another administrator first, who has signed in.',
  ],
  'account-closed': [409, 'This account is closed: open it again first.'],
};

/**
 * What an administrator does to set up a force and to keep it. A secret is told once, in the answer that
 * made it, and only when the audit holds that it was made: until then it is of use to nobody.
 */
export function addAdminRoutes(app: FastifyInstance, options: AdminOptions): void {
  const { administration, personOf } = options;
  const onRecord =
    (operation: 'administration' | 'consultation') =>
    (who: Person, what: string, subject: string, outcome: string) =>
      options.audit({ actor: who.id, operation, what, subject, outcome });
  const audit = onRecord('administration');
  /** What is shown is on record before it is shown. */
  const shown = onRecord('consultation');

  const carry = async () => {
    try {
      await options.carry();
    } catch (error) {
      options.failed(error);
      throw new Refused(
        503,
        'not-recorded',
        'It is done, but the log does not have it yet: the server adds it by itself. A secret that was made is told to nobody: ask again.',
      );
    }
  };

  /** Tells the desks, brings it to the log, and gives back what came of it; a refusal is on record. */
  async function settle<More>(
    who: Person,
    what: string,
    done: Done<More>,
  ): Promise<Extract<Done<More>, { outcome: 'done' }>> {
    if (done.outcome === 'refused') {
      const { reason, subject } = done;
      await audit(who, what, subject, `refused ${reason}`);
      throw new Refused(adminWords[reason][0], reason, adminWords[reason][1]);
    }
    // First of all: whatever becomes of the log, nobody goes on under what was taken back.
    options.withdrawn(done.withdrawn);
    await carry();
    return done;
  }

  /** Of an account: how it stands now, and whether that is new. */
  async function settleUser(who: Person, what: string, done: Done<{ readonly user: Account }>) {
    const { user, isChanged } = await settle(who, what, done);
    return { user, isChanged };
  }

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

  app.get('/api/users', async (request) => {
    const users = administration.users();
    await shown(personOf(request), 'list-users', 'accounts', `${users.length} shown`);
    return { users };
  });

  app.post('/api/users/role', async (request) => {
    const who = personOf(request);
    const asked = parse(roleBody, request.body);
    const set = administration.setRole(asked.name, asked.role, who.id);
    return settleUser(who, 'set-user-role', set);
  });

  app.post('/api/users/disable', async (request) => {
    const who = personOf(request);
    const closed = administration.close(parse(nameBody, request.body).name, who.id);
    return settleUser(who, 'disable-user', closed);
  });

  app.post('/api/users/reopen', async (request) => {
    const who = personOf(request);
    const reopened = administration.reopen(parse(nameBody, request.body).name, who.id);
    return settleUser(who, 'reopen-user', reopened);
  });

  app.post('/api/users/reset', async (request) => {
    const who = personOf(request);
    const reset = await administration.reset(parse(nameBody, request.body).name, who.id);
    const { user, password } = await settle(who, 'reset-password', reset);
    return { user, password };
  });

  app.post('/api/users/unlock', async (request) => {
    const who = personOf(request);
    const unlocked = administration.unlock(parse(nameBody, request.body).name, who.id);
    return settleUser(who, 'unlock-user', unlocked);
  });

  app.get('/api/sessions', async (request) => {
    const sessions = administration.sessions();
    await shown(personOf(request), 'list-sessions', 'sessions', `${sessions.length} shown`);
    return { sessions };
  });

  app.post('/api/sessions/revoke', async (request) => {
    const who = personOf(request);
    const asked = parse(sessionsBody, request.body);
    const revoked: Done =
      'name' in asked
        ? administration.revokeSessionsOf(asked.name, who.id)
        : administration.revokeSession(asked.session, who.id);
    const { withdrawn } = await settle(who, 'revoke-session', revoked);
    return { revoked: withdrawn.length };
  });

  app.get('/api/desks', async (request) => {
    const now = options.now();
    const joined = new Set(options.joined());
    const desks = administration.desks().map(({ desk, enrolledAt, seenAt, revokedAt }) => {
      const isJoined = joined.has(desk) && revokedAt === null;
      const lastSeenAt = isJoined ? now : seenAt;
      return {
        desk,
        state: revokedAt !== null ? 'revoked' : isJoined ? 'joined' : 'away',
        ...(enrolledAt !== null && { enrolledAt }),
        ...(lastSeenAt !== null && { lastSeenAt }),
        ...(revokedAt !== null && { revokedAt }),
      };
    });
    await shown(personOf(request), 'list-desks', 'desks', `${desks.length} shown`);
    return { desks };
  });

  app.post('/api/desks/codes', async (request, reply) => {
    const who = personOf(request);
    const { desk } = parse(codeBody, request.body ?? undefined) ?? {};
    if (desk !== undefined && RESERVED.has(desk))
      throw new Refused(400, 'name-not-allowed', 'desk: this name is kept for the server itself');
    const { code, notAfter } = administration.makeDeskCode(desk, who.id);
    await carry();
    return reply.status(201).send({ code, notAfter, ...(desk !== undefined && { desk }) });
  });

  app.post('/api/desks/revoke', async (request) => {
    const who = personOf(request);
    const { desk } = parse(deskBody, request.body);
    const revoked = administration.revokeDesk(desk, who.id);
    options.keyGone(desk);
    await settle(who, 'revoke-desk', revoked);
    return { desk };
  });

  app.post('/api/api-keys', async (request, reply) => {
    const who = personOf(request);
    const system = parse(keyBody, request.body).name;
    const made = administration.addApiKey(system, who.id);
    const { key } = await settle(who, 'make-api-key', made);
    return reply.status(201).send({ name: system, key });
  });
}
