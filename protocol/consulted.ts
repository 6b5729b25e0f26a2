import * as z from 'zod';
import { epochMs, userId } from '#domain/ids.ts';

/** One look-up, hit or miss, coalesced for each record and person. Ids and counts: never what was typed. */
export const consultation = z.strictObject({
  /** Counted by the outbox that keeps it: contiguous, so that a repeat is known. */
  n: z.int().positive(),
  at: epochMs,
  actor: userId,
  /** What was used: `find`, `places`, `crimes-near`, `contact`, `incident`. */
  what: z.string().min(1).max(32),
  /** The record that was opened, or every one that was found. */
  subject: z.string().max(2_000),
  /** How many rows were shown. */
  shown: z.int().nonnegative(),
  /** How often within the minute. */
  times: z.int().positive(),
});
export type Consultation = z.infer<typeof consultation>;

/**
 * Sent by a desk to the server: who looked at what, oldest first, also what was looked at while nobody
 * answered. The server keeps each once, in its audit, which is fanned out to nobody.
 */
export const consulted = z.strictObject({
  frame: z.literal('consulted'),
  outboxId: z.uuid(),
  rows: z.array(consultation).min(1).max(200),
});
export type Consulted = z.infer<typeof consulted>;

/** The server's word, after the commit, that the audit has everything up to `n` of this outbox. */
export const consultedKept = z.strictObject({
  frame: z.literal('consulted-kept'),
  n: z.int().nonnegative(),
});
export type ConsultedKept = z.infer<typeof consultedKept>;
