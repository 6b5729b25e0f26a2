import { facts } from '#domain/facts.ts';
import type { Box } from '#domain/lib/geo.ts';
import { crimesOf } from './crimes.ts';
import { importFile, type ImportRefused, type RowCounts } from './import-file.ts';
import type { ImportProgress } from './stage-file.ts';

export interface ImportOptions {
  readonly dataDir: string;
  readonly logId: string;
  readonly area: Box;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export type Imported =
  | (RowCounts & {
      readonly outcome: 'imported' | 'already-imported';
      readonly added: number;
      readonly alreadyHeld: number;
      readonly alike: number;
    })
  | ImportRefused;

/** Imports one file of recorded crimes into a force's log, see `importFile`. */
export async function importCrimeFile(
  file: string,
  { dataDir, logId, area, onProgress }: ImportOptions,
): Promise<Imported> {
  const result = await importFile(file, {
    dataDir,
    logId,
    kind: crimesOf(area),
    record: (writer, stamp, { digest, rowsRead, duplicates, skipped, periods, kept }) =>
      writer.importCrimes(
        stamp,
        {
          batchId: digest,
          fileDigest: digest,
          rowsRead,
          duplicates,
          skipped: { ...skipped },
          months: [...periods],
        },
        kept(),
      ),
    ...(onProgress && { onProgress }),
  });
  if (result.outcome === 'refused') return result;
  const { outcome, rows } = result;
  if (outcome === 'already-imported')
    return { outcome, ...rows, added: 0, alreadyHeld: rows.kept, alike: 0 };
  const { added, alreadyHeld, alike } = facts['recorded-crime.imported'].body.parse(result.event);
  return { outcome, ...rows, added, alreadyHeld, alike };
}
