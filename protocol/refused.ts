import * as z from 'zod';

/** The other side could not use a frame. Nothing was stored; `message` is for a person to read. */
export const refused = z.strictObject({
  frame: z.literal('refused'),
  reason: z.string().min(1).max(64),
  message: z.string().max(400),
  /** Of the frame that is refused, where it had one. */
  id: z.string().max(64).optional(),
});
export type Refused = z.infer<typeof refused>;
