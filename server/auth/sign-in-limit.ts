import { isIPv6 } from 'node:net';
import type { EpochMs } from '#domain/ids.ts';

/** A room of thirty that signs in at once at the change of a shift, one in three with a typo. */
export const TRIES_MAX = 40;
/** One more try for each of these: 240 an hour for whoever guesses, and nothing that a person notices. */
export const TRY_EVERY_MS = 15_000;
const ADDRESSES_MAX = 10_000; // 300 desks many times over; about 1 MB

interface Tries {
  left: number;
  at: EpochMs;
  isTold: boolean;
}

export type Taken =
  | { readonly outcome: 'may-try' }
  | {
      readonly outcome: 'too-many';
      readonly retryAfterMs: number;
      /** The first of a run of them: the audit is told once, or it would be a flood of its own. */
      readonly isFirst: boolean;
    };

/**
 * Counts the sign-ins of each address, beside the lock of an account: without it one machine could try a
 * few passwords on every name. A good sign-in costs nothing, so that a room behind one address is not
 * hurt by its size; another address is never hurt at all.
 */
export class SignInLimit {
  readonly #now: () => EpochMs;
  readonly #tries = new Map<string, Tries>();

  constructor(now: () => EpochMs) {
    this.#now = now;
  }

  /** Takes one of an address's tries, before the password is looked at. */
  take(address: string): Taken {
    const key = networkOf(address);
    const tries = this.#filled(key);
    if (tries.left < 1) {
      const isFirst = !tries.isTold;
      tries.isTold = true;
      return { outcome: 'too-many', retryAfterMs: (1 - tries.left) * TRY_EVERY_MS, isFirst };
    }
    tries.left -= 1;
    tries.isTold = false;
    return { outcome: 'may-try' };
  }

  /** Gives the try back: it was a good one. */
  giveBack(address: string): void {
    const tries = this.#filled(networkOf(address));
    tries.left = Math.min(TRIES_MAX, tries.left + 1);
  }

  #filled(key: string): Tries {
    const now = this.#now();
    const before = this.#tries.get(key);
    const passed = before === undefined ? 0 : Math.max(0, now - before.at);
    const left = Math.min(TRIES_MAX, (before?.left ?? TRIES_MAX) + passed / TRY_EVERY_MS);
    const tries = { left, at: now, isTold: before?.isTold ?? false };
    // Put at the end: the one that was heard longest ago is the first that is forgotten.
    this.#tries.delete(key);
    this.#tries.set(key, tries);
    if (this.#tries.size > ADDRESSES_MAX)
      for (const oldest of this.#tries.keys()) {
        this.#tries.delete(oldest);
        break;
      }
    return tries;
  }
}

/** What counts as one address. Of IPv6 the first half: whoever has one has 2^64 of them. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const [before, after] = [groups(head), groups(tail)];
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array<string>(Math.max(0, missing)).fill('0'), ...after];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
