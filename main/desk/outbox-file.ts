import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileTrouble, isDamage } from '#store/file-trouble.ts';
import { putAside } from '#store/file-parts.ts';
import { openSound } from '#store/open-sound.ts';
import type { Store } from '#store/open-store.ts';
import { ChangedRows, type Image } from '#store/row-images.ts';
import type { Write } from '#store/write.ts';
import { ACCOUNT, OutboxCopy, readCopy, type CopyFound } from './outbox-copy.ts';
import { finishRebuild, isRebuildUnfinished, rebuildOutbox, startAnew } from './outbox-rebuild.ts';
import { outboxMigrations } from './outbox.ts';

const COPY_MAX_BYTES = 16 << 20; // from here a new base costs less than reading all of this again

export interface OutboxFileOptions {
  /** The desk's folder, which its process holds. */
  readonly folder: string;
  /** Where the second copy stands: another disk, if the desk has one. */
  readonly copyFolder: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly uuid: () => string;
  /** Told, for the technical log, of what went wrong and was gone on from. */
  readonly failed: (error: Error) => void;
  /** The file was found damaged while it is used: opened again, it comes back from its second copy. */
  readonly damaged: () => void;
}

/**
 * The outbox's file and its second copy. A change is in the file first, then in the copy, each on the disk,
 * and only then does `write` return:
 *
 *     work -> commit of the file -> frame of the copy -> told "stored here", sent to the server
 *
 * So a sound file is always the truth, and the copy at most the one change behind it that nobody was told
 * of; a file that is behind its copy has lost its end. Where the two do not agree in this way, or one cannot
 * be read, the outbox is given a new name: no place in it is ever given twice.
 */
export class OutboxFile implements Disposable {
  readonly db: Store;
  readonly write: Write;
  readonly #options: OutboxFileOptions;
  readonly #rows: ChangedRows;
  readonly #count;
  #line: string;
  #n: number;
  #copy: OutboxCopy | undefined;
  /** What became of the outbox when it was opened, where not all was well. */
  readonly #found: string | undefined;
  /** Why there is no second copy now. */
  #isAlone: string | undefined;

  /** Opens the file of a desk, and makes again what is damaged. Throws, in a line for a person, what it cannot help. */
  static open(options: OutboxFileOptions): OutboxFile {
    const file = join(options.folder, 'outbox.db');
    try {
      return new OutboxFile(options, ...openFound(file, options));
    } catch (error) {
      throw fileTrouble(file, 'It was not changed.', error);
    }
  }

  private constructor(options: OutboxFileOptions, db: Store, found: string | undefined) {
    this.#options = options;
    this.db = db;
    this.#found = found;
    if (found !== undefined) options.failed(new Error(found));
    const account = accountOf(db);
    this.#n = account.n;
    this.#line = account.line === '' ? options.uuid() : account.line;
    if (this.#line !== account.line) setLine(db, this.#line);
    this.#makeCopy();
    this.#rows = new ChangedRows(db, ACCOUNT);
    this.#count = db.prepare<[string], { n: number }>(
      `UPDATE ${ACCOUNT} SET n = n + 1, line = ? RETURNING n`,
    );
    const change = db.transaction((work: () => unknown) => {
      const { result, images } = this.#rows.during(work);
      const n = images.length > 0 ? this.#count.get(this.#line)?.n : undefined;
      return { result, images, n };
    });
    this.write = <Result>(work: () => Result): Result => {
      if (db.inTransaction) return work();
      try {
        const { result, images, n } = change.immediate(work);
        if (n !== undefined) this.#keep(n, images);
        return result as Result; // what `work` returned
      } catch (error) {
        this.suspect(error);
        throw error;
      }
    };
  }

  /** One line for the people who work here, where not all is or was well; undefined where it is. */
  get trouble(): string | undefined {
    const lines = [this.#found, this.#isAlone].filter((it) => it !== undefined);
    return lines.length === 0 ? undefined : lines.join(' ');
  }

  /** An error that may mean that this file is damaged: looks, and tells where it is. */
  suspect(error: unknown): void {
    if (!isDamage(error)) return;
    try {
      if (this.db.pragma('integrity_check(1)', { simple: true }) === 'ok') return;
    } catch {
      // So it is.
    }
    this.#options.damaged();
  }

  /** Makes the second copy again where it was given up. For a quiet moment: it takes the time of a small file. */
  mend(): void {
    if (this.#copy === undefined) this.#makeCopy();
  }

  [Symbol.dispose](): void {
    this.#copy?.[Symbol.dispose]();
    this.db.close();
  }

  /** It is in the file. What `#keep` cannot do leaves that alone, and is told. */
  #keep(n: number, images: readonly Image[]): void {
    this.#n = n;
    try {
      this.#copy?.append(n, images);
    } catch (error) {
      return this.#giveUp(error);
    }
    const { bytes = 0, baseBytes = 0 } = this.#copy ?? {};
    if (bytes > Math.max(COPY_MAX_BYTES, 2 * baseBytes)) this.#makeCopy();
  }

  #makeCopy(): void {
    const { copyFolder, key } = this.#options;
    try {
      mkdirSync(copyFolder, { recursive: true, mode: 0o700 });
      const place = { line: this.#line, n: this.#n, version: outboxMigrations.length };
      const copy = OutboxCopy.of(this.db, this.#path, key, place);
      this.#copy?.[Symbol.dispose]();
      this.#copy = copy;
      this.#isAlone = undefined;
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** From here on the file is alone, and of another line: what is left of the copy is never taken for current. */
  #giveUp(cause: unknown): void {
    const { failed, uuid } = this.#options;
    const isOthers = this.#copy?.isInPlace === false;
    this.#copy?.[Symbol.dispose]();
    this.#copy = undefined;
    const why = wordsOf(cause);
    if (this.#isAlone === undefined)
      failed(new Error(`the outbox has no second copy: ${why}`, { cause }));
    this.#isAlone = `This desk keeps what is not sent yet once only, not twice (${why}): tell the people who run it.`;
    this.#line = uuid(); // each change carries it, also where the file cannot take it now
    for (const leave of [
      () => !isOthers && existsSync(this.#path) && renameSync(this.#path, `${this.#path}.stale`),
      () => setLine(this.db, this.#line),
    ])
      try {
        leave();
      } catch (error) {
        failed(new Error(`leaving the second copy behind: ${wordsOf(error)}`, { cause: error }));
      }
  }

  get #path(): string {
    return copyPath(this.#options);
  }
}

const copyPath = ({ copyFolder }: Pick<OutboxFileOptions, 'copyFolder'>) =>
  join(copyFolder, 'outbox.copy');

const accountOf = (db: Store) =>
  db.prepare<[], { line: string; n: number }>(`SELECT line, n FROM ${ACCOUNT}`).get() ?? {
    line: '',
    n: 0,
  };

/** In the file itself when it returns, not only in its WAL: a WAL that is lost does not take it back. */
function setLine(db: Store, line: string): void {
  db.prepare(`UPDATE ${ACCOUNT} SET line = ?`).run(line);
  db.pragma('wal_checkpoint(TRUNCATE)');
}

const wordsOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');

/** Whether the file itself is lost, and not held, not permitted, or its disk full. */
const isLost = (error: unknown) =>
  isDamage(error) ||
  (error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(SQLITE_IOERR|EIO|EISDIR)/.test(error.code));

type Opened = readonly [db: Store, found: string | undefined];

function openFound(file: string, options: OutboxFileOptions): Opened {
  if (isRebuildUnfinished(file)) {
    const aside = finishRebuild(file);
    const kept = aside === undefined ? 'The old one was kept' : `The old one is kept as ${aside}`;
    const [db, found] = openFound(file, options);
    return [
      db,
      found ?? `outbox.db was damaged, and was made again from what could be read. ${kept}.`,
    ];
  }
  const copy = readCopy(copyPath(options), options.key);
  const isMissing = !existsSync(file) || statSync(file).size === 0;
  const isOld = readdirSync(dirname(file)).some((name) => name.startsWith('replica-'));
  if (isMissing && (copy.state !== 'none' || isOld))
    return rebuilt(file, options, copy, 'missing or empty');
  let db: Store;
  try {
    db = openSound(file, outboxMigrations, options);
  } catch (error) {
    if (!isLost(error)) throw error;
    return rebuilt(file, options, copy, `damaged (${wordsOf(error)})`);
  }
  try {
    const { line, n } = accountOf(db);
    const place = copy.state === 'none' ? undefined : copy.state === 'whole' ? copy : copy.place;
    const isSameLine = place !== undefined && place.line === line;
    // Killed between the two writes, it is one change ahead of its copy.
    if (copy.state === 'whole' && isSameLine && (n === copy.n || n === copy.n + 1))
      return [db, undefined];
    if (line === '' && copy.state === 'none') return [db, undefined]; // it never had one
    if (isSameLine && place.n > n) {
      db.close();
      return rebuilt(file, options, copy, 'without its last changes');
    }
    startAnew(db, options.uuid());
    setLine(db, options.uuid());
  } catch (error) {
    if (db.open) db.close();
    throw error;
  }
  const what =
    copy.state === 'none' ? 'missing' : copy.state === 'whole' ? 'of another time' : 'damaged';
  const aside = keepDamagedCopy(options, copy);
  return [
    db,
    `The second copy of outbox.db was ${what}${aside}. outbox.db is sound, and a new copy was made of it: nothing was lost.`,
  ];
}

function rebuilt(file: string, options: OutboxFileOptions, copy: CopyFound, what: string): Opened {
  const { aside, commands, waiting } = rebuildOutbox(file, { ...options, copy });
  const kept = aside === undefined ? '' : `, is kept as ${aside}`;
  const db = openSound(file, outboxMigrations, options);
  if (copy.state === 'whole')
    return [
      db,
      `outbox.db was ${what}${kept}, and was made again: everything came back from its second copy.`,
    ];
  const copyWhat = copy.state === 'none' ? 'missing' : 'damaged';
  return [
    db,
    `outbox.db was ${what}${kept}, and its second copy was ${copyWhat}${keepDamagedCopy(options, copy)}. ` +
      `${commands} commands came back, ${waiting} of them not answered yet; others may be lost: ` +
      'compare what was entered here last with the log, and enter again what is not there.',
  ];
}

/** A copy that is no use now may be one to whoever looks into it. */
function keepDamagedCopy(options: OutboxFileOptions, { state }: CopyFound): string {
  if (state === 'none') return '';
  try {
    const aside = putAside(copyPath(options), 'corrupt');
    return aside === undefined ? '' : `, is kept as ${basename(aside)}`;
  } catch (error) {
    // Its disk takes nothing any more. The outbox goes on alone, which is said.
    options.failed(new Error(`keeping a damaged second copy: ${wordsOf(error)}`, { cause: error }));
    return '';
  }
}
