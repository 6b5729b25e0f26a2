import Database from 'better-sqlite3';
import { openStore, type Store } from '#store/open-store.ts';

/** The process ends here, as by SIGKILL: what it has in memory is gone, what it committed is not. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export type DiskFault = 'SQLITE_FULL' | 'SQLITE_IOERR_WRITE';

type Step = 'write' | 'commit' | 'committed';

/** Every file that is open on any disk: a run of thousands of seeds leaves none of them behind. */
const openFiles = new Set<Store>();

/** At the end of a seed: nobody uses any of them any more. */
export function closeDisks(): void {
  for (const file of openFiles) file.close();
  openFiles.clear();
}

/**
 * The disk under one process. It counts every statement that writes and every commit of all its files,
 * so that the process can be ended, or the disk fail, at any one of them.
 */
export class Disk {
  #left = Number.POSITIVE_INFINITY;
  #fault: DiskFault | 'crash' = 'crash';
  #failures = 0;
  #isDead = false;

  /** Whether the process on it has ended, whatever became of the error that told it so. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** The process ends at the `steps`th step from here. */
  crashAfter(steps: number): void {
    this.#arm(steps, 'crash', 1);
  }

  /** From the `steps`th step on so many writes and commits fail; then the disk works again. */
  failAfter(steps: number, fault: DiskFault, failures: number): void {
    this.#arm(steps, fault, failures);
  }

  /** A new process takes over the files, and the disk works. */
  revive(): void {
    this.#isDead = false;
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** A store of its own on this disk. */
  open(migrations: readonly string[]): Store {
    return this.#watch(openStore(':memory:', migrations));
  }

  /** The same file under another process, from here on each with its own. */
  copy(store: Store): Store {
    return this.#watch(new Database(store.serialize()));
  }

  #arm(steps: number, fault: DiskFault | 'crash', failures: number): void {
    this.#left = steps;
    this.#fault = fault;
    this.#failures = failures;
  }

  #step(step: Step): void {
    if (this.#isDead) throw new Crash('a process that has ended goes on');
    if (this.#left > 0) {
      this.#left -= 1;
      return;
    }
    if (this.#fault === 'crash') {
      this.#isDead = true;
      throw new Crash(`the process ends at a ${step}`);
    }
    if (step === 'committed') return; // a disk fails before a commit is durable, or not at all
    this.#failures -= 1;
    if (this.#failures <= 0) this.#left = Number.POSITIVE_INFINITY;
    throw new Database.SqliteError(`the disk fails at a ${step}`, this.#fault);
  }

  /** Puts the counting under a connection: what is prepared on it from here on is watched. */
  #watch(db: Store): Store {
    openFiles.add(db);
    const prepare = db.prepare.bind(db);
    const transaction = db.transaction.bind(db);
    const writing =
      <Args extends unknown[], Result>(run: (...args: Args) => Result) =>
      (...args: Args): Result => {
        this.#step('write');
        const result = run(...args);
        if (!db.inTransaction) this.#step('committed');
        return result;
      };
    const committing =
      <Args extends unknown[], Result>(run: (...args: Args) => Result) =>
      (...args: Args): Result => {
        const result = run(...args);
        this.#step('committed');
        return result;
      };
    const watched = {
      prepare: (sql: string) => {
        const statement = prepare(sql);
        if (statement.readonly) return statement;
        const run = statement.run.bind(statement);
        const get = statement.get.bind(statement);
        return Object.assign(statement, {
          run: writing(run),
          ...(statement.reader && { get: writing(get) }),
        });
      },
      transaction: (work: (...args: unknown[]) => unknown) => {
        const made = transaction((...args: unknown[]) => {
          const result = work(...args);
          this.#step('commit');
          return result;
        });
        return Object.assign(committing(made), {
          default: committing(made),
          deferred: committing(made.deferred.bind(made)),
          immediate: committing(made.immediate.bind(made)),
          exclusive: committing(made.exclusive.bind(made)),
        });
      },
    };
    return Object.assign(db, watched); // the same two methods, with the counting in between
  }
}
