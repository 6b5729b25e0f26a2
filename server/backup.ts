import { createHash } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { epochMs, type EpochMs } from '#domain/ids.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { syncFile, syncFolder } from '#store/sync-file.ts';
import { accountMigrations } from './auth/account-migrations.ts';
import { draftMigrations } from './gateway/draft-copies.ts';
import { logChecks } from './log/check-log.ts';
import { placeOf } from './log/place.ts';

/** In the order they are copied: who may come in is never older than what the log says of them. */
const FILES = [
  ['log.db', logMigrations],
  ['accounts.db', accountMigrations],
  ['drafts.db', draftMigrations],
] as const;
const SIDES = ['', '-wal'] as const;
const WHOLE = [''] as const; // a back-up has no WAL: one that lies beside it is not of it
const MANIFEST = 'backup.json';

const manifest = z.strictObject({
  format: z.literal(1),
  madeAt: epochMs,
  logId: z.string(),
  epoch: z.int().positive(),
  /** The last event in it. */
  seq: z.int().nonnegative(),
  hash: z.string(),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.int(), sha256: z.string() })),
});
/** What a back-up is of, and how it is known to be whole. */
export type Manifest = z.infer<typeof manifest>;

/**
 * Copies a force's files into `to`, which must not exist, while its server runs or not: each as of one
 * moment, the log looked at whole before it counts. The manifest is written last: a folder without it is
 * no back-up. Throws what an operator can act on; then nothing is left in `to`.
 */
export async function backUp(dataDir: string, to: string, now: EpochMs): Promise<Manifest> {
  if (!existsSync(join(dataDir, 'log.db'))) throw new Error(`there is no log in ${dataDir}`);
  if (existsSync(to)) throw new Error(`${to} is there already: a back-up never overwrites one`);
  const making = `${resolve(to)}.making`;
  rmSync(making, { recursive: true, force: true }); // of one that did not come to its end
  mkdirSync(making, { recursive: true, mode: 0o700 });
  try {
    const files: Manifest['files'] = [];
    for (const [name, migrations] of FILES) {
      if (!existsSync(join(dataDir, name))) continue;
      const copy = join(making, name);
      writeFileSync(copy, '', { mode: 0o600 }); // an empty file is taken, and stays this account's alone
      const db = openStore(join(dataDir, name), migrations);
      try {
        db.prepare('VACUUM INTO ?').run(copy);
      } finally {
        db.close();
      }
    }
    const about = checked(making);
    for (const [name] of FILES) {
      const copy = join(making, name);
      if (!existsSync(copy)) continue;
      syncFile(copy);
      files.push({ name, bytes: statSync(copy).size, sha256: await digestOf(copy) });
    }
    const made: Manifest = { format: 1, madeAt: now, ...about, files };
    const file = join(making, MANIFEST);
    writeFileSync(file, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
    syncFile(file);
    syncFolder(making);
    renameSync(making, to);
    syncFolder(dirname(resolve(to)));
    return made;
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}

export interface Restored {
  readonly logId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly hash: string;
  /** When the back-up was made; undefined for the copy of a folder, which does not say. */
  readonly madeAt: EpochMs | undefined;
}

/**
 * Makes the folder of a server out of a back-up, or out of the copy of a server's folder. `dataDir` must
 * be empty or not exist. All of it is checked before it counts. The epoch is raised above every one that
 * was, so that desks believe no server that still runs over the original; the log then awaits what the
 * desks have beyond the back-up. Throws what an operator can act on; then `dataDir` is as it was.
 */
export async function restore(from: string, dataDir: string, now: EpochMs): Promise<Restored> {
  if (!existsSync(join(from, 'log.db'))) throw new Error(`there is no back-up in ${from}`);
  refuseFilled(dataDir);
  const known = await wholeBackup(from);
  const making = `${resolve(dataDir)}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true, mode: 0o700 });
  try {
    for (const [name] of FILES)
      for (const side of known ? WHOLE : SIDES) {
        const file = join(from, `${name}${side}`);
        if (existsSync(file)) copyFileSync(file, join(making, `${name}${side}`));
      }
    const about = checked(making);
    const epoch = raise(making, now);
    for (const [name] of FILES)
      for (const side of SIDES)
        if (existsSync(join(making, `${name}${side}`))) syncFile(join(making, `${name}${side}`));
    syncFolder(making);
    // A large log takes minutes: a server that is started again by itself may have begun one there meanwhile.
    refuseFilled(dataDir);
    if (existsSync(dataDir)) rmdirSync(dataDir); // fails where something came into it just now
    renameSync(making, dataDir);
    syncFolder(dirname(resolve(dataDir)));
    return { ...about, epoch, madeAt: known?.madeAt };
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}

function refuseFilled(dataDir: string): void {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0)
    throw new Error(
      `${dataDir} is not empty. Name a new folder; nothing is ever restored over one.`,
    );
}

/** The manifest, once every file is what it says; undefined for a folder that has none. */
async function wholeBackup(from: string): Promise<Manifest | undefined> {
  const file = join(from, MANIFEST);
  if (!existsSync(file)) return undefined;
  const parsed = manifest.safeParse(jsonOf(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file} is not the manifest of a back-up`);
  for (const { name, sha256 } of parsed.data.files) {
    const path = join(from, basename(name));
    if (!existsSync(path))
      throw new Error(`the back-up in ${from} is not whole: ${name} is missing`);
    if ((await digestOf(path)) !== sha256)
      throw new Error(
        `the back-up in ${from} is damaged: ${name} is not what was written. Take another one.`,
      );
  }
  return parsed.data;
}

/** Looks at all of a copied log. Throws where it is not sound. */
function checked(folder: string): Pick<Manifest, 'logId' | 'epoch' | 'seq' | 'hash'> {
  const db = openStore(join(folder, 'log.db'), logMigrations);
  try {
    for (const check of logChecks(db)) while (check());
    const lineage = db
      .prepare<[], { logId: string; epoch: number }>('SELECT log_id AS logId, epoch FROM log_meta')
      .get();
    if (!lineage) throw new Error('the log has not been begun: there is nothing to keep');
    return { ...lineage, ...new SqliteEventLog(db).head };
  } finally {
    settle(db);
  }
}

/**
 * A later epoch than any that was. By the clock, since a second restore of one back-up must not give the
 * epoch of the first, of which the back-up knows nothing.
 */
function raise(folder: string, now: EpochMs): number {
  const db = openStore(join(folder, 'log.db'), logMigrations);
  try {
    return (
      db
        .prepare<[number, string], number>(
          `UPDATE log_meta SET epoch = max(epoch + 1, ?), place = ?, awaits_tails = 1
           RETURNING epoch`,
        )
        .pluck()
        .get(now, placeOf(folder)) ?? 0
    );
  } finally {
    settle(db);
  }
}

/** Into the file itself, so that nothing stands beside it. */
function settle(db: Store): void {
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(file), digest);
  return digest.digest('hex');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no manifest: the caller says so
  }
}
