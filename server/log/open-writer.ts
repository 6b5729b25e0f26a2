import { constants, copyFileSync, existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '#domain/ids.ts';
import { targetsOf } from '#domain/targets.ts';
import { DamagedFileError, fileTrouble } from '#store/file-trouble.ts';
import { holdFolder } from '#store/hold-folder.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { soundPage, SqliteEventLog } from '#store/sqlite-event-log.ts';
import { LogWriter } from './log-writer.ts';
import { keepPlace, refuseCopy } from './place.ts';
import {
  openPicture,
  PictureError,
  rebuildPicture,
  type Lineage,
  type Rebuilt,
  type RebuildStep,
} from './picture-file.ts';
import { freshSalts } from './salts.ts';

export interface OpenWriter extends Disposable {
  readonly writer: LogWriter;
  /** Why the read model was made again, where it was. */
  readonly rebuilt: string | undefined;
}

/** Opens the files of a log and its writer. A read model that is missing, foreign or broken is made again first. */
export function openWriter(dataDir: string, logId: string): OpenWriter {
  try {
    return openBoth(dataDir, logId);
  } catch (error) {
    throw logTrouble(dataDir, error);
  }
}

/** What an operator is told of a log that cannot be used, in one line; another error as it is. */
export const logTrouble = (dataDir: string, error: unknown): unknown =>
  error instanceof LogTrouble
    ? error
    : fileTrouble(
        join(dataDir, 'log.db'),
        'Nothing was changed and nothing is answered from it. Keep the whole folder as it is, start ' +
          'the server over the last back-up, and call for help; the desks work on alone meanwhile.',
        error,
      );

/** It is known already what is wrong, and said so. */
class LogTrouble extends Error {}

function openBoth(dataDir: string, logId: string): OpenWriter {
  using opening = new DisposableStack();
  const log = opening.adopt(openLog(dataDir), (it) => it.close());
  refuseCopy(dataDir, log);
  const open = () => {
    using stack = new DisposableStack();
    const picture = stack.adopt(openPicture(dataDir, headOf(log)), (it) => it.close());
    const writer = new LogWriter({
      log,
      picture,
      logId,
      targets: targetsOf(loadReferenceData().grades.rows),
      now: () => Date.now() as EpochMs,
      salt: freshSalts(),
    });
    return { writer, files: stack.move() };
  };
  let rebuilt: string | undefined;
  let opened: ReturnType<typeof open>;
  try {
    opened = open();
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    const { putAside } = rebuildPicture(dataDir, log, lineageOf(log) ?? { logId, epoch: 1 });
    rebuilt = `${error.message}: it was made again from the log${putAside === undefined ? '' : `, the old one is ${putAside}`}`;
    opened = open();
  }
  opening.use(opened.files);
  keepPlace(dataDir, log);
  const files = opening.move();
  dropWal(dataDir);
  return { writer: opened.writer, rebuilt, [Symbol.dispose]: () => files.dispose() };
}

/** `holdfast rebuild`: makes the read model of a folder again, while no server uses it. */
export function rebuildFolder(dataDir: string, step?: (name: RebuildStep) => void): Rebuilt {
  if (!existsSync(join(dataDir, 'log.db'))) throw new Error(`there is no log in ${dataDir}`);
  using stack = new DisposableStack();
  stack.use(holdFolder(dataDir));
  try {
    const log = stack.adopt(openLog(dataDir), (it) => it.close());
    const lineage = lineageOf(log);
    if (!lineage) throw new LogTrouble(`the log in ${dataDir} has not been begun`);
    const rebuilt = rebuildPicture(dataDir, log, lineage, step);
    dropWal(dataDir);
    return rebuilt;
  } catch (error) {
    throw logTrouble(dataDir, error);
  }
}

const TAIL = 2_000; // events looked at before a start: what a crash may have caught; the rest is looked at after it

function openLog(dataDir: string): Store {
  const file = join(dataDir, 'log.db');
  // Made first of all files: where it is missing and another one is there, it has been taken away.
  const others = ['picture.db', 'accounts.db'].filter((name) => existsSync(join(dataDir, name)));
  if (others.length > 0 && !(existsSync(file) && statSync(file).size > 0))
    throw new DamagedFileError(`it is missing or empty, and here is still ${others.join(', ')}`);
  keepWal(file);
  const log = openStore(file, logMigrations);
  try {
    const events = new SqliteEventLog(log);
    const from = Math.max(0, events.head.seq - TAIL);
    soundPage(from, events.readAfter(from, TAIL));
    return log;
  } catch (error) {
    log.close();
    throw error;
  }
}

/**
 * SQLite takes what it can read of a WAL into the file and removes the rest. Until it is known that all
 * of it was read, there is a copy of what a crash left.
 */
function keepWal(file: string): void {
  const wal = `${file}-wal`;
  if (!existsSync(wal) || statSync(wal).size === 0 || existsSync(`${wal}${FOUND}`)) return;
  copyFileSync(wal, `${wal}${FOUND}`, constants.COPYFILE_EXCL);
}
const FOUND = '.as-found';

const dropWal = (dataDir: string) => rmSync(join(dataDir, `log.db-wal${FOUND}`), { force: true });

const headOf = (log: Store) =>
  log.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM event').pluck().get() ?? 0;

const lineageOf = (log: Store): Lineage | undefined =>
  log.prepare<[], Lineage>('SELECT log_id AS logId, epoch FROM log_meta').get();
