import { answer } from '#protocol/ack.ts';
import { GENESIS } from '#store/chain.ts';
import { DamagedFileError } from '#store/file-trouble.ts';
import type { Store } from '#store/open-store.ts';
import { soundPage, SqliteEventLog } from '#store/sqlite-event-log.ts';
import { auditHashOf, outcomeOf } from './audit-trail.ts';
import type { AuditRow } from './recorder-port.ts';

const PAGE = 500;

type KeptAudit = AuditRow & { seq: number; recordedAt: number; prevHash: string; hash: string };

/**
 * All that a log can be asked whether it is what was written: its events and audit rows by their chains,
 * its answers by the audit, its pages and indexes by SQLite's own check. Each is called until it says
 * that it has nothing more to look at, and throws `DamagedFileError` or `ChainError` at what is wrong.
 */
export function logChecks(db: Store): readonly (() => boolean)[] {
  const events = new SqliteEventLog(db);
  const audits = db.prepare<[number, number], KeptAudit>(
    `SELECT seq, at, recorded_at AS recordedAt, actor, desk, operation, what, subject, outcome,
       prev_hash AS prevHash, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`,
  );
  const answered = db
    .prepare<[string], string>('SELECT answer FROM answer WHERE command_id = ?')
    .pluck();
  const tables = db
    .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
    .pluck()
    .all();
  let from = { seq: 0, hash: GENESIS };
  let lastAudit = { seq: 0, hash: GENESIS };

  const checkEvents = () => {
    const page = soundPage(from.seq, events.readAfter(from.seq, PAGE));
    const first = page[0]?.header;
    if (first && first.prevHash !== from.hash)
      throw new DamagedFileError(`event ${first.seq} does not follow on the one before it`);
    const last = page.at(-1)?.header;
    if (last) from = { seq: last.seq, hash: last.hash };
    return last !== undefined;
  };

  const checkAudit = () => {
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
  };

  /** One table with its indexes at a time, so that none of it takes long. */
  const checkPages = () => {
    const name = tables.pop();
    if (name === undefined) return false;
    const told = db.pragma(`integrity_check("${name}")`, { simple: true });
    if (told !== 'ok') throw new DamagedFileError(String(told));
    return true;
  };

  return [checkEvents, checkAudit, checkPages];
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
