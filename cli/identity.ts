import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { openFileKeystore } from '#chromium/file-keystore.ts';

const identity = z.strictObject({
  desk: z.string(),
  privateKey: z.string(),
  publicKey: z.string(),
  storeKey: z.string().length(64),
});
/** Who a desk is: its enrolled key, and the key of its files. Kept sealed in its folder. */
export type Identity = z.infer<typeof identity> & { readonly protection: string };

/** Reads the identity of a desk's folder, or makes one; `isNew` where it has yet to be enrolled. */
export async function openIdentity(
  folder: string,
  desk: string,
): Promise<{ readonly identity: Identity; readonly isNew: boolean }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keystore = await openFileKeystore(join(folder, 'keystore'));
  const file = join(folder, 'identity.sealed');
  const protection = keystore.statement;
  if (existsSync(file)) {
    const kept = identity.parse(JSON.parse(await keystore.unseal(readFileSync(file))));
    if (kept.desk !== desk)
      throw new Error(
        `${folder} belongs to desk ${kept.desk}, not to ${desk}: give another folder`,
      );
    return { identity: { ...kept, protection }, isNew: false };
  }
  const pair = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const made = { desk, ...pair, storeKey: randomBytes(32).toString('hex') };
  writeFileSync(file, await keystore.seal(JSON.stringify(made)), { mode: 0o600 });
  return { identity: { ...made, protection }, isNew: true };
}
