import { randomBytes, randomUUID } from 'node:crypto';
import type { Role } from '#domain/facts.ts';
import type { EpochMs, UserId } from '#domain/ids.ts';
import type { Store } from '#store/open-store.ts';
import type { Person } from './accounts.ts';
import { hashOf } from './hash-of.ts';
import { NO_DESK } from './keys.ts';

export const SESSION_MS = 12 * 60 * 60_000; // a shift
const OFFLINE_MS = 14 * 24 * 60 * 60_000; // four days on, four off, and leave
// Who works at a desk when everything is down. The others have nothing to do there that could not wait.
const OFFLINE_ROLES: ReadonlySet<Role> = new Set(['call-handler', 'dispatcher', 'supervisor']);

/** What a sign-in gives to a desk: its commands carry it, however much later they arrive. */
export interface Grant {
  readonly id: string;
  readonly user: UserId;
  /** As at the moment that was asked for. */
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

/** What a good sign-in gives: a session here, and what a desk's commands carry. */
export interface Opened {
  readonly token: string;
  readonly grant: Grant;
  /** Given at a desk to who works there. */
  readonly offlineGrant: OfflineGrant | undefined;
}

/** A grant that was taken back, and the desk that is to hear of it. */
export interface Withdrawn {
  readonly id: string;
  readonly user: UserId;
  readonly desk: string;
}

export interface LiveSession {
  /** That of its grant. */
  readonly id: string;
  readonly user: Pick<Person, 'id' | 'name' | 'displayName'>;
  /** The desk, or `NO_DESK`. */
  readonly desk: string;
  readonly since: EpochMs;
  readonly until: EpochMs;
  /** `offline`: by it the desk may sign them in while this server is away. */
  readonly signIn: 'online' | 'offline';
}

interface LiveRow extends Omit<LiveSession, 'user' | 'signIn'> {
  readonly user: UserId;
  readonly name: string;
  readonly displayName: string;
  readonly isOffline: number;
}

/** Who has come in, where, and until when. */
export class Grants {
  readonly #db: Store;
  readonly #now: () => EpochMs;
  readonly #sql;

  constructor(db: Store, now: () => EpochMs) {
    this.#db = db;
    this.#now = now;
    this.#sql = {
      putSession: db.prepare<[string, string, number, string]>(
        'INSERT INTO session (token_hash, user_id, not_after, grant_id) VALUES (?, ?, ?, ?)',
      ),
      session: db
        .prepare<[string, number], UserId>(
          'SELECT user_id FROM session WHERE token_hash = ? AND not_after > ?',
        )
        .pluck(),
      browserGrant: db.prepare<[string, number], Pick<Grant, 'id' | 'user' | 'issuedAt'>>(
        `SELECT id, given.user_id AS user, issued_at AS issuedAt
         FROM session JOIN grant_of AS given ON given.id = session.grant_id
         WHERE token_hash = ? AND session.not_after > ? AND revoked_at IS NULL
           AND desk = '${NO_DESK}'`,
      ),
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
      roleAt: db
        .prepare<[string, number, number], Role>(
          `SELECT role FROM role_set WHERE user_id = ? AND at >= ? AND at <= ?
           ORDER BY at DESC, rowid DESC LIMIT 1`,
        )
        .pluck(),
      putRole: db.prepare<[string, number, string]>('INSERT INTO role_set VALUES (?, ?, ?)'),
      live: db.prepare<{ readonly now: number }, LiveRow>(
        `SELECT id, user_id AS user, name, display_name AS displayName, desk, issued_at AS since,
           not_after AS until, is_offline AS isOffline
         FROM grant_of AS given JOIN account USING (user_id)
         WHERE not_after > :now AND given.revoked_at IS NULL AND disabled_at IS NULL
           AND (is_offline = 0 OR issued_at >= password_at)
           -- Of those that a desk may use alone it keeps the last one.
           AND (is_offline = 0 OR NOT EXISTS (
             SELECT 1 FROM grant_of AS later
             WHERE later.user_id = given.user_id AND later.desk = given.desk
               AND later.is_offline = 1 AND later.issued_at > given.issued_at))
           AND CASE desk
             WHEN '${NO_DESK}' THEN EXISTS (
               SELECT 1 FROM session WHERE grant_id = given.id AND session.not_after > :now)
             ELSE EXISTS (SELECT 1 FROM desk AS at WHERE at.id = given.desk AND at.revoked_at IS NULL)
           END
         ORDER BY issued_at, is_offline, id`,
      ),
      open: db.prepare<[string, number], Withdrawn & { readonly isOffline: number }>(
        `SELECT id, user_id AS user, desk, is_offline AS isOffline FROM grant_of
         WHERE user_id = ? AND not_after > ? AND revoked_at IS NULL`,
      ),
      dropSessionOf: db.prepare<[string]>('DELETE FROM session WHERE grant_id = ?'),
      revokeGrant: db.prepare<[number, string]>(
        'UPDATE grant_of SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
      ),
      hasSatAt: db
        .prepare<[string, string], number>(
          'SELECT 1 FROM grant_of WHERE user_id = ? AND desk = ? LIMIT 1',
        )
        .pluck(),
      revokeGrantsOf: db.prepare<[number, string]>(
        'UPDATE grant_of SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL',
      ),
    };
  }

  /** Whose session a token is, or undefined for one that is unknown, expired or ended. */
  userOf(token: string): UserId | undefined {
    return this.#sql.session.get(hashOf(token), this.#now());
  }

  /** The grant that an open session was begun with; undefined for a session of a desk's window. */
  browserGrant(token: string): Pick<Grant, 'id' | 'user' | 'issuedAt'> | undefined {
    return this.#sql.browserGrant.get(hashOf(token), this.#now());
  }

  endSession(token: string): void {
    this.#sql.dropSession.run(hashOf(token));
  }

  /** Somebody has signed out at their desk: what they had been given for this sitting ends with it. */
  endedAtDesk(id: string, at: EpochMs): void {
    const grant = this.#sql.grant.get(id);
    // By the other kind the desk may sign them in while this server is away: that stays.
    if (!grant || grant.isOffline === 1) return;
    this.#db
      .transaction(() => {
        // From the moment after: what they did up to it was good, the signing out as well.
        this.#sql.revokeGrant.run(at + 1, id);
        this.#sql.dropSessionOf.run(id);
      })
      .immediate();
  }

  /** Whether anything lets this person work at that desk now. */
  isOpenAt(user: UserId, desk: string): boolean {
    return this.#openOf(user).some((it) => it.desk === desk);
  }

  endSessionsOf(user: UserId): void {
    this.#sql.dropSessionsOf.run(user);
  }

  /** Ends all that a person has been given, and says what. Belongs to the caller's transaction. */
  revokeAllOf(user: UserId): readonly Withdrawn[] {
    const open = this.#openOf(user);
    this.#sql.dropSessionsOf.run(user);
    this.#sql.revokeGrantsOf.run(this.#now(), user);
    return open;
  }

  /** Ends one session, or all by which somebody may sign in alone at that desk. In the caller's transaction. */
  revoke(id: string): readonly Withdrawn[] | 'no-such-session' {
    const grant = this.#sql.grant.get(id);
    if (!grant) return 'no-such-session';
    const { user, desk, isOffline } = grant;
    const ended = this.#openOf(user).filter(
      (it) => it.id === id || (isOffline === 1 && it.isOffline === 1 && it.desk === desk),
    );
    for (const it of ended) this.#sql.revokeGrant.run(this.#now(), it.id);
    this.#sql.dropSessionOf.run(id);
    return ended;
  }

  /**
   * Somebody has another role from now on: what they make from here is judged by it, under the grants they
   * have. Who does not work at desks in it signs in at none alone. Belongs to the caller's transaction.
   */
  roleSet(user: UserId, role: Role): readonly Withdrawn[] {
    this.#sql.putRole.run(user, this.#now(), role);
    if (OFFLINE_ROLES.has(role)) return [];
    const ended = this.#openOf(user).filter(({ isOffline }) => isOffline === 1);
    for (const { id } of ended) this.#sql.revokeGrant.run(this.#now(), id);
    return ended;
  }

  #openOf(user: UserId) {
    return this.#sql.open.all(user, this.#now());
  }

  /** What would let somebody work now, or come in at their desk while this server is away. */
  live(): readonly LiveSession[] {
    return this.#sql.live
      .all({ now: this.#now() })
      .map(({ user, name, displayName, isOffline, ...it }) => ({
        ...it,
        user: { id: user, name, displayName },
        signIn: isOffline === 1 ? 'offline' : 'online',
      }));
  }

  /** Whether somebody has ever signed in at a desk. */
  hasSatAt(user: string, desk: string): boolean {
    return this.#sql.hasSatAt.get(user, desk) !== undefined;
  }

  /** A grant as at the moment that a command was made under it. */
  grantAt(id: string, occurredAt: EpochMs, leewayMs = 0): GrantAt {
    const row = this.#sql.grant.get(id);
    if (!row) return { outcome: 'unknown-grant' };
    const role = this.#sql.roleAt.get(row.user, row.issuedAt, occurredAt) ?? row.role;
    const grant: Grant = { ...row, role, isOffline: row.isOffline === 1 };
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

  /** Opens a session for who has shown who they are. */
  open({ id: user, role }: { id: UserId; role: Role }, desk: string | undefined): Opened {
    const token = randomBytes(32).toString('base64url');
    const issuedAt = this.#now();
    const grant: Grant = {
      id: randomUUID(),
      user,
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
        this.#sql.putSession.run(hashOf(token), user, grant.notAfter, grant.id);
        for (const { id, notAfter } of [grant, ...(offlineGrant ? [offlineGrant] : [])])
          this.#sql.putGrant.run(
            id,
            user,
            role,
            grant.desk,
            issuedAt,
            notAfter,
            id === offlineGrant?.id ? 1 : 0,
          );
      })
      .immediate();
    return { token, grant, offlineGrant };
  }
}
