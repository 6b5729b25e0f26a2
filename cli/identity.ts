import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openFileKeystore } from '#desk/file-keystore.ts';
import { openSealedIdentity, type Identity } from '#desk/identity.ts';

export type { Identity };

/** Reads the identity of a desk's folder, or makes one; `isNew` where it has yet to be enrolled. */
export async function openIdentity(
  folder: string,
  desk: string,
): Promise<{ readonly identity: Identity; readonly isNew: boolean }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return openSealedIdentity(folder, desk, [await openFileKeystore(join(folder, 'keystore'))]);
}
