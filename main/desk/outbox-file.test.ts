import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { foldImages, allRows } from '#store/row-images.ts';
import { openStore } from '#store/open-store.ts';
import {
  contentOf,
  makeReference,
  OutboxFolder,
  placesOf,
  unsent,
  work,
} from '../../tests/support/outbox-folder.ts';
import { commandId } from '../../tests/support/room.ts';
import { ACCOUNT, readCopy } from './outbox-copy.ts';
import { Outbox, outboxMigrations } from './outbox.ts';

const plain = (rows: ReadonlyMap<string, ReadonlyMap<number, object>>) =>
  new Map([...rows].filter(([, byRowid]) => byRowid.size > 0));

test('after every change the second copy says, row for row, what the file says', () => {
  using folder = new OutboxFolder();
  const { file, outbox } = folder.open();
  let seen = 0;
  const look = () => {
    const found = readCopy(folder.copy, folder.key);
    expect(found.state).toBe('whole');
    if (found.state !== 'whole') return;
    expect(plain(found.rows)).toEqual(plain(foldImages(allRows(file.db, ACCOUNT))));
    seen += 1;
  };
  const write = file.write;
  const watched = new Outbox(
    file.db,
    { now: () => 1 as never, uuid: () => 'none', soon: (it) => it() },
    (it) => {
      const result = write(it);
      if (!file.db.inTransaction) look();
      return result;
    },
  );
  work(watched, 40);
  expect(seen).toBeGreaterThan(80);
  expect(outbox.outboxId).toBe(watched.outboxId);
});

test('what fails in the middle is in neither of the two, and what changes nothing costs no frame', () => {
  using folder = new OutboxFolder();
  const { file, outbox } = folder.open();
  outbox.addBlock(1, 100);
  const before = contentOf(file);
  const frames = readFileSync(folder.copy);
  expect(() =>
    outbox.atOnce(() => {
      outbox.put(unsent(1), [], makeReference);
      throw new Error('in the middle');
    }),
  ).toThrow('in the middle');
  outbox.dropDraft('nobody', 'nothing');
  outbox.addBlock(1, 100);
  expect(readFileSync(folder.copy).equals(frames)).toBe(true);
  expect(contentOf(file)).toEqual(before);
});

test('a change that goes past the second copy is not made', () => {
  using folder = new OutboxFolder();
  const { file, outbox } = folder.open();
  outbox.put(unsent(1), []);
  for (const sql of [
    'DELETE FROM outbox',
    'UPDATE outbox_meta SET epoch = 9',
    "INSERT INTO seat VALUES (1, '1')",
  ])
    expect(() => file.db.prepare(sql).run()).toThrow('goes through its one writer');
  expect(outbox.unanswered()).toHaveLength(1);
});

test('the second copy has nothing readable in it, is this account’s alone, and does not grow for ever', () => {
  using folder = new OutboxFolder();
  const { outbox } = folder.open();
  const content = (n: number) => ({
    about: 'new',
    fields: { narrative: `${n} a secret `.repeat(60_000) },
  });
  for (let n = 1; n <= 40; n += 1) outbox.putDraft('u1', 'd1', n, content(n));
  expect(readFileSync(folder.copy).includes('secret')).toBe(false);
  expect(statSync(folder.copy).mode & 0o777).toBe(0o600);
  expect(statSync(folder.copyFolder).mode & 0o777).toBe(0o700);
  // Forty of these are 36 MB; a new base was made on the way.
  expect(statSync(folder.copy).size).toBeLessThan(20 << 20);
  folder.close();
  rmSync(folder.db);
  const again = folder.open();
  expect(again.outbox.drafts('u1').map(({ revision }) => revision)).toEqual([40]);
});

test('where both agree, or the copy lacks the one change that nobody was told of, the outbox keeps its name', () => {
  using folder = new OutboxFolder();
  const { outbox } = folder.open();
  work(outbox, 10);
  const { outboxId } = outbox;
  const copy = readFileSync(folder.copy);
  outbox.put(unsent(11), []);
  folder.close();
  writeFileSync(folder.copy, copy); // as SIGKILL between the two writes leaves it
  const again = folder.open();
  expect([again.outbox.outboxId, again.file.trouble]).toEqual([outboxId, undefined]);
  expect(placesOf(again.outbox).at(-1)).toEqual({ id: commandId(11), outboxId, deskSeq: 11 });
  folder.close();
  writeFileSync(folder.copy, copy);
  // Two changes behind it has missed something: who knows what else.
  const other = folder.killed();
  using _ = other;
  const late = other.open();
  late.outbox.put(unsent(12), []);
  other.close();
  writeFileSync(other.copy, copy);
  const last = other.open();
  expect(last.outbox.outboxId).not.toBe(outboxId);
  expect(last.file.trouble).toContain('The second copy of outbox.db was of another time');
});

test('a second copy that cannot be written any more stops nobody; it is said, and made again when it can be', () => {
  using folder = new OutboxFolder();
  work(folder.open().outbox, 5);
  folder.close();
  rmSync(folder.copyFolder, { recursive: true });
  writeFileSync(folder.copyFolder, 'no folder can be here');
  const alone = folder.open();
  expect(alone.outbox.put(unsent(6), []).outcome).toBe('stored');
  alone.file.mend();
  expect(alone.file.trouble).toContain('This desk keeps what is not sent yet once only');
  rmSync(folder.copyFolder);
  alone.file.mend();
  expect(alone.file.trouble).toContain('a new copy was made');
  alone.outbox.put(unsent(7), []);
  const content = contentOf(alone.file);
  folder.close();
  rmSync(folder.db);
  expect(contentOf(folder.open().file)).toEqual(content);
});

test('where nothing can be read of either the desk begins anew, says what may be lost, and keeps both files', () => {
  using folder = new OutboxFolder();
  work(folder.open().outbox, 10);
  folder.close();
  for (const name of [folder.db, folder.copy]) writeFileSync(name, 'no outbox at all '.repeat(500));
  const { file, outbox } = folder.open();
  expect(file.trouble).toMatch(
    /outbox\.db was damaged .* its second copy was damaged.* 0 commands came back/,
  );
  expect(file.trouble).toContain('others may be lost');
  expect(folder.told.join('\n').split('\n')).toHaveLength(1);
  expect(outbox.put(unsent(1), []).outcome).toBe('stored');
  const aside = [folder.path, folder.copyFolder].flatMap((it) =>
    readdirSync(it).filter((name) => name.includes('.corrupt-')),
  );
  expect(aside).toEqual([
    expect.stringMatching(/^outbox\.db\.corrupt-/),
    expect.stringMatching(/^outbox\.copy\.corrupt-/),
  ]);
});

test('a folder that was used and has neither of the two any more says so; a new one says nothing', () => {
  using folder = new OutboxFolder();
  expect(folder.open().file.trouble).toBeUndefined();
  folder.close();
  writeFileSync(`${folder.path}/replica-1.db`, '');
  rmSync(folder.db);
  rmSync(folder.copyFolder, { recursive: true });
  expect(folder.open().file.trouble).toMatch(
    /outbox\.db was missing or empty, and its second copy was missing/,
  );
});

test('an outbox of the release before gets its second copy without a word, and comes back by its own migrations', () => {
  using folder = new OutboxFolder();
  const old = openStore(folder.db, outboxMigrations.slice(0, 4), { key: folder.key });
  old.prepare('INSERT INTO outbox_meta (outbox_id, epoch) VALUES (?, 7)').run('the-name');
  old.close();
  const { file, outbox } = folder.open();
  expect([file.trouble, outbox.outboxId, outbox.epochSeen]).toEqual([undefined, 'the-name', 7]);
  folder.close();
  rmSync(folder.db);
  expect(folder.open().outbox.epochSeen).toBe(7);
});

test('a file of a newer release is left as it is, and so is its copy', () => {
  using folder = new OutboxFolder();
  work(folder.open().outbox, 3);
  folder.close();
  openStore(folder.db, [...outboxMigrations, 'CREATE TABLE later (n INTEGER) STRICT'], {
    key: folder.key,
  }).close();
  const files = () => [folder.db, folder.copy].map((it) => readFileSync(it).toString('base64'));
  const before = files();
  expect(() => folder.open()).toThrow('newer release');
  expect(files()).toEqual(before);
});

test('damage that shows while the outbox is used asks for a new start, which brings it back', () => {
  using folder = new OutboxFolder();
  const { file, outbox } = folder.open();
  work(outbox, 60);
  const content = contentOf(file);
  file.db.pragma('wal_checkpoint(TRUNCATE)');
  writeFileSync(folder.db, Buffer.alloc(statSync(folder.db).size, 7));
  file.db.pragma('shrink_memory');
  expect(() => outbox.put(unsent(61), [])).toThrow(/malformed|not a database|I\/O/);
  expect(folder.isDamageTold).toBe(true);
  folder.close();
  expect(contentOf(folder.open().file)).toEqual(content);
});

test.each([
  [
    'two desks that were given one folder',
    (path: string) => new OutboxFolder(undefined, undefined, path),
  ],
  ['a copy that somebody has removed', undefined],
])('%s: nobody is told that their work is kept twice when it is not', (_what, another) => {
  using first = new OutboxFolder();
  const { file, outbox } = first.open();
  outbox.put(unsent(1), []);
  using second = another?.(first.copyFolder);
  if (second) second.open().outbox.put(unsent(2), []);
  else rmSync(first.copy);
  outbox.put(unsent(3), []); // it is in the file
  expect(file.trouble).toContain('once only, not twice');
  expect(readCopy(first.copy, second?.key ?? first.key).state).toBe(second ? 'whole' : 'none');
  first.close();
  expect(first.open().outbox.unanswered()).toHaveLength(2);
});

test('a copy that was removed is made again, and has everything', () => {
  using folder = new OutboxFolder();
  const { file, outbox } = folder.open();
  rmSync(folder.copy);
  outbox.put(unsent(1), []);
  file.mend();
  outbox.put(unsent(2), []);
  expect(file.trouble).toBeUndefined();
  rmSync(folder.db);
  folder.file = undefined;
  expect(folder.open().outbox.unanswered()).toHaveLength(2);
});
