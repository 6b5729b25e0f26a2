import { Samples, type Spread } from './samples.ts';

/** What many clients are to one who writes: each write comes to every reader once. */
export interface Audience {
  readonly readers: number;
  /** Asks for write `n`; whoever makes the audience calls `seen(n)` each time a reader has it. */
  readonly write: (n: number) => void;
}

export interface TrafficReport {
  /** From when a write was due to when a reader has it, over every write and every reader, in ms. */
  readonly seen: Spread;
  readonly writes: number;
  /** Writes a second that had come to every reader. */
  readonly rate: number;
  readonly deliveries: number;
}

/** Calls `work` with each number below `total` when it is due, and with when that was. */
export function atPace(
  rate: number,
  total: number,
  work: (n: number, due: number) => void,
): Promise<void> {
  const start = performance.now();
  let n = 0;
  return new Promise((resolve) => {
    const next = () => {
      const now = performance.now();
      for (; n < total; n += 1) {
        const due = start + (n * 1_000) / rate;
        if (due > now) {
          setTimeout(next, due - now);
          return;
        }
        work(n, due);
      }
      resolve();
    };
    next();
  });
}

const ALL_SEEN_WITHIN_MS = 120_000;

/** Writes at a pace or as fast as it goes, and waits until every reader has seen every write. */
export class Traffic {
  readonly #audience: Audience;
  readonly #dueAt: number[] = [];
  readonly #left: number[] = [];
  #samples = new Samples();
  #measuredFrom = 0;
  #seenByAll = 0;
  #deliveries = 0;
  #progressed: (() => void) | undefined;

  constructor(audience: Audience) {
    this.#audience = audience;
  }

  seen(n: number, at: number): void {
    const dueAt = this.#dueAt[n];
    if (dueAt === undefined) return; // of an earlier traffic
    this.#deliveries += 1;
    if (n >= this.#measuredFrom) this.#samples.add(at - dueAt);
    this.#left[n] = (this.#left[n] ?? 0) - 1;
    if (this.#left[n] !== 0) return;
    this.#seenByAll += 1;
    this.#progressed?.();
  }

  /** `rate` writes a second whatever becomes of them: one that is late is late, and counts as such. */
  async paced(rate: number, seconds: number, warmUpSeconds = 1): Promise<TrafficReport> {
    const warmUp = Math.round(rate * warmUpSeconds);
    const total = warmUp + Math.round(rate * seconds);
    this.#measuredFrom = warmUp;
    await atPace(rate, total, (_n, due) => this.#write(due));
    await this.#until(() => this.#seenByAll === total);
    return this.#report(total - warmUp, seconds);
  }

  /** As fast as it goes with `inFlight` writes that not every reader has seen. */
  async saturated(inFlight: number, seconds: number, warmUpSeconds = 1): Promise<TrafficReport> {
    const start = performance.now();
    const measureAt = start + warmUpSeconds * 1_000;
    const end = measureAt + seconds * 1_000;
    this.#measuredFrom = Number.MAX_SAFE_INTEGER;
    let measuredSeen = 0;
    await new Promise<void>((resolve) => {
      const fill = () => {
        const now = performance.now();
        if (this.#measuredFrom > this.#dueAt.length && now >= measureAt) {
          this.#measuredFrom = this.#dueAt.length;
          measuredSeen = this.#seenByAll;
        }
        if (now >= end) {
          this.#progressed = undefined;
          return resolve();
        }
        while (this.#dueAt.length - this.#seenByAll < inFlight) this.#write(performance.now());
      };
      this.#progressed = fill;
      fill();
    });
    const took = (performance.now() - measureAt) / 1_000;
    const seen = this.#seenByAll - measuredSeen;
    await this.#until(() => this.#seenByAll === this.#dueAt.length);
    return this.#report(seen, took);
  }

  #write(due: number): void {
    const n = this.#dueAt.length;
    this.#dueAt.push(due);
    this.#left.push(this.#audience.readers);
    this.#audience.write(n);
  }

  #report(writes: number, seconds: number): TrafficReport {
    return {
      seen: this.#samples.spread(),
      writes,
      rate: writes / seconds,
      deliveries: this.#deliveries,
    };
  }

  async #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = setTimeout(
      () =>
        reject(
          new Error(
            `${this.#dueAt.length} writes, ${this.#seenByAll} of them seen by every reader`,
          ),
        ),
      ALL_SEEN_WITHIN_MS,
    );
    this.#progressed = () => isSo() && resolve();
    await promise;
    clearTimeout(giveUp);
    this.#progressed = undefined;
  }
}
