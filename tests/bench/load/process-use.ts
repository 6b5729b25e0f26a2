import { readFileSync } from 'node:fs';
import { rounded } from '../measure.ts';

const TICKS_A_SECOND = 100; // USER_HZ, which is 100 on every Linux that Node runs on

/** How much of a core a process used: the whole of it, and its event loop alone. */
export interface CoreShare {
  readonly all: number;
  readonly mainThread: number;
}

interface Reading {
  readonly atMs: number;
  readonly all: number;
  readonly mainThread: number;
}

/**
 * What another process uses, as Linux counts it: processor time by thread, and resident memory. The
 * main thread is the event loop; beside it stand the log's writer, V8's own threads and the file pool.
 */
export class ProcessUse {
  readonly #pid: number;
  readonly #since: Reading;

  constructor(pid: number) {
    this.#pid = pid;
    this.#since = readCpu(pid);
  }

  /** Since this was made, as a share of one core. */
  cores(): CoreShare {
    const now = readCpu(this.#pid);
    const ms = now.atMs - this.#since.atMs;
    const share = (ticks: number) => rounded((ticks * 1_000) / TICKS_A_SECOND / ms);
    return {
      all: share(now.all - this.#since.all),
      mainThread: share(now.mainThread - this.#since.mainThread),
    };
  }

  /** Processor time since this was made, in milliseconds. */
  cpuMs(): number {
    return ((readCpu(this.#pid).all - this.#since.all) * 1_000) / TICKS_A_SECOND;
  }
}

/** Resident memory of a process, in MB. */
export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return rounded(Number(kilobytes) / 1_000);
}

function readCpu(pid: number): Reading {
  return {
    atMs: performance.now(),
    all: ticksIn(`/proc/${pid}/stat`),
    mainThread: ticksIn(`/proc/${pid}/task/${pid}/stat`),
  };
}

/** User and system time: the fields after the name, which may hold anything. */
function ticksIn(file: string): number {
  const text = readFileSync(file, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
