import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '#store/open-store.ts';

/** The folder is not the one that its log was begun in. */
export class CopiedFolderError extends Error {
  override readonly name = 'CopiedFolderError';
}

/** Which file the log of a folder is. A file that is moved keeps it; a copy has another one. */
export const placeOf = (dataDir: string): string =>
  String(statSync(join(dataDir, 'log.db'), { bigint: true }).ino);

/**
 * Throws where this folder is the copy of another one: two servers over one log would each go on with
 * it, and people would be told of both. A copy comes to life by a restore, which raises the epoch.
 */
export function refuseCopy(dataDir: string, log: Store): void {
  const known = log.prepare<[], string | null>('SELECT place FROM log_meta').pluck().get();
  if (known === undefined || known === null || known === placeOf(dataDir)) return;
  throw new CopiedFolderError(
    `${dataDir} is a copy of a server's folder, not the folder itself. If the original still runs, leave ` +
      'this one alone. If the original is gone, bring the copy to life in a new folder: ' +
      `holdfast restore ${dataDir} --data NEW. Nothing was changed.`,
  );
}

/** Keeps which file the log was begun in, where that is not known yet. */
export function keepPlace(dataDir: string, log: Store): void {
  log.prepare<[string]>('UPDATE log_meta SET place = ? WHERE place IS NULL').run(placeOf(dataDir));
}
