import * as z from 'zod';
import { wireEvent } from './events.ts';

/** The most events that one `tail` holds. It weighs at most `limits.chunkMaxBytes`. */
export const TAIL_MAX = 200;

/**
 * Sent by a server that was restored from a back-up, in place of its `welcome`: the desk's log goes on
 * where the server's ends, and the server asks for what it has lost. One is asked at a time.
 */
export const sendTail = z.strictObject({
  frame: z.literal('send-tail'),
  after: z.int().nonnegative(),
});
export type SendTail = z.infer<typeof sendTail>;

/**
 * The desk's answer: events of its copy of the log after `after`, as they were recorded, whole commands
 * only. `isEnd`: it has no more. The server checks every hash before it takes one.
 */
export const tail = z.strictObject({
  frame: z.literal('tail'),
  after: z.int().nonnegative(),
  events: z.array(wireEvent).max(TAIL_MAX),
  isEnd: z.boolean(),
});
export type Tail = z.infer<typeof tail>;
