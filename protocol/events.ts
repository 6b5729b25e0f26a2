import * as z from 'zod';
import { commandId, deskId, epochMs, streamId } from '#domain/ids.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** An event as it crosses the wire: the whole header, and the body with its salt where this seat may see it. */
export const wireEvent = z.strictObject({
  header: z.strictObject({
    logId: z.string().min(1).max(64),
    seq: z.int().positive(),
    epoch: z.int().positive(),
    commandId,
    n: z.int().nonnegative(),
    stream: streamId,
    version: z.int().positive(),
    type: z.string().min(1).max(64),
    typeVersion: z.int().positive(),
    occurredAt: epochMs,
    enteredAt: epochMs.optional(),
    recordedAt: epochMs,
    actor: z.string().min(1).max(64),
    desk: deskId,
    class: z.enum(['operational', 'restricted', 'administrative']),
    bodyHash: hash,
    prevHash: hash,
    hash,
  }),
  /** The body as the text that its hash commits to, and the salt in base64. */
  kept: z.strictObject({ salt: z.base64().max(24), text: z.string().max(65_536) }).optional(),
});
export type WireEvent = z.infer<typeof wireEvent>;

/**
 * Sent by the server to a desk: events in order, without a gap, after their durable commit. A chunk
 * is at most 256 KB; the next one starts at the next seq. The desk applies a chunk and moves its
 * cursor in one transaction.
 */
export const events = z.strictObject({
  frame: z.literal('events'),
  events: z.array(wireEvent).min(1).max(1_000),
});
export type Events = z.infer<typeof events>;
