import type { Asked, CommandBody } from '#domain/commands.ts';
import type { DispatchedCall } from '#domain/dispatched-call.ts';
import { batchStream, callBatchStream, type StreamId } from '#domain/ids.ts';
import type { RecordedCrime } from '#domain/recorded-crime.ts';
import { addCalls, areCallsHere, callsDigest, type AddedCalls } from '#store/dispatched-calls.ts';
import type { Store } from '#store/open-store.ts';
import { addBatch, batchDigest, isBatchHere, type AddedCrimes } from '#store/recorded-crimes.ts';

/** One file of rows on its way into a table of its own: where they go, and the one command that says so. */
export interface RowImport<Row, Counts> {
  readonly stream: StreamId;
  readonly areHere: () => boolean;
  readonly add: (rows: Iterable<Row>) => Counts;
  /** Without counts where the file is known already and nothing was added. */
  readonly asked: (counts: Counts | undefined) => Asked;
}

export type CrimeBatch = Omit<
  CommandBody<'import-recorded-crimes'>,
  'added' | 'alreadyHeld' | 'alike' | 'rowsDigest'
>;

export type CallBatch = Omit<
  CommandBody<'import-dispatched-calls'>,
  'added' | 'alreadyHeld' | 'otherwise' | 'rowsDigest'
>;

export const crimesInto = (
  log: Store,
  batch: CrimeBatch,
): RowImport<RecordedCrime, AddedCrimes> => ({
  stream: batchStream(batch.batchId),
  areHere: () => isBatchHere(log, batch.batchId),
  add: (rows) => addBatch(log, batch.batchId, rows),
  asked: (counts = { added: 0, alreadyHeld: 0, alike: 0 }) => ({
    type: 'import-recorded-crimes',
    body: { ...batch, ...counts, rowsDigest: batchDigest(log, batch.batchId) },
  }),
});

export const callsInto = (log: Store, batch: CallBatch): RowImport<DispatchedCall, AddedCalls> => ({
  stream: callBatchStream(batch.batchId),
  areHere: () => areCallsHere(log, batch.batchId),
  add: (rows) => addCalls(log, batch.batchId, rows),
  asked: (counts = { added: 0, alreadyHeld: 0, otherwise: 0 }) => ({
    type: 'import-dispatched-calls',
    body: { ...batch, ...counts, rowsDigest: callsDigest(log, batch.batchId) },
  }),
});
