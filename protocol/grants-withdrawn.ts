import * as z from 'zod';

/**
 * Sent by the server to a desk at the moment when grants that were given at it are taken back: they let
 * nobody in any more, and who sits there under one is signed out. A desk that is away hears of it when it
 * asks (`POST /api/desks/grants`), which it does whenever its line comes back.
 */
export const grantsWithdrawn = z.strictObject({
  frame: z.literal('grants-withdrawn'),
  grants: z.array(z.uuid()).min(1).max(400),
});
export type GrantsWithdrawn = z.infer<typeof grantsWithdrawn>;
