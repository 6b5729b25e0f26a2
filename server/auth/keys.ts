import { createHash, createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import type { EpochMs } from '#domain/ids.ts';
import type { Store } from '#store/open-store.ts';
import { hashOf } from './hash-of.ts';

const CODE_MS = 15 * 60_000; // long enough to walk to the desk

export type Enrolled =
  | { readonly outcome: 'enrolled'; readonly isReplaced: boolean }
  | {
      readonly outcome:
        | 'code-not-valid'
        | 'desk-already-enrolled'
        | 'name-not-allowed'
        | 'not-an-ed25519-key';
    };

/** A desk as it is kept; what was not kept yet when it was enrolled is null. */
export interface EnrolledDesk {
  readonly desk: string;
  readonly enrolledAt: EpochMs | null;
  readonly seenAt: EpochMs | null;
  readonly revokedAt: EpochMs | null;
}

/** The key of an outside system as it is kept; what was not kept yet when it was made is null. */
export interface ApiKey {
  readonly name: string;
  readonly madeAt: EpochMs | null;
  readonly usedAt: EpochMs | null;
  readonly revokedAt: EpochMs | null;
}

/** The keys of desks, the codes that enrol them, and the keys of outside systems. */
export class Keys {
  readonly #db: Store;
  readonly #now: () => EpochMs;
  readonly #sql;
  /** When keys were last used, by name, until it is kept: a request costs no write for it. */
  readonly #used = new Map<string, EpochMs>();

  constructor(db: Store, now: () => EpochMs) {
    this.#db = db;
    this.#now = now;
    this.#sql = {
      putKey: db.prepare<[string, string, number]>(
        'INSERT INTO api_key (key_hash, name, made_at) VALUES (?, ?, ?)',
      ),
      hasKeyNamed: db.prepare<[string], number>('SELECT 1 FROM api_key WHERE name = ?').pluck(),
      key: db
        .prepare<[string], string>(
          'SELECT name FROM api_key WHERE key_hash = ? AND revoked_at IS NULL',
        )
        .pluck(),
      apiKeys: db.prepare<[], ApiKey>(
        `SELECT name, made_at AS madeAt, used_at AS usedAt, revoked_at AS revokedAt
         FROM api_key ORDER BY name COLLATE NOCASE`,
      ),
      usedKey: db.prepare<[number, string]>('UPDATE api_key SET used_at = ? WHERE name = ?'),
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
      putDesk: db.prepare<[string, string, number]>(
        `INSERT INTO desk (id, public_key, enrolled_at) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET public_key = excluded.public_key, revoked_at = NULL,
           enrolled_at = excluded.enrolled_at`,
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
      enrolled: db.prepare<[], EnrolledDesk>(
        `SELECT id AS desk, enrolled_at AS enrolledAt, seen_at AS seenAt, revoked_at AS revokedAt
         FROM desk ORDER BY id`,
      ),
      seen: db.prepare<[number, string]>('UPDATE desk SET seen_at = ? WHERE id = ?'),
      revokeDesk: db.prepare<[number, string]>(
        'UPDATE desk SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
      ),
    };
  }

  /** A key for an outside system. It is told once. */
  addApiKey(name: string): string {
    const key = randomBytes(32).toString('base64url');
    this.#sql.putKey.run(hashOf(key), name, this.#now());
    return key;
  }

  /** Whether a system of that name has, or had, a key: what it handed in is known by its name. */
  hasApiKey(name: string): boolean {
    return this.#sql.hasKeyNamed.get(name) !== undefined;
  }

  /** The outside system that a key belongs to, which has used it with this. */
  systemOf(key: string): string | undefined {
    const system = this.#sql.key.get(hashOf(key));
    if (system !== undefined) this.#used.set(system, this.#now());
    return system;
  }

  /** Every system that has, or had, a key. */
  apiKeys(): readonly ApiKey[] {
    return this.#sql.apiKeys
      .all()
      .map((key) => ({ ...key, usedAt: this.#used.get(key.name) ?? key.usedAt }));
  }

  /** Takes a system's key back: the next request with it is refused. Says whether it was good until now. */
  revokeApiKey(name: string): boolean {
    return this.#sql.revokeKey.run(this.#now(), name).changes > 0;
  }

  /** A code that enrols one new desk once, or gives `desk` a new key, within `withinMs`. */
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
        this.#sql.putDesk.run(desk, publicKey, this.#now());
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

  /** Every desk that has, or had, a key. */
  enrolled(): readonly EnrolledDesk[] {
    return this.#sql.enrolled.all();
  }

  /** Keeps when desks were last joined, and when systems last used their keys. */
  seen(desks: ReadonlyMap<string, EpochMs>): void {
    if (desks.size === 0 && this.#used.size === 0) return;
    this.#db
      .transaction(() => {
        for (const [desk, at] of desks) this.#sql.seen.run(at, desk);
        for (const [system, at] of this.#used) this.#sql.usedKey.run(at, system);
      })
      .immediate();
    this.#used.clear();
  }

  /** Takes a desk's key back; says whether it had one. */
  revokeDesk(desk: string): boolean {
    return this.#sql.revokeDesk.run(this.#now(), desk).changes > 0;
  }
}

/** An outside system as events and the audit name it: an id that says nothing of what it is called. */
export const systemId = (name: string) =>
  `system-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;

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
