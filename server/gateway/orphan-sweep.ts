import type { EpochMs } from '#domain/ids.ts';
import type { Recorder, UnownedCounts } from '../log/recorder-port.ts';
import { realTimers, type Timers } from './timers.ts';

export const SWEEP_EVERY_MS = 60_000; // what the panels show is each desk's own, and sooner

export interface OrphanSweepOptions {
  readonly recorder: Pick<Recorder, 'unowned'>;
  readonly now: () => EpochMs;
  /** A line for the technical log: how many, never which. */
  readonly told: (line: string) => void;
  readonly failed: (error: unknown) => void;
  readonly timers?: Timers;
}

/**
 * Looks every minute for what nobody on duty has in hand. It changes nothing: the panels of supervisors and
 * dispatchers show the same from what their desks hold. The server's count is for who watches the server.
 */
export class OrphanSweep {
  readonly #options: OrphanSweepOptions;
  readonly #stop: () => void;
  #counts: UnownedCounts = {};
  #isLooking = false;
  #isClosed = false;

  constructor(options: OrphanSweepOptions) {
    this.#options = options;
    const { timers = realTimers } = options;
    this.#stop = timers.every(SWEEP_EVERY_MS, () => void this.sweep());
    void this.sweep();
  }

  /** What the last sweep found. */
  get counts(): UnownedCounts {
    return this.#counts;
  }

  async sweep(): Promise<void> {
    if (this.#isLooking || this.#isClosed) return;
    const { recorder, now, told, failed } = this.#options;
    this.#isLooking = true;
    try {
      const before = totalOf(this.#counts);
      this.#counts = await recorder.unowned(now());
      const total = totalOf(this.#counts);
      if (total !== before) told(`orphan sweep: ${total} without an owner or past its time`);
    } catch (error) {
      // A server that stops has no writer to ask any more.
      if (!this.#isClosed) failed(error);
    } finally {
      this.#isLooking = false;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }
}

const totalOf = (counts: UnownedCounts) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
