import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContactId, DeskId, IncidentId, UnitId, UserId } from '#domain/ids.ts';
import { recordedOf } from '#store/event-log.ts';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { Picture } from '#store/picture.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { commandId, newWriter, raise, request, startedAt } from '../../tests/support/room.ts';
import { openWriter, rebuildFolder } from './open-writer.ts';
import { rebuildSteps } from './picture-file.ts';

const REBUILD_AND_DIE = join(import.meta.dirname, '../../tests/support/rebuild-and-die.ts');
const logId = 'force-a';
let folder: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-picture-'));
  dataDir = join(folder, 'data');
});
afterEach(() => rmSync(folder, { recursive: true }));

const TABLES = {
  picture_meta: '*',
  entity: '*',
  journal: '*',
  entity_text: 'rowid, words',
} as const;

const rowsOf = (db: Store) =>
  Object.entries(TABLES).map(([table, columns]) => [
    table,
    db.prepare(`SELECT ${columns} FROM ${table} ORDER BY 1, 2`).raw().all(),
  ]);

/** Everything that a file of the read model holds, after it was found sound. */
function held(file = join(dataDir, 'picture.db')) {
  const db = openStore(file, pictureMigrations);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  const rows = rowsOf(db);
  const seq = new Picture(db).cursor()?.seq ?? 0;
  db.close();
  return { seq, rows };
}

/** What the log folds to as far as `seq`, event by event. */
function foldedTo(seq: number) {
  const file = openStore(join(dataDir, 'log.db'), logMigrations);
  const db = openStore(':memory:', pictureMigrations);
  const picture = new Picture(db);
  for (const event of new SqliteEventLog(file).readAfter(0, seq)) {
    picture.apply([recordedOf(event)]);
    const { hash, seq: at } = event.header;
    picture.moveTo({ logId, epoch: 1, seq: at, hash });
  }
  const rows = rowsOf(db);
  file.close();
  db.close();
  return { seq, rows };
}

/** A shift: calls with words in them, incidents, a unit; folded as it goes, the last part not yet. */
function workAShift(files: { log: Store; picture: Store }) {
  const writer = newWriter(files);
  const unitId = 'HT21' as UnitId;
  writer.recordGroup([
    request(1, { type: 'book-on-unit', body: { unitId, officers: ['PC 2101'], skills: [] } }),
  ]);
  for (let n = 1; n <= 6; n += 1) {
    const contactId = String(commandId(100 * n)) as ContactId; // an opened contact has its command's id
    const incidentId = `HC-20261123-${String(n).padStart(4, '0')}` as IncidentId;
    const place = { text: `${n} High Street`, isVerified: false };
    const caller = { kind: 'number', number: `+44770090000${n}` } as const;
    writer.recordGroup([
      request(100 * n, { type: 'open-contact', body: { channel: '999', caller } }),
      request(100 * n + 1, {
        type: 'describe-contact',
        body: { contactId, details: { place, narrative: `glass breaking, number ${n}` } },
      }),
      request(100 * n + 2, raise({ place, contactId }), { reference: incidentId }),
      request(100 * n + 3, { type: 'assign-unit', body: { incidentId, unitId } }),
      request(100 * n + 4, { type: 'release-unit', body: { incidentId, unitId } }),
      request(100 * n + 5, { type: 'close-incident', body: { incidentId, closingCode: 'CIV' } }),
    ]);
    if (n <= 4) writer.foldPicture();
  }
  return writer.head.seq;
}

/** A folder as SIGKILL of its server leaves it: the read model behind the log, both with a WAL. */
function killedFolder(): number {
  const live = join(folder, 'live');
  mkdirSync(live);
  const log = openStore(join(live, 'log.db'), logMigrations);
  const picture = openStore(join(live, 'picture.db'), pictureMigrations);
  const head = workAShift({ log, picture });
  cpSync(live, dataDir, { recursive: true });
  log.close();
  picture.close();
  expect(readdirSync(dataDir)).toContain('picture.db-wal');
  return head;
}

test('made again from the log, the read model has the rows that grew with it, to the letter', () => {
  const head = killedFolder();
  openWriter(dataDir, logId)[Symbol.dispose](); // brings the old one up to the log
  const grown = held();
  const { events, differed, records, putAside } = rebuildFolder(dataDir);
  expect([held(), grown.seq, events]).toEqual([grown, head, head]);
  expect([differed, putAside, records > 10]).toEqual([0, undefined, true]);
  expect(readdirSync(dataDir).toSorted()).toEqual(['in-use.lock', 'log.db', 'picture.db']);
});

test('a record that the old one had otherwise is put right, and counted', () => {
  killedFolder();
  openWriter(dataDir, logId)[Symbol.dispose]();
  const grown = held();
  const db = openStore(join(dataDir, 'picture.db'), pictureMigrations);
  db.exec(`UPDATE entity SET state = json_set(state, '$.officers', 'nobody') WHERE kind = 'unit'`);
  db.close();
  expect(rebuildFolder(dataDir).differed).toBe(1);
  expect(held()).toEqual(grown);
});

test('SIGKILL at any step of a rebuild leaves the old read model or the new one, whole, and the next start goes on', () => {
  const head = killedFolder();
  const clean = join(folder, 'clean');
  cpSync(dataDir, clean, { recursive: true });
  const behind = held().seq;
  expect([behind > 0, behind < head]).toEqual([true, true]);
  const left = [];
  for (const step of rebuildSteps) {
    rmSync(dataDir, { recursive: true });
    cpSync(clean, dataDir, { recursive: true });
    const { signal } = spawnSync(process.execPath, [REBUILD_AND_DIE, dataDir, step], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    // Opened as it was left, with whatever stands beside it.
    const { seq, rows } = held();
    expect({ seq, rows }).toEqual(foldedTo(seq));
    left.push([step, signal, seq === head ? 'new' : seq === behind ? 'old' : 'half']);
    openWriter(dataDir, logId)[Symbol.dispose]();
    expect(held()).toEqual(foldedTo(head));
    rebuildFolder(dataDir);
    expect(held()).toEqual(foldedTo(head));
    expect(readdirSync(dataDir).toSorted()).toEqual(['in-use.lock', 'log.db', 'picture.db']);
  }
  expect(left).toEqual([
    ['begun', 'SIGKILL', 'old'],
    ['page-folded', 'SIGKILL', 'old'],
    ['compared', 'SIGKILL', 'old'],
    ['on-the-disk', 'SIGKILL', 'old'],
    ['old-closed', 'SIGKILL', 'old'],
    ['swapped', 'SIGKILL', 'new'],
    ['done', 'SIGKILL', 'new'],
  ]);
});

describe('at the start', () => {
  const picture = () => join(dataDir, 'picture.db');
  const overwrite = (bytes: string) => {
    for (const side of ['-wal', '-shm']) rmSync(`${picture()}${side}`, { force: true });
    writeFileSync(picture(), bytes);
  };
  const copyOver = (file: string) => {
    for (const side of ['', '-wal', '-shm']) rmSync(`${picture()}${side}`, { force: true });
    cpSync(file, picture());
  };
  const otherLog = () => {
    const files = {
      log: openStore(':memory:', logMigrations),
      picture: openStore(join(folder, 'other.db'), pictureMigrations),
    };
    const writer = newWriter(files);
    writer.recordGroup([request(77, { type: 'open-contact', body: { channel: '101' } })]);
    writer.foldPicture();
    files.picture.close();
    copyOver(join(folder, 'other.db'));
  };
  const breakPages = () => {
    const db = openStore(picture(), pictureMigrations);
    db.unsafeMode();
    db.pragma('writable_schema = ON');
    db.exec(`UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'journal'`);
    db.close();
  };

  test.each<[string, () => void, string, boolean]>([
    // What stays beside it, its WAL, would be read into the new file.
    ['is missing', () => rmSync(picture()), 'the file of the read model is missing', true],
    ['is no database', () => overwrite('nothing'.repeat(999)), 'cannot be read', true],
    [
      'is another database',
      () => {
        rmSync(join(folder, 'any.db'), { force: true });
        openStore(join(folder, 'any.db'), ['CREATE TABLE note (text TEXT) STRICT']).close();
        copyOver(join(folder, 'any.db'));
      },
      'cannot be read',
      true,
    ],
    [
      'was written by a later release',
      () => {
        const db = openStore(picture(), [...pictureMigrations, 'CREATE TABLE later (n INTEGER)']);
        db.close();
      },
      'cannot be read',
      true,
    ],
    ['is of another log', otherLog, 'the read model is of another log', false],
    ['is damaged inside', breakPages, 'cannot be read', true],
  ])('a read model that %s is made again, and it is said', (_title, spoil, why, isAside) => {
    const head = killedFolder();
    spoil();
    const opened = openWriter(dataDir, logId);
    expect(opened.rebuilt).toContain(why);
    // The writer goes on over it: it was not left without its open set.
    const { settled } = opened.writer.recordGroup([
      request(900, {
        type: 'add-log-entry',
        body: { incidentId: 'HC-20261123-0001' as IncidentId, text: 'all quiet' },
      }),
    ]);
    expect(settled).toMatchObject([{ answer: { state: 'recorded', firstSeq: head + 1 } }]);
    opened.writer.foldPicture();
    opened[Symbol.dispose]();
    expect(held()).toEqual(foldedTo(head + 1));
    const aside = readdirSync(dataDir).filter((name) => name.includes('put-aside'));
    expect(aside.length > 0).toBe(isAside);
    const again = openWriter(dataDir, logId);
    expect(again.rebuilt).toBeUndefined();
    again[Symbol.dispose]();
  });

  test('a log of another force is not taken for a broken read model', () => {
    killedFolder();
    const before = held();
    expect(() => openWriter(dataDir, 'force-b')).toThrow('this folder holds the log force-a');
    expect(held()).toEqual(before);
  });

  test('an import makes it again like a server', () => {
    const head = killedFolder();
    rmSync(picture());
    const { writer, rebuilt, ...opened } = openWriter(dataDir, logId);
    expect([rebuilt, existsSync(picture())]).toEqual([expect.stringContaining('missing'), true]);
    writer.importCrimes(
      {
        commandId: commandId(901),
        occurredAt: startedAt,
        actor: 'system' as UserId,
        desk: 'server' as DeskId,
      },
      { batchId: 'b', fileDigest: 'b', rowsRead: 0, duplicates: 0, skipped: {}, months: [] },
      [],
    );
    expect(writer.head.seq).toBe(head + 1);
    opened[Symbol.dispose]();
  });
});
