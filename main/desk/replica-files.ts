import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileTrouble } from '#store/file-trouble.ts';
import type { Replica } from './replica.ts';

const REPLICA = /^replica-(\d+)\.db$/;

/** The newest replica file; a broken one is put aside by its name and a new one gets the next number. */
export function replicaName(dataDir: string): string {
  const numbers = readdirSync(dataDir).flatMap((name) => Number(REPLICA.exec(name)?.[1] ?? []));
  return `replica-${Math.max(1, ...numbers)}.db`;
}

/** Makes the next replica file the newest. The old one stays where it is, as evidence. */
export function beginReplica(dataDir: string): void {
  const number = Number(REPLICA.exec(replicaName(dataDir))?.[1] ?? 1);
  // An empty file is a new store; its name alone makes it the newest.
  writeFileSync(join(dataDir, `replica-${number + 1}.db`), '', { flag: 'a', mode: 0o600 });
}

/**
 * Opens the newest replica. One that cannot be opened is kept beside a new one for whoever looks into it,
 * and `said` is told in a line for the operator: the log is copied anew. Throws, in such a line, where no
 * new one can be made either.
 */
export function openOrQuarantine(
  dataDir: string,
  open: () => Replica,
  said: (line: string) => void,
): Replica {
  try {
    return open();
  } catch (cause) {
    const name = replicaName(dataDir);
    try {
      // The next number first: an older one that is still here was put aside itself.
      beginReplica(dataDir);
      const aside = `${name}.corrupt-${new Date().toISOString()}`;
      for (const suffix of ['', '-wal', '-shm']) {
        const file = join(dataDir, `${name}${suffix}`);
        if (existsSync(file)) renameSync(file, `${file}${aside.slice(name.length)}`);
      }
      const replica = open();
      const why = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause);
      said(`${name} cannot be read (${why}), is kept as ${aside}, and the log is copied anew.`);
      return replica;
    } catch (error) {
      throw fileTrouble(join(dataDir, name), 'It was put aside.', error);
    }
  }
}
