import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outboxMigrations } from '#desk/outbox.ts';
import { accountMigrations } from '#server/auth/account-migrations.ts';
import { draftMigrations } from '#server/gateway/draft-copies.ts';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { openIdentity } from '../../cli/identity.ts';
import { Holdfast, runHoldfast } from '../support/holdfast.ts';

function freshFolder() {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-older-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** As a release after this one leaves a file: with one migration more. */
function migrated(file: string, migrations: readonly string[], key?: Buffer): void {
  const later = [...migrations, 'CREATE TABLE later (n INTEGER) STRICT'];
  openStore(file, later, key && { key }).close();
}

const refused = (file: string, folder: string, known: number) =>
  `${file} in ${folder} was written by a newer release of Holdfast (schema ${known + 1}, this one knows ` +
  `${known}). Nothing was changed. Start the newer release again, or go back to the back-up that was made ` +
  'before it: docs/OPERATIONS.md, "Roll back".';

test.each([
  ['log.db', logMigrations],
  ['accounts.db', accountMigrations],
  ['drafts.db', draftMigrations],
])(
  'a server whose %s a newer release wrote does not start, says what to do in one line, and leaves it as it is',
  async (name, migrations) => {
    using folder = freshFolder();
    const args = ['serve', '--data', folder.path, '--port', '0'];
    await (await Holdfast.start(args)).stop();
    const file = join(folder.path, name);
    migrated(file, migrations);
    const before = readFileSync(file);
    const { code, stdout, stderr } = await runHoldfast(args);
    expect([code, stdout, stderr.trimEnd()]).toEqual([
      3,
      '',
      `holdfast: ${refused(name, folder.path, migrations.length)}`,
    ]);
    expect(readFileSync(file).equals(before)).toBe(true);
  },
);

test('a read model that a newer release wrote is made again from the log', async () => {
  using folder = freshFolder();
  const args = ['serve', '--data', folder.path, '--port', '0'];
  await (await Holdfast.start(args)).stop();
  migrated(join(folder.path, 'picture.db'), pictureMigrations);
  const server = await Holdfast.start(args);
  expect(await server.stop()).toBe(0);
  expect(server.told).toContain('it was made again from the log');
});

test('a desk whose outbox a newer release wrote does not start, and what waits in it stays', async () => {
  using folder = freshFolder();
  const { identity } = await openIdentity(folder.path, 'CH1');
  const file = join(folder.path, 'outbox.db');
  migrated(file, outboxMigrations, Buffer.from(identity.storeKey, 'hex'));
  const before = readFileSync(file);
  const at = ['--server', 'http://127.0.0.1:9', '--name', 'CH1', '--data', folder.path];
  const { code, stderr } = await runHoldfast(['desk', ...at, '--headless']);
  expect(code).toBe(1);
  expect(stderr).toContain(refused('outbox.db', folder.path, outboxMigrations.length));
  expect(readFileSync(file).equals(before)).toBe(true);
});
