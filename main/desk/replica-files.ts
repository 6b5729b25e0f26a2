import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { putAside, removeFile } from '#store/file-parts.ts';
import { fileTrouble } from '#store/file-trouble.ts';
import type { Replica } from './replica.ts';

const REPLICA = /^replica-(\d+)\.db$/;

const numbersIn = (dataDir: string) =>
  readdirSync(dataDir).flatMap((name) => Number(REPLICA.exec(name)?.[1] ?? []));

const markOf = (dataDir: string, number: number) => join(dataDir, `replica-${number}.unfinished`);

/** The newest replica that was ever whole: a copy that was still being made shows less than the one before it. */
export function replicaName(dataDir: string): string {
  const whole = numbersIn(dataDir).filter((number) => !existsSync(markOf(dataDir, number)));
  return `replica-${Math.max(1, ...whole)}.db`;
}

/**
 * The name of another copy of the log, which counts for unfinished until `finishReplica`. The one before
 * it stays where it is: it is shown until then, also by the process that comes after, and is evidence
 * from then on.
 */
export function beginReplica(dataDir: string): string {
  const number = Math.max(1, ...numbersIn(dataDir)) + 1;
  // The mark first: without it an empty file would be the newest.
  writeFileSync(markOf(dataDir, number), '', { mode: 0o600 });
  return `replica-${number}.db`;
}

/** The copy has caught up, and is what is shown from here on. */
export function finishReplica(dataDir: string): void {
  for (const number of numbersIn(dataDir)) rmSync(markOf(dataDir, number), { force: true });
}

/** At the start of a desk: copies that a process before it began and did not finish are begun anew. */
export function dropUnfinished(dataDir: string): void {
  for (const number of numbersIn(dataDir)) {
    if (!existsSync(markOf(dataDir, number))) continue;
    removeFile(join(dataDir, `replica-${number}.db`));
    rmSync(markOf(dataDir, number));
  }
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
      const number = Number(REPLICA.exec(name)?.[1] ?? 1);
      // The next number first, an empty file is a new store: an older one was put aside itself.
      writeFileSync(join(dataDir, `replica-${number + 1}.db`), '', { flag: 'a', mode: 0o600 });
      const aside = basename(putAside(join(dataDir, name), 'corrupt') ?? name);
      const replica = open();
      const why = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause);
      said(`${name} cannot be read (${why}), is kept as ${aside}, and the log is copied anew.`);
      return replica;
    } catch (error) {
      throw fileTrouble(join(dataDir, name), 'It was put aside.', error);
    }
  }
}
