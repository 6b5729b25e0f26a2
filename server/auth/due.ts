import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Asked } from '#domain/commands.ts';
import type { CommandId, DeskId, EpochMs, UserId } from '#domain/ids.ts';
import type { Store } from '#store/open-store.ts';
import { NotRecordable, type AuditRow, type Recorder } from '../log/recorder-port.ts';

/** What the log is still to hold: a fact for the desks, with its audit row, or an audit row alone. */
export type Due =
  | {
      readonly kind: 'event';
      readonly commandId: CommandId;
      readonly asked: Asked;
      readonly at: EpochMs;
      readonly actor: UserId;
      /** Where it was asked; the server's own where an earlier release put it down. */
      readonly desk?: DeskId;
    }
  | { readonly kind: 'audit'; readonly row: AuditRow };

const row = z.object({ id: z.string(), what: z.string() });

/**
 * Accounts and the log are two files, and no transaction spans both. What is done here is put down as due
 * in the same transaction and then brought to the log, each once and in order, after a crash too: a command
 * is known there by its id, and an audit row by the name it was given here.
 */
export class DueRecords {
  readonly #recorder: Pick<Recorder, 'record' | 'consulted'>;
  readonly #failed: (error: unknown) => void;
  readonly #sql;
  #last: Promise<void> = Promise.resolve();

  constructor(
    db: Store,
    recorder: Pick<Recorder, 'record' | 'consulted'>,
    failed: (error: unknown) => void,
  ) {
    this.#recorder = recorder;
    this.#failed = failed;
    this.#sql = {
      put: db.prepare<[string, string]>('INSERT INTO due (id, what) VALUES (?, ?)'),
      first: db.prepare<[]>('SELECT id, what FROM due ORDER BY n LIMIT 1'),
      drop: db.prepare<[string]>('DELETE FROM due WHERE id = ?'),
    };
  }

  get isEmpty(): boolean {
    return this.#sql.first.get() === undefined;
  }

  /** Belongs to the transaction of what was done. */
  put(due: Due): void {
    this.#sql.put.run(randomUUID(), JSON.stringify(due));
  }

  /** Resolves when the log has all that was due; rejects where it could not take it, which is tried again. */
  carry(): Promise<void> {
    const carried = this.#last.then(() => this.#carryAll());
    this.#last = carried.catch(() => {}); // told to whoever waits for it
    return carried;
  }

  async #carryAll(): Promise<void> {
    for (;;) {
      const found = row.optional().parse(this.#sql.first.get());
      if (!found) return;
      await this.#bring(found.id, JSON.parse(found.what) as Due); // written by `put` only
      this.#sql.drop.run(found.id);
    }
  }

  async #bring(id: string, due: Due): Promise<void> {
    if (due.kind === 'audit') {
      await this.#recorder.consulted(id, [{ n: 1, row: due.row }]);
      return;
    }
    const { commandId, asked, at, actor, desk = 'server' as DeskId } = due;
    try {
      // What the log has already it refuses, and its audit says so.
      await this.#recorder.record({ commandId, asked, occurredAt: at, actor, desk });
    } catch (error) {
      if (!(error instanceof NotRecordable)) throw error;
      this.#failed(error); // it would be so each time, and keep back what comes after it
    }
  }
}
