import type { KeyObject } from 'node:crypto';
import type { Role } from '#domain/facts.ts';
import type { EpochMs, UserId } from '#domain/ids.ts';
import type { Store } from '#store/open-store.ts';
import { Grants, type Grant, type GrantAt, type OfflineGrant, type Withdrawn } from './grants.ts';
import { Keys, type Enrolled } from './keys.ts';
import { isSame, Passwords, SCRYPT_COST, type Sealed } from './passwords.ts';

const FAILURES_MAX = 5;
const LOCKED_MS = 15 * 60_000;
const PASSWORD_MIN = 12;

export interface Person {
  readonly id: UserId;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
}

export interface SignIn {
  readonly name: string;
  readonly password: string;
  readonly newPassword?: string | undefined;
  readonly desk?: string | undefined;
}

export type SignInRefusal =
  | 'wrong-name-or-password'
  | 'locked'
  | 'disabled'
  | 'password-change-needed'
  | 'weak-password'
  | 'unknown-desk'
  | 'busy';

export type SignedIn =
  | {
      readonly outcome: 'signed-in';
      readonly token: string;
      readonly person: Person;
      readonly grant: Grant;
      /** Given at a desk to who works there. */
      readonly offlineGrant?: OfflineGrant | undefined;
    }
  | {
      readonly outcome: 'refused';
      readonly reason: SignInRefusal;
      /** Whose account it was, for the audit; absent where there is none of that name. */
      readonly user?: UserId | undefined;
    };

interface AccountRow {
  readonly name: string;
  readonly userId: UserId;
  readonly displayName: string;
  readonly role: Role;
  readonly salt: Uint8Array;
  readonly verifier: Uint8Array;
  readonly mustChange: number;
  readonly failures: number;
  readonly lockedUntil: number;
  readonly disabledAt: number | null;
}

/** Who may come in: people, desks, outside systems. Every secret is kept as a hash. */
export class Accounts {
  readonly #db: Store;
  readonly #now: () => EpochMs;
  readonly #passwords: Passwords;
  readonly grants: Grants;
  readonly keys: Keys;
  readonly #sql;

  /** `cost` is that of scrypt; less only in tests. */
  constructor(db: Store, now: () => EpochMs, cost: number = SCRYPT_COST) {
    this.#db = db;
    this.#now = now;
    this.#passwords = new Passwords(cost);
    this.grants = new Grants(db, now);
    this.keys = new Keys(db, now);
    this.#sql = {
      account: db.prepare<[string], AccountRow>(
        `SELECT name, user_id AS userId, display_name AS displayName, role, salt, verifier,
           must_change AS mustChange, failures, locked_until AS lockedUntil,
           disabled_at AS disabledAt
         FROM account WHERE name = ? COLLATE NOCASE`,
      ),
      person: db.prepare<[string], Person>(
        `SELECT user_id AS id, name, display_name AS displayName, role
         FROM account WHERE user_id = ? AND disabled_at IS NULL`,
      ),
      nameOf: db.prepare<[string], string>('SELECT name FROM account WHERE user_id = ?').pluck(),
      count: db.prepare<[], number>('SELECT count(*) FROM account').pluck(),
      add: db.prepare<[string, string, string, string, Uint8Array, Uint8Array, number]>(
        `INSERT INTO account (name, user_id, display_name, role, salt, verifier, must_change)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ),
      failed: db.prepare<[number, number, string]>(
        'UPDATE account SET failures = ?, locked_until = ? WHERE user_id = ?',
      ),
      setPassword: db.prepare<[Uint8Array, Uint8Array, number, string]>(
        `UPDATE account SET salt = ?, verifier = ?, must_change = 0, password_at = ?
         WHERE user_id = ?`,
      ),
      disable: db.prepare<[number, string]>(
        'UPDATE account SET disabled_at = ? WHERE user_id = ? AND disabled_at IS NULL',
      ),
    };
  }

  get isEmpty(): boolean {
    return this.#sql.count.get() === 0;
  }

  has(name: string): boolean {
    return this.#sql.account.get(name) !== undefined;
  }

  /** The name of whoever has, or had, an account under this id. */
  nameOf(user: UserId): string | undefined {
    return this.#sql.nameOf.get(user);
  }

  /** Adds an account. Throws where the name is taken, whatever its spelling of upper and lower case. */
  async add(person: Person, password: string, mustChange: boolean): Promise<void> {
    const { salt, verifier } = await this.#passwords.seal(password);
    const { name, id, displayName, role } = person;
    this.#sql.add.run(name, id, displayName, role, salt, verifier, mustChange ? 1 : 0);
  }

  /**
   * Takes a person's access back, from now on: no sign-in, no session, no grant. What they did before
   * stays good, and arrives flagged. Answers what was taken back.
   */
  disable(user: UserId): readonly Withdrawn[] {
    return this.#db
      .transaction(() => {
        this.#sql.disable.run(this.#now(), user);
        return this.grants.revokeAllOf(user);
      })
      .immediate();
  }

  /**
   * Checks a name and password. A name that is not there costs the same as one that is. Five wrong
   * tries lock the account for 15 minutes; a first password opens nothing until it is changed.
   */
  async signIn({ name, password, newPassword, desk }: SignIn): Promise<SignedIn> {
    const before = this.#sql.account.get(name);
    if (before && before.lockedUntil > this.#now()) return refused('locked', before.userId);
    if (this.#passwords.isBusy) return refused('busy', before?.userId);
    const verifier = await this.#passwords.derive(password, before?.salt);
    // Read again: other tries may have been counted while this one was computed.
    const account = this.#sql.account.get(name);
    const isRight = isSame(verifier, account?.verifier);
    if (!before || !account) return refused('wrong-name-or-password', undefined);
    const user = account.userId;
    if (account.lockedUntil > this.#now()) return refused('locked', user);
    if (!isRight) return this.#countFailure(account);
    this.#sql.failed.run(0, 0, user);
    if (account.disabledAt !== null) return refused('disabled', user);
    if (desk !== undefined && this.deskKey(desk) === undefined)
      return refused('unknown-desk', user);
    if (newPassword === undefined)
      return account.mustChange === 1
        ? refused('password-change-needed', user)
        : this.#open(account, desk);
    if (newPassword.length < PASSWORD_MIN || newPassword === password)
      return refused('weak-password', user);
    const sealed = await this.#passwords.seal(newPassword);
    return this.#db
      .transaction(() => {
        // Meanwhile it may have been reset, and the account closed: then this one is too late.
        const still = this.#sql.account.get(name);
        if (!still || still.disabledAt !== null) return refused('disabled', user);
        if (!isSame(still.verifier, account.verifier))
          return refused('wrong-name-or-password', user);
        this.#sql.setPassword.run(sealed.salt, sealed.verifier, this.#now(), user);
        this.grants.endSessionsOf(user); // whoever else came in with the old one
        return this.#open(still, desk);
      })
      .immediate();
  }

  /** What is kept of a password; one after another with those that are checked. */
  seal(password: string): Promise<Sealed> {
    return this.#passwords.seal(password);
  }

  /** Whose session a token is, or undefined for one that is unknown, expired or ended. */
  personOf(token: string): Person | undefined {
    const user = this.grants.userOf(token);
    return user === undefined ? undefined : this.#sql.person.get(user);
  }

  /** The role of whoever has an account that is open; undefined for anybody else. */
  roleOf(user: UserId): Role | undefined {
    return this.#sql.person.get(user)?.role;
  }

  #open({ userId: id, name, displayName, role }: AccountRow, desk: string | undefined): SignedIn {
    const opened = this.grants.open({ id, role }, desk);
    return { outcome: 'signed-in', person: { id, name, displayName, role }, ...opened };
  }

  #countFailure({ userId, failures }: AccountRow): SignedIn {
    const count = failures + 1;
    const isLocked = count >= FAILURES_MAX;
    this.#sql.failed.run(isLocked ? 0 : count, isLocked ? this.#now() + LOCKED_MS : 0, userId);
    return refused(isLocked ? 'locked' : 'wrong-name-or-password', userId);
  }

  // What people are given is kept in `grants.ts`, what desks and systems come with in `keys.ts`.

  endSession(token: string): void {
    this.grants.endSession(token);
  }

  hasSatAt(user: string, desk: string): boolean {
    return this.grants.hasSatAt(user, desk);
  }

  grantAt(id: string, occurredAt: EpochMs, leewayMs = 0): GrantAt {
    return this.grants.grantAt(id, occurredAt, leewayMs);
  }

  withdrawn(desk: string, grants: readonly string[]): readonly string[] {
    return this.grants.withdrawn(desk, grants);
  }

  addApiKey(name: string): string {
    return this.keys.addApiKey(name);
  }

  systemOf(key: string): string | undefined {
    return this.keys.systemOf(key);
  }

  revokeApiKey(name: string): boolean {
    return this.keys.revokeApiKey(name);
  }

  addEnrolmentCode(more: Parameters<Keys['makeEnrolmentCode']>[0] = {}): string {
    return this.keys.makeEnrolmentCode(more).code;
  }

  enrol(code: string, desk: string, publicKey: string): Enrolled {
    return this.keys.enrol(code, desk, publicKey);
  }

  deskKey(desk: string): KeyObject | undefined {
    return this.keys.deskKey(desk);
  }

  desks(): readonly string[] {
    return this.keys.desks();
  }

  deskSeen(desks: ReadonlyMap<string, EpochMs>): void {
    this.keys.seen(desks);
  }

  revokeDesk(desk: string): boolean {
    return this.keys.revokeDesk(desk);
  }
}

const refused = (reason: SignInRefusal, user: UserId | undefined): SignedIn => ({
  outcome: 'refused',
  reason,
  user,
});
