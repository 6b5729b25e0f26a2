import * as z from 'zod';

/**
 * Sent by a desk while it is online and its block of reference numbers runs low. The answer is an
 * event, `references.reserved`, that every desk gets. A repeat after a lost line has the same id.
 */
export const reserveReferences = z.strictObject({
  frame: z.literal('reserve-references'),
  id: z.uuidv7(),
  count: z.int().min(1).max(100),
});
export type ReserveReferences = z.infer<typeof reserveReferences>;
