import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { role } from '#domain/facts.ts';
import { epochMs, userId, type EpochMs, type UserId } from '#domain/ids.ts';
import type { Store } from '#store/open-store.ts';
import { writeTo, type Write } from '#store/write.ts';
import type { Seat } from './desk.ts';

const SESSION_MS = 12 * 60 * 60_000; // a shift; also where the grant would last longer
const FAILURES_MAX = 5;
const LOCKED_MS = 15 * 60_000;
const PEOPLE_MAX = 300; // everybody who works in a room; who signed in longest ago goes first
const WAITING_MAX = 8; // each check takes half a second and 128 MiB; a desk has a few windows
/** OWASP ASVS 5.0, appendix C, as at the server: N = 2^17, r = 8, p = 1. */
export const SCRYPT_COST = 2 ** 17;
const SCRYPT_MEMORY_MAX = 256 * 1024 * 1024;
const ASK_WITHIN_MS = 8_000;

/** Who somebody is, as the server said at the sign-in. */
export const person = z.object({
  id: userId,
  name: z.string(),
  displayName: z.string(),
  role,
});
/** What the server gives a desk beside a good sign-in: its leave to sign this person in by itself. */
export const offlineGrant = z.object({
  id: z.string(),
  signInUntil: epochMs,
  notAfter: epochMs,
});

export interface OfflinePorts {
  readonly now: () => EpochMs;
  /** What the log says here of somebody: an account that was closed is closed here too. */
  readonly isDisabled: (user: UserId) => boolean;
  /** Less than `SCRYPT_COST` only in tests. */
  readonly cost?: number;
}

export type OfflineSignedIn =
  | { readonly outcome: 'signed-in'; readonly seat: Seat }
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string };

interface Row {
  readonly person: string;
  readonly salt: Uint8Array;
  readonly verifier: Uint8Array;
  readonly grantId: string;
  readonly signInUntil: EpochMs;
  readonly notAfter: EpochMs;
  readonly failures: number;
  readonly lockedUntil: EpochMs;
}

/**
 * Signs people in while the server does not answer: those who have signed in at this desk, with the
 * server's word, in the last 14 days. What is kept of a password is a verifier, in the desk's encrypted
 * file; what they do goes out under a grant that the server gave for this, and is flagged there.
 */
export class OfflineSignIn {
  readonly #ports: OfflinePorts;
  readonly #write: Write;
  readonly #sql;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(db: Store, ports: OfflinePorts, write: Write = writeTo(db)) {
    this.#ports = ports;
    this.#write = write;
    this.#sql = {
      row: db.prepare<[string], Row>(
        `SELECT person, salt, verifier, grant_id AS grantId, sign_in_until AS signInUntil,
           not_after AS notAfter, failures, locked_until AS lockedUntil
         FROM offline_person WHERE name = ?`,
      ),
      put: db.prepare<[string, string, Uint8Array, Uint8Array, string, number, number]>(
        `INSERT INTO offline_person VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)
         ON CONFLICT (name) DO UPDATE SET
           person = excluded.person, salt = excluded.salt, verifier = excluded.verifier,
           grant_id = excluded.grant_id, sign_in_until = excluded.sign_in_until,
           not_after = excluded.not_after, failures = 0, locked_until = 0`,
      ),
      trim: db.prepare<[number, number]>(
        `DELETE FROM offline_person WHERE sign_in_until <= ? OR name NOT IN (
           SELECT name FROM offline_person ORDER BY sign_in_until DESC LIMIT ?)`,
      ),
      failed: db.prepare<[number, number, string]>(
        'UPDATE offline_person SET failures = ?, locked_until = ? WHERE name = ?',
      ),
      forget: db.prepare<[string]>('DELETE FROM offline_person WHERE name = ?'),
      withdraw: db.prepare<[string]>('DELETE FROM offline_person WHERE grant_id = ?'),
      grants: db.prepare<[], string>('SELECT grant_id FROM offline_person').pluck(),
    };
  }

  /** The grants that are kept here, for asking the server which of them are still good. */
  get grants(): readonly string[] {
    return this.#sql.grants.all();
  }

  /** After a good sign-in: from now on this person can sign in here without the server. */
  async remember(
    who: z.infer<typeof person>,
    password: string,
    grant: z.infer<typeof offlineGrant>,
  ): Promise<void> {
    const salt = randomBytes(16);
    const verifier = await this.#derive(password, salt);
    if (this.#isClosed) return;
    const text = JSON.stringify(who);
    const { id, signInUntil, notAfter } = grant;
    this.#write(() => {
      this.#sql.put.run(who.name, text, salt, verifier, id, signInUntil, notAfter);
      this.#sql.trim.run(this.#ports.now(), PEOPLE_MAX);
    });
  }

  /** The server has closed this account, or does not know the person any more. */
  forget(name: string): void {
    this.#write(() => this.#sql.forget.run(name));
  }

  /** The server has taken these grants back: they let nobody in here. */
  withdraw(grants: readonly string[]): void {
    this.#write(() => {
      for (const id of grants) this.#sql.withdraw.run(id);
    });
  }

  /** Checks a name and password by what is kept here. Five wrong tries lock the name at this desk for 15 minutes. */
  async signIn(name: string, password: string): Promise<OfflineSignedIn> {
    const { now } = this.#ports;
    const before = this.#usable(name);
    if (!before) return refused('not-known-here');
    if (before.lockedUntil > now()) return refused('locked-here');
    if (this.#waiting >= WAITING_MAX) return refused('busy');
    const verifier = await this.#derive(password, before.salt);
    if (this.#isClosed) return refused('busy');
    // Read again: other tries may have been counted, or the grant taken back, while this one was computed.
    const row = this.#usable(name);
    if (!row) return refused('not-known-here');
    if (row.lockedUntil > now()) return refused('locked-here');
    if (!timingSafeEqual(verifier, row.verifier)) return this.#countFailure(name, row.failures + 1);
    const user = person.parse(JSON.parse(row.person)); // written by `remember` only
    if (this.#ports.isDisabled(user.id)) {
      this.forget(name);
      return refused('not-known-here');
    }
    this.#write(() => this.#sql.failed.run(0, 0, name));
    const notAfter = Math.min(now() + SESSION_MS, row.notAfter) as EpochMs; // an instant either way
    return { outcome: 'signed-in', seat: { user, grant: { id: row.grantId, notAfter } } };
  }

  /** Resolves when nothing is being computed any more; from now on nothing is written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }

  #usable(name: string): Row | undefined {
    const row = this.#sql.row.get(name);
    return row && this.#ports.now() < row.signInUntil ? row : undefined;
  }

  #countFailure(name: string, failures: number): OfflineSignedIn {
    const isLocked = failures >= FAILURES_MAX;
    const until = isLocked ? this.#ports.now() + LOCKED_MS : 0;
    this.#write(() => this.#sql.failed.run(isLocked ? 0 : failures, until, name));
    return refused(isLocked ? 'locked-here' : 'wrong-name-or-password');
  }

  /** One after another: a desk has the memory for one. */
  async #derive(password: string, salt: Uint8Array): Promise<Buffer> {
    const options = {
      N: this.#ports.cost ?? SCRYPT_COST,
      r: 8,
      p: 1,
      maxmem: SCRYPT_MEMORY_MAX,
    };
    const derive = () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(password.normalize('NFKC'), salt, 32, options, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      });
    this.#waiting += 1;
    const derived = this.#last.then(derive);
    this.#last = derived.catch(() => {}); // told to whoever waits for this one
    try {
      return await derived;
    } finally {
      this.#waiting -= 1;
    }
  }
}

const words = {
  'not-known-here':
    'The server does not answer, and this desk cannot tell who you are: it can for those who signed in ' +
    'here in the last 14 days and whose access was not changed since. Sign in at a desk where you have ' +
    'worked, or let a colleague who is signed in key for you, until the server is back.',
  'locked-here':
    'Too many wrong tries: this name is locked at this desk for 15 minutes. Sign in at another desk ' +
    'where you have worked, or when the server is back.',
  'wrong-name-or-password':
    'The name or the password is not right. The server does not answer: use the password that you last ' +
    'signed in with at this desk.',
  busy: 'Others are signing in at this desk. Try again in a moment.',
  'not-possible':
    'This desk could not sign anybody in. Try again; if it stays so, use another desk and tell the ' +
    'people who run it.',
  'no-new-password-now':
    'A password can be changed only while the server answers. Sign in with the one you have.',
} as const;

/** A refusal while the server is away; what it says tells what to do. */
export const refused = (reason: keyof typeof words) =>
  ({ outcome: 'refused', reason, message: words[reason] }) as const;

const withdrawn = z.object({ withdrawn: z.array(z.string()) });

/**
 * Asks the server which of these grants let nobody in any more. The desk signs with its own key, since
 * perhaps nobody is signed in. Rejects where the server does not say.
 */
export async function askWithdrawn(
  { server, desk, sign }: { server: string; desk: string; sign: (text: string) => string },
  grants: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const signature = sign(`grants.${desk}.${grants.join(',')}`);
  const response = await fetch(`${server}/api/desks/grants`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ desk, grants, signature }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_WITHIN_MS)]),
  });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return withdrawn.parse(await response.json()).withdrawn;
}
