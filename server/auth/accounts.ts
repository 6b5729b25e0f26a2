import {
  createHash,
  createPublicKey,
  randomBytes,
  randomUUID,
  scrypt,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import type { Role } from '#domain/facts.ts';
import type { EpochMs, UserId } from '#domain/ids.ts';
import type { Store } from '#store/open-store.ts';

/** Secrets and sessions stand apart from the log: what is kept there for years is kept here for hours. */
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
  `ALTER TABLE account ADD COLUMN disabled_at INTEGER;
   -- Two accounts whose names differ in capitals only would be taken for one another.
   CREATE UNIQUE INDEX account_name ON account (name COLLATE NOCASE);
   CREATE INDEX session_user ON session (user_id);
   -- A grant is kept after its end: an outbox may bring a command that was made under it.
   ALTER TABLE grant_of ADD COLUMN revoked_at INTEGER;
   CREATE INDEX grant_user ON grant_of (user_id);
   ALTER TABLE api_key ADD COLUMN revoked_at INTEGER;
   -- The desk that a code is for; without one it takes in a new desk and replaces none.
   ALTER TABLE enrolment ADD COLUMN desk TEXT`,
  `-- Under which a person works after signing in at their desk while this server was away.
   ALTER TABLE grant_of ADD COLUMN is_offline INTEGER NOT NULL DEFAULT 0;
   -- What was given under an older password signs nobody in any more.
   ALTER TABLE account ADD COLUMN password_at INTEGER NOT NULL DEFAULT 0`,
] as const;

const FAILURES_MAX = 5;
const LOCKED_MS = 15 * 60_000;
export const SESSION_MS = 12 * 60 * 60_000; // a shift
const OFFLINE_MS = 14 * 24 * 60 * 60_000; // four days on, four off, and leave
// Who works at a desk when everything is down. The others have nothing to do there that could not wait.
const OFFLINE_ROLES: ReadonlySet<Role> = new Set(['call-handler', 'dispatcher', 'supervisor']);
const CODE_MS = 15 * 60_000; // long enough to walk to the desk
const PASSWORD_MIN = 12;
/** OWASP ASVS 5.0, appendix C: N = 2^17, r = 8, p = 1. One derivation takes 128 MiB. */
export const SCRYPT_COST = 2 ** 17;
const SCRYPT_MEMORY_MAX = 256 * 1024 * 1024;
const DERIVING_MAX = 2; // 128 MiB each, and two of the four threads that files and names need as well
const DERIVING_WAITING_MAX = 64; // two rooms signing in at once, about 15 s of waiting for the last

export interface Person {
  readonly id: UserId;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
}

/** What a sign-in gives to a desk: its commands carry it, however much later they arrive. */
export interface Grant {
  readonly id: string;
  readonly user: UserId;
  readonly role: Role;
  /** The desk it was given at, or `NO_DESK`. */
  readonly desk: string;
  readonly issuedAt: EpochMs;
  readonly notAfter: EpochMs;
  readonly revokedAt: EpochMs | null;
  /** For work after a sign-in that this server did not see: what is done under it is flagged. */
  readonly isOffline: boolean;
}

/** What lets a desk sign its person in by itself, while the server is away. */
export interface OfflineGrant {
  readonly id: string;
  /** The last moment at which the desk may sign them in by it. */
  readonly signInUntil: EpochMs;
  /** The end of the session that was begun last. */
  readonly notAfter: EpochMs;
}

/** A grant as at a moment. `isSinceRevoked`: it was good then and has been taken back later. */
export type GrantAt =
  | { readonly outcome: 'valid'; readonly grant: Grant; readonly isSinceRevoked: boolean }
  | { readonly outcome: 'unknown-grant' | 'grant-expired' | 'grant-revoked' };

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

export type Enrolled =
  | { readonly outcome: 'enrolled'; readonly isReplaced: boolean }
  | {
      readonly outcome:
        | 'code-not-valid'
        | 'desk-already-enrolled'
        | 'name-not-allowed'
        | 'not-an-ed25519-key';
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
  readonly #cost: number;
  readonly #waiting: (() => void)[] = [];
  #deriving = 0;
  readonly #sql;

  /** `cost` is that of scrypt; less only in tests. */
  constructor(db: Store, now: () => EpochMs, cost: number = SCRYPT_COST) {
    this.#db = db;
    this.#now = now;
    this.#cost = cost;
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
      putSession: db.prepare<[string, string, number]>('INSERT INTO session VALUES (?, ?, ?)'),
      session: db
        .prepare<[string, number], string>(
          'SELECT user_id FROM session WHERE token_hash = ? AND not_after > ?',
        )
        .pluck(),
      dropSession: db.prepare<[string]>('DELETE FROM session WHERE token_hash = ?'),
      dropSessionsOf: db.prepare<[string]>('DELETE FROM session WHERE user_id = ?'),
      dropOldSessions: db.prepare<[number]>('DELETE FROM session WHERE not_after <= ?'),
      putGrant: db.prepare<[string, string, string, string, number, number, number]>(
        'INSERT INTO grant_of VALUES (?, ?, ?, ?, ?, ?, NULL, ?)',
      ),
      grant: db.prepare<[string], Omit<Grant, 'isOffline'> & { readonly isOffline: number }>(
        `SELECT id, user_id AS user, role, desk, issued_at AS issuedAt, not_after AS notAfter,
           revoked_at AS revokedAt, is_offline AS isOffline
         FROM grant_of WHERE id = ?`,
      ),
      isGood: db
        .prepare<[string, string], number>(
          `SELECT 1 FROM grant_of JOIN account USING (user_id)
           WHERE id = ? AND desk = ? AND revoked_at IS NULL
             AND disabled_at IS NULL AND (is_offline = 0 OR issued_at >= password_at)`,
        )
        .pluck(),
      hasSatAt: db
        .prepare<[string, string], number>(
          'SELECT 1 FROM grant_of WHERE user_id = ? AND desk = ? LIMIT 1',
        )
        .pluck(),
      revokeGrantsOf: db.prepare<[number, string]>(
        'UPDATE grant_of SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL',
      ),
      putKey: db.prepare<[string, string]>('INSERT INTO api_key VALUES (?, ?, NULL)'),
      hasKeyNamed: db.prepare<[string], number>('SELECT 1 FROM api_key WHERE name = ?').pluck(),
      key: db
        .prepare<[string], string>(
          'SELECT name FROM api_key WHERE key_hash = ? AND revoked_at IS NULL',
        )
        .pluck(),
      revokeKey: db.prepare<[number, string]>(
        'UPDATE api_key SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL',
      ),
      putCode: db.prepare<[string, number, string | null]>(
        'INSERT INTO enrolment VALUES (?, ?, ?)',
      ),
      code: db.prepare<[string, number], { desk: string | null }>(
        'SELECT desk FROM enrolment WHERE code_hash = ? AND not_after > ?',
      ),
      dropCode: db.prepare<[string]>('DELETE FROM enrolment WHERE code_hash = ?'),
      putDesk: db.prepare<[string, string]>(
        `INSERT INTO desk VALUES (?, ?, NULL) ON CONFLICT (id) DO UPDATE SET
           public_key = excluded.public_key, revoked_at = NULL`,
      ),
      hasDesk: db.prepare<[string], number>('SELECT 1 FROM desk WHERE id = ?').pluck(),
      desks: db
        .prepare<[], string>('SELECT id FROM desk WHERE revoked_at IS NULL ORDER BY id')
        .pluck(),
      deskKey: db
        .prepare<[string], string>(
          'SELECT public_key FROM desk WHERE id = ? AND revoked_at IS NULL',
        )
        .pluck(),
      revokeDesk: db.prepare<[number, string]>(
        'UPDATE desk SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
      ),
    };
  }

  get isEmpty(): boolean {
    return this.#sql.count.get() === 0;
  }

  has(name: string): boolean {
    return this.idOf(name) !== undefined;
  }

  idOf(name: string): UserId | undefined {
    return this.#sql.account.get(name)?.userId;
  }

  /** Adds an account. Throws where the name is taken, whatever its spelling of upper and lower case. */
  async add(person: Person, password: string, mustChange: boolean): Promise<void> {
    const { salt, verifier } = await this.#seal(password);
    const { name, id, displayName, role } = person;
    this.#sql.add.run(name, id, displayName, role, salt, verifier, mustChange ? 1 : 0);
  }

  /**
   * Takes a person's access back, from now on: no sign-in, no session, no grant. What they did before
   * stays good, and arrives flagged.
   */
  disable(user: UserId): void {
    const now = this.#now();
    this.#db
      .transaction(() => {
        this.#sql.disable.run(now, user);
        this.#sql.dropSessionsOf.run(user);
        this.#sql.revokeGrantsOf.run(now, user);
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
    if (this.#waiting.length >= DERIVING_WAITING_MAX) return refused('busy', before?.userId);
    const verifier = await this.#derive(password, before?.salt ?? NO_SALT);
    // Read again: other tries may have been counted while this one was computed.
    const account = this.#sql.account.get(name);
    const isRight = timingSafeEqual(verifier, account?.verifier ?? NO_VERIFIER);
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
    const sealed = await this.#seal(newPassword);
    this.#db
      .transaction(() => {
        this.#sql.setPassword.run(sealed.salt, sealed.verifier, this.#now(), user);
        this.#sql.dropSessionsOf.run(user); // whoever else came in with the old one
      })
      .immediate();
    return this.#open(account, desk);
  }

  /** Whose session a token is, or undefined for one that is unknown, expired or ended. */
  personOf(token: string): Person | undefined {
    const user = this.#sql.session.get(hashOf(token), this.#now());
    return user === undefined ? undefined : this.#sql.person.get(user);
  }

  /** The role of whoever has an account that is open; undefined for anybody else. */
  roleOf(user: UserId): Role | undefined {
    return this.#sql.person.get(user)?.role;
  }

  endSession(token: string): void {
    this.#sql.dropSession.run(hashOf(token));
  }

  /** Whether somebody has ever signed in at a desk. */
  hasSatAt(user: string, desk: string): boolean {
    return this.#sql.hasSatAt.get(user, desk) !== undefined;
  }

  /** A grant as at the moment that a command was made under it. */
  grantAt(id: string, occurredAt: EpochMs, leewayMs = 0): GrantAt {
    const row = this.#sql.grant.get(id);
    if (!row) return { outcome: 'unknown-grant' };
    const grant: Grant = { ...row, isOffline: row.isOffline === 1 };
    const { notAfter, revokedAt } = grant;
    // Nothing is made under a grant before it is given: an earlier time is a desk's clock that is slow. What
    // it made is kept, and flagged by whoever judges it.
    if (occurredAt > notAfter + leewayMs) return { outcome: 'grant-expired' };
    if (revokedAt !== null && occurredAt >= revokedAt) return { outcome: 'grant-revoked' };
    return { outcome: 'valid', grant, isSinceRevoked: revokedAt !== null };
  }

  /**
   * Which of a desk's grants let nobody in any more: taken back, of a closed account, or given under a
   * password that has been changed since. When they run out the desk knows; the rest it asks, so as to
   * know when it is by itself.
   */
  withdrawn(desk: string, grants: readonly string[]): readonly string[] {
    return grants.filter((id) => this.#sql.isGood.get(id, desk) === undefined);
  }

  /** A key for an outside system. It is told once. */
  addApiKey(name: string): string {
    const key = randomBytes(32).toString('base64url');
    this.#sql.putKey.run(hashOf(key), name);
    return key;
  }

  /** Whether a system of that name has, or had, a key: what it handed in is known by its name. */
  hasApiKey(name: string): boolean {
    return this.#sql.hasKeyNamed.get(name) !== undefined;
  }

  /** The outside system that a key belongs to. */
  systemOf(key: string): string | undefined {
    return this.#sql.key.get(hashOf(key));
  }

  revokeApiKey(name: string): void {
    this.#sql.revokeKey.run(this.#now(), name);
  }

  /** A code that enrols one new desk once, or gives `desk` a new key, within `withinMs`. */
  addEnrolmentCode(more: { desk?: string; withinMs?: number } = {}): string {
    return this.makeEnrolmentCode(more).code;
  }

  /** The same, with the moment at which the code ends. */
  makeEnrolmentCode({ desk, withinMs = CODE_MS }: { desk?: string; withinMs?: number } = {}) {
    // In hex: it is typed after an option, and one that began with a dash would be taken for another.
    const code = randomBytes(16).toString('hex');
    const notAfter = (this.#now() + withinMs) as EpochMs; // an instant that much later
    this.#sql.putCode.run(hashOf(code), notAfter, desk ?? null);
    return { code, notAfter };
  }

  /** Takes a desk's Ed25519 public key (SPKI, base64 or PEM) in exchange for a code, which is then used up. */
  enrol(code: string, desk: string, publicKey: string): Enrolled {
    if (RESERVED.has(desk)) return { outcome: 'name-not-allowed' };
    if (!keyOf(publicKey)) return { outcome: 'not-an-ed25519-key' };
    return this.#db
      .transaction((): Enrolled => {
        const found = this.#sql.code.get(hashOf(code), this.#now());
        if (!found || (found.desk !== null && found.desk !== desk))
          return { outcome: 'code-not-valid' };
        const isReplaced = this.#sql.hasDesk.get(desk) !== undefined;
        // A code for any desk must not take the place of one that is in use.
        if (isReplaced && found.desk === null) return { outcome: 'desk-already-enrolled' };
        this.#sql.dropCode.run(hashOf(code));
        this.#sql.putDesk.run(desk, publicKey);
        return { outcome: 'enrolled', isReplaced };
      })
      .immediate();
  }

  /** The enrolled key of a desk; undefined where it has none or was revoked. */
  deskKey(desk: string): KeyObject | undefined {
    const key = this.#sql.deskKey.get(desk);
    return key === undefined ? undefined : keyOf(key);
  }

  /** The desks that have a key. */
  desks(): readonly string[] {
    return this.#sql.desks.all();
  }

  /** Takes a desk's key back; says whether it had one. */
  revokeDesk(desk: string): boolean {
    return this.#sql.revokeDesk.run(this.#now(), desk).changes > 0;
  }

  #countFailure({ userId, failures }: AccountRow): SignedIn {
    const count = failures + 1;
    const isLocked = count >= FAILURES_MAX;
    this.#sql.failed.run(isLocked ? 0 : count, isLocked ? this.#now() + LOCKED_MS : 0, userId);
    return refused(isLocked ? 'locked' : 'wrong-name-or-password', userId);
  }

  #open({ userId, name, displayName, role }: AccountRow, desk: string | undefined): SignedIn {
    const token = randomBytes(32).toString('base64url');
    const issuedAt = this.#now();
    const grant: Grant = {
      id: randomUUID(),
      user: userId,
      role,
      desk: desk ?? NO_DESK,
      issuedAt,
      notAfter: (issuedAt + SESSION_MS) as EpochMs, // an instant that much later
      revokedAt: null,
      isOffline: false,
    };
    const signInUntil = (issuedAt + OFFLINE_MS) as EpochMs; // instants that much later
    const offlineGrant: OfflineGrant | undefined =
      desk !== undefined && OFFLINE_ROLES.has(role)
        ? {
            id: randomUUID(),
            signInUntil,
            notAfter: (signInUntil + SESSION_MS) as EpochMs,
          }
        : undefined;
    this.#db
      .transaction(() => {
        this.#sql.dropOldSessions.run(issuedAt);
        this.#sql.putSession.run(hashOf(token), userId, grant.notAfter);
        for (const { id, notAfter } of [grant, ...(offlineGrant ? [offlineGrant] : [])])
          this.#sql.putGrant.run(
            id,
            userId,
            role,
            grant.desk,
            issuedAt,
            notAfter,
            id === offlineGrant?.id ? 1 : 0,
          );
      })
      .immediate();
    const person = { id: userId, name, displayName, role };
    return { outcome: 'signed-in', token, person, grant, offlineGrant };
  }

  async #seal(password: string) {
    const salt = randomBytes(16);
    return { salt, verifier: await this.#derive(password, salt) };
  }

  /** On a thread of libuv's, a few at a time: the log, the sockets and the files go on meanwhile. */
  async #derive(password: string, salt: Uint8Array): Promise<Buffer> {
    while (this.#deriving >= DERIVING_MAX)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#deriving += 1;
    const options = { N: this.#cost, r: 8, p: 1, maxmem: SCRYPT_MEMORY_MAX };
    try {
      return await new Promise((resolve, reject) => {
        scrypt(password.normalize('NFKC'), salt, 32, options, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      });
    } finally {
      this.#deriving -= 1;
      this.#waiting.shift()?.();
    }
  }
}

const DICTATED = 'abcdefghjkmnpqrstvwxyz0123456789'; // no letter that is heard or read as another

/** A first password, which is read out or copied by hand: 80 bits in groups of four. */
export const newPassword = (): string =>
  [...randomBytes(16)]
    .map((byte) => DICTATED[byte % DICTATED.length])
    .join('')
    .replaceAll(/.{4}(?=.)/g, '$&-');

/** Where a session without a desk was opened. */
export const NO_DESK = 'browser';
/** Names that stand in headers and in the audit for what is not a desk. */
export const RESERVED: ReadonlySet<string> = new Set([
  NO_DESK,
  'server',
  'system',
  'outside',
  'unknown',
]);

const NO_SALT = new Uint8Array(16);
const NO_VERIFIER = new Uint8Array(32); // compared with for an unknown name; the answer is not used

const refused = (reason: SignInRefusal, user: UserId | undefined): SignedIn => ({
  outcome: 'refused',
  reason,
  user,
});

// Of a random 128 or 256 bits a plain hash is enough, and looking it up tells nothing by its timing.
const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

function keyOf(publicKey: string): KeyObject | undefined {
  try {
    const key = publicKey.startsWith('-----BEGIN PUBLIC KEY-----')
      ? createPublicKey(publicKey)
      : createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined; // no key of any kind; the caller says so
  }
}
