/** How lengths of time are spread, by nearest rank, so that every figure is one that was measured. */
export interface Spread {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly count: number;
}

/** The value that `share` of the sorted values do not exceed; undefined where there are none. */
export const atShare = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];

/** The last measured lengths of time, at most so many and none older than `ageMs`: what it is like now. */
export class RollingTimes {
  readonly #max: number;
  readonly #ageMs: number;
  #times: { readonly at: number; readonly ms: number }[] = [];

  constructor({ max, ageMs }: { readonly max: number; readonly ageMs: number }) {
    this.#max = max;
    this.#ageMs = ageMs;
  }

  /** `at` is a moment of a clock that nobody sets, the same as that of `spread`. */
  add(ms: number, at: number): void {
    this.#times.push({ at, ms: Math.max(0, ms) });
    if (this.#times.length > this.#max) this.#times.shift();
  }

  spread(now: number): Spread | undefined {
    this.#times = this.#times.filter(({ at }) => now - at <= this.#ageMs);
    const sorted = this.#times.map(({ ms }) => ms).toSorted((a, b) => a - b);
    const [p50Ms, p95Ms] = [atShare(sorted, 0.5), atShare(sorted, 0.95)];
    if (p50Ms === undefined || p95Ms === undefined) return undefined;
    return { p50Ms, p95Ms, count: sorted.length };
  }
}
