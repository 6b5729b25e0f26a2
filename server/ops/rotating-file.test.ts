import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mayMount, SmallDisk } from '../../tests/support/small-disk.ts';
import { RotatingFile } from './rotating-file.ts';

function logIn(folder: string, more: { fileMaxBytes?: number; filesMax?: number } = {}) {
  const told: string[] = [];
  let now = 1_000;
  const file = new RotatingFile({
    folder,
    name: 'server.log',
    fileMaxBytes: 1_000_000,
    filesMax: 3,
    told: (line) => void told.push(line),
    now: () => now,
    ...more,
  });
  return { file, told, pass: (ms: number) => (now += ms) };
}

function freshFolder() {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-log-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

test('lines are kept in order, over a restart too, in files that only this account can read', async () => {
  using folder = freshFolder();
  const logs = join(folder.path, 'logs');
  for (const part of ['first', 'second']) {
    const { file } = logIn(logs);
    for (let n = 0; n < 100; n += 1) file.write(`${part} ${n}`);
    await file.close();
  }
  const lines = read(logs, 'server.log').trimEnd().split('\n');
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([200, 'first 0', 'second 99']);
  expect(statSync(logs).mode & 0o077).toBe(0);
  expect(statSync(join(logs, 'server.log')).mode & 0o077).toBe(0);
});

test('a file that is large is put aside, so many are kept, and the oldest go', async () => {
  using folder = freshFolder();
  for (let n = 0; n < 7; n += 1) {
    const { file } = logIn(folder.path, { fileMaxBytes: 100, filesMax: 3 });
    file.write(`${n} ${'x'.repeat(60)}`);
    await file.close();
  }
  expect(readdirSync(folder.path).toSorted()).toEqual([
    'server.log',
    'server.log.1',
    'server.log.2',
  ]);
  const first = (name: string) => read(folder.path, name).charAt(0);
  expect([first('server.log.2'), first('server.log.1'), first('server.log')]).toEqual([
    '2',
    '4',
    '6',
  ]);
});

test('a log that cannot be written is told once, holds up nobody, and says what is missing when it can be again', async () => {
  using folder = freshFolder();
  const logs = join(folder.path, 'logs');
  writeFileSync(logs, 'a file where the folder should be');
  const { file, told, pass } = logIn(logs);
  file.write('lost');
  await file.close();
  file.write('left out while it rests');
  pass(10_000);
  file.write('lost too');
  await file.close();
  expect(told).toEqual([
    expect.stringContaining('cannot be written and goes on without its lines'),
  ]);
  rmSync(logs);
  pass(10_000);
  file.write('kept');
  await file.close();
  expect(told[1]).toContain('3 lines were left out of the technical log');
  const lines = read(logs, 'server.log').trimEnd().split('\n');
  expect([JSON.parse(lines[0] ?? ''), lines[1]]).toEqual([
    expect.objectContaining({
      msg: expect.stringMatching(/^3 lines were left out/) as string,
    }),
    'kept',
  ]);
});

test.runIf(mayMount)('a full disk costs lines of the log and nothing else', async () => {
  using disk = SmallDisk.make(1);
  if (!disk) throw new Error('it could be mounted a moment ago');
  const logs = join(disk.path, 'logs');
  mkdirSync(logs);
  const { file, told, pass } = logIn(logs);
  file.write('before');
  await file.close();
  disk.fill();
  for (let n = 0; n < 200; n += 1) file.write('x'.repeat(100));
  await file.close();
  expect(told).toHaveLength(1);
  disk.free();
  pass(10_000);
  file.write('after');
  await file.close();
  expect(told).toHaveLength(2);
  expect(read(logs, 'server.log')).toMatch(/^before\n[^]*\nafter\n$/);
});

test('more than it can hold is counted and left out, and never kept in memory without end', async () => {
  using folder = freshFolder();
  const { file } = logIn(folder.path, { fileMaxBytes: 100_000_000 });
  for (let n = 0; n < 10; n += 1) file.write('x'.repeat(1024 ** 2));
  await file.close();
  file.write('after');
  await file.close();
  expect(statSync(join(folder.path, 'server.log')).size).toBeLessThan(5 * 1024 ** 2);
  const text = read(folder.path, 'server.log');
  expect([text.includes('"6 lines were left out'), text.endsWith('\nafter\n')]).toEqual([
    true,
    true,
  ]);
});
