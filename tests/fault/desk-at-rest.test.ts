import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileKeystore } from '#desk/file-keystore.ts';
import { outboxMigrations } from '#desk/outbox.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { replicaFileOf, storeKeyOf } from '../support/desk-files.ts';
import { OneDesk } from '../support/one-desk.ts';
import { raise } from '../support/room.ts';

const NARRATIVE = 'partner shouting behind a locked door';
const DRAFT = 'half a sentence about a child upstairs';

/** Every file of a folder, by name, with what stands in it. */
function filesIn(folder: string) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { name: entry.name, bytes: readFileSync(path), mode: statSync(path).mode & 0o777 };
    });
}

test('what a desk leaves on its disk tells nobody anything without the key that the shell keeps sealed', async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  await room.signIn(window);
  const raised = window.ask(raise({ narrative: NARRATIVE }));
  await window.until('recorded', () =>
    window.acks.get(raised)?.some(({ state }) => state === 'recorded'),
  );
  await window.until('here', () => window.seat?.waiting === 0);
  await window.keepDraft('call-1', DRAFT);
  const key = await storeKeyOf(room.deskFolder);
  const sealed = readFileSync(join(room.deskFolder, 'identity.sealed'));
  const keystore = await openFileKeystore(join(room.deskFolder, 'keystore'));
  const identity = await keystore.unseal(sealed);
  expect(JSON.parse(identity)).toMatchObject({
    desk: 'CH1',
    storeKey: key.toString('hex'),
    privateKey: expect.stringContaining('BEGIN PRIVATE KEY'),
  });

  // Both while it runs, with what the write-ahead logs hold, and after it has ended.
  const running = filesIn(room.deskFolder);
  await room.stopDesk();
  const ended = filesIn(room.deskFolder);
  expect(running.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['outbox.db', 'outbox.db-wal', 'replica-1.db', 'replica-1.db-wal']),
  );
  const secrets = {
    narrative: NARRATIVE,
    draft: DRAFT,
    'who sits here': 'Asha Lane',
    'a table': 'CREATE TABLE',
    'the store key': key,
    'the store key in hex': key.toString('hex'),
    'the key of the desk': 'PRIVATE KEY',
  };
  for (const { name, bytes } of [...running, ...ended])
    for (const [what, secret] of Object.entries(secrets))
      expect(bytes.includes(secret), `${what} in ${name}`).toBe(false);

  // With the key all of it is there, so the search above looked for the right words.
  const files = [
    [join(room.deskFolder, 'outbox.db'), outboxMigrations, 'SELECT content FROM draft', DRAFT],
    [replicaFileOf(room.deskFolder), replicaMigrations, 'SELECT text FROM body', NARRATIVE],
  ] as const;
  const wrong = Buffer.from(key);
  wrong.writeUInt8(wrong.readUInt8(31) ^ 1, 31);
  for (const [file, migrations, sql, words] of files) {
    expect(() => openStore(file, migrations)).toThrow('file is not a database');
    expect(() => openStore(file, migrations, { key: wrong })).toThrow('file is not a database');
    const store = openStore(file, migrations, { key });
    expect(store.prepare(sql).pluck().all().join('\n')).toContain(words);
    store.close();
  }
});

test('only this account may open the folder of a desk, and the sealed identity opens with its own keystore alone', async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  await room.signIn(window);
  expect(statSync(room.deskFolder).mode & 0o777).toBe(0o700);
  const open = filesIn(room.deskFolder).filter(({ mode }) => mode !== 0o600);
  expect(open.map(({ name, mode }) => `${name} ${mode.toString(8)}`)).toEqual([]);

  const other = await openFileKeystore(join(room.folder, 'another-keystore'));
  const sealed = readFileSync(join(room.deskFolder, 'identity.sealed'));
  await expect(other.unseal(sealed)).rejects.toThrow('unable to authenticate data');
});
