import { hash } from 'node:crypto';
import type { EpochMs } from '#domain/ids.ts';
import type { Answer } from '#protocol/ack.ts';
import { GENESIS } from '#store/chain.ts';
import type { Store } from '#store/open-store.ts';
import type { AuditRow, ConsultedRow } from './recorder-port.ts';

/** Audit rows that are no command's: as they are, or of a desk that may send them twice. */
export type Audit =
  | { readonly type: 'audit'; readonly rows: readonly AuditRow[] }
  | {
      readonly type: 'consulted';
      readonly outboxId: string;
      readonly rows: readonly ConsultedRow[];
    };

/** The audit of a log, each row chained to the one before. What it writes belongs to the caller's transaction. */
export class AuditTrail {
  readonly #now: () => EpochMs;
  readonly #sql;
  #hash: string;

  constructor(log: Store, now: () => EpochMs) {
    this.#now = now;
    this.#sql = {
      consulted: log
        .prepare<[string], number>('SELECT n FROM consulted WHERE outbox_id = ?')
        .pluck(),
      putConsulted: log.prepare<[string, number]>(
        `INSERT INTO consulted VALUES (?, ?)
         ON CONFLICT (outbox_id) DO UPDATE SET n = max(n, excluded.n)`,
      ),
      last: log.prepare<[], string>('SELECT hash FROM audit ORDER BY seq DESC LIMIT 1').pluck(),
      put: log.prepare<(string | number)[]>(
        `INSERT INTO audit (at, recorded_at, actor, desk, operation, what, subject, outcome,
           prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
    };
    this.#hash = this.#sql.last.get() ?? GENESIS;
  }

  /** What was put since is undone in the file: the chain goes on from there. */
  refresh(): void {
    this.#hash = this.#sql.last.get() ?? GENESIS;
  }

  putAll(audit: Audit): void {
    if (audit.type === 'audit') {
      for (const row of audit.rows) this.put(row);
      return;
    }
    const { outboxId, rows } = audit;
    const kept = this.#sql.consulted.get(outboxId) ?? 0;
    for (const { n, row } of rows) if (n > kept) this.put(row);
    this.#sql.putConsulted.run(outboxId, rows.at(-1)?.n ?? 0);
  }

  put(row: AuditRow): void {
    const { at, operation } = row;
    // The disk keeps half a letter as another one: hashed as it came, the chain would never verify again.
    const actor = row.actor.toWellFormed();
    const desk = row.desk.toWellFormed();
    const what = row.what.toWellFormed();
    const subject = row.subject.toWellFormed();
    const outcome = row.outcome.toWellFormed();
    const recordedAt = this.#now();
    const prevHash = this.#hash;
    const kept = { at, operation, actor, desk, what, subject, outcome };
    this.#hash = auditHashOf(kept, recordedAt, prevHash);
    this.#sql.put.run(
      at,
      recordedAt,
      actor,
      desk,
      operation,
      what,
      subject,
      outcome,
      prevHash,
      this.#hash,
    );
  }
}

/** What an auditor hashes again: a row in one spelling, keys sorted, after the row before it. */
export function auditHashOf(row: AuditRow, recordedAt: number, prevHash: string): string {
  const { at, actor, desk, operation, what, subject, outcome } = row;
  const spelt = JSON.stringify([
    ['actor', actor],
    ['at', at],
    ['desk', desk],
    ['operation', operation],
    ['outcome', outcome],
    ['recordedAt', recordedAt],
    ['subject', subject],
    ['what', what],
  ]);
  return hash('sha256', prevHash + spelt, 'hex');
}

/** An answer as its audit row repeats it. */
export const outcomeOf = (answer: Answer): string =>
  answer.state === 'recorded'
    ? `recorded ${answer.firstSeq}-${answer.lastSeq}`
    : `refused ${answer.refusal.reason}`;
