import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  doesRun,
  electronOrWhy,
  fetchElectron,
  findElectron,
  lastAttempt,
  mayFetch,
} from './electron-binary.mjs';

/** A tree with the package as npm brings it, without a binary; `install` stands for its own script. */
function tree(install = '') {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-binary-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (path: string, text: string, mode = 0o644) => {
    const file = join(folder, 'node_modules/electron', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  write('package.json', '{"version":"45.5.0","type":"commonjs"}');
  write('install.js', install);
  const memory = () => readFileSync(join(folder, '.cache/electron-attempt.json'), 'utf8');
  return { folder, write, memory };
}

test('the binary counts only when it is whole and of this version, or named and there', () => {
  const { folder, write } = tree();
  const find = (env = {}) => findElectron(folder, env);
  expect(find()).toBeUndefined();
  const binary = write('dist/electron', '#!/bin/sh\nexit 0\n', 0o755);
  expect(find()).toBeUndefined();
  write('path.txt', 'electron');
  expect(find()).toBeUndefined();
  write('dist/version', '44.0.0');
  expect(find()).toBeUndefined();
  write('dist/version', 'v45.5.0');
  expect(find()).toBe(binary);
  expect(find({ ELECTRON: binary })).toBe(binary);
  expect(find({ ELECTRON: join(folder, 'nowhere') })).toBeUndefined();
});

test('a binary that does not run on this machine is not chosen, and that is said', () => {
  const { folder, write } = tree();
  const good = process.execPath; // any program that answers --version
  const bad = write('bad', 'no program');
  expect([doesRun(good), doesRun(bad), doesRun(folder)]).toEqual([true, false, false]);
  expect(electronOrWhy(folder, { ELECTRON: good })).toEqual({ binary: good });
  expect(electronOrWhy(folder, { ELECTRON: bad })).toEqual({
    why: `${bad} does not run on this machine`,
  });
});

test('an attempt is made by the package itself, ended when it takes too long, and remembered for a week', async () => {
  const hanging = tree('setInterval(() => {}, 1000);');
  expect(await fetchElectron(hanging.folder, 300)).toBe('it took more than 0.3 s');
  const last = lastAttempt(hanging.folder);
  expect(last?.why).toBe('it took more than 0.3 s');
  expect(lastAttempt(hanging.folder, Date.now() + 6 * 24 * 3_600_000)?.at).toBe(last?.at);
  expect(lastAttempt(hanging.folder, Date.now() + 8 * 24 * 3_600_000)).toBeUndefined();

  const refused = tree(`console.error('getaddrinfo ENOTFOUND');\nprocess.exit(1);`);
  expect(await fetchElectron(refused.folder)).toBe('getaddrinfo ENOTFOUND');
  expect(lastAttempt(refused.folder)?.why).toBe('getaddrinfo ENOTFOUND');
  refused.write('package.json', '{"version":"46.0.0"}');
  expect(lastAttempt(refused.folder)).toBeUndefined(); // another version is another attempt

  const good = tree();
  expect(await fetchElectron(good.folder)).toBe('fetched');
});

test('a start under CI, after a failure or without the package makes no attempt and says why', () => {
  const facts = { env: {}, hasPackage: true, last: undefined };
  expect(mayFetch(facts)).toMatchObject({ isAllowed: true });
  expect(mayFetch({ ...facts, env: { CI: '1' } })).toEqual({
    isAllowed: false,
    why: 'Electron is not here, and under CI it is not fetched',
  });
  const last = { at: Date.UTC(2026, 10, 25), why: 'no network' };
  expect(mayFetch({ ...facts, last })).toEqual({
    isAllowed: false,
    why: 'Electron could not be fetched on 2026-11-25 (no network)',
  });
  expect(mayFetch({ ...facts, hasPackage: false }).why).toContain('not installed');
  expect(mayFetch({ ...facts, env: { ELECTRON: '/x' } }).why).toContain('/x, which is not there');
});

test('a start does not wait for the attempt that it begins, and the next one knows what came of it', async () => {
  // It waits for a file that only comes once the start has gone on.
  const { folder, write, memory } = tree(
    `const { existsSync } = require('node:fs');
    setInterval(() => existsSync(__dirname + '/go') && (console.error('proxy says no'), process.exit(1)), 10);`,
  );
  expect(electronOrWhy(folder, {})).toEqual({
    why: 'Electron is not here yet; it is being fetched beside this',
  });
  write('go', '');
  const file = join(folder, '.cache/electron-attempt.json');
  await vi.waitUntil(() => existsSync(file) && memory().includes('proxy says no'), {
    timeout: 10_000,
  });
  expect(electronOrWhy(folder, {})).toEqual({
    why: expect.stringMatching(/^Electron could not be fetched on .* \(proxy says no\)$/),
  });
});
