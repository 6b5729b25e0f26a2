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
    const truth = JSON.stringify([...fold.all()]);
    const answers = new Map(
      file
        .prepare<[], { id: string; answer: string }>('SELECT command_id AS id, answer FROM answer')
        .all()
        .map(({ id, answer }) => [id, answer]),
    );
    file.close();
    const desks: { name: string; cursor: number; isSame: boolean; outboxWaiting: number }[] = [];
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
        isSame: JSON.stringify([...replica.picture.all()]) === truth,
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
