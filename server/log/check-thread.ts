import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { logChecks } from './check-log.ts';
import { logTrouble } from './open-writer.ts';

/**
 * Looks once at all of a log, beside a server that is at work. What the disk has changed since it was
 * written is found before it has been lived with for long. The thread tells that all is sound, or dies
 * of what is not.
 */
const REST_SHARE = 3; // it rests three times as long as it worked: people's work has the processor

const { dataDir } = workerData as { dataDir: string };
const db = openStore(join(dataDir, 'log.db'), logMigrations);

async function inTurns(work: () => boolean): Promise<void> {
  for (;;) {
    const began = performance.now();
    if (!work()) return;
    await rest((performance.now() - began) * REST_SHARE);
  }
}

try {
  for (const work of logChecks(db)) await inTurns(work);
  parentPort?.postMessage('sound');
} catch (error) {
  throw logTrouble(dataDir, error);
} finally {
  db.close();
}
