import * as z from 'zod';
import { commandId } from '#domain/ids.ts';

const recorded = z.strictObject({
  state: z.literal('recorded'),
  firstSeq: z.int().positive(),
  lastSeq: z.int().positive(),
});
/** The fact that forbids it, with ids and times only: answers are kept, so nothing personal is in them. */
const refused = z.strictObject({
  state: z.literal('refused'),
  refusal: z.looseObject({ reason: z.string().min(1).max(64) }),
});

/** The last word on a command. It is stored with the command: the same id gets the same answer. */
export const answer = z.discriminatedUnion('state', [recorded, refused]);
export type Answer = z.infer<typeof answer>;

/**
 * Sent down for each command: by the desk after its outbox commit ("stored-here", the half mark), by
 * the server after its durable commit ("recorded", the solid mark) or with the reason ("refused").
 * The desk's refusal says in `refusal.reason` why nothing was stored.
 */
export const ack = z.strictObject({
  frame: z.literal('ack'),
  commandId,
  answer: z.discriminatedUnion('state', [
    z.strictObject({
      state: z.literal('stored-here'),
      /** The reference that the new incident has from now on. */
      reference: z.string().max(32).optional(),
    }),
    recorded,
    refused,
  ]),
});
export type Ack = z.infer<typeof ack>;
