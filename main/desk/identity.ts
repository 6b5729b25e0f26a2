import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Keystore } from './shell.ts';

const identity = z.strictObject({
  desk: z.string(),
  privateKey: z.string(),
  publicKey: z.string(),
  storeKey: z.string().length(64),
});
/** Who a desk is: its enrolled key, and the key of its files. Kept sealed in its folder. */
export type Identity = z.infer<typeof identity> & { readonly protection: string };

/** A desk keeps the keystore that it was made with: another one cannot open what the first has sealed. */
const fileOf = {
  file: 'identity.sealed',
  'os-account': 'identity.os-sealed',
  none: undefined,
} as const satisfies Readonly<Record<Keystore['protection'], string | undefined>>;

/** Whether this folder's desk was made with a key file, as one is by the `holdfast` command. */
export const isKeptInFile = (folder: string) => existsSync(join(folder, fileOf.file));

/**
 * Reads the identity of a desk's folder, or makes one, sealed by the first of these keystores; `isNew`
 * where it has yet to be enrolled. A folder whose identity none of them has sealed is refused: a second
 * identity beside it would lock its files for good.
 */
export async function openSealedIdentity(
  folder: string,
  desk: string,
  keystores: readonly [Keystore, ...Keystore[]],
): Promise<{ readonly identity: Identity; readonly isNew: boolean }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const keystore of keystores) {
    const name = fileOf[keystore.protection];
    if (name === undefined || !existsSync(join(folder, name))) continue;
    // oxlint-disable-next-line no-await-in-loop -- the first that is there is the one
    const kept = identity.parse(
      JSON.parse(await keystore.unseal(readFileSync(join(folder, name)))),
    );
    if (kept.desk !== desk)
      throw new Error(
        `${folder} belongs to desk ${kept.desk}, not to ${desk}: give another folder`,
      );
    return { identity: { ...kept, protection: keystore.statement }, isNew: false };
  }
  const other = Object.values(fileOf).find((name) => name && existsSync(join(folder, name)));
  if (other !== undefined)
    throw new Error(
      `the key of the desk in ${folder} is kept by ${other === fileOf.file ? 'a file' : 'the operating system'}, ` +
        'which this program does not reach: start the desk with the program that made it',
    );
  const [own] = keystores;
  const name = fileOf[own.protection];
  if (name === undefined) throw new Error(`no key can be kept here: ${own.statement}`);
  const pair = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const made = { desk, ...pair, storeKey: randomBytes(32).toString('hex') };
  writeFileSync(join(folder, name), await own.seal(JSON.stringify(made)), { mode: 0o600 });
  return { identity: { ...made, protection: own.statement }, isNew: true };
}

/** Gives the server the public key of a new desk, with the code that an administrator made for it. */
export async function enrolDesk(
  server: string,
  code: string,
  { desk, publicKey }: Pick<Identity, 'desk' | 'publicKey'>,
): Promise<void> {
  const response = await fetch(`${server}/api/desks/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, desk, publicKey }),
  });
  if (!response.ok) throw new Error(`the server did not enrol this desk: ${await response.text()}`);
}
