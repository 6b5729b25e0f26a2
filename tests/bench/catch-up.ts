import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Asked } from '#domain/commands.ts';
import type { CommandId, DeskId, UserId } from '#domain/ids.ts';
import { Replica } from '#desk/replica.ts';
import type { StartDesk } from '#desk/start-desk.ts';
import { openRecorder } from '#server/log/recorder.ts';
import { logMigrations, replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { wallClock } from '../support/fresh.ts';
import { WindowClient } from '../support/window-client.ts';
import type { FromChild } from './desk-child.ts';
import { EVENTS_A_LIFE, lifeOf } from './load/life.ts';
import { LoadForce } from './load/load-force.ts';
import { LoadProcess } from './load/load-process.ts';
import type { LoadDesk } from './load/load-line.ts';
import { atLeast, quantile, result, rounded, say, TempFolder, type Result } from './measure.ts';
import { sizes } from './sizes.ts';

const RATE_MIN = 25_000;
const CONTACTS_AT_ONCE = 500;
const CHUNK = 1_000; // as many as a desk that is behind takes in one commit

/** Fills the folder of a stopped server by its own writer; says how many events there are then. */
export async function fillLog(dataDir: string, least: number): Promise<number> {
  const recorder = await openRecorder({
    dataDir,
    logId: 'force-HC',
    failed: (error) => {
      throw error;
    },
  });
  const record = async (asked: Asked, commandId: CommandId) => {
    const answer = await recorder.record({
      commandId,
      asked,
      occurredAt: wallClock(),
      actor: 'u-bench' as UserId,
      desk: 'BENCH' as DeskId,
    });
    if (answer.state !== 'recorded') throw new Error(JSON.stringify(answer));
  };
  for (let n = 0; recorder.head().seq < least; n += CONTACTS_AT_ONCE) {
    const count = Math.ceil((least - recorder.head().seq) / EVENTS_A_LIFE);
    await Promise.all(
      Array.from({ length: Math.min(CONTACTS_AT_ONCE, count) }, (_none, at) =>
        Promise.all(lifeOf(n + at).map(({ asked, id }) => record(asked, id))),
      ),
    );
  }
  const { seq } = recorder.head();
  await recorder.close();
  return seq;
}

/** A desk in a process of its own, from the call that starts it until it shows that it is up to date. */
async function deskCatchesUp(server: string, { desk, privateKey }: LoadDesk): Promise<number> {
  using folder = new TempFolder();
  const options: StartDesk = {
    dataDir: folder.path,
    desk,
    force: 'HC',
    forceName: 'Bench',
    timeZone: 'Europe/London',
    server,
    privateKey,
    storeKey: randomBytes(32).toString('hex'),
    protection: 'none: made-up data',
    port: 0,
    version: 'bench',
    isDemo: true,
  };
  const child = fork(join(import.meta.dirname, 'desk-child.ts'), { stdio: 'inherit' });
  try {
    child.send(options);
    const [{ calledAt, address }] = (await once(child, 'message')) as [FromChild];
    const window = new WindowClient(address);
    await window.join();
    window.follow('seat');
    await window.until('the desk to be up to date', () => window.seat?.mode === 'online');
    const ms = performance.timeOrigin + performance.now() - calledAt;
    window.close();
    return ms;
  } finally {
    const exited = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGTERM');
    await exited;
  }
}

/** The desk's half alone: its replica takes the same events from memory. */
function replicaAlone(serverFolder: string, events: number): number {
  using folder = new TempFolder();
  const log = openStore(join(serverFolder, 'log.db'), logMigrations);
  const all = new SqliteEventLog(log).readAfter(0, events);
  log.close();
  const replica = new Replica(
    openStore(join(folder.path, 'replica.db'), replicaMigrations, { key: randomBytes(32) }),
  );
  const start = performance.now();
  for (let at = 0; at < all.length; at += CHUNK) replica.apply(all.slice(at, at + CHUNK));
  const ms = performance.now() - start;
  replica.close();
  return ms;
}

/** A new desk copies a whole log: a real desk from a real server, beside each half by itself. */
export async function catchUp(): Promise<Result> {
  const { events: least, rounds } = sizes().catchUp;
  await using force = await LoadForce.start();
  await using load = new LoadProcess();
  const desks = await force.enrol(rounds);
  const [reader] = await force.enrol(1);
  if (!reader) throw new Error('a desk is enrolled');
  const serverFolder = join(force.force.folder, 'server');
  await force.force.stopServer();
  say(`  recording ${least} events`);
  const events = await fillLog(serverFolder, least);
  await force.force.startServer();
  const took = { desk: [] as number[], server: [] as number[], replica: [] as number[] };
  for (const desk of desks) {
    const { ms } = await load.order('joinDesks', { url: force.syncUrl, desks: [reader] });
    await load.order('leave');
    took.server.push(ms);
    took.desk.push(await deskCatchesUp(force.force.url, desk));
    took.replica.push(replicaAlone(serverFolder, events));
  }
  const rate = (all: readonly number[]) => rounded((events * 1_000) / quantile(all, 0.5));
  const [ours, server, replica] = [rate(took.desk), rate(took.server), rate(took.replica)];
  return result({
    name: 'catch-up',
    values: { rate: ours, seconds: rounded(quantile(took.desk, 0.5) / 1_000), events, rounds },
    unit: 'events/s',
    budget: [atLeast('rate', ours, RATE_MIN)],
    beside: { serverAlone: server, replicaAlone: replica },
    ratio: { toServer: rounded(ours / server), toReplica: rounded(ours / replica) },
    note:
      'a new desk in a process of its own, from the call of startDesk to the word "online" at its window, which it ' +
      'says when all of the log is in its encrypted replica and shown; the server is a real process. serverAlone is ' +
      'the same log into a load client that checks it and keeps nothing, replicaAlone is Replica.apply over the ' +
      'same events from memory. Medians of the rounds',
  });
}
