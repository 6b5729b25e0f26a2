import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandIdFrom, type DeskId, type EpochMs, type UserId } from '#domain/ids.ts';
import type { Box } from '#domain/lib/geo.ts';
import { holdFolder } from '#store/hold-folder.ts';
import { openWriter } from '../log/open-writer.ts';
import { stageCrimeFile, STAGING } from './crimes.ts';
import type { FileFault } from './file-fault.ts';

const now = () => Date.now() as EpochMs;

export interface ImportOptions {
  readonly dataDir: string;
  readonly logId: string;
  readonly area: Box;
  readonly onProgress?: (progress: { readonly bytes: number; readonly rows: number }) => void;
}

export type Imported =
  | {
      readonly outcome: 'imported' | 'already-imported';
      readonly rowsRead: number;
      readonly kept: number;
      readonly added: number;
      readonly alreadyHeld: number;
      readonly alike: number;
      readonly duplicates: number;
      readonly skipped: Readonly<Record<string, number>>;
    }
  | {
      readonly outcome: 'refused';
      readonly fault: Pick<FileFault, 'line' | 'column' | 'reason' | 'message'>;
    };

/**
 * Imports one file of recorded crimes into a force's log, while its server is stopped (it is refused
 * while one runs): staged whole, then committed with its one event in one transaction. A file with a fault changes nothing.
 */
export async function importCrimeFile(file: string, options: ImportOptions): Promise<Imported> {
  const { dataDir, logId, area, onProgress } = options;
  using stack = new DisposableStack();
  stack.use(holdFolder(dataDir)); // before anything is written, also what is staged
  dropLeftovers(dataDir);
  const staged = await stageCrimeFile(file, {
    folder: dataDir,
    area,
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
  const { digest, rowsRead, duplicates, keptCount, months } = staged;
  const skipped = { ...staged.skipped };
  const { settled, events } = writer.importCrimes(
    {
      commandId: commandIdFrom(now(), randomBytes(16)),
      occurredAt: now(),
      actor: 'system' as UserId,
      desk: 'server' as DeskId,
    },
    { batchId: digest, fileDigest: digest, rowsRead, duplicates, skipped, months: [...months] },
    staged.kept(),
  );
  writer.foldPicture();
  const [result] = settled;
  if (result?.outcome === 'not-recordable') throw new Error(`importing ${file}: ${result.message}`);
  const counts = { rowsRead, kept: keptCount, duplicates, skipped };
  const text = events[0]?.kept?.text;
  if (text === undefined)
    return { outcome: 'already-imported', ...counts, added: 0, alreadyHeld: keptCount, alike: 0 };
  // The body that was just written, with the counts that only the commit could know.
  const { added, alreadyHeld, alike } = JSON.parse(text) as Record<string, number>;
  return {
    outcome: 'imported',
    ...counts,
    added: added ?? 0,
    alreadyHeld: alreadyHeld ?? 0,
    alike: alike ?? 0,
  };
}

/** What an import that was killed had staged: nobody else has the folder now, so it is nobody's. */
function dropLeftovers(dataDir: string): void {
  const names = existsSync(dataDir) ? readdirSync(dataDir) : [];
  for (const name of names.filter((it) => it.startsWith(STAGING)))
    rmSync(join(dataDir, name), { recursive: true });
}
