import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileKeystore } from './file-keystore.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-keystore-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('two starts at once agree on one key, which only this account can read', async () => {
  const path = join(folder, 'key');
  const [one, other] = await Promise.all([openFileKeystore(path), openFileKeystore(path)]);
  expect(await other.unseal(await one.seal('store key'))).toBe('store key');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['key']);
});

test('what was altered is refused', async () => {
  const keystore = await openFileKeystore(join(folder, 'key'));
  const sealed = await keystore.seal('store key');
  sealed.set([(sealed.at(-1) ?? 0) ^ 1], sealed.length - 1);
  await expect(keystore.unseal(sealed)).rejects.toThrow('unable to authenticate data');
});

test('a key file that others can read, or that is no key, is refused and left as it is', async () => {
  const path = join(folder, 'key');
  writeFileSync(path, Buffer.alloc(32), { mode: 0o600 });
  chmodSync(path, 0o640);
  await expect(openFileKeystore(path)).rejects.toThrow('can be read by other accounts');
  writeFileSync(path, 'half');
  chmodSync(path, 0o600);
  await expect(openFileKeystore(path)).rejects.toThrow('is not a key');
  expect(statSync(path).size).toBe(4);
});
