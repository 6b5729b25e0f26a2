import * as z from 'zod';

/** The gateway's first frame to a window in a plain browser: the single-use token for its next load or reconnection. */
export const nextToken = z.strictObject({
  frame: z.literal('next-token'),
  token: z.string().min(32).max(128),
});
export type NextToken = z.infer<typeof nextToken>;
