import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Replica } from './replica.ts';

const REPLICA = /^replica-(\d+)\.db$/;

/** The newest replica file; a broken one is put aside by its name and a new one gets the next number. */
export function replicaName(dataDir: string): string {
  const numbers = readdirSync(dataDir).flatMap((name) => Number(REPLICA.exec(name)?.[1] ?? []));
  return `replica-${Math.max(1, ...numbers)}.db`;
}

/** Makes the next replica file the newest. The old one stays where it is, as evidence. */
export function putAside(dataDir: string): void {
  const number = Number(REPLICA.exec(replicaName(dataDir))?.[1] ?? 1);
  // An empty file is a new store; its name alone makes it the newest.
  writeFileSync(join(dataDir, `replica-${number + 1}.db`), '', { flag: 'a', mode: 0o600 });
}

/** Opens the newest replica; one that cannot be read is kept under another name and an empty one begun. */
export function openOrQuarantine(open: () => Replica, dataDir: string): Replica {
  try {
    return open();
  } catch {
    // Not readable: kept beside the new one for whoever looks into it. The log is copied anew. The
    // next number first: an older one that is still here was put aside itself.
    const name = replicaName(dataDir);
    putAside(dataDir);
    for (const suffix of ['', '-wal', '-shm']) {
      const file = join(dataDir, `${name}${suffix}`);
      if (existsSync(file)) renameSync(file, `${file}.corrupt-${new Date().toISOString()}`);
    }
    return open();
  }
}
