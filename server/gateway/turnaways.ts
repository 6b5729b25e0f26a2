import type { EpochMs } from '#domain/ids.ts';
import type { AuditRow, Recorder } from '../log/recorder-port.ts';
import type { Timers } from './timers.ts';

/** So many of one kind a minute have a row each; whoever comes on is counted. */
export const EACH_MAX = 20;
export const COUNT_FOR_MS = 60_000;
const KINDS_MAX = 1_000; // a name is whoever's who knocks; beyond this they share one row

type Row = Omit<AuditRow, 'at' | 'operation'>;

interface Kind {
  readonly row: Row;
  told: number;
  more: number;
}

/**
 * The audit of who was turned away. A row costs a commit, and a stranger can knock a thousand times a
 * second: of one kind the first of a minute have a row each, and the rest one together, with their
 * number. So nothing is left out, and nobody can fill the disk or hold up the writer by knocking.
 */
export class Turnaways {
  readonly #recorder: Recorder;
  readonly #now: () => EpochMs;
  readonly #failed: (error: unknown) => void;
  readonly #kinds = new Map<string, Kind>();
  readonly #stop: () => void;

  constructor(ports: {
    readonly recorder: Recorder;
    readonly now: () => EpochMs;
    readonly timers: Timers;
    /** Told where a count could not be written. */
    readonly failed: (error: unknown) => void;
  }) {
    this.#recorder = ports.recorder;
    this.#now = ports.now;
    this.#failed = ports.failed;
    this.#stop = ports.timers.every(COUNT_FOR_MS, () => void this.#tellCounts());
  }

  /** Resolves once it is on record, or counted. Rejects where the audit could not be written. */
  async add(row: Row): Promise<void> {
    const kind = this.#kindOf(row);
    if (kind.told >= EACH_MAX) {
      kind.more += 1;
      return;
    }
    kind.told += 1;
    await this.#recorder.audit([{ ...row, at: this.#now(), operation: 'security' }]);
  }

  /** Writes what is counted; resolves when it is on record. */
  async close(): Promise<void> {
    this.#stop();
    await this.#tellCounts();
  }

  #kindOf(row: Row): Kind {
    const { actor, desk, what, outcome } = row;
    const name = JSON.stringify([actor, desk, what, outcome]);
    const known = this.#kinds.get(name);
    if (known) return known;
    if (this.#kinds.size >= KINDS_MAX && row !== OTHERS) return this.#kindOf(OTHERS);
    const kind = { row, told: row === OTHERS ? EACH_MAX : 0, more: 0 };
    this.#kinds.set(name, kind);
    return kind;
  }

  async #tellCounts(): Promise<void> {
    const at = this.#now();
    const rows = [...this.#kinds.values()]
      .filter(({ more }) => more > 0)
      .map(({ row, more }): AuditRow => ({
        ...row,
        at,
        operation: 'security',
        subject: 'several',
        outcome: `${row.outcome}, ${more} more`,
      }));
    this.#kinds.clear();
    if (rows.length > 0) await this.#recorder.audit(rows).catch(this.#failed);
  }
}

const OTHERS: Row = {
  actor: 'unknown',
  desk: 'unknown',
  what: 'others',
  subject: 'several',
  outcome: 'refused',
};
