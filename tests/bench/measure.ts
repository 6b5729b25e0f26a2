import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** What a budget is about, and on which side of it the measurement came out. */
export interface Budget {
  readonly of: string;
  readonly most?: number;
  readonly least?: number;
  readonly measured: number;
  readonly isWithin: boolean;
}

export interface Result {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
  readonly unit: 'ms' | 'commands/s' | 'events/s' | 'MB';
  readonly budget: readonly Budget[];
  readonly isWithin: boolean;
  /** The limit that the machine sets, measured in the same run. */
  readonly beside: Readonly<Record<string, number>>;
  readonly ratio: Readonly<Record<string, number>>;
  /** What is measured, from where to where, and what is not in it. */
  readonly note: string;
}

export const atMost = (of: string, actual: number, most: number): Budget => ({
  of,
  most,
  measured: actual,
  isWithin: actual <= most,
});
export const atLeast = (of: string, actual: number, least: number): Budget => ({
  of,
  least,
  measured: actual,
  isWithin: actual >= least,
});

export const result = (parts: Omit<Result, 'isWithin'>): Result => {
  const { name, values, unit, budget, ...rest } = parts;
  const isWithin = budget.every((it) => it.isWithin);
  return { name, values, unit, budget, isWithin, ...rest };
};

/** Nearest rank, so that every figure is one that was measured. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const rounded = (value: number) => Number(value.toPrecision(4));

export const spread = (samples: readonly number[]) => ({
  p50: rounded(quantile(samples, 0.5)),
  p99: rounded(quantile(samples, 0.99)),
  max: rounded(Math.max(...samples)),
});

/** How long `work` takes, in milliseconds. */
export function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

export const say = (words: string) => void process.stderr.write(`${words}\n`);

export class TempFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const BLOCK_BYTES = 4_096;
const BLOCKS = 1_000; // as many pages as a WAL is recycled after

/**
 * The most that a recycled WAL could do on this disk: 4 KiB over blocks that exist already, then
 * fdatasync. Nothing about the file changes with it but its content.
 */
export class RawDisk implements Disposable {
  readonly #file: number;
  readonly #block = Buffer.alloc(BLOCK_BYTES, 1);
  #at = 0;

  constructor(folder: string) {
    this.#file = openSync(join(folder, 'raw'), 'w');
    for (let at = 0; at < BLOCKS; at += 1)
      writeSync(this.#file, this.#block, 0, BLOCK_BYTES, at * BLOCK_BYTES);
    fsyncSync(this.#file);
  }

  commit(): void {
    this.#block.writeUInt32LE(this.#at);
    writeSync(this.#file, this.#block, 0, BLOCK_BYTES, (this.#at % BLOCKS) * BLOCK_BYTES);
    fdatasyncSync(this.#file);
    this.#at += 1;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
