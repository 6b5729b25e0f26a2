import { randomBytes } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import type { Role } from '#domain/facts.ts';
import {
  commandIdFrom,
  type CommandId,
  type DeskId,
  type EpochMs,
  type UserId,
} from '#domain/ids.ts';
import type { Store } from '#store/open-store.ts';
import type { Accounts, Person } from './accounts.ts';
import type { DueRecords } from './due.ts';
import type { LiveSession, Withdrawn } from './grants.ts';
import { NO_DESK, systemId, type ApiKey, type EnrolledDesk } from './keys.ts';
import { newPassword } from './passwords.ts';

/** An account as an administrator sees it. What is kept of its password is not among it. */
export type Account = Person & {
  /** The last sign-in with this server's word. */
  readonly lastSignInAt?: EpochMs;
} & (
    | { readonly state: 'active' | 'password-change-needed' }
    | { readonly state: 'locked'; readonly lockedUntil: EpochMs }
    | { readonly state: 'closed'; readonly closedAt: EpochMs }
  );

/** Who asks, where, and under which id where a window gave it one. */
export interface By {
  readonly user: UserId;
  readonly desk: DeskId;
  readonly doing?: CommandId | undefined;
}

export type AdminRefusal =
  | 'no-such-user'
  | 'no-such-session'
  | 'no-such-desk'
  | 'no-such-key'
  | 'name-taken'
  | 'own-account'
  | 'last-administrator'
  | 'account-closed'
  | 'already-done';

/** What came of it. `isChanged`: it was not so before. `withdrawn`: what is no good any more, for the desks. */
export type Done<More = unknown> =
  | ({
      readonly outcome: 'done';
      readonly isChanged: boolean;
      readonly withdrawn: readonly Withdrawn[];
    } & More)
  | { readonly outcome: 'refused'; readonly reason: AdminRefusal; readonly subject: string };

type Row = Person & {
  readonly mustChange: number;
  readonly failures: number;
  readonly lockedUntil: EpochMs;
  readonly closedAt: EpochMs | null;
  readonly lastSignInAt: EpochMs | null;
};

export interface AdministrationPorts {
  readonly db: Store;
  readonly now: () => EpochMs;
  readonly accounts: Accounts;
  /** What is done here has to stand in the log: it is due from the transaction of its effect on. */
  readonly due: DueRecords;
}

const KNOWN_MS = 24 * 60 * 60_000; // a window asks again within minutes

/** What administrators do to accounts, sessions, desks and keys, each in one transaction with what is due of it. */
export class Administration {
  readonly #ports: AdministrationPorts;
  readonly #sql;

  constructor(ports: AdministrationPorts) {
    const { db } = ports;
    this.#ports = ports;
    const columns = `user_id AS id, name, display_name AS displayName, role,
      must_change AS mustChange, failures, locked_until AS lockedUntil, disabled_at AS closedAt,
      (SELECT max(issued_at) FROM grant_of WHERE user_id = account.user_id) AS lastSignInAt`;
    this.#sql = {
      all: db.prepare<[], Row>(`SELECT ${columns} FROM account ORDER BY name COLLATE NOCASE`),
      one: db.prepare<[string], Row>(
        `SELECT ${columns} FROM account WHERE name = ? COLLATE NOCASE`,
      ),
      otherAdministrators: db
        .prepare<[string], number>(
          `SELECT count(*) FROM account WHERE role = 'administrator' AND disabled_at IS NULL
             AND must_change = 0 AND user_id <> ?`,
        )
        .pluck(),
      setRole: db.prepare<[string, string]>('UPDATE account SET role = ? WHERE user_id = ?'),
      reopen: db.prepare<[string]>('UPDATE account SET disabled_at = NULL WHERE user_id = ?'),
      reset: db.prepare<[Uint8Array, Uint8Array, number, string]>(
        `UPDATE account SET salt = ?, verifier = ?, must_change = 1, password_at = ?,
           failures = 0, locked_until = 0 WHERE user_id = ?`,
      ),
      isDone: db.prepare<[string], number>('SELECT 1 FROM administered WHERE id = ?').pluck(),
      putDone: db.prepare<[string, number]>('INSERT INTO administered VALUES (?, ?)'),
      dropDone: db.prepare<[number]>('DELETE FROM administered WHERE at < ?'),
      unlock: db.prepare<[string]>(
        'UPDATE account SET failures = 0, locked_until = 0 WHERE user_id = ?',
      ),
    };
  }

  users(): readonly Account[] {
    return this.#sql.all.all().map((row) => this.#seen(row));
  }

  /** Another role, from now on and under what they have been given already. */
  setRole(name: string, role: Role, by: By): Done<{ readonly user: Account }> {
    return this.#toUser(name, by, ({ id, ...before }) => {
      if (role !== 'administrator' && this.#isLast({ id, ...before })) return 'last-administrator';
      this.#tell({ type: 'set-user-role', body: { userId: id, role } }, by);
      if (before.role === role) return { isChanged: false };
      this.#sql.setRole.run(role, id);
      return { isChanged: true, withdrawn: this.#ports.accounts.grants.roleSet(id, role) };
    });
  }

  /** No sign-in, no session, no grant from now on. */
  close(name: string, by: By): Done<{ readonly user: Account }> {
    return this.#toUser(name, by, (before) => {
      if (before.id === by.user) return 'own-account';
      if (this.#isLast(before)) return 'last-administrator';
      this.#tell({ type: 'disable-user', body: { userId: before.id } }, by);
      const withdrawn = this.#ports.accounts.disable(before.id);
      return { isChanged: before.closedAt === null, withdrawn };
    });
  }

  /** They sign in again with the password they had; what was taken back stays so. */
  reopen(name: string, by: By): Done<{ readonly user: Account }> {
    return this.#toUser(name, by, ({ id, closedAt }) => {
      this.#tell({ type: 'reopen-user', body: { userId: id } }, by);
      this.#sql.reopen.run(id);
      return { isChanged: closedAt !== null };
    });
  }

  /** A password for once, in the place of one that was forgotten; all that was given under that is taken back. */
  async reset(
    name: string,
    by: By,
  ): Promise<Done<{ readonly user: Account; readonly password: string }>> {
    const password = newPassword();
    const { salt, verifier } = await this.#ports.accounts.seal(password);
    const done = this.#toUser(name, by, (before) => {
      if (before.id === by.user) return 'own-account';
      if (before.closedAt !== null) return 'account-closed';
      if (this.#isLast(before)) return 'last-administrator';
      this.#sql.reset.run(salt, verifier, this.#ports.now(), before.id);
      const withdrawn = this.#ports.accounts.grants.revokeAllOf(before.id);
      this.#audit(by, 'reset-password', before.id, 'reset');
      this.#offDuty(withdrawn, by);
      return { isChanged: true, withdrawn };
    });
    return done.outcome === 'done' ? { ...done, password } : done;
  }

  unlock(name: string, by: By): Done<{ readonly user: Account }> {
    return this.#toUser(name, by, ({ id, failures, lockedUntil }) => {
      const isChanged = failures > 0 || lockedUntil > this.#ports.now();
      this.#sql.unlock.run(id);
      this.#audit(by, 'unlock-user', id, isChanged ? 'unlocked' : 'was not locked');
      return { isChanged };
    });
  }

  sessions(): readonly LiveSession[] {
    return this.#ports.accounts.grants.live();
  }

  revokeSession(id: string, by: By): Done {
    return this.#change(by, () => {
      const withdrawn = this.#ports.accounts.grants.revoke(id);
      if (withdrawn === 'no-such-session') return refused(withdrawn, 'session');
      this.#audit(by, 'revoke-session', id, `${withdrawn.length} revoked`);
      this.#offDuty(withdrawn, by);
      return { outcome: 'done', isChanged: withdrawn.length > 0, withdrawn };
    });
  }

  /** Whoever sits somewhere under this name is signed out; with the password they may come in again. */
  revokeSessionsOf(name: string, by: By): Done<{ readonly user: Account }> {
    return this.#toUser(name, by, ({ id }) => {
      const withdrawn = this.#ports.accounts.grants.revokeAllOf(id);
      this.#audit(by, 'revoke-session', id, `${withdrawn.length} revoked`);
      this.#offDuty(withdrawn, by);
      return { isChanged: withdrawn.length > 0, withdrawn };
    });
  }

  desks(): readonly EnrolledDesk[] {
    return this.#ports.accounts.keys.enrolled();
  }

  makeDeskCode(
    desk: string | undefined,
    by: By,
  ): Done<{ readonly code: string; readonly notAfter: EpochMs }> {
    return this.#change(by, () => {
      this.#audit(by, 'make-desk-code', desk ?? 'any new desk', 'made');
      const made = this.#ports.accounts.keys.makeEnrolmentCode(desk === undefined ? {} : { desk });
      return { outcome: 'done', isChanged: true, withdrawn: [], ...made };
    });
  }

  revokeDesk(desk: string, by: By): Done {
    return this.#change(by, () => {
      if (!this.#ports.accounts.keys.revokeDesk(desk)) return refused('no-such-desk', desk);
      this.#audit(by, 'revoke-desk', desk, 'revoked');
      return { outcome: 'done', isChanged: true, withdrawn: [] };
    });
  }

  addApiKey(name: string, by: By): Done<{ readonly key: string }> {
    return this.#change(by, () => {
      if (this.#ports.accounts.keys.hasApiKey(name)) return refused('name-taken', systemId(name));
      this.#audit(by, 'make-api-key', systemId(name), 'made');
      return {
        outcome: 'done',
        isChanged: true,
        withdrawn: [],
        key: this.#ports.accounts.keys.addApiKey(name),
      };
    });
  }

  apiKeys(): readonly ApiKey[] {
    return this.#ports.accounts.keys.apiKeys();
  }

  /** The system is refused from its next request on; its name stays taken, and what it handed in stays. */
  revokeApiKey(name: string, by: By): Done {
    return this.#change(by, () => {
      const { keys } = this.#ports.accounts;
      if (!keys.hasApiKey(name)) return refused('no-such-key', 'api-key');
      const isChanged = keys.revokeApiKey(name);
      this.#audit(by, 'revoke-api-key', systemId(name), isChanged ? 'revoked' : 'was revoked');
      return { outcome: 'done', isChanged, withdrawn: [] };
    });
  }

  #toUser(
    name: string,
    by: By,
    change: (
      before: Row,
    ) => AdminRefusal | { readonly isChanged: boolean; readonly withdrawn?: readonly Withdrawn[] },
  ): Done<{ readonly user: Account }> {
    return this.#change<{ readonly user: Account }>(by, () => {
      const before = this.#sql.one.get(name);
      if (!before) return refused('no-such-user', 'account');
      const changed = change(before);
      if (typeof changed === 'string') return refused(changed, before.id);
      const user = this.#seen(this.#sql.one.get(name) ?? before);
      return { outcome: 'done', withdrawn: [], ...changed, user };
    });
  }

  /** One transaction with what is due of it. What was asked and done under the same id is not done again. */
  #change<More = unknown>({ doing }: By, work: () => Done<More>): Done<More> {
    return this.#ports.db
      .transaction((): Done<More> => {
        if (doing !== undefined && this.#sql.isDone.get(doing) !== undefined)
          return refused('already-done', doing);
        const done = work();
        if (doing !== undefined && done.outcome === 'done') {
          this.#sql.dropDone.run(this.#ports.now() - KNOWN_MS);
          this.#sql.putDone.run(doing, this.#ports.now());
        }
        return done;
      })
      .immediate();
  }

  /** Whether nobody else could administer the force: another one is open, and has a password of their own. */
  #isLast({ id, role, closedAt }: Row): boolean {
    if (role !== 'administrator' || closedAt !== null) return false;
    return this.#sql.otherAdministrators.get(id) === 0;
  }

  /** Who has nothing left to work by at a desk is signed out there, and not on duty there any more. */
  #offDuty(withdrawn: readonly Withdrawn[], by: By): void {
    const { grants } = this.#ports.accounts;
    const seats = new Map(withdrawn.map((it) => [`${it.user} ${it.desk}`, it]));
    for (const { user, desk } of seats.values())
      if (desk !== NO_DESK && !grants.isOpenAt(user, desk))
        this.#tell({ type: 'take-off-duty', body: { userId: user, desk: desk as DeskId } }, by); // a grant's desk was enrolled
  }

  #tell(asked: Asked, { user: actor, desk }: By): void {
    const at = this.#ports.now();
    const commandId = commandIdFrom(at, randomBytes(16));
    this.#ports.due.put({ kind: 'event', commandId, asked, at, actor, desk });
  }

  #audit({ user: actor, desk }: By, what: string, subject: string, outcome: string): void {
    const operation = 'administration';
    const at = this.#ports.now();
    const row = { at, actor, desk, operation, what, subject, outcome } as const;
    this.#ports.due.put({ kind: 'audit', row });
  }

  #seen({ id, name, displayName, role, mustChange, lockedUntil, ...row }: Row): Account {
    const { closedAt, lastSignInAt } = row;
    const who = { id, name, displayName, role, ...(lastSignInAt !== null && { lastSignInAt }) };
    if (closedAt !== null) return { ...who, state: 'closed', closedAt };
    if (lockedUntil > this.#ports.now()) return { ...who, state: 'locked', lockedUntil };
    return { ...who, state: mustChange === 1 ? 'password-change-needed' : 'active' };
  }
}

const refused = (reason: AdminRefusal, subject: string) =>
  ({ outcome: 'refused', reason, subject }) as const;
