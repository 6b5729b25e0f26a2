import { createHash, randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import type { Role } from '#domain/facts.ts';
import type { EpochMs, UserId } from '#domain/ids.ts';
import type { Store } from '#store/open-store.ts';

/** Secrets and sessions stand apart from the log: they are kept for years there, and for hours here. */
export const accountMigrations = [
  `CREATE TABLE account (
     name         TEXT PRIMARY KEY,
     user_id      TEXT NOT NULL UNIQUE,
     display_name TEXT NOT NULL,
     role         TEXT NOT NULL,
     salt         BLOB NOT NULL,
     verifier     BLOB NOT NULL,
     must_change  INTEGER NOT NULL,
     failures     INTEGER NOT NULL DEFAULT 0,
     locked_until INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE TABLE session (
     token_hash TEXT PRIMARY KEY,
     user_id    TEXT NOT NULL,
     not_after  INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE grant_of (
     id        TEXT PRIMARY KEY,
     user_id   TEXT NOT NULL,
     role      TEXT NOT NULL,
     desk      TEXT NOT NULL,
     issued_at INTEGER NOT NULL,
     not_after INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE api_key (key_hash TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
   CREATE TABLE enrolment (code_hash TEXT PRIMARY KEY, not_after INTEGER NOT NULL) STRICT;
   CREATE TABLE desk (
     id         TEXT PRIMARY KEY,
     public_key TEXT NOT NULL,
     revoked_at INTEGER
   ) STRICT`,
] as const;

const FAILURES_MAX = 5;
const LOCKED_MS = 15 * 60_000;
const SESSION_MS = 12 * 60 * 60_000; // a shift
const CODE_MS = 15 * 60_000;
const PASSWORD_MIN = 12;
/** OWASP ASVS, appendix C: N = 2^17, r = 8, p = 1. */
export const SCRYPT_COST = 2 ** 17;

export interface Person {
  readonly id: UserId;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
}

export interface Grant {
  readonly id: string;
  readonly user: UserId;
  readonly role: Role;
  readonly desk: string;
  readonly issuedAt: EpochMs;
  readonly notAfter: EpochMs;
}

export type SignedIn =
  | {
      readonly outcome: 'signed-in';
      readonly token: string;
      readonly person: Person;
      readonly grant: Grant;
    }
  | {
      readonly outcome: 'refused';
      readonly reason:
        | 'wrong-name-or-password'
        | 'locked'
        | 'password-change-needed'
        | 'weak-password';
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
}

/** Who may come in: people, desks, outside systems. Every secret is kept as a hash. */
export class Accounts {
  readonly #db: Store;
  readonly #now: () => EpochMs;
  readonly #cost: number;
  readonly #sql;

  constructor(db: Store, now: () => EpochMs, cost: number = SCRYPT_COST) {
    this.#db = db;
    this.#now = now;
    this.#cost = cost;
    this.#sql = {
      account: db.prepare<[string], AccountRow>(
        `SELECT name, user_id AS userId, display_name AS displayName, role, salt, verifier,
           must_change AS mustChange, failures, locked_until AS lockedUntil
         FROM account WHERE name = ?`,
      ),
      person: db.prepare<[string], Person>(
        'SELECT user_id AS id, name, display_name AS displayName, role FROM account WHERE user_id = ?',
      ),
      count: db.prepare<[], number>('SELECT count(*) FROM account').pluck(),
      add: db.prepare<[string, string, string, string, Uint8Array, Uint8Array, number]>(
        `INSERT INTO account (name, user_id, display_name, role, salt, verifier, must_change)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ),
      failed: db.prepare<[number, number, string]>(
        'UPDATE account SET failures = ?, locked_until = ? WHERE name = ?',
      ),
      setPassword: db.prepare<[Uint8Array, Uint8Array, string]>(
        'UPDATE account SET salt = ?, verifier = ?, must_change = 0 WHERE name = ?',
      ),
      putSession: db.prepare<[string, string, number]>('INSERT INTO session VALUES (?, ?, ?)'),
      session: db.prepare<[string, number], { userId: string }>(
        'SELECT user_id AS userId FROM session WHERE token_hash = ? AND not_after > ?',
      ),
      dropSession: db.prepare<[string]>('DELETE FROM session WHERE token_hash = ?'),
      putGrant: db.prepare<[string, string, string, string, number, number]>(
        'INSERT INTO grant_of VALUES (?, ?, ?, ?, ?, ?)',
      ),
      grant: db.prepare<[string], Grant>(
        `SELECT id, user_id AS user, role, desk, issued_at AS issuedAt, not_after AS notAfter
         FROM grant_of WHERE id = ?`,
      ),
      putKey: db.prepare<[string, string]>('INSERT INTO api_key VALUES (?, ?)'),
      key: db.prepare<[string], string>('SELECT name FROM api_key WHERE key_hash = ?').pluck(),
      putCode: db.prepare<[string, number]>('INSERT INTO enrolment VALUES (?, ?)'),
      takeCode: db.prepare<[string, number]>(
        'DELETE FROM enrolment WHERE code_hash = ? AND not_after > ?',
      ),
      putDesk: db.prepare<[string, string]>(
        'INSERT INTO desk (id, public_key) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET public_key = excluded.public_key, revoked_at = NULL',
      ),
      desk: db
        .prepare<[string], string>(
          'SELECT public_key FROM desk WHERE id = ? AND revoked_at IS NULL',
        )
        .pluck(),
      revokeDesk: db.prepare<[number, string]>('UPDATE desk SET revoked_at = ? WHERE id = ?'),
    };
  }

  get isEmpty(): boolean {
    return this.#sql.count.get() === 0;
  }

  async add(person: Person, password: string, mustChange: boolean): Promise<void> {
    const { salt, verifier } = await this.#seal(password);
    const { name, id, displayName, role } = person;
    this.#sql.add.run(name, id, displayName, role, salt, verifier, mustChange ? 1 : 0);
  }

  /**
   * Checks a name and password. A name that is not there costs the same time as one that is. Five
   * wrong tries lock the account for 15 minutes; a first password opens nothing until it is changed.
   */
  async signIn(
    name: string,
    password: string,
    desk: string,
    newPassword: string | undefined,
  ): Promise<SignedIn> {
    const account = this.#sql.account.get(name);
    const salt = account?.salt ?? Buffer.alloc(16);
    const verifier = await this.#derive(password, salt);
    const now = this.#now();
    if (!account) return { outcome: 'refused', reason: 'wrong-name-or-password' };
    // Read again: another try may have counted while this one was computed.
    const { failures, lockedUntil } = this.#sql.account.get(name) ?? account;
    if (lockedUntil > now) return { outcome: 'refused', reason: 'locked' };
    if (!timingSafeEqual(verifier, account.verifier)) {
      const count = failures + 1;
      const isLocked = count >= FAILURES_MAX;
      this.#sql.failed.run(isLocked ? 0 : count, isLocked ? now + LOCKED_MS : 0, name);
      return { outcome: 'refused', reason: isLocked ? 'locked' : 'wrong-name-or-password' };
    }
    this.#sql.failed.run(0, 0, name);
    if (account.mustChange === 1) {
      if (newPassword === undefined)
        return { outcome: 'refused', reason: 'password-change-needed' };
      if (newPassword.length < PASSWORD_MIN || newPassword === password)
        return { outcome: 'refused', reason: 'weak-password' };
      const sealed = await this.#seal(newPassword);
      this.#sql.setPassword.run(sealed.salt, sealed.verifier, name);
    }
    const token = randomBytes(32).toString('base64url');
    const notAfter = (now + SESSION_MS) as EpochMs;
    const grant: Grant = {
      id: randomUUID(),
      user: account.userId,
      role: account.role,
      desk,
      issuedAt: now,
      notAfter,
    };
    this.#db
      .transaction(() => {
        this.#sql.putSession.run(hashOf(token), account.userId, notAfter);
        this.#sql.putGrant.run(grant.id, grant.user, grant.role, desk, now, notAfter);
      })
      .immediate();
    const { userId: id, displayName, role } = account;
    return { outcome: 'signed-in', token, person: { id, name, displayName, role }, grant };
  }

  /** Whose session a token is, or undefined for one that is unknown, expired or ended. */
  personOf(token: string): Person | undefined {
    const session = this.#sql.session.get(hashOf(token), this.#now());
    return session && this.#sql.person.get(session.userId);
  }

  endSession(token: string): void {
    this.#sql.dropSession.run(hashOf(token));
  }

  grant(id: string): Grant | undefined {
    return this.#sql.grant.get(id);
  }

  /** A key for an outside system. It is shown once. */
  addApiKey(name: string): string {
    const key = randomBytes(32).toString('base64url');
    this.#sql.putKey.run(hashOf(key), name);
    return key;
  }

  /** The outside system that a key belongs to. */
  systemOf(key: string): string | undefined {
    return this.#sql.key.get(hashOf(key));
  }

  /** A code with which one desk may be enrolled, within 15 minutes. */
  addEnrolmentCode(): string {
    const code = randomBytes(16).toString('base64url');
    this.#sql.putCode.run(hashOf(code), this.#now() + CODE_MS);
    return code;
  }

  /** Takes a desk's public key in exchange for a code; says whether the code was good. */
  enrol(code: string, desk: string, publicKey: string): boolean {
    if (this.#sql.takeCode.run(hashOf(code), this.#now()).changes === 0) return false;
    this.#sql.putDesk.run(desk, publicKey);
    return true;
  }

  /** The enrolled Ed25519 key of a desk, SPKI in PEM; undefined where it has none or was revoked. */
  deskKey(desk: string): string | undefined {
    return this.#sql.desk.get(desk);
  }

  revokeDesk(desk: string): void {
    this.#sql.revokeDesk.run(this.#now(), desk);
  }

  async #seal(password: string) {
    const salt = randomBytes(16);
    return { salt, verifier: await this.#derive(password, salt) };
  }

  #derive(password: string, salt: Uint8Array): Promise<Buffer> {
    const options = { N: this.#cost, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };
    return new Promise((resolve, reject) => {
      scrypt(password.normalize('NFKC'), salt, 32, options, (error, key) =>
        error ? reject(error) : resolve(key),
      );
    });
  }
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
