import * as z from 'zod';
import { deskId } from '#domain/ids.ts';

/**
 * The first frame of a desk on a new socket, in answer to the server's `challenge`. `signature` is the
 * desk's enrolled Ed25519 key over the nonce and the desk's id: it authenticates the socket. The
 * server compares `chainHash` with its own event at `cursor`, so a wrong lineage is known and not
 * guessed; a desk that has seen epoch N refuses N-1. A new desk knows no log: `logId` is absent.
 * `cursorEpoch` is the epoch of the event at `cursor`, and `epoch` the latest that the desk has seen.
 * `shown` is the copy that it shows while it makes another one from `cursor` on: a server that was restored
 * may have lost what is in it.
 */
export const hello = z.strictObject({
  frame: z.literal('hello'),
  protocol: z.strictObject({ min: z.int().positive(), max: z.int().positive() }),
  desk: deskId,
  signature: z.base64().max(128),
  outboxId: z.uuid(),
  logId: z.string().min(1).max(64).optional(),
  epoch: z.int().nonnegative(),
  cursor: z.int().nonnegative(),
  cursorEpoch: z.int().nonnegative(),
  chainHash: z.string().max(64),
  shown: z
    .strictObject({
      logId: z.string().min(1).max(64),
      cursor: z.int().positive(),
      cursorEpoch: z.int().nonnegative(),
      chainHash: z.string().max(64),
    })
    .optional(),
});
export type Hello = z.infer<typeof hello>;

/** What a desk signs to show that it holds its key: the nonce of the challenge, and who it says it is. */
export const signedText = (nonce: string, desk: string) => `${nonce}.${desk}`;
