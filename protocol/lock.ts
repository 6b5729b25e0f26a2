import * as z from 'zod';

/**
 * Sent by a window: whoever sits at this desk leaves it for a moment. Every window of the desk is covered until
 * the same person signs in again, or another one does, which is a change over. Answered by a `result`.
 */
export const lock = z.strictObject({ frame: z.literal('lock'), id: z.string().min(1).max(64) });
