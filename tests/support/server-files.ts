import { join } from 'node:path';
import type { IncidentId } from '#domain/ids.ts';
import { openRecorder } from '#server/log/recorder.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { raise, request } from './room.ts';

export const LOG_ID = 'force-HC';

/** Request `n` for an incident whose narrative fills some of a page. */
export const raised = (n: number) =>
  request(n, raise({ narrative: `${n} `.repeat(120) }), {
    reference: `HC-20261123-${String(n).padStart(4, '0')}` as IncidentId,
  });

/** All that a sound log says. */
export function saidIn(dataDir: string) {
  const log = openStore(join(dataDir, 'log.db'), logMigrations);
  const rows = ['event', 'body', 'answer', 'audit'].map((table) =>
    log.prepare(`SELECT * FROM ${table}`).raw().all(),
  );
  log.close();
  return rows;
}

/** Starts a writer over a folder and has all of its log looked at: what came of it. Throws where none starts. */
export async function lookedAt(dataDir: string): Promise<'sound' | 'found'> {
  const { promise, resolve } = Promise.withResolvers<'sound' | 'found'>();
  const recorder = await openRecorder({
    dataDir,
    logId: LOG_ID,
    checkAfterMs: 0,
    checked: () => resolve('sound'),
    failed: () => resolve('found'),
  });
  const outcome = await promise;
  await recorder.close();
  return outcome;
}
