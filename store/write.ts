import type { Store } from './open-store.ts';

/**
 * Makes one change of a file of what `work` writes to it: all of it is durable when this returns, and none
 * of it is there where it throws. A write within a write is part of the outer one. `work` is synchronous.
 */
export type Write = <Result>(work: () => Result) => Result;

/** The changes of a file that has no second copy. Throws what `work` throws, and what SQLite does. */
export function writeTo(db: Store): Write {
  const transaction = db.transaction((work: () => unknown) => work());
  return <Result>(work: () => Result): Result =>
    db.inTransaction ? work() : (transaction.immediate(work) as Result); // what `work` returned
}
