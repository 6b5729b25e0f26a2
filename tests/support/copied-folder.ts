import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';

/** Lets a log forget which file it is, so that a server takes the next copy of its folder for its own. */
export function forgetPlace(dataDir: string): void {
  const log = openStore(join(dataDir, 'log.db'), logMigrations);
  log.exec('UPDATE log_meta SET place = NULL');
  log.close();
}

/** Copies a server's folder for tests that put it back again and again. At work a copy is refused, and restored. */
export function copyServer(from: string, to: string): void {
  forgetPlace(from);
  cpSync(from, to, { recursive: true });
}
