import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Choice, Outcome } from './simulation.ts';

/** What a process is started with: every `step`th seed from `first` on, below `end`. */
export interface Share {
  readonly seeds: { readonly first: number; readonly step: number; readonly end: number };
  readonly choice: Choice;
}

export interface Range {
  readonly from: number;
  /** Without it the seeds go on until `signal`. */
  readonly count?: number;
  readonly choice: Choice;
}

const WORKER = join(import.meta.dirname, 'seeds-worker.ts');

/**
 * Runs seeds on all cores, in a process for each, and tells each outcome as it comes. A seed runs whole
 * in one of them and gives the same outcome alone.
 */
export async function runSeeds(
  { from, count, choice }: Range,
  told: (outcome: Outcome) => void,
  signal?: AbortSignal,
): Promise<void> {
  const step = Math.min(availableParallelism(), count ?? Number.MAX_SAFE_INTEGER);
  const end = count === undefined ? Number.MAX_SAFE_INTEGER : from + count;
  const runs = Array.from({ length: step }, async (_, at) => {
    const share: Share = { seeds: { first: from + at, step, end }, choice };
    const worker = fork(WORKER, [JSON.stringify(share)], { execArgv: [] });
    worker.on('message', (outcome) => told(outcome as Outcome)); // all that a worker sends
    const stop = () => void worker.kill();
    signal?.addEventListener('abort', stop);
    const [code] = (await once(worker, 'close')) as [number | null];
    signal?.removeEventListener('abort', stop);
    // One that cannot run is no outcome.
    if (code !== 0 && signal?.aborted !== true)
      throw new Error(`the simulation from seed ${from + at} ended with ${code}`);
  });
  await Promise.all(runs);
}

/** What is wrong with a seed, and how to see it again. */
export const linesOf = ({ seed, broken }: Outcome): string =>
  [`seed ${seed} (HOLDFAST_SEED=${seed} runs it again):`, ...broken.slice(0, 5)].join('\n  ');
