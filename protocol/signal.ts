import * as z from 'zod';
import { deskId, epochMs, userId } from '#domain/ids.ts';

/** What a person has in front of them: a stream such as `incident/HC-20261123-0412`, or nothing. */
export const presence = z.strictObject({
  about: z.string().max(128),
  isTyping: z.boolean(),
  /** Whether calls may be offered: a handler is ready, talking, or wrapping up. */
  availability: z.enum(['ready', 'talking', 'wrap-up', 'away']).optional(),
});
export type Presence = z.infer<typeof presence>;

/**
 * Sent by a window to its desk, and by the desk to the server, whenever it changes: the latest value wins,
 * nothing of it is ever in the log, and what is lost on the way is made good by the next one.
 */
export const signal = z.strictObject({ frame: z.literal('signal'), presence });
export type Signal = z.infer<typeof signal>;

/** Sent by a desk to the server: the same, with who sits there. */
export const deskSignal = z.strictObject({
  frame: z.literal('desk-signal'),
  user: userId.optional(),
  presence,
});
export type DeskSignal = z.infer<typeof deskSignal>;

/**
 * Sent by the server to every desk, at most every 250 ms: the latest signal of each desk that has changed.
 * A desk that has hung up is in `gone`.
 */
export const signals = z.strictObject({
  frame: z.literal('signals'),
  latest: z
    .array(z.strictObject({ desk: deskId, user: userId.optional(), at: epochMs, presence }))
    .max(500),
  gone: z.array(deskId).max(500),
});
export type Signals = z.infer<typeof signals>;
