import * as z from 'zod';
import { recordedCrime } from '#domain/recorded-crime.ts';

const batchId = z.string().min(1).max(128);
const identity = recordedCrime.shape.identity;

/**
 * Sent by a desk that has the event of an import and not all of its rows: the next page, in the order
 * of the identities, `after` the last one it holds. One is asked at a time.
 */
export const askCrimes = z.strictObject({
  frame: z.literal('ask-crimes'),
  batchId,
  after: identity.optional(),
});
export type AskCrimes = z.infer<typeof askCrimes>;

/**
 * The server's answer: a page of the batch. The last page brings the digest over all rows; a desk whose
 * own digest differs throws the batch away and asks for it from the start.
 */
export const crimes = z.strictObject({
  frame: z.literal('crimes'),
  batchId,
  rows: z.array(recordedCrime).max(500),
  digest: z.string().max(64).optional(),
});
export type Crimes = z.infer<typeof crimes>;
