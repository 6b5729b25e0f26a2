import { X509Certificate, createPrivateKey } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { driverVersions } from '#store/open-store.ts';
import { diskLevel, diskRoom, sizeWords, type DiskLimits } from '../../server/ops/disk-room.ts';
import { fault, fine, warning, wordsOf, type Finding } from './finding.ts';

const NODE_MAJOR_MIN = 24;
const DAY_MS = 86_400_000;
const CERTIFICATE_WARN_DAYS = 30; // an authority of a force takes weeks
// What SQLite's WAL cannot stand on: its memory is shared by processes of one machine only.
const network = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
]);
const TMPFS = 0x01021994;

/** The Node that runs this, as it runs everything else. */
export function checkNode(version: string, node = process.versions.node): Finding {
  const found = `Holdfast ${version} on Node ${node}, ${process.platform} ${process.arch}`;
  return Number.parseInt(node, 10) >= NODE_MAJOR_MIN
    ? fine('program', found)
    : fault('program', found, `Node ${NODE_MAJOR_MIN} is needed: run "npm ci" in its folder`);
}

/** Whether SQLite loads, and the one with a cipher that a desk's files need. */
export function checkSqlite(): Finding {
  const { plain, cipher } = driverVersions();
  return fine('sqlite', `SQLite ${plain} and ${cipher} load`);
}

/** Whose a folder is, and what may be done in it. Looked at, never tried out: nothing is written. */
export function checkFolder(check: string, folder: string): readonly Finding[] {
  if (!existsSync(folder)) {
    const above = dirname(resolve(folder));
    const todo = `see that this account may make folders in ${above}; the first start makes it`;
    return [warning(check, `${folder} is not there yet`, todo)];
  }
  const { uid, gid, mode } = statSync(folder);
  const findings: Finding[] = [];
  const user = process.getuid?.();
  if (user !== undefined && user !== 0 && user !== uid)
    findings.push(
      fault(
        check,
        `${folder} belongs to account ${uid}, and this is account ${user}`,
        `run this as the account that Holdfast runs as, or give the folder to it: chown -R`,
      ),
    );
  // SQLite takes files away beside a program that runs.
  const ownerOf = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.uid;
  const others = readdirSync(folder).filter((name) => (ownerOf(name) ?? uid) !== uid);
  if (others.length > 0)
    findings.push(
      fault(
        check,
        `${folder} belongs to account ${uid}, and these in it to another one: ${others.join(', ')}`,
        `stop Holdfast, then: chown -R ${uid}:${gid} ${folder}`,
      ),
    );
  if ((mode & 0o077) !== 0)
    findings.push(warning(check, `other accounts can look into ${folder}`, `chmod 700 ${folder}`));
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const todo = 'give this account the right to write it, and see that its disk is not read-only';
    findings.push(fault(check, `${folder} cannot be written (${wordsOf(error)})`, todo));
  }
  return findings.length > 0 ? findings : [fine(check, `${folder} is this account's alone`)];
}

/** Whether what is written there is still there after the power was gone, as far as can be told. */
export function checkDurable(check: string, folder: string): Finding {
  const { type } = statfsSync(folder);
  const remote = network.get(type);
  const todo = 'put the folder on a disk of this machine';
  if (remote !== undefined)
    return fault(check, `${folder} is on ${remote}: SQLite loses data there`, todo);
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return type === TMPFS
    ? warning(check, `${folder} is in memory (tmpfs) and gone at the next start`, todo)
    : fine(check, `${folder} is on a disk that takes fsync`);
}

export async function checkRoom(
  check: string,
  folder: string,
  limits: DiskLimits,
): Promise<Finding> {
  const room = await diskRoom(folder);
  const found = `the disk of ${folder} is ${room.usedPercent} % full, ${sizeWords(room.freeBytes)} free`;
  switch (diskLevel(room, limits)) {
    case 'urgent':
      return fault(check, found, 'make room now: what is full takes nothing in any more');
    case 'warning':
      return warning(check, found, 'make room, or give it a larger disk');
    default:
      return fine(check, found);
  }
}

/** A certificate and its key: whether they fit, and for how long they hold. */
export function checkCertificate(
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  now: number,
): readonly Finding[] {
  const check = 'certificate';
  const certificate = new X509Certificate(readFileSync(certFile));
  const renew = 'get a new certificate, put it and its key in place, and start the server again';
  const findings: Finding[] = [];
  if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile))))
    findings.push(fault(check, `${keyFile} is not the key of ${certFile}`, 'put the right one in'));
  if ((statSync(keyFile).mode & 0o007) !== 0)
    findings.push(warning(check, `everybody can read ${keyFile}`, `chmod 640 ${keyFile}`));
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const days = Math.floor((to - now) / DAY_MS);
  const until = new Date(to).toISOString().slice(0, 10);
  if (now < from)
    findings.push(fault(check, `it holds only from ${certificate.validFrom} on`, renew));
  else if (now >= to) findings.push(fault(check, `it ended on ${until}: no desk comes in`, renew));
  else if (days < CERTIFICATE_WARN_DAYS)
    findings.push(warning(check, `it ends in ${days} days, on ${until}`, renew));
  return findings.length > 0
    ? findings
    : [fine(check, `it fits its key and holds for ${days} days, until ${until}`)];
}
