import { hash } from 'node:crypto';
import { join } from 'node:path';
import { GENESIS, verifyChain } from '#store/chain.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';

export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly recordedAt: number;
  readonly actor: string;
  readonly desk: string;
  readonly operation: string;
  readonly what: string;
  readonly subject: string;
  readonly outcome: string;
  readonly prevHash: string;
  readonly hash: string;
}

/**
 * What stands in a server's folder, looked at as an auditor does: both chains from their start, and for
 * every event the audit row of the command that it is of. An empty list of faults is what is promised.
 */
export function verifyServer(folder: string) {
  const db = openStore(join(folder, 'log.db'), logMigrations);
  try {
    const events = new SqliteEventLog(db).readAfter(0, 10_000_000);
    const audit = db
      .prepare<[], AuditRow>(
        `SELECT seq, at, recorded_at AS recordedAt, actor, desk, operation, what, subject, outcome,
           prev_hash AS prevHash, hash FROM audit ORDER BY seq`,
      )
      .all();
    const faults: string[] = [];
    const chain = verifyChain(events);
    if (chain.outcome === 'broken') faults.push(`the log is broken at ${chain.seq}: ${chain.at}`);
    let before = GENESIS;
    for (const { seq, prevHash, hash: told, ...row } of audit) {
      const spelt = JSON.stringify(
        Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))),
      );
      if (prevHash !== before || hash('sha256', before + spelt, 'hex') !== told)
        faults.push(`the audit is broken at ${seq}: ${row.what}`);
      before = told;
    }
    const recorded = new Map(
      audit.flatMap(({ subject, outcome }) => {
        const [, first, last] = /^recorded (\d+)-(\d+)$/.exec(outcome) ?? [];
        return first === undefined ? [] : [[subject, [Number(first), Number(last)]] as const];
      }),
    );
    for (const { header } of events) {
      const [first = 0, last = -1] = recorded.get(header.commandId) ?? [];
      if (header.seq < first || header.seq > last)
        faults.push(`event ${header.seq} has no row in the audit`);
    }
    return { faults, events: events.length, audit };
  } finally {
    db.close();
  }
}

/** How many refusals the audit tells of, those that are counted in one row with it. */
export const refusalsIn = (audit: readonly Pick<AuditRow, 'what' | 'outcome'>[], outcome: string) =>
  audit
    .filter((row) => row.outcome === outcome || row.outcome.startsWith(`${outcome}, `))
    .reduce((sum, row) => sum + Number(/, (\d+) (?:more|times)$/.exec(row.outcome)?.[1] ?? 1), 0);
