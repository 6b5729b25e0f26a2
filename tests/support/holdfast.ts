import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const CLI = join(import.meta.dirname, '../../cli/holdfast.ts');

/** What a command that ran to its end came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `holdfast` command to its end, with lines on its standard input. */
export async function runHoldfast(args: readonly string[], stdin = ''): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += String(data)));
  child.stderr.on('data', (data) => (stderr += String(data)));
  child.stdin.end(stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** A `holdfast` command that goes on until it is stopped: a server, a desk, a demo. */
export class Holdfast implements AsyncDisposable {
  /** Its JSON line. */
  readonly line: string;
  readonly #child: ChildProcess;
  readonly #told: string[];

  private constructor(child: ChildProcess, line: string, told: string[]) {
    this.#child = child;
    this.line = line;
    this.#told = told;
  }

  /** Resolves once the command has printed its line. */
  static async start(args: readonly string[]): Promise<Holdfast> {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const told: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => told.push(line));
    const exited = once(child, 'exit').then(([code]): never => {
      throw new Error(`holdfast ${args[0]} ended (${String(code)}): ${told.join('\n')}`);
    });
    exited.catch(() => {}); // after its line, an end is nobody's surprise
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, 'line'), exited])) as [string];
    return new Holdfast(child, line, told);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has told in words, on standard error. */
  get told(): string {
    return this.#told.join('\n');
  }

  /** Sends the signal, and resolves with the exit code once the process has gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exited;
    }
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Whether a process of that id is there. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH: there is none
  }
}
