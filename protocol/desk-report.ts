import * as z from 'zod';
import { deskId, epochMs, userId } from '#domain/ids.ts';

const KEY_MAX_MS = 60_000; // a window that hung; beyond that nobody waits for a key
const count = z.int().nonnegative();
const lengthMs = z.number().nonnegative();

/** How measured times were spread lately; absent where nothing was measured. */
const spread = z.strictObject({ p50Ms: lengthMs, p95Ms: lengthMs, count: z.int().positive() });

/** How a desk is: numbers and no content. A length of time is as of the moment when it was said. */
export const deskReport = z.strictObject({
  /** As the desk itself sees it: alone also while it copies the log. */
  mode: z.enum(['online', 'alone']),
  /** Commands stored at the desk that the server has not answered, and the age of the oldest. */
  waiting: count,
  oldestWaitingMs: lengthMs.optional(),
  /** Refused after they were stored, and not dealt with. */
  tray: count,
  /** Drafts with something in them, of anybody, and how long the longest untouched has been so. */
  drafts: count,
  oldestDraftMs: lengthMs.optional(),
  version: z.string().max(64),
  /** The server's clock less the desk's. */
  offsetMs: z.number(),
  /** From the key to the picture that shows it, in the windows of the desk. */
  keyToPaint: spread.optional(),
  /** From the durable commit at the desk to the server's answer. */
  saveToRecord: spread.optional(),
});
export type DeskReport = z.infer<typeof deskReport>;

/**
 * Sent by a desk to the server when how it is has changed, at most every 5 s, and at once when somebody else
 * sits there: a signal, of which the latest is valid and nothing is ever in the log.
 */
export const reportFrame = z.strictObject({
  frame: z.literal('desk-report'),
  user: userId.optional(),
  report: deskReport,
});
export type ReportFrame = z.infer<typeof reportFrame>;

/**
 * Sent by the server to the desks where a supervisor or an administrator sits, at most once a second: the latest
 * report of each desk that has changed. A desk that has hung up stays, with the moment, for the length of a
 * shift. `isAll` begins the list anew.
 */
export const deskReports = z.strictObject({
  frame: z.literal('desk-reports'),
  isAll: z.boolean(),
  latest: z
    .array(
      z.strictObject({
        desk: deskId,
        user: userId.optional(),
        /** When the server heard it. */
        at: epochMs,
        goneSince: epochMs.optional(),
        report: deskReport,
      }),
    )
    .max(500),
});
export type DeskReports = z.infer<typeof deskReports>;
export type ReportOfDesk = DeskReports['latest'][number];

/** Sent by a window to its desk every few seconds of typing: how long each key took to be seen. */
export const keysPainted = z.strictObject({
  frame: z.literal('keys-painted'),
  ms: z.array(z.number().nonnegative().max(KEY_MAX_MS)).min(1).max(200),
});
export type KeysPainted = z.infer<typeof keysPainted>;
