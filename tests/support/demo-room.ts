import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { openFileKeystore } from '#chromium/file-keystore.ts';
import { outboxMigrations } from '#desk/outbox.ts';
import { Replica } from '#desk/replica.ts';
import { recordedOf } from '#store/event-log.ts';
import { logMigrations, pictureMigrations, replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { Picture } from '#store/picture.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';

const CLI = join(import.meta.dirname, '../../cli/holdfast.ts');

const printed = z.looseObject({
  server: z.string(),
  desks: z.array(z.string()),
  pids: z.object({ server: z.number(), desks: z.array(z.number()) }),
  accounts: z.record(z.string(), z.object({ name: z.string(), password: z.string() })),
  apiKey: z.string(),
});

/** The room that `holdfast demo --headless` starts: real processes over real files, in a folder of its own. */
export class DemoRoom implements AsyncDisposable {
  readonly dataDir: string;
  readonly facts: z.infer<typeof printed>;
  readonly #demo: ChildProcess;
  #server: ChildProcess | undefined;
  #desks: readonly number[] | undefined;

  private constructor(dataDir: string, demo: ChildProcess, facts: z.infer<typeof printed>) {
    this.dataDir = dataDir;
    this.facts = facts;
    this.#demo = demo;
  }

  static async start(): Promise<DemoRoom> {
    const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-room-'));
    const args = ['demo', '--headless', '--port', '0', '--data', dataDir, '--json'];
    const demo = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: demo.stdout }), 'line')) as [string];
    return new DemoRoom(dataDir, demo, printed.parse(JSON.parse(line)));
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

  /** After `stop`: the log, and what each desk and the server's own read model make of it. */
  async compare() {
    const file = openStore(join(this.dataDir, 'server', 'log.db'), logMigrations);
    const log = new SqliteEventLog(file);
    const events = log.readAfter(0, 10_000_000);
    const fold = new Picture(openStore(':memory:', pictureMigrations));
    fold.apply(events.map(recordedOf));
    const truth = new Map(
      [...fold.all()].map(([stream, entry]) => [stream, JSON.stringify(entry)]),
    );
    const answers = new Map(
      file
        .prepare<[], { id: string; answer: string }>('SELECT command_id AS id, answer FROM answer')
        .all()
        .map(({ id, answer }) => [id, answer]),
    );
    file.close();
    const desks: { name: string; cursor: number; differs: unknown; outboxWaiting: number }[] = [];
    for (const folder of readdirSync(this.dataDir).filter((name) => name.startsWith('desk-'))) {
      const path = join(this.dataDir, folder);
      const keystore = await openFileKeystore(join(path, 'keystore'));
      const sealed = readFileSync(join(path, 'identity.sealed'));
      const { storeKey } = z
        .object({ storeKey: z.string() })
        .parse(JSON.parse(await keystore.unseal(sealed)));
      const key = Buffer.from(storeKey, 'hex');
      const replica = new Replica(
        openStore(join(path, 'replica-1.db'), replicaMigrations, { key }),
      );
      const outbox = openStore(join(path, 'outbox.db'), outboxMigrations, { key });
      const waiting = outbox
        .prepare<[], number>('SELECT count(*) FROM outbox WHERE answer IS NULL')
        .pluck()
        .get();
      desks.push({
        name: folder.slice('desk-'.length),
        cursor: replica.cursor.seq,
        differs: firstDifference(truth, replica.picture),
        outboxWaiting: waiting ?? -1,
      });
      outbox.close();
      replica.close();
    }
    return { events, answers, desks };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** The first record of which a desk makes something else than the log says; undefined where there is none. */
function firstDifference(truth: ReadonlyMap<string, string>, picture: Picture) {
  const seen = new Set<string>();
  for (const [stream, entry] of picture.all()) {
    seen.add(stream);
    const [desk, log] = [JSON.stringify(entry), truth.get(stream)];
    if (desk !== log) return { stream, desk, log };
  }
  const missing = [...truth.keys()].find((stream) => !seen.has(stream));
  return missing === undefined ? undefined : { stream: missing, desk: 'not there' };
}
