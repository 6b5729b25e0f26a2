import { existsSync, renameSync, rmSync } from 'node:fs';

/** What SQLite keeps beside a file. */
const SIDES = ['-shm', '-wal'] as const;

/**
 * The file itself last: as long as it is there, so is all that belongs to it or nothing that does not.
 */
const parts = (file: string) => [...SIDES, ''].map((side) => [`${file}${side}`, side] as const);

/** Removes what SQLite keeps beside a file that is closed and needs none of it. */
export function removeSides(file: string): void {
  for (const side of SIDES) rmSync(`${file}${side}`, { force: true });
}

/** Removes a file, with what SQLite keeps beside it. */
export function removeFile(file: string): void {
  for (const [part] of parts(file)) rmSync(part, { force: true });
}

/**
 * Renames a file, with what SQLite keeps beside it, so that it stays for whoever looks into it. Answers its
 * new path; undefined where there was no file. `as` says in the new name why it is there.
 */
export function putAside(file: string, as: 'corrupt' | 'put-aside'): string | undefined {
  const aside = `${file}.${as}-${new Date().toISOString().replaceAll(':', '')}`;
  let isFound = false;
  for (const [part, side] of parts(file)) {
    if (!existsSync(part)) continue;
    renameSync(part, `${aside}${side}`);
    isFound = true;
  }
  return isFound ? aside : undefined;
}
