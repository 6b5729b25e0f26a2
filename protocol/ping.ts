import * as z from 'zod';

/** Sent every 2 s by both ends of a socket and by a window to its desk; two missed mean dead. */
export const ping = z.strictObject({ frame: z.literal('ping'), t0: z.number().nonnegative() });
/** Its answer. `head` is the last seq of the log, so a missed event is seen on a quiet line. */
export const pong = z.strictObject({
  frame: z.literal('pong'),
  t0: z.number().nonnegative(),
  t1: z.number().nonnegative(),
  head: z.int().nonnegative(),
});
export type Ping = z.infer<typeof ping>;
export type Pong = z.infer<typeof pong>;
