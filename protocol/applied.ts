import * as z from 'zod';

/** Sent by a desk at most once a second: how far it has applied the log, so that the server knows each desk's lag. */
export const applied = z.strictObject({
  frame: z.literal('applied'),
  cursor: z.int().nonnegative(),
  chainHash: z.string().max(64),
});
export type Applied = z.infer<typeof applied>;
