import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { assert } from '#domain/lib/assert.ts';
import { putAside, removeFile } from '#store/file-parts.ts';
import { openSound } from '#store/open-sound.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { allRows, foldImages, putRows, readableRows, type Rows } from '#store/row-images.ts';
import { syncFile, syncFolder } from '#store/sync-file.ts';
import { ACCOUNT, type CopyFound, type CopyPlace } from './outbox-copy.ts';
import { outboxMigrations } from './outbox.ts';

const SKIPPED = 50; // numbers that may have been given and are not known of here: hours of one desk's incidents
const READY = '.ready'; // made again, whole and on the disk, and not in its place yet

/** Whether a process ended before it had put the file that it had made again into its place. */
export const isRebuildUnfinished = (file: string): boolean => existsSync(`${file}${READY}`);

/** Puts the file that was made again into the place of the old one. Says under which name that is kept. */
export function finishRebuild(file: string): string | undefined {
  const aside = putAside(file, 'corrupt');
  renameSync(`${file}${READY}`, file);
  syncFolder(dirname(file));
  return aside && basename(aside);
}

/** What became of an outbox that was made again. */
export interface Rebuilt extends CopyPlace {
  readonly commands: number;
  /** Of them, those that the server has not answered. */
  readonly waiting: number;
  readonly aside: string | undefined;
}

/**
 * Makes an outbox's file again from its second copy and, where that is damaged too, from what can still be
 * read of the file. The old one is put aside. The new one is whole on the disk before it takes its name, so
 * that a process which ends on the way begins again with the same two. Throws what the disk says.
 */
export function rebuildOutbox(
  file: string,
  {
    key,
    copy,
    uuid,
  }: { readonly key: Uint8Array; readonly copy: CopyFound; readonly uuid: () => string },
): Rebuilt {
  const place = copy.state === 'whole' ? copy : copy.state === 'damaged' ? copy.place : undefined;
  const version = place?.version ?? outboxMigrations.length;
  assert(version <= outboxMigrations.length, 'the second copy was written by a newer release');
  const fresh = `${file}.new`;
  removeFile(fresh);
  const rows: Rows = copy.state === 'none' ? new Map() : copy.rows;

  // As they were written; the migrations that came since do with them what they do with any file.
  const old = openStore(fresh, outboxMigrations.slice(0, version), { key });
  try {
    putRows(old, rows);
    if (copy.state === 'whole')
      assert(
        isDeepStrictEqual(withoutEmpty(foldImages(allRows(old, ACCOUNT))), withoutEmpty(rows)),
        'what was put into the file is what the second copy has',
      );
  } finally {
    old.close();
  }
  const db = openSound(fresh, outboxMigrations, { key });
  const line = copy.state === 'whole' ? copy.line : uuid();
  const n = copy.state === 'whole' ? copy.n : 0;
  try {
    if (copy.state !== 'whole') {
      putRows(db, foldImages(salvage(file, key)), { onlyNew: true });
      db.prepare('UPDATE reference_block SET next = min(next + ?, to_number + 1)').run(SKIPPED);
    }
    startAnew(db, uuid());
    db.prepare(`UPDATE ${ACCOUNT} SET line = ?, n = ?`).run(line, n);
    db.pragma('wal_checkpoint(TRUNCATE)');
    const count = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0;
    const commands = count('SELECT count(*) FROM outbox');
    const waiting = count('SELECT count(*) FROM outbox WHERE answer IS NULL');
    db.close();
    syncFile(fresh);
    renameSync(fresh, `${file}${READY}`);
    const aside = finishRebuild(file);
    return { line, n, version: outboxMigrations.length, commands, waiting, aside };
  } catch (error) {
    if (db.open) db.close();
    removeFile(fresh);
    throw error;
  }
}

const withoutEmpty = (rows: Rows) => new Map([...rows].filter(([, byRowid]) => byRowid.size > 0));

/**
 * Gives an outbox a new name and its commands new places, those without an answer behind all others and
 * without a gap: nobody knows which places were given of the old one, and a place is never given twice.
 * What the server has had already it knows by the command's own id. Looks keep the count they have.
 */
export function startAnew(db: Store, outboxId: string): void {
  db.transaction(() => {
    const before = db.prepare<[], string>('SELECT outbox_id FROM outbox_meta').pluck().get();
    if (before === undefined)
      db.prepare('INSERT INTO outbox_meta (outbox_id) VALUES (?)').run(outboxId);
    else {
      db.prepare('UPDATE outbox_meta SET outbox_id = ?').run(outboxId);
      db.prepare('UPDATE consultation SET outbox_id = ? WHERE outbox_id IS NULL').run(before);
    }
    const rows = db
      .prepare<[], number>('SELECT rowid FROM outbox ORDER BY answer IS NULL, rowid')
      .pluck()
      .all();
    const move = db.prepare<[string, number, string, number, number]>(
      `UPDATE outbox SET outbox_id = ?, desk_seq = ?,
         stamped = json_set(stamped, '$.outboxId', ?, '$.deskSeq', ?) WHERE rowid = ?`,
    );
    for (const [at, rowid] of rows.entries()) move.run(outboxId, at + 1, outboxId, at + 1, rowid);
  }).immediate();
}

/** What can be read of a damaged file, from a copy of it: SQLite writes to what it opens. */
function salvage(file: string, key: Uint8Array) {
  const trial = `${file}.salvage`;
  try {
    for (const side of ['', '-wal'])
      if (existsSync(file + side)) copyFileSync(file + side, trial + side);
    const db = openStore(trial, outboxMigrations, { key });
    try {
      return readableRows(db, ACCOUNT);
    } finally {
      db.close();
    }
  } catch {
    return []; // nothing of it can be read, or there is no room to try
  } finally {
    removeFile(trial);
  }
}
