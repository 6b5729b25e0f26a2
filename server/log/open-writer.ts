import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '#domain/ids.ts';
import { targetsOf } from '#domain/targets.ts';
import { holdFolder } from '#store/hold-folder.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { LogWriter } from './log-writer.ts';
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
  using opening = new DisposableStack();
  const log = opening.adopt(openLog(dataDir), (it) => it.close());
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
  const files = opening.move();
  return { writer: opened.writer, rebuilt, [Symbol.dispose]: () => files.dispose() };
}

/** `holdfast rebuild`: makes the read model of a folder again, while no server uses it. */
export function rebuildFolder(dataDir: string, step?: (name: RebuildStep) => void): Rebuilt {
  if (!existsSync(join(dataDir, 'log.db'))) throw new Error(`there is no log in ${dataDir}`);
  using stack = new DisposableStack();
  stack.use(holdFolder(dataDir));
  const log = stack.adopt(openLog(dataDir), (it) => it.close());
  const lineage = lineageOf(log);
  if (!lineage) throw new Error(`the log in ${dataDir} has not been begun`);
  return rebuildPicture(dataDir, log, lineage, step);
}

const openLog = (dataDir: string) => openStore(join(dataDir, 'log.db'), logMigrations);

const headOf = (log: Store) =>
  log.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM event').pluck().get() ?? 0;

const lineageOf = (log: Store): Lineage | undefined =>
  log.prepare<[], Lineage>('SELECT log_id AS logId, epoch FROM log_meta').get();
