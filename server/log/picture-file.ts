import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { assert, InvariantError } from '#domain/lib/assert.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import { putAside, removeFile, removeSides } from '#store/file-parts.ts';
import { pictureMigrations } from '#store/migrations.ts';
import { NewerReleaseError, openStore, type Store } from '#store/open-store.ts';
import { syncFile, syncFolder } from '#store/sync-file.ts';
import { emptyCursor, Picture } from '#store/picture.ts';
import { SqliteEventLog, soundPage } from '#store/sqlite-event-log.ts';

/** The read model cannot be read, or is that of another log: it is made again from the log. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

/** Whose log it is that a picture is made of. */
export interface Lineage {
  readonly logId: string;
  readonly epoch: number;
}

export interface Rebuilt extends Lineage {
  readonly events: number;
  readonly records: number;
  readonly hash: string;
  /** How many records the old one held otherwise; undefined where it could not be compared. */
  readonly differed: number | undefined;
  /** Where the old one was put, when it was no picture of this log. */
  readonly putAside: string | undefined;
}

/** The points of a rebuild between which a crash may fall. */
export const rebuildSteps = [
  'begun',
  'page-folded',
  'compared',
  'on-the-disk',
  'old-closed',
  'swapped',
  'done',
] as const;
export type RebuildStep = (typeof rebuildSteps)[number];

const FILE = 'picture.db';
const SHADOW = 'picture.next.db';
const PAGE = 2_000; // events folded in one transaction

/** Folds events into a picture and moves its cursor to the last one, in one transaction. */
export function foldInto(
  db: Store,
  picture: Picture,
  events: readonly StoredEvent[],
  { logId, epoch }: Lineage,
): void {
  const last = events.at(-1)?.header;
  if (!last) return;
  db.transaction(() => {
    picture.apply(events.map(recordedOf));
    picture.moveTo({ ...emptyCursor(logId, epoch), seq: last.seq, hash: last.hash });
  }).immediate();
}

/** Opens the picture of a folder. Throws `PictureError` where the file is none of ours, or is missing though a log is there. */
export function openPicture(dataDir: string, head: number): Store {
  const file = join(dataDir, FILE);
  if (head > 0 && !existsSync(file))
    throw new PictureError('the file of the read model is missing');
  try {
    const db = openStore(file, pictureMigrations);
    try {
      new Picture(db).cursor(); // prepares every statement: the tables are ours
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (cause) {
    if (!isUnreadable(cause)) throw cause;
    throw new PictureError('the file of the read model cannot be read', { cause });
  }
}

/** Whether what was thrown says that the file is damaged or not ours, and not that the disk or its rights failed. */
export const isUnreadable = (error: unknown) =>
  error instanceof PictureError ||
  error instanceof NewerReleaseError || // made of the log, and made of it again
  error instanceof InvariantError ||
  error instanceof SyntaxError ||
  (error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^SQLITE_(CORRUPT|NOTADB|ERROR|SCHEMA|CONSTRAINT|MISMATCH)/.test(error.code));

/**
 * Makes the read model again from the log: beside the old one, compared with the log, on the disk, and
 * then in its place by one rename. A crash at any point leaves the old one or the new one, whole. The
 * caller holds the folder, and nobody has the old file open.
 *
 *     picture.next.db   folded -> compared -> on the disk -> renamed to picture.db
 *     picture.db        .................... its WAL merged ^
 */
export function rebuildPicture(
  dataDir: string,
  log: Store,
  lineage: Lineage,
  step: (name: RebuildStep) => void = () => {},
): Rebuilt {
  const [file, shadow] = [join(dataDir, FILE), join(dataDir, SHADOW)];
  removeFile(shadow); // of a rebuild that did not come to its end
  const events = new SqliteEventLog(log);
  const { head } = events;
  const db = openStore(shadow, pictureMigrations);
  let differed: number | undefined;
  let records: number;
  try {
    const picture = new Picture(db);
    step('begun');
    for (let seq = 0; seq < head.seq;) {
      const page = soundPage(seq, events.readAfter(seq, PAGE));
      foldInto(db, picture, page, lineage);
      seq = page.at(-1)?.header.seq ?? head.seq;
      step('page-folded');
    }
    if (head.seq === 0) picture.moveTo(emptyCursor(lineage.logId, lineage.epoch));
    records = compareWithLog(db, log, head);
    differed = differences(file, picture, head);
    step('compared');
    db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
  syncFile(shadow);
  syncFolder(dataDir);
  step('on-the-disk');
  const aside = closeOld(file);
  step('old-closed');
  renameSync(shadow, file);
  step('swapped');
  syncFolder(dataDir);
  step('done');
  return { ...lineage, events: head.seq, hash: head.hash, records, differed, putAside: aside };
}

/** Every stream of the log stands in the picture at its last version, and every event in a journal. */
function compareWithLog(db: Store, log: Store, head: { seq: number; hash: string }): number {
  const picture = new Picture(db);
  const cursor = picture.cursor();
  assert(cursor?.seq === head.seq && cursor.hash === head.hash, 'the picture came to the head');
  const one = (from: Store, sql: string) => from.prepare<[]>(sql).pluck().get();
  const versionOf = db
    .prepare<[string], number>('SELECT version FROM entity WHERE stream = ?')
    .pluck();
  let records = 0;
  const streams = log.prepare<[], { stream: string; version: number }>(
    'SELECT stream, max(version) AS version FROM event GROUP BY stream',
  );
  for (const { stream, version } of streams.iterate()) {
    assert(versionOf.get(stream) === version, `the picture has all of ${stream}`);
    records += 1;
  }
  assert(one(db, 'SELECT count(*) FROM entity') === records, 'the picture has nothing else');
  const shown = one(db, 'SELECT count(DISTINCT seq) FROM journal');
  assert(shown === head.seq, 'every event stands in a journal');
  assert(one(db, 'PRAGMA integrity_check') === 'ok', 'the file of the picture is sound');
  return records;
}

/** How many records the old picture has otherwise, where it is one of this log and has come as far. */
function differences(file: string, fresh: Picture, head: { hash: string }): number | undefined {
  if (!existsSync(file)) return undefined;
  let db: Store | undefined;
  try {
    db = openStore(file, pictureMigrations);
    const old = new Picture(db);
    if (old.cursor()?.hash !== head.hash) return undefined;
    const held = new Map([...old.all()].map(([stream, it]) => [stream, JSON.stringify(it)]));
    let differed = 0;
    for (const [stream, entry] of fresh.all()) {
      if (held.get(stream) !== JSON.stringify(entry)) differed += 1;
      held.delete(stream);
    }
    return differed + held.size;
  } catch {
    return undefined; // it is being replaced: that it cannot be read is no failure of that
  } finally {
    db?.close();
  }
}

/**
 * Merges the WAL of the old picture into it, since one that stays would be read into the new file; a
 * file that is none of ours is put aside, whole, for whoever looks into it.
 */
function closeOld(file: string): string | undefined {
  if (existsSync(file)) {
    try {
      const db = openStore(file, pictureMigrations);
      try {
        new Picture(db).cursor();
        db.pragma('wal_checkpoint(TRUNCATE)');
      } finally {
        db.close();
      }
      const wal = `${file}-wal`;
      if (existsSync(wal) && statSync(wal).size > 0)
        throw new Error('another program reads the read model; it stays as it was');
      removeSides(file);
      return undefined;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
  }
  return putAside(file, 'put-aside');
}
