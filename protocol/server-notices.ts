import * as z from 'zod';
import { epochMs } from '#domain/ids.ts';

/** Something about the machines that the people who work with them have to know, in a sentence for them. */
export const notice = z.strictObject({
  /** What it is about: there is at most one notice about one thing. */
  about: z.string().regex(/^[a-z-]{1,40}$/),
  /** `urgent`: work will be stopped or misread where nobody does anything. */
  level: z.enum(['warning', 'urgent']),
  /** Since when it has been of this level. */
  since: epochMs,
  /** No name, number or place of anybody is in it. */
  text: z.string().min(1).max(200),
});
export type Notice = z.infer<typeof notice>;

/**
 * Sent by the server to a desk that joins where there is any, and to every desk when it changes: all that
 * there is to tell, so the latest one holds and nothing of it is kept. A desk that loses its line forgets it.
 */
export const serverNotices = z.strictObject({
  frame: z.literal('server-notices'),
  notices: z.array(notice).max(20),
});
export type ServerNotices = z.infer<typeof serverNotices>;
