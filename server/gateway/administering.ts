import { createHash } from 'node:crypto';
import {
  ADMIN_PAGE,
  type AccountRow,
  type AdminAnswer,
  type AdminAnswers,
  type AdminPage,
  type ApiKeyRow,
  type DeskKeyRow,
  type Doing,
  type SessionRow,
} from '#protocol/administer.ts';
import type { CommandId, DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { unreachable } from '#domain/lib/assert.ts';
import type { Person } from '../auth/accounts.ts';
import type { Administration, AdminRefusal, By, Done } from '../auth/administration.ts';
import type { Withdrawn } from '../auth/grants.ts';
import { RESERVED } from '../auth/keys.ts';
import { newPassword } from '../auth/passwords.ts';
import type { AuditRow, Recorder } from '../log/recorder-port.ts';
import { Refused } from './refused.ts';

/** A person who is to be added, with the password that they have to change. */
export interface ToAdd {
  readonly name: string;
  readonly displayName: string;
  readonly role: Person['role'];
  readonly password: string;
  readonly mustChange: boolean;
  /** Who adds them, where, and under which id. */
  readonly by: By;
}

export interface AdministeringPorts {
  readonly recorder: Pick<Recorder, 'audit'>;
  readonly administration: Administration;
  /** Adds them to the log and to the accounts; the name may be taken. */
  readonly addUser: (
    person: ToAdd,
  ) => Promise<
    | { readonly outcome: 'added'; readonly id: UserId }
    | { readonly outcome: 'refused'; readonly reason: string }
  >;
  /** Brings to the log what was done; rejects where it cannot take it yet. */
  readonly carry: () => Promise<void>;
  /** The desks that are joined now. */
  readonly joined: () => readonly string[];
  /** Told which grants are no good any more: who sits under one is signed out at once. */
  readonly withdrawn: (grants: readonly Withdrawn[]) => void;
  /** Told when a desk's key is no longer good: its line ends at once. */
  readonly keyGone: (desk: string) => void;
  readonly now: () => EpochMs;
  /** Told what went wrong inside. */
  readonly failed: (error: unknown) => void;
}

/** Every refusal of what an administrator asks, with its status over HTTP. */
export const adminWords: Readonly<Record<AdminRefusal, readonly [number, string]>> = {
  'no-such-user': [404, 'There is no account of that name.'],
  'no-such-session': [404, 'There is no session of that id.'],
  'no-such-desk': [404, 'No desk of that name is enrolled.'],
  'no-such-key': [404, 'No system of that name has, or had, a key.'],
  'name-taken': [409, 'There is, or was, one of that name. Choose another.'],
  'own-account': [409, 'Nobody does this to their own account: ask another administrator.'],
  'last-administrator': [
    409,
    'Nobody else could administer this force then: make another administrator first, who has signed in.',
  ],
  'account-closed': [409, 'This account is closed: open it again first.'],
  'already-done': [
    409,
    'It was done when it was first asked, and the answer was lost on the way. A secret that was made then is told to nobody.',
  ],
};

/**
 * What an administrator does to set up a force and to keep it, from wherever it is asked; whether they may
 * has been judged before. A secret is told once, in the answer that made it, and only when the audit holds
 * that it was made: until then it is of use to nobody. What is refused rejects with `Refused`.
 */
export class Administering {
  readonly #ports: AdministeringPorts;

  constructor(ports: AdministeringPorts) {
    this.#ports = ports;
  }

  /** Does what a window has asked; the answer is of the doing's own kind. */
  async do(by: By, doing: Doing): Promise<AdminAnswer> {
    const { administration: it } = this.#ports;
    switch (doing.what) {
      case 'list-users':
        return this.#page(by, doing, it.users());
      case 'list-sessions':
        return this.#page(by, doing, it.sessions());
      case 'list-desks':
        // Of one that is here its last moment is now: it would be another row each time.
        return this.#page(by, doing, this.#desks().map(withoutNow));
      case 'list-api-keys':
        return this.#page(by, doing, this.#apiKeys());
      case 'add-user':
        return this.addUser(by, doing);
      case 'reset-password':
        return this.resetPassword(by, doing.name);
      case 'set-user-role':
      case 'disable-user':
      case 'reopen-user':
      case 'unlock-user':
        return this.change(by, doing);
      case 'revoke-session':
        return this.revokeSession(by, doing.of);
      case 'make-desk-code':
        return this.makeDeskCode(by, doing.desk);
      case 'revoke-desk':
        return this.revokeDesk(by, doing.desk);
      case 'make-api-key':
        return this.makeApiKey(by, doing.name);
      case 'revoke-api-key':
        return this.revokeApiKey(by, doing.name);
      default:
        return unreachable(doing);
    }
  }

  users(by: By): Promise<readonly AccountRow[]> {
    return this.#shown(by, 'list-users', this.#ports.administration.users());
  }

  sessions(by: By): Promise<readonly SessionRow[]> {
    return this.#shown(by, 'list-sessions', this.#ports.administration.sessions());
  }

  desks(by: By): Promise<readonly DeskKeyRow[]> {
    return this.#shown(by, 'list-desks', this.#desks());
  }

  apiKeys(by: By): Promise<readonly ApiKeyRow[]> {
    return this.#shown(by, 'list-api-keys', this.#apiKeys());
  }

  async addUser(
    by: By,
    { name, displayName, role }: Omit<Extract<Doing, { what: 'add-user' }>, 'what'>,
  ): Promise<AdminAnswers['add-user']> {
    const password = newPassword();
    const person = { name, displayName, role };
    // Its audit row is committed with its event.
    const added = await this.#ports.addUser({ ...person, password, mustChange: true, by });
    if (added.outcome === 'refused') {
      const { reason } = added;
      await this.#audit(by, 'add-user', 'account', `refused ${reason}`);
      const isDone = reason === 'already-done';
      const words = 'There is, or was, an account of that name. Choose another.';
      throw new Refused(409, reason, isDone ? adminWords[reason][1] : words);
    }
    return { user: { id: added.id, ...person }, password };
  }

  /** Of an account: how it stands now, and whether that is new. */
  async change(
    by: By,
    doing: Extract<
      Doing,
      { what: 'set-user-role' | 'disable-user' | 'reopen-user' | 'unlock-user' }
    >,
  ): Promise<AdminAnswers['disable-user']> {
    const { administration: it } = this.#ports;
    const { name, what } = doing;
    const done =
      what === 'set-user-role'
        ? it.setRole(name, doing.role, by)
        : what === 'disable-user'
          ? it.close(name, by)
          : what === 'reopen-user'
            ? it.reopen(name, by)
            : it.unlock(name, by);
    const { user, isChanged } = await this.#settle(by, what, done);
    return { user, isChanged };
  }

  async resetPassword(by: By, name: string): Promise<AdminAnswers['reset-password']> {
    const reset = await this.#ports.administration.reset(name, by);
    const { user, password } = await this.#settle(by, 'reset-password', reset);
    return { user, password };
  }

  async revokeSession(
    by: By,
    of: Extract<Doing, { what: 'revoke-session' }>['of'],
  ): Promise<AdminAnswers['revoke-session']> {
    const { administration: it } = this.#ports;
    const revoked: Done =
      'name' in of ? it.revokeSessionsOf(of.name, by) : it.revokeSession(of.session, by);
    const { withdrawn } = await this.#settle(by, 'revoke-session', revoked);
    return { revoked: withdrawn.length };
  }

  async makeDeskCode(by: By, desk: DeskId | undefined): Promise<AdminAnswers['make-desk-code']> {
    if (desk !== undefined && RESERVED.has(desk))
      throw new Refused(400, 'name-not-allowed', 'desk: this name is kept for the server itself');
    const made = this.#ports.administration.makeDeskCode(desk, by);
    const { code, notAfter } = await this.#settle(by, 'make-desk-code', made);
    return { code, notAfter, ...(desk !== undefined && { desk }) };
  }

  async revokeDesk(by: By, desk: DeskId): Promise<AdminAnswers['revoke-desk']> {
    const revoked = this.#ports.administration.revokeDesk(desk, by);
    // What an administrator does at this very desk is answered first, and then its line ends.
    const settled = this.#settle(by, 'revoke-desk', revoked);
    if (by.desk !== desk) this.#ports.keyGone(desk);
    try {
      await settled;
    } finally {
      if (by.desk === desk) setImmediate(() => this.#ports.keyGone(desk));
    }
    return { desk };
  }

  async makeApiKey(by: By, name: string): Promise<AdminAnswers['make-api-key']> {
    const made = this.#ports.administration.addApiKey(name, by);
    const { key } = await this.#settle(by, 'make-api-key', made);
    return { name, key };
  }

  async revokeApiKey(by: By, name: string): Promise<AdminAnswers['revoke-api-key']> {
    const revoked = this.#ports.administration.revokeApiKey(name, by);
    const { isChanged } = await this.#settle(by, 'revoke-api-key', revoked);
    return { name, isChanged };
  }

  #desks(): readonly DeskKeyRow[] {
    const now = this.#ports.now();
    const joined = new Set(this.#ports.joined());
    return this.#ports.administration.desks().map(({ desk, enrolledAt, seenAt, revokedAt }) => {
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
  }

  #apiKeys(): readonly ApiKeyRow[] {
    return this.#ports.administration.apiKeys().map(({ name, madeAt, usedAt, revokedAt }) => ({
      name,
      ...(madeAt !== null && { madeAt }),
      ...(usedAt !== null && { lastUsedAt: usedAt }),
      ...(revokedAt !== null && { revokedAt }),
    }));
  }

  /** What is shown is on record before it is shown. */
  async #shown<Row>(by: By, what: string, rows: readonly Row[]): Promise<readonly Row[]> {
    const subject = what.slice('list-'.length);
    await this.#audit(by, what, subject, `${rows.length} shown`, 'consultation');
    return rows;
  }

  /** A window reads its list again and again: what it shows already is shown to nobody anew. */
  async #page<Row>(
    by: By,
    { what, from, known }: Extract<Doing, { from: number }>,
    all: readonly Row[],
  ): Promise<AdminPage<Row>> {
    const rows = all.slice(from, from + ADMIN_PAGE);
    const isMore = all.length > from + rows.length;
    const digest = createHash('sha256')
      .update(JSON.stringify([rows, isMore]))
      .digest('base64url');
    if (digest === known) return { isUnchanged: true };
    return { rows: await this.#shown(by, what, rows), digest, isMore };
  }

  /** Tells the desks, brings it to the log, and gives back what came of it; a refusal is on record. */
  async #settle<More>(
    by: By,
    what: string,
    done: Done<More>,
  ): Promise<Extract<Done<More>, { outcome: 'done' }>> {
    if (done.outcome === 'refused') {
      const { reason, subject } = done;
      await this.#audit(by, what, subject, `refused ${reason}`);
      throw new Refused(adminWords[reason][0], reason, adminWords[reason][1]);
    }
    // First of all: whatever becomes of the log, nobody goes on under what was taken back.
    this.#ports.withdrawn(done.withdrawn);
    try {
      await this.#ports.carry();
    } catch (error) {
      this.#ports.failed(error);
      throw new Refused(
        503,
        'not-recorded',
        'It is done, but the log does not have it yet: the server adds it by itself. A secret that was made is told to nobody: ask again.',
      );
    }
    return done;
  }

  async #audit(
    { user: actor, desk }: By,
    what: string,
    subject: string,
    outcome: string,
    operation: AuditRow['operation'] = 'administration',
  ): Promise<void> {
    const at = this.#ports.now();
    await this.#ports.recorder.audit([{ at, actor, desk, operation, what, subject, outcome }]);
  }
}

const withoutNow = ({ lastSeenAt, ...row }: DeskKeyRow): DeskKeyRow =>
  row.state === 'joined' || lastSeenAt === undefined ? row : { ...row, lastSeenAt };

/** What a window has asked under this id, as the log knows it; another person under it is another command. */
export const addingId = (
  doing: CommandId,
  { name, displayName, role }: Pick<ToAdd, 'name' | 'displayName' | 'role'>,
) =>
  createHash('sha256')
    .update(JSON.stringify([doing, name, displayName, role]))
    .digest();
