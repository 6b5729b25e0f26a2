import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '#domain/ids.ts';
import { replicaName } from '#desk/replica-files.ts';
import { isDamage } from '#store/file-trouble.ts';
import { logMigrations, replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { backUp, restore } from '../server/backup.ts';
import { logChecks } from '../server/log/check-log.ts';
import { logTrouble } from '../server/log/open-writer.ts';
import { hearWitness, readWitness, type Testimony } from '../server/log/witness.ts';
import { openIdentity } from './identity.ts';

/** Says something in words, or the same as JSON where that was asked for. */
export type Out = (words: string, json: object) => void;

const PAGE = 2_000;
const now = () => Date.now() as EpochMs;
const iso = (at: EpochMs) => new Date(at).toISOString();

/** `holdfast backup`. Throws where none could be made. */
export async function makeBackup(dataDir: string, to: string, out: Out): Promise<void> {
  const made = await backUp(dataDir, to, now());
  out(`${to} holds ${made.logId} up to event ${made.seq}, looked at and whole`, { to, ...made });
}

/** `holdfast restore`. Throws where the back-up cannot be used; nothing was changed then. */
export async function restoreBackup(from: string, dataDir: string, out: Out): Promise<void> {
  const restored = await restore(from, dataDir, now());
  const { logId, epoch, seq, madeAt } = restored;
  const since = madeAt === undefined ? 'the copy was made' : iso(madeAt);
  out(
    `${dataDir} holds ${logId} up to event ${seq}, and goes on in epoch ${epoch}.\n` +
      'Start its server where the old one was: it first takes what the desks have beyond the back-up.\n' +
      `What only the old server had is as of ${since}: accounts, keys, drafts and the audit. Whoever was ` +
      'disabled and whatever was revoked since then is to be disabled and revoked again.',
    { data: dataDir, ...restored },
  );
}

/**
 * `holdfast verify`: all that a log can be asked whether it is what was written, and what a desk has seen
 * of it where a witness is given. Answers the exit code: 3 where something is wrong.
 */
export function verify(dataDir: string, witnessFile: string | undefined, out: Out): number {
  // Looked at and not made: a folder that was spelt wrong is no empty log.
  if (!existsSync(join(dataDir, 'log.db'))) throw new Error(`there is no log in ${dataDir}`);
  try {
    return verifyLog(dataDir, witnessFile, out);
  } catch (error) {
    const trouble = logTrouble(dataDir, error);
    if (!isDamage(trouble)) throw trouble;
    const message = trouble instanceof Error ? trouble.message : String(trouble);
    out(message, { outcome: 'damaged', message });
    return 3;
  }
}

function verifyLog(dataDir: string, witnessFile: string | undefined, out: Out): number {
  const points =
    witnessFile === undefined ? undefined : readWitness(readFileSync(witnessFile, 'utf8'));
  const db = openStore(join(dataDir, 'log.db'), logMigrations);
  try {
    const events = new SqliteEventLog(db);
    const { seq, hash } = events.head; // before: what comes while a server runs is not said to be looked at
    for (const check of logChecks(db)) while (check());
    const aside = db.prepare<[], number>('SELECT count(*) FROM tail_aside').pluck().get() ?? 0;
    const more = aside === 0 ? {} : { aside };
    const words = aside === 0 ? '' : `; ${aside} events that desks had stand aside`;
    const whole = `intact: ${seq} events, last hash ${hash}${words}`;
    const verdict = { outcome: 'intact', seq, hash, ...more };
    if (!points) {
      out(whole, verdict);
      return 0;
    }
    const logId = db.prepare<[], string>('SELECT log_id FROM log_meta').pluck().get() ?? '';
    const heard = hearWitness({ logId, hashAt: (at) => events.hashAt(at) }, points);
    out(`${whole}\n${wordsOf(heard)}`, { ...verdict, witness: heard });
    return heard.outcome === 'agrees' ? 0 : 3;
  } finally {
    db.close();
  }
}

const wordsOf = (heard: Testimony) =>
  heard.outcome === 'agrees'
    ? `the witness saw the same: ${heard.points} events, up to ${heard.upTo}`
    : `THE WITNESS SAW ANOTHER LOG: event ${heard.seq} ${heard.why === 'missing' ? 'is missing here' : 'was another one'}, ` +
      `up to ${heard.agreesUpTo} both are the same. Keep both folders as they are and call for help.`;

/**
 * `holdfast witness`: prints the hash of every event that a desk has, a line of JSON each, also while the
 * desk is at work. Nothing that was said or done is in it.
 */
export async function witness(
  dataDir: string,
  desk: string,
  say: (line: string) => void,
): Promise<void> {
  if (!existsSync(join(dataDir, 'identity.sealed')))
    throw new Error(`there is no desk in ${dataDir}`);
  const { identity } = await openIdentity(dataDir, desk);
  const key = Buffer.from(identity.storeKey, 'hex');
  const db = openStore(join(dataDir, replicaName(dataDir)), replicaMigrations, { key });
  try {
    const seen = new SqliteEventLog(db);
    for (let page = seen.readAfter(0, PAGE); page.length > 0;) {
      for (const {
        header: { logId, seq, hash },
      } of page)
        say(JSON.stringify({ logId, seq, hash }));
      page = seen.readAfter(page.at(-1)?.header.seq ?? 0, PAGE);
    }
  } finally {
    db.close();
  }
}
