import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

// As `tools/holdfast.mjs` starts it: see `productFlags` there.
const FLAGS = ['--max-semi-space-size=8'];
const CLI = join(import.meta.dirname, '../../cli/holdfast.ts');

/** What a command that ran to its end came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `holdfast` command to its end, with lines on its standard input. */
export async function runHoldfast(
  args: readonly string[],
  stdin = '',
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: 'pipe',
    env: { ...process.env, ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += String(data)));
  child.stderr.on('data', (data) => (stderr += String(data)));
  child.stdin.end(stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** A `holdfast` command that goes on until it is stopped: a server, a desk, a demo. */
export class Holdfast implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #told: string[] = [];
  readonly #exited: Promise<readonly [number | null]>;
  readonly #printed: Promise<string>;
  readonly #lines: AsyncIterator<string, undefined>;
  #wake = Promise.withResolvers<void>();
  #line = '';

  private constructor(args: readonly string[], environment: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [...FLAGS, CLI, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    this.#exited = once(child, 'exit') as Promise<[number | null]>;
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#told.push(line);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = this.#exited.then(([code]): never => {
      throw new Error(`holdfast ${args[0]} ended (${String(code)}): ${this.told}`);
    });
    const printed = this.#lines.next().then(({ value, done }) => (done === true ? ended : value));
    this.#printed = Promise.race([printed, ended]);
    this.#printed.catch(() => {}); // whoever waits for the line hears it; nobody may be waiting
  }

  /** Starts it, and does not wait for anything. */
  static begin(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Holdfast {
    return new Holdfast(args, environment);
  }

  /** Resolves once the command has printed its line. */
  static async start(
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Holdfast> {
    const started = new Holdfast(args, environment);
    started.#line = await started.#printed;
    return started;
  }

  /** The next line that it prints. Rejects where it ends instead. */
  async nextLine(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`nothing more was printed: ${this.told}`);
    return value;
  }

  /** Its JSON line. */
  get line(): string {
    return this.#line;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has told in words, on standard error. */
  get told(): string {
    return this.#told.join('\n');
  }

  /** Lets go what it has told so far, so that what it tells next can be awaited. */
  forget(): void {
    this.#told.length = 0;
  }

  /** Resolves once it has told so much. */
  async untilTold(words: string): Promise<void> {
    while (!this.told.includes(words)) await this.#wake.promise;
  }

  /** Resolves with the exit code once it has ended by itself. */
  async ended(): Promise<number | null> {
    const [code] = await this.#exited;
    return code;
  }

  /** Sends the signal, and resolves with the exit code once the process has gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    const [code] = await this.#exited;
    return code;
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
