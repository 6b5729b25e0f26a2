import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '#domain/ids.ts';
import type { Accounts, Person } from '../auth/accounts.ts';
import type { Withdrawn } from '../auth/grants.ts';
import { hashOf } from '../auth/hash-of.ts';
import { mayFollowLive } from '../auth/policy.ts';

/** Nobody has touched the seat for so long: what it shows is not left standing in an empty room. */
export const IDLE_MS = 15 * 60_000;
/** A browser is no desk of ours: its session is shorter than a shift. */
export const ABSOLUTE_MS = 8 * 60 * 60_000;
export const TICKET_MS = 30_000; // from the answer to the socket takes well under a second
const TICKETS_MAX = 4; // of one session: a page asks for one at a time
const SESSIONS_MAX = 2_000; // far more than a force has investigators; the least used goes first

/** Why a session is over. Its page says so in words. */
export type SeatEnd = 'signed-out' | 'idle' | 'too-long' | 'revoked' | 'not-permitted';

/** A line that hangs on a session. */
export interface Hanging {
  /** Sends nothing more, from this moment on. */
  end(why: SeatEnd): void;
}

/** Somebody who has signed in at a browser seat. */
export interface SeatSession {
  readonly person: Person;
  /** What the administrator's list of sessions calls it. */
  readonly grant: string;
  readonly until: EpochMs;
  readonly lines: Set<Hanging>;
}

interface Kept extends SeatSession {
  readonly hash: string;
  readonly token: string;
  touchedAt: EpochMs;
  /** By hash. */
  readonly tickets: Map<string, { readonly network: string; readonly expiresAt: EpochMs }>;
}

export type TicketRefusal = 'no-session' | 'unknown-ticket' | 'expired-ticket' | 'other-network';

/**
 * Who sits at the browser seats, and what opens a socket for them: a ticket, good once and for 30 s, for
 * the session that asked for it and from the network it asked from. A session is that of the accounts and
 * outlives this process there; what is kept here is what it has open, and when it was touched.
 */
export class SeatSessions {
  readonly #accounts: Accounts;
  readonly #now: () => EpochMs;
  readonly #sessions = new Map<string, Kept>();

  constructor(accounts: Accounts, now: () => EpochMs) {
    this.#accounts = accounts;
    this.#now = now;
  }

  /** The session of a token, or undefined for one that is over. It is looked at as it is now. */
  of(token: string): SeatSession | undefined {
    return this.#of(token);
  }

  /** Somebody is there: a key was pressed. A page that draws by itself does not touch it. */
  touch(token: string): void {
    const session = this.#of(token);
    if (session) session.touchedAt = this.#now();
  }

  /** How long until it is over for want of anybody, or by its length. */
  leftMs(token: string): number {
    const session = this.#of(token);
    if (!session) return 0;
    return Math.min(session.touchedAt + IDLE_MS, session.until) - this.#now();
  }

  ticket(token: string, network: string): string | undefined {
    const session = this.#of(token);
    if (!session) return undefined;
    const [oldest] = session.tickets.keys();
    if (session.tickets.size >= TICKETS_MAX && oldest !== undefined) session.tickets.delete(oldest);
    const ticket = randomBytes(32).toString('base64url');
    const expiresAt = (this.#now() + TICKET_MS) as EpochMs; // an instant that much later
    session.tickets.set(hashOf(ticket), { network, expiresAt });
    return ticket;
  }

  /** Takes a ticket for good, whatever comes of it: the session whose it is, or why it is nobody's. */
  spend(
    ticket: string,
    { token, network }: { readonly token: string; readonly network: string },
  ): SeatSession | TicketRefusal {
    const hash = hashOf(ticket);
    const owner = [...this.#sessions.values()].find(({ tickets }) => tickets.has(hash));
    const known = owner?.tickets.get(hash);
    owner?.tickets.delete(hash);
    const session = this.#of(token);
    if (!session) return 'no-session';
    if (!known || !owner || !isSame(owner.hash, session.hash)) return 'unknown-ticket';
    if (known.expiresAt <= this.#now()) return 'expired-ticket';
    return known.network === network ? session : 'other-network';
  }

  /** Ends a session, here and in the accounts, and everything that hangs on it. */
  end(token: string, why: SeatEnd): void {
    this.#accounts.endSession(token);
    const kept = this.#sessions.get(hashOf(token));
    if (kept) this.#drop(kept, why);
  }

  /** An administrator has taken these back: at once, and not when it is looked at next. */
  withdrawn(grants: readonly Withdrawn[]): void {
    const gone = new Set(grants.map(({ id }) => id));
    for (const kept of this.#sessions.values())
      if (gone.has(kept.grant)) this.#drop(kept, 'revoked');
  }

  /** Looks at every session: one may be over by its time, or taken back by another process. */
  look(): void {
    for (const { token } of this.#sessions.values()) this.#of(token);
  }

  /** How many lines one person has open, over all their sessions. */
  linesOf({ id }: Person): number {
    return [...this.#sessions.values()]
      .filter(({ person }) => person.id === id)
      .reduce((sum, { lines }) => sum + lines.size, 0);
  }

  #of(token: string): Kept | undefined {
    const hash = hashOf(token);
    const kept = this.#sessions.get(hash);
    const person = this.#accounts.personOf(token);
    const why = person && this.#whyOver(person, kept);
    if (person && why === undefined) return kept ?? this.#adopt(token, hash, person);
    if (why !== undefined) this.#accounts.endSession(token);
    if (kept) this.#drop(kept, why ?? 'revoked');
    return undefined;
  }

  #whyOver(person: Person, kept: Kept | undefined): SeatEnd | undefined {
    if (!mayFollowLive(person.role)) return kept && 'not-permitted';
    if (kept && this.#now() >= kept.until) return 'too-long';
    return kept && this.#now() - kept.touchedAt >= IDLE_MS ? 'idle' : undefined;
  }

  /** The first that is heard of it in this process: it was begun just now, or before a restart. */
  #adopt(token: string, hash: string, person: Person): Kept | undefined {
    const grant = this.#accounts.grants.browserGrant(token);
    if (!grant || !mayFollowLive(person.role)) return undefined;
    const until = (grant.issuedAt + ABSOLUTE_MS) as EpochMs; // an instant that much later
    if (this.#now() >= until) return undefined;
    const [oldest] = [...this.#sessions.values()].toSorted((a, b) => a.touchedAt - b.touchedAt);
    if (this.#sessions.size >= SESSIONS_MAX && oldest) this.#drop(oldest, 'idle');
    const kept: Kept = {
      person,
      grant: grant.id,
      until,
      lines: new Set(),
      hash,
      token,
      touchedAt: this.#now(),
      tickets: new Map(),
    };
    this.#sessions.set(hash, kept);
    return kept;
  }

  #drop(kept: Kept, why: SeatEnd): void {
    this.#sessions.delete(kept.hash);
    for (const line of kept.lines) line.end(why);
  }
}

const isSame = (left: string, right: string) =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
