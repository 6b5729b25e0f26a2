import * as z from 'zod';
import { epochMs } from '#domain/ids.ts';

/**
 * The server's answer to a good `hello`. `delta`: events after the desk's cursor follow. `reset`: the
 * desk's log is of another lineage or ahead of this server; it keeps its outbox, puts its replica
 * aside and starts at 0.
 */
export const welcome = z.strictObject({
  frame: z.literal('welcome'),
  protocol: z.int().positive(),
  logId: z.string().min(1).max(64),
  epoch: z.int().positive(),
  head: z.int().nonnegative(),
  mode: z.enum(['delta', 'reset']),
  limits: z.strictObject({ windowMax: z.int().positive(), frameMaxBytes: z.int().positive() }),
  peers: z.array(z.url()).max(8),
  serverNow: epochMs,
  /** Which release of Holdfast the server is, as it is shown to people; absent where it does not say. */
  release: z.string().min(1).max(32).optional(),
});
export type Welcome = z.infer<typeof welcome>;
