import * as z from 'zod';
import { commandId } from '#domain/ids.ts';

/** Sent by a window when its operator has dealt with an item of the needs-attention tray. It is kept, not deleted. */
export const settleTray = z.strictObject({
  frame: z.literal('settle-tray'),
  id: z.string().min(1).max(64),
  commandId,
});
export type SettleTray = z.infer<typeof settleTray>;
