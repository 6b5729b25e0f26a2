import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { outboxMigrations } from '#desk/outbox.ts';
import { openStore } from '#store/open-store.ts';
import { readServerLog, storeKeyOf } from '../support/desk-files.ts';
import { OneDesk } from '../support/one-desk.ts';
import { contentOf, flipBit, OutboxFolder, unsent } from '../support/outbox-folder.ts';
import { raise } from '../support/room.ts';
import { mayMount, SmallDisk } from '../support/small-disk.ts';
import type { WindowClient } from '../support/window-client.ts';

const said = (n: number) => ({ narrative: `${n} `.repeat(300) });
const open = { type: 'open-contact', body: { channel: '101' } } as const;

const whyNot = async (room: OneDesk): Promise<string> => {
  try {
    await room.startDesk();
    return 'it started';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** What a stopped desk has on its disk, but for its lock, which a look may touch. */
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile() && !name.startsWith('in-use.lock'))
    .toSorted()
    .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]);

test('an outbox that another program holds: the desk does not start, one line says so, nothing is changed, and then it starts', async () => {
  await using room = await OneDesk.start();
  await room.signIn(await room.startDesk());
  await room.stopDesk();
  const before = filesOf(room.deskFolder);
  const key = await storeKeyOf(room.deskFolder);
  const other = openStore(join(room.deskFolder, 'outbox.db'), outboxMigrations, { key });
  other.pragma('locking_mode = EXCLUSIVE');
  other.exec('BEGIN EXCLUSIVE; COMMIT');
  const held = await whyNot(room);
  other.close();
  expect(held).toMatch(/^outbox\.db in \S+ is held by another program \(.*Find out which/);
  expect(filesOf(room.deskFolder)).toEqual(before);
  const window = await room.startDesk();
  await window.until('who sat here', () => window.seat?.user?.name === 'ch1');
});

test('an outbox that another program holds while the desk runs: what cannot be stored is refused, and once it lets go it is stored', async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  await room.signIn(window);
  await room.stopServer();
  await window.until('alone', () => window.seat?.mode === 'alone');
  const key = await storeKeyOf(room.deskFolder);
  const other = openStore(join(room.deskFolder, 'outbox.db'), outboxMigrations, { key });
  other.exec('BEGIN IMMEDIATE');
  expect(await window.answerTo(window.ask(open))).toEqual({
    state: 'refused',
    refusal: { reason: 'desk-cannot-store' },
  });
  other.exec('ROLLBACK');
  other.close();
  expect(await window.answerTo(window.ask(open))).toEqual({ state: 'stored-here' });
});

test('a second copy can stand in a folder of its own, on another disk', async () => {
  await using room = await OneDesk.start();
  const copyDir = join(room.folder, 'elsewhere');
  const window = await room.startDesk({ copyDir });
  await room.signIn(window);
  await room.stopDesk();
  expect([readdirSync(copyDir), readdirSync(room.deskFolder).includes('outbox-copy')]).toEqual([
    ['outbox.copy'],
    false,
  ]);
  rmSync(join(room.deskFolder, 'outbox.db'));
  const again = await room.startDesk({ copyDir });
  await again.until('who sat here', () => again.seat?.user?.name === 'ch1');
});

test('files of another key: the desk starts, alone, says so, and keeps all of them as they were', async () => {
  await using room = await OneDesk.start();
  let window = await room.startDesk();
  await room.signIn(window);
  await room.stopServer();
  await window.answerTo(window.ask(open));
  await room.stopDesk();
  const before = filesOf(room.deskFolder).flatMap(([name = '', bytes]) =>
    /outbox\.(db|copy)$|^replica-1\.db$/.test(name) ? [bytes] : [],
  );
  window = await room.startDesk({ storeKey: '11'.repeat(32) });
  await window.until('it is said', () =>
    /^outbox\.db was damaged .* its second copy was damaged.* others may be lost/.test(
      window.seat?.trouble ?? '',
    ),
  );
  expect(window.seat).toMatchObject({ mode: 'alone', waiting: 0 });
  expect(window.seat?.user).toBeUndefined();
  const after = filesOf(room.deskFolder).flatMap(([name = '', bytes]) =>
    name.includes('.corrupt-') ? [bytes] : [],
  );
  expect(before).toHaveLength(3);
  expect(after).toEqual(expect.arrayContaining(before));
});

if (!mayMount)
  process.stdout.write(
    'desk disk: 4 checks did not run: a small disk cannot be mounted by this account\n',
  );

/** Asks until the disk takes no more; says which were stored here. */
async function askAll(window: WindowClient, from: number) {
  const answers: (readonly [id: string, state: string])[] = [];
  for (let n = from; n < from + 40; n += 1) {
    const id = window.ask(raise(said(n)));
    const answer = await window.answerTo(id);
    answers.push([id, answer.state === 'refused' ? answer.refusal.reason : answer.state]);
  }
  return answers;
}

// Where none can be mounted there are none of these.
describe.each(mayMount ? [12] : [])('on a disk of %i megabytes', (megabytes) => {
  test('that is full at a desk nothing is called stored that is not, and once there is room it goes on', async () => {
    using disk = SmallDisk.make(megabytes);
    await using room = await OneDesk.start(disk?.path);
    let window = await room.startDesk();
    await room.signIn(window);
    await room.stopServer();
    disk?.fill();
    const answers = await askAll(window, 0);
    expect(new Set(answers.map(([, state]) => state)).has('desk-cannot-store')).toBe(true);
    expect(answers.filter(([, state]) => !/^(desk-cannot-store|stored-here)$/.test(state))).toEqual(
      [],
    );
    await room.stopDesk();

    // It starts on a full disk, too, if only to show what is there.
    const told = await whyNot(room);
    expect(told).toMatch(/^it started$|has no room: the disk is full/);
    await room.stopDesk();
    disk?.free();
    window = await room.startDesk();
    const more = await askAll(window, 100);
    expect(more.filter(([, state]) => state !== 'stored-here')).toEqual([]);
    await room.startServer();
    await window.until(
      'all of it',
      () => window.seat?.waiting === 0 && window.seat.mode === 'online',
    );
    await room.stopDesk();
    await room.stopServer();
    const recorded = readServerLog(room.serverFolder).answers;
    for (const [id, state] of [...answers, ...more])
      expect([id, state, recorded.get(id)?.state]).toEqual([
        id,
        state,
        state === 'stored-here' ? 'recorded' : undefined,
      ]);
  });

  test('that is mounted for reading only there is no desk, and one line says so', async () => {
    using disk = SmallDisk.make(megabytes);
    await using room = await OneDesk.start(disk?.path);
    const window = await room.startDesk();
    await room.signIn(window);
    await room.stopServer();
    expect(await window.answerTo(window.ask(open))).toEqual({ state: 'stored-here' });
    await room.stopDesk();
    disk?.makeReadOnly();
    expect(await whyNot(room)).toMatch(/ in \S+ cannot be written \(.*Give this account the right/);
  });

  test('that holds the second copy alone and is full: what is stored is said to be stored once, and there is a copy again when there is room', () => {
    using disk = SmallDisk.make(megabytes);
    using folder = new OutboxFolder(undefined, undefined, disk?.path);
    const { file, outbox } = folder.open();
    outbox.put(unsent(1), []);
    disk?.fill();
    let n = 1;
    while (file.trouble === undefined && n < 2_000) outbox.put(unsent((n += 1)), []);
    expect(file.trouble).toMatch(/^This desk keeps what is not sent yet once only.*ENOSPC/);
    expect(outbox.put(unsent((n += 1)), []).outcome).toBe('stored');
    file.mend();
    expect(file.trouble).toMatch(/once only/);
    disk?.free();
    file.mend();
    expect(file.trouble).toBeUndefined();
    const content = contentOf(file);
    folder.close();
    rmSync(folder.db);
    const again = folder.open();
    expect(contentOf(again.file)).toEqual(content);
    expect(again.outbox.unanswered()).toHaveLength(n);
  });

  test('that holds the second copy alone and is read-only, whatever stands on it: the desk goes on with the one that it has, and says so', () => {
    for (const isDamaged of [false, true]) {
      using disk = SmallDisk.make(megabytes);
      using folder = new OutboxFolder(undefined, undefined, disk?.path);
      const first = folder.open();
      first.outbox.put(unsent(1), []);
      folder.close();
      if (isDamaged) flipBit(folder.copy, 400);
      disk?.makeReadOnly();
      // Also the second time, when what stands there is of an older line.
      for (const n of [2, 3]) {
        const { file, outbox } = folder.open();
        expect(file.trouble).toMatch(/This desk keeps what is not sent yet once only.*EROFS/);
        expect(outbox.put(unsent(n), []).outcome).toBe('stored');
        expect(outbox.unanswered()).toHaveLength(n);
        folder.close();
      }
    }
  });
});
