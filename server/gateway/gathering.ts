import type { DeskId, EpochMs } from '#domain/ids.ts';
import type { Recorder } from '../log/recorder-port.ts';
import type { Timers } from './timers.ts';

export interface GatheringOptions {
  readonly recorder: Pick<Recorder, 'endTails' | 'head' | 'epoch'>;
  /** The desks that may have something: all that are enrolled. */
  readonly desks: () => readonly string[];
  readonly now: () => EpochMs;
  readonly timers: Timers;
  /** How long a desk that does not come is waited for. */
  readonly withinMs: number;
  /** Told in words how it stands. */
  readonly told: (line: string) => void;
  readonly failed: (error: unknown) => void;
  /** The log goes on from here. `missing` are the desks that did not give all they have. */
  readonly ended: (missing: readonly string[]) => void;
}

/** All that a desk has; or less, since it has another log or cannot read its own; or nothing, since it obeys a later server. */
export type Given = 'all' | 'not-all' | 'a-later-server';

const AGAIN_AFTER_MS = 1_000;

/**
 * After a restore: waits until every enrolled desk has given what it has beyond the back-up, or the time
 * is up, and then lets the log go on. A desk works alone meanwhile and loses nothing; one that comes
 * later is asked then.
 */
export class Gathering {
  readonly #options: GatheringOptions;
  readonly #came = new Map<string, Given>();
  readonly #from: number;
  #stop: () => void;
  #isEnding = false;

  constructor(options: GatheringOptions) {
    this.#options = options;
    const { recorder, timers, withinMs, told } = options;
    this.#from = recorder.head().seq;
    const desks = options.desks();
    this.#stop = timers.after(desks.length === 0 ? 0 : withinMs, () => void this.#end());
    told(
      `restored up to event ${this.#from}; waiting at most ${withinMs / 1_000} s for what the desks ` +
        `have beyond it: ${desks.join(', ') || 'none is enrolled'}`,
    );
  }

  /** A desk has come, and given what it can. */
  gave(desk: DeskId, what: Given): void {
    if (what === 'a-later-server' && this.#came.get(desk) !== what)
      this.#options.told(
        `${desk} has seen a server of a later epoch, and joins none before it. If one runs, stop this one. If ` +
          'not, the clock was behind when this log was restored: stop it, set the clock right, and ' +
          'restore the back-up again.',
      );
    this.#came.set(desk, what);
    if (this.#options.desks().every((it) => this.#came.has(it))) void this.#end();
  }

  close(): void {
    this.#isEnding = true;
    this.#stop();
  }

  #missing = () => this.#options.desks().filter((desk) => this.#came.get(desk) !== 'all');

  async #end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#stop();
    const { recorder, now, timers, told, failed, ended } = this.#options;
    const { seq } = recorder.head();
    const missing = this.#missing();
    const heard = this.#came
      .values()
      .filter((what) => what === 'all')
      .toArray().length;
    const taken = seq > this.#from ? `events ${this.#from + 1}-${seq}` : 'nothing';
    try {
      await recorder.endTails({
        at: now(),
        actor: 'system',
        desk: 'server',
        operation: 'administration',
        what: 'restore',
        subject: `epoch ${recorder.epoch}`,
        outcome: `took ${taken} of ${heard} desks, ${missing.length} not heard`,
      });
    } catch (error) {
      failed(error);
      this.#isEnding = false;
      this.#stop = timers.after(AGAIN_AFTER_MS, () => void this.#end());
      return;
    }
    const late = missing.length === 0 ? 'every desk was heard' : `not heard: ${missing.join(', ')}`;
    told(`the desks gave ${taken}; ${late}. The log goes on.`);
    ended(missing);
  }
}
