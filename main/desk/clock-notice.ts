import type { EpochMs } from '#domain/ids.ts';
import type { Notice } from '#protocol/server-notices.ts';

const ENDS_AT = 0.75; // of the limit: a clock that is just about there does not come and go

/** What the people here are told of this desk's clock, where it is not the server's. */
export class ClockNotice {
  readonly #warnMs: number;
  #notice: Notice | undefined;

  constructor(warnMs: number) {
    this.#warnMs = warnMs;
  }

  /** How far the server's clock is ahead of this desk's, as it was last measured. */
  hear(offsetMs: number, now: EpochMs): Notice | undefined {
    const off = Math.abs(offsetMs);
    if (off < this.#warnMs * (this.#notice ? ENDS_AT : 1)) return (this.#notice = undefined);
    const by = off < 60_000 ? `${(off / 1_000).toFixed(1)} s` : `${Math.round(off / 60_000)} min`;
    return (this.#notice = {
      about: 'desk-clock',
      level: 'warning',
      since: this.#notice?.since ?? now,
      text: `This desk's clock is ${by} ${offsetMs > 0 ? 'behind' : 'ahead of'} the server's`,
    });
  }
}
