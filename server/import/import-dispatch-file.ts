import { SEATTLE } from '#domain/dispatched-call.ts';
import { facts } from '#domain/facts.ts';
import { OtherLogError } from '../log/log-writer.ts';
import { dispatchedCallFile } from './dispatched-calls.ts';
import { importFile, type ImportRefused, type RowCounts } from './import-file.ts';
import type { ImportProgress } from './stage-file.ts';

export interface ImportOptions {
  readonly dataDir: string;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export type CallsImported =
  | (RowCounts & {
      readonly outcome: 'imported' | 'already-imported';
      readonly added: number;
      readonly alreadyHeld: number;
      /** Of those held already, the ones that read otherwise there; nothing was written over. */
      readonly otherwise: number;
      readonly label: string;
    })
  | ImportRefused;

/**
 * Imports one file of Seattle's dispatch records, see `importFile`. A folder that holds nothing yet
 * becomes a training force that is made of them, in their own time zone and under a log id that no
 * server of a real force opens. A folder of another force is refused, and left as it was.
 */
export async function importDispatchFile(
  file: string,
  { dataDir, onProgress }: ImportOptions,
): Promise<CallsImported> {
  const { logId, label, timeZone } = SEATTLE;
  try {
    const result = await importFile(file, {
      dataDir,
      logId,
      kind: dispatchedCallFile,
      record: (writer, stamp, { digest, rowsRead, duplicates, skipped, periods, kept }) => {
        const [first, last] = [periods.at(0), periods.at(-1)];
        return writer.importCalls(
          stamp,
          {
            batchId: digest,
            fileDigest: digest,
            label,
            timeZone,
            rowsRead,
            duplicates,
            skipped: { ...skipped },
            ...(first !== undefined && last !== undefined && { days: { first, last } }),
          },
          kept(),
        );
      },
      ...(onProgress && { onProgress }),
    });
    if (result.outcome === 'refused') return result;
    const { outcome, rows } = result;
    if (outcome === 'already-imported')
      return { outcome, ...rows, added: 0, alreadyHeld: rows.kept, otherwise: 0, label };
    const { body } = facts['dispatched-call.imported'];
    const { added, alreadyHeld, otherwise } = body.parse(result.event);
    return { outcome, ...rows, added, alreadyHeld, otherwise, label };
  } catch (cause) {
    if (!(cause instanceof OtherLogError)) throw cause;
    throw new Error(
      `${cause.message}: these records are of Seattle and go by ${timeZone}, into a training force of ` +
        'their own. Name another folder with --data; nothing was imported.',
      { cause },
    );
  }
}
