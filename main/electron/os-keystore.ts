import type * as Main from 'electron/main';
import { openFileKeystore } from '#desk/file-keystore.ts';
import type { Keystore } from '#desk/shell.ts';

/** What Electron falls back on where Linux has no key ring: a password that is the same everywhere. */
const UNKEPT: ReadonlySet<string> = new Set(['basic_text', 'unknown']);

/**
 * The operating system's keystore where it has one. Elsewhere a key file of this account's own, as the
 * Chromium shell has it: nobody is stopped from working, and what it is worth is said word for word.
 */
export async function openKeystore(
  safeStorage: Main.SafeStorage,
  keyFile: string,
  platform: NodeJS.Platform,
): Promise<Keystore> {
  const isAvailable = await safeStorage.isAsyncEncryptionAvailable();
  // Only Linux has a choice of back ends, and only it has one that keeps nothing.
  const backend =
    platform === 'linux' && isAvailable ? safeStorage.getSelectedStorageBackend() : '';
  if (!isAvailable || UNKEPT.has(backend)) {
    const file = await openFileKeystore(keyFile);
    const why = isAvailable ? `it offers only "${backend}"` : 'it has no key store';
    return {
      ...file,
      statement: `The operating system does not keep the key (${why}). ${file.statement}`,
    };
  }
  return {
    protection: 'os-account',
    statement:
      'The key is kept by the operating system for this account. Programs run by this account can reach it.',
    seal: (plain) => safeStorage.encryptStringAsync(plain),
    unseal: async (sealed) => (await safeStorage.decryptStringAsync(Buffer.from(sealed))).result,
  };
}
