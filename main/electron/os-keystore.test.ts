import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fakeElectron } from './fake-electron.suite.ts';
import { openKeystore } from './os-keystore.ts';

function keyFile() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-os-keystore-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'keystore');
}

test('what the operating system seals it unseals, by the calls that are not deprecated', async () => {
  // The fake has no other calls: one of the old ones would throw.
  const { api } = fakeElectron();
  const keystore = await openKeystore(api.safeStorage, keyFile(), 'linux');
  expect(keystore.protection).toBe('os-account');
  expect(await keystore.unseal(await keystore.seal('store key'))).toBe('store key');
});

test.each(['basic_text', 'unknown'])(
  'a desk whose system offers only "%s" says so, and keeps its key in a file of its own',
  async (backend) => {
    const { api } = fakeElectron({ backend });
    const keystore = await openKeystore(api.safeStorage, keyFile(), 'linux');
    expect(keystore.protection).toBe('file');
    expect(keystore.statement).toContain(`The operating system does not keep the key`);
    expect(keystore.statement).toContain(backend);
    expect(keystore.statement).toContain('full disk encryption');
    const sealed = await keystore.seal('store key');
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('store key');
    expect(await keystore.unseal(sealed)).toBe('store key');
  },
);

test('a desk without a key store works all the same, and Windows is not asked for its back end', async () => {
  const { api, seen } = fakeElectron({ backend: 'basic_text' });
  const onWindows = await openKeystore(api.safeStorage, keyFile(), 'win32');
  expect(onWindows.protection).toBe('os-account');
  seen.isEncryptionAvailable = false;
  const none = await openKeystore(api.safeStorage, keyFile(), 'win32');
  expect(none.protection).toBe('file');
  expect(none.statement).toContain('it has no key store');
});
