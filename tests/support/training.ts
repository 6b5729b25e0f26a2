import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { RecordedEvent } from '#domain/event.ts';
import type { Counts } from '#training/counts.ts';
import type { NewForce } from './new-force.ts';

const CLI = join(import.meta.dirname, '../../cli/holdfast.ts');
/** The password of a `NewForce`'s administrator. */
export const ADMINISTRATORS = 'the administrators own';

/** The first line that a training room prints. */
export interface Begun {
  readonly run: string;
  readonly desks: readonly string[];
  readonly units: number;
  readonly isMadeUp: boolean;
}

/** The last one. */
export interface Ended {
  readonly run: string;
  readonly counts: Counts;
}

/** `holdfast training` in a process of its own, let in by the administrator of a `NewForce`. */
export class Training implements Disposable {
  readonly #child;
  readonly #lines;
  readonly #exited: Promise<readonly [number | null]>;
  #told = '';

  /** `args` as they are written behind `holdfast training`, such as `--speed 240 --rate 4`. */
  constructor(url: string, args: string) {
    const all = `training --json --server ${url} --as admin ${args}`.split(' ');
    this.#child = spawn(process.execPath, [CLI, ...all], { stdio: 'pipe' });
    this.#child.stdin.end(`${ADMINISTRATORS}\n`);
    this.#child.stderr.on('data', (data) => (this.#told += String(data)));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#exited = once(this.#child, 'exit') as Promise<[number | null]>;
  }

  /** Resolves once it is at work. */
  begun(): Promise<Begun> {
    return this.#line<Begun>();
  }

  /** Stops it as Ctrl-C does; resolves with what it says at its end, and its exit code. */
  async stop(): Promise<Ended & { readonly code: number | null }> {
    this.#child.kill('SIGTERM');
    const ended = await this.#line<Ended>();
    const [code] = await this.#exited;
    return { ...ended, code };
  }

  /** Ends it with SIGKILL; resolves once it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** What it told beside its lines: nothing, where all went as it should. */
  get told(): string {
    return this.#told;
  }

  async #line<Line>(): Promise<Line> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the training ended: ${this.#told}`);
    return JSON.parse(value) as Line; // the caller knows which line it is
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** Adds what the log has beyond these events, as an auditor reads it. */
export async function readOn(events: RecordedEvent[], force: NewForce, auditor: string) {
  const response = await fetch(`${force.url}/api/events?after=${events.at(-1)?.seq ?? 0}`, {
    headers: { authorization: `Bearer ${auditor}` },
  });
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  events.push(...lines.map((line) => JSON.parse(line) as RecordedEvent)); // as INTERFACES.md says of a line
}
