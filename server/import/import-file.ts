import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandIdFrom, type DeskId, type EpochMs, type UserId } from '#domain/ids.ts';
import { holdFolder } from '#store/hold-folder.ts';
import type { Group, LogWriter } from '../log/log-writer.ts';
import { openWriter } from '../log/open-writer.ts';
import type { RecordRequest } from '../log/recorder-port.ts';
import type { FileFault } from './file-fault.ts';
import {
  stageFile,
  STAGING,
  type FileKind,
  type ImportProgress,
  type StagedFile,
} from './stage-file.ts';

const now = () => Date.now() as EpochMs;

export interface FileImport<Read, Kept, Reason extends string> {
  readonly dataDir: string;
  readonly logId: string;
  readonly kind: FileKind<Read, Kept, Reason>;
  /** Writes the rows and their one event in one transaction. */
  readonly record: (
    writer: LogWriter,
    stamp: Omit<RecordRequest, 'asked'>,
    staged: StagedFile<Kept, Reason>,
  ) => Group;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface RowCounts {
  readonly rowsRead: number;
  readonly kept: number;
  readonly duplicates: number;
  readonly skipped: Readonly<Record<string, number>>;
}

/** `event` is the body that was just written, with the counts that only the commit could know. */
export type FileImported =
  | { readonly outcome: 'imported'; readonly rows: RowCounts; readonly event: object }
  | { readonly outcome: 'already-imported'; readonly rows: RowCounts }
  | ImportRefused;

export interface ImportRefused {
  readonly outcome: 'refused';
  readonly fault: Pick<FileFault, 'line' | 'column' | 'reason' | 'message'>;
}

/**
 * Imports one file into a force's log, while its server is stopped (it is refused while one runs):
 * staged whole, then committed with its one event in one transaction. A file with a fault changes nothing.
 */
export async function importFile<Read, Kept, Reason extends string>(
  file: string,
  { dataDir, logId, kind, record, onProgress }: FileImport<Read, Kept, Reason>,
): Promise<FileImported> {
  using stack = new DisposableStack();
  stack.use(holdFolder(dataDir)); // before anything is written, also what is staged
  dropLeftovers(dataDir);
  const staged = await stageFile(file, kind, {
    folder: dataDir,
    ...(onProgress && { onProgress }),
  });
  if (staged.outcome === 'refused') {
    const { line, column, reason, message } = staged.fault;
    return { outcome: 'refused', fault: { line, column, reason, message } };
  }
  stack.use(staged);
  const { writer } = stack.use(openWriter(dataDir, logId));
  if (writer.awaitsTails)
    throw new Error(
      'this log was restored and has not heard from the desks yet: start its server once, then import',
    );
  const stamp = {
    commandId: commandIdFrom(now(), randomBytes(16)),
    occurredAt: now(),
    actor: 'system' as UserId,
    desk: 'server' as DeskId,
  };
  const { settled, events } = record(writer, stamp, staged);
  writer.foldPicture();
  const [result] = settled;
  if (result?.outcome === 'not-recordable') throw new Error(`importing ${file}: ${result.message}`);
  const { rowsRead, keptCount: kept, duplicates } = staged;
  const rows = { rowsRead, kept, duplicates, skipped: { ...staged.skipped } };
  const text = events[0]?.kept?.text;
  return text === undefined
    ? { outcome: 'already-imported', rows }
    : { outcome: 'imported', rows, event: JSON.parse(text) as object };
}

/** What an import that was killed had staged: nobody else has the folder now, so it is nobody's. */
function dropLeftovers(dataDir: string): void {
  const names = existsSync(dataDir) ? readdirSync(dataDir) : [];
  for (const name of names.filter((it) => it.startsWith(STAGING)))
    rmSync(join(dataDir, name), { recursive: true });
}
