import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { compareRoom } from './desk-files.ts';
import type { Told } from './invariants.ts';

const CLI = join(import.meta.dirname, '../../cli/holdfast.ts');

const printed = z.looseObject({
  server: z.string(),
  liveLog: z.string().optional(),
  /** The first window of each desk; then all of them. */
  desks: z.array(z.string()),
  windows: z.array(z.object({ desk: z.string(), window: z.string(), address: z.string() })),
  pids: z.object({ server: z.number(), desks: z.array(z.number()) }),
  accounts: z.record(z.string(), z.object({ name: z.string(), password: z.string() })),
  apiKey: z.string(),
});

async function begin(dataDir: string, more: readonly string[] = []) {
  const args = ['demo', '--headless', '--port', '0', '--data', dataDir, '--json', ...more];
  const demo = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: demo.stdout }), 'line')) as [string];
  return { demo, facts: printed.parse(JSON.parse(line)) };
}

/** The room that `holdfast demo --headless` starts: real processes over real files, in a folder of its own. */
export class DemoRoom implements AsyncDisposable {
  readonly dataDir: string;
  #facts: z.infer<typeof printed>;
  #demo: ChildProcess;
  #server: ChildProcess | undefined;
  #desks: readonly number[] | undefined;

  private constructor(dataDir: string, demo: ChildProcess, facts: z.infer<typeof printed>) {
    this.dataDir = dataDir;
    this.#facts = facts;
    this.#demo = demo;
  }

  /** With what else `holdfast demo` is to be told, such as `--training`. */
  static async start(...more: readonly string[]): Promise<DemoRoom> {
    const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-room-'));
    const { demo, facts } = await begin(dataDir, more);
    return new DemoRoom(dataDir, demo, facts);
  }

  /** Over the same folder, once it has been stopped. */
  async startAgain(): Promise<void> {
    const { demo, facts } = await begin(this.dataDir);
    this.#demo = demo;
    this.#facts = facts;
    this.#server = undefined;
    this.#desks = undefined;
  }

  /** What the demo printed of itself. */
  get facts(): z.infer<typeof printed> {
    return this.#facts;
  }

  get serverPid(): number {
    return this.#server?.pid ?? this.facts.pids.server;
  }

  /** Starts the server again, over the same folder and on the same port, as an operator would. */
  async startServer(): Promise<void> {
    const { port } = new URL(this.facts.server);
    const args = ['serve', '--json', '--data', join(this.dataDir, 'server'), '--port', port];
    const server = spawn(process.execPath, [CLI, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface({ input: server.stdout }), 'line');
    this.#server = server;
  }

  killServer(): void {
    process.kill(this.serverPid, 'SIGKILL');
  }

  /** SIGKILL of one desk's process; resolves once another has taken its place. */
  async killDesk(index: number): Promise<void> {
    const children = () =>
      readFileSync(`/proc/${this.#demo.pid}/task/${this.#demo.pid}/children`, 'utf8')
        .trim()
        .split(/\s+/)
        .map(Number);
    const isDesk = (pid: number) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('desk-process');
    this.#desks ??= children().filter(isDesk);
    const pid = this.#desks[index] ?? 0;
    process.kill(pid, 'SIGKILL');
    for (;;) {
      const others = new Set(this.#desks);
      const fresh = children().find((child) => !others.has(child) && isDesk(child));
      if (fresh !== undefined) {
        this.#desks = this.#desks.with(index, fresh);
        return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async stop(): Promise<void> {
    for (const child of [this.#server, this.#demo]) {
      if (!child || child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    }
  }

  /** Ends every process with its work done, and compares what they leave, see `compareRoom`. */
  async compare(told: Told) {
    await this.stop();
    return compareRoom(this.dataDir, told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
