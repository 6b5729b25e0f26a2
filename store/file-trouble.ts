import { basename, dirname } from 'node:path';
import { ChainError } from './sqlite-event-log.ts';

/** A file holds what was never written to it. It is left as it is, for whoever looks into it. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
}

const WRONG = new Set(['DamagedFileError', 'ChainError', 'NewerReleaseError', 'CopiedFolderError']);

/**
 * Whether what was thrown, also in another thread, says that a file is not what this program may work on:
 * it stays so, however often the program is started again.
 */
export const isFoundWrong = (error: unknown): boolean =>
  error instanceof Error && (WRONG.has(error.name) || isDamage(error) || isFoundWrong(error.cause));

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Whether what was thrown says that a file is damaged, and not that its disk or its rights failed. */
export const isDamage = (error: unknown): boolean =>
  error instanceof DamagedFileError ||
  error instanceof ChainError ||
  /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error)) ||
  isOfSchema(error);

/** Our SQL does not change: where a table or function of it is unknown, the schema in the file has changed. */
const isOfSchema = (error: unknown) =>
  codeOf(error) === 'SQLITE_ERROR' &&
  error instanceof Error &&
  /^(no such|unknown function|table \S+ has|\d+ values for|near|unrecognized token|malformed)/.test(
    error.message,
  );

/** What the outside world did to a file, and what somebody has to do about it. */
const troubles: readonly (readonly [RegExp, string, string])[] = [
  [
    /^(SQLITE_(BUSY|LOCKED)|EBUSY)/,
    'is held by another program',
    'Find out which one has it open and end that',
  ],
  [
    /^(SQLITE_(READONLY|CANTOPEN|PERM)|EACCES|EPERM|EROFS)/,
    'cannot be written',
    'Give this account the right to write the folder and its files, and see that its disk is mounted for writing',
  ],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, 'has no room: the disk is full', 'Make room on it'],
  [/^(SQLITE_IOERR|EIO)/, 'cannot be read or written: the disk fails', 'Look after the disk'],
];

/**
 * What an operator is told, in one line, where a file cannot be used: which one, what is wrong, and
 * what to do. An error of another kind comes back as it is. `remedy` is for a damaged file.
 */
export function fileTrouble(file: string, remedy: string, cause: unknown): unknown {
  // One line, whatever SQLite has to say about how many pages.
  const told = (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s+/g, ' ');
  const where = `${basename(file)} in ${dirname(file)}`;
  if (isDamage(cause))
    return new DamagedFileError(`${where} is damaged (${told}). ${remedy}`, { cause });
  const code = codeOf(cause);
  const known = troubles.find(([pattern]) => pattern.test(code));
  if (!known) return cause;
  const [, what, todo] = known;
  return new Error(`${where} ${what} (${told}). ${todo}, then start again. Nothing was changed.`, {
    cause,
  });
}
