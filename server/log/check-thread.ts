import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { answer } from '#protocol/ack.ts';
import { GENESIS } from '#store/chain.ts';
import { DamagedFileError } from '#store/file-trouble.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { soundPage, SqliteEventLog } from '#store/sqlite-event-log.ts';
import { auditHashOf, outcomeOf } from './log-writer.ts';
import { logTrouble } from './open-writer.ts';
import type { AuditRow } from './recorder-port.ts';

/**
 * Looks once at all of a log, beside a server that is at work: its events and audit rows by their
 * chains, its answers by the audit, its pages and indexes by SQLite's own check. What the disk has
 * changed since it was written is found before it has been lived with for long. The thread tells that
 * all is sound, or dies of what is not.
 */
const PAGE = 500;
const REST_SHARE = 3; // it rests three times as long as it worked: people's work has the processor

type KeptAudit = AuditRow & { seq: number; recordedAt: number; prevHash: string; hash: string };

const { dataDir } = workerData as { dataDir: string };
const db = openStore(join(dataDir, 'log.db'), logMigrations);
const events = new SqliteEventLog(db);
const audits = db.prepare<[number, number], KeptAudit>(
  `SELECT seq, at, recorded_at AS recordedAt, actor, desk, operation, what, subject, outcome,
     prev_hash AS prevHash, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`,
);
const answered = db
  .prepare<[string], string>('SELECT answer FROM answer WHERE command_id = ?')
  .pluck();

async function inTurns(work: () => boolean): Promise<void> {
  for (;;) {
    const began = performance.now();
    if (!work()) return;
    await rest((performance.now() - began) * REST_SHARE);
  }
}

let from = { seq: 0, hash: GENESIS };

function checkEvents(): boolean {
  const page = soundPage(from.seq, events.readAfter(from.seq, PAGE));
  const first = page[0]?.header;
  if (first && first.prevHash !== from.hash)
    throw new DamagedFileError(`event ${first.seq} does not follow on the one before it`);
  const last = page.at(-1)?.header;
  if (last) from = { seq: last.seq, hash: last.hash };
  return last !== undefined;
}

let lastAudit = { seq: 0, hash: GENESIS };

function checkAudit(): boolean {
  const page = audits.all(lastAudit.seq, PAGE);
  for (const { seq, recordedAt, prevHash, hash, ...row } of page) {
    if (prevHash !== lastAudit.hash || auditHashOf(row, recordedAt, prevHash) !== hash)
      throw new DamagedFileError(`audit row ${seq} is not what was written`);
    lastAudit = { seq, hash };
    const isOfCommand = row.operation === 'alteration' || row.operation === 'collection';
    if (isOfCommand && outcomeIn(answered.get(row.subject)) !== row.outcome)
      throw new DamagedFileError(`the answer to ${row.subject} is not what was given`);
  }
  return page.length > 0;
}

/** What an answer says, or undefined for what is none. */
function outcomeIn(text: string | undefined): string | undefined {
  try {
    const parsed = answer.safeParse(JSON.parse(text ?? ''));
    return parsed.success ? outcomeOf(parsed.data) : undefined;
  } catch {
    return undefined; // no JSON any more
  }
}

const tables = db
  .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
  .pluck()
  .all();

/** One table with its indexes at a time, so that none of it takes long. */
function checkPages(): boolean {
  const name = tables.pop();
  if (name === undefined) return false;
  const told = db.pragma(`integrity_check("${name}")`, { simple: true });
  if (told !== 'ok') throw new DamagedFileError(String(told));
  return true;
}

try {
  for (const work of [checkEvents, checkAudit, checkPages]) await inTurns(work);
  parentPort?.postMessage('sound');
} catch (error) {
  throw logTrouble(dataDir, error);
} finally {
  db.close();
}
