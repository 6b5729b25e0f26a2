import { randomFillSync } from 'node:crypto';

const SALT_BYTES = 16;
const AT_ONCE = 256; // asking the system for each one would cost as much as hashing with it

/** Gives 16 fresh random bytes for each body. Each is an array of its own, so that a thread hands on no more. */
export function freshSalts(): () => Uint8Array {
  const pool = new Uint8Array(SALT_BYTES * AT_ONCE);
  let next = pool.length;
  return () => {
    if (next === pool.length) {
      randomFillSync(pool);
      next = 0;
    }
    const salt = pool.slice(next, next + SALT_BYTES);
    pool.fill(0, next, next + SALT_BYTES); // given once: a body that is erased takes its salt along
    next += SALT_BYTES;
    return salt;
  };
}
