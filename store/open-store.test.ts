import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore, type Store } from './open-store.ts';

const migrations = ['CREATE TABLE note (text TEXT NOT NULL) STRICT'];
const keyOf = (byte: number) => new Uint8Array(32).fill(byte);
const key = keyOf(7);
const secret = 'a child is crying';
const FULL = 2;
const NORMAL = 1;

let folder: string;
let file: string;
const opened: Store[] = [];
const keep = (db: Store) => {
  opened.push(db);
  return db;
};
const open = (options: { key?: Uint8Array } = {}, schema = migrations) =>
  keep(openStore(file, schema, options));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'open-store-'));
  file = join(folder, 'test.db');
});
afterEach(() => {
  for (const db of opened.splice(0)) db.close();
  rmSync(folder, { recursive: true });
});

const settings = (db: Store) => ({
  journal: db.pragma('journal_mode', { simple: true }),
  synchronous: db.pragma('synchronous', { simple: true }),
  foreignKeys: db.pragma('foreign_keys', { simple: true }),
  busyTimeout: db.pragma('busy_timeout', { simple: true }),
});
const write = (db: Store, text = secret) => db.prepare('INSERT INTO note VALUES (?)').run(text);
const notes = (db: Store) => db.prepare('SELECT text FROM note').pluck().all();

describe.each([
  ['a plain store', {}],
  ['an encrypted store', { key }],
])('%s', (_, options) => {
  const durable = { journal: 'wal', synchronous: FULL, foreignKeys: 1, busyTimeout: 2_000 };

  test('loses nothing with the power: WAL and FULL when created, after a write and when reopened', () => {
    const seen = [];
    const first = open(options);
    seen.push(settings(first));
    write(first);
    seen.push(settings(first));
    first.transaction(() => write(first, 'again')).immediate();
    seen.push(settings(first));
    first.close();
    const second = open(options);
    seen.push(settings(second));
    write(second, 'after the restart');
    seen.push(settings(second));
    expect(seen).toEqual(Array.from({ length: 5 }, () => durable));
    expect(notes(second)).toEqual([secret, 'again', 'after the restart']);
  });

  test('is as safe on a second connection that is open beside the first', () => {
    write(open(options));
    const beside = open(options);
    expect([settings(beside), notes(beside)]).toEqual([durable, [secret]]);
  });

  test('would fall to NORMAL with the driver alone: on the next opening of a file that was FULL', () => {
    const first = open(options);
    const Driver = first.constructor as typeof Database; // the very driver that openStore chose
    first.close();
    const db = keep(new Driver(file));
    if ('key' in options) {
      db.pragma("cipher = 'chacha20'");
      db.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`);
    }
    db.pragma('journal_mode = WAL');
    write(db);
    expect(settings(db)).toMatchObject({ journal: 'wal', synchronous: NORMAL });
  });

  test('is brought up to date once, migration by migration, and keeps what is in it', () => {
    const more = [...migrations, "INSERT INTO note VALUES ('migrated')"];
    const first = open(options);
    write(first);
    first.close();
    open(options, more).close();
    const third = open(options, more);
    expect([notes(third), third.pragma('user_version', { simple: true })]).toEqual([
      [secret, 'migrated'],
      2,
    ]);
  });

  test('of which a migration fails stays exactly as it was', () => {
    write(open(options));
    const broken = [...migrations, 'DELETE FROM note', 'CREATE TABLE note (text TEXT)'];
    expect(() => open(options, broken)).toThrow('table note already exists');
    const after = open(options);
    expect([notes(after), after.pragma('user_version', { simple: true })]).toEqual([[secret], 1]);
  });

  test('that a newer release wrote is refused and left alone', () => {
    open(options, [...migrations, 'CREATE TABLE later (n INTEGER) STRICT']).close();
    expect(() => open(options)).toThrow(
      `${basename(file)} in ${dirname(file)} was written by a newer release of Holdfast (schema 2, this one knows 1)`,
    );
    const newer = open(options, [...migrations, '']);
    expect(newer.pragma('user_version', { simple: true })).toBe(2);
  });
});

describe('the key of a store', () => {
  test('opens nothing but the store it made: another key, no key and a plain file are refused', () => {
    const first = open({ key });
    write(first);
    first.close();
    expect(() => open({ key: keyOf(8) })).toThrow('file is not a database');
    expect(() => open()).toThrow('file is not a database');
    expect(notes(open({ key }))).toEqual([secret]);
    file = join(folder, 'plain.db');
    open().close();
    expect(() => open({ key })).toThrow('file is not a database');
  });

  test('is what stands between a lost disk and what was said', () => {
    const db = open({ key });
    write(db);
    const onDisk = [file, `${file}-wal`].map((name) => readFileSync(name).includes(secret));
    const header = readFileSync(file).subarray(0, 15).toString('latin1');
    expect([onDisk, header === 'SQLite format 3']).toEqual([[false, false], false]);
  });

  test('has 32 bytes and no other length', () => {
    for (const length of [0, 16, 31, 33])
      expect(() => open({ key: new Uint8Array(length) })).toThrow('a store key has 32 bytes');
  });
});
