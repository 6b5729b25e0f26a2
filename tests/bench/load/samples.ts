import { rounded } from '../measure.ts';

/** How measured times are spread; what was expected and never came is in none of them. */
export interface Spread {
  readonly samples: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Millions of measured times, eight bytes each. */
export class Samples {
  #values = new Float64Array(1 << 16);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  /** By nearest rank, so that every figure is one that was measured. */
  spread(): Spread {
    const sorted = this.#values.slice(0, this.#count).toSorted();
    const at = (share: number) =>
      rounded(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
    return { samples: this.#count, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
  }
}
