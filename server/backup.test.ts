import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { newWriter, raise, reference, request, startedAt } from '../tests/support/room.ts';
import { backUp, restore } from './backup.ts';

async function backedUp() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-backup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [from, to] = [join(folder, 'server'), join(folder, 'backup')];
  mkdirSync(from);
  const log = openStore(join(from, 'log.db'), logMigrations);
  newWriter({ log, picture: openStore(':memory:', pictureMigrations) }).recordGroup([
    request(1, raise(), { reference }),
  ]);
  log.close();
  await backUp(from, to, startedAt);
  return { folder, backup: to };
}

test('what a server has begun in the folder while the back-up is looked at is not removed', async () => {
  const { folder, backup } = await backedUp();
  const dataDir = join(folder, 'restored');
  const restoring = restore(backup, dataDir, startedAt);
  // As a server does that whoever watches over it has started again.
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'log.db'), 'calls that were answered as recorded');
  await expect(restoring).rejects.toThrow('is not empty');
  expect(readFileSync(join(dataDir, 'log.db'), 'utf8')).toContain('recorded');
  expect(await restore(backup, join(folder, 'another'), startedAt)).toMatchObject({ seq: 2 });
});

test('a WAL that lies beside a back-up is not of it, and changes nothing', async () => {
  const { folder, backup } = await backedUp();
  const opened = join(folder, 'opened');
  cpSync(backup, opened, { recursive: true });
  const log = openStore(join(opened, 'log.db'), logMigrations);
  newWriter({ log, picture: openStore(':memory:', pictureMigrations) }).recordGroup([
    request(2, { type: 'add-log-entry', body: { incidentId: reference, text: 'written since' } }),
  ]);
  cpSync(join(opened, 'log.db-wal'), join(backup, 'log.db-wal'));
  log.close();
  expect(await restore(backup, join(folder, 'restored'), startedAt)).toMatchObject({ seq: 2 });
});

test('a folder that is there and empty is taken', async () => {
  const { folder, backup } = await backedUp();
  const dataDir = join(folder, 'restored');
  mkdirSync(dataDir);
  expect(await restore(backup, dataDir, startedAt)).toMatchObject({ seq: 2 });
});
