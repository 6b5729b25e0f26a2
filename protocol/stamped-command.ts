import * as z from 'zod';
import { deskId, epochMs, incidentId, userId } from '#domain/ids.ts';
import { command } from './command.ts';

/**
 * Sent by a desk to the server, in `deskSeq` order, once the command is in its outbox. The desk's key
 * authenticates the socket; the server authorises the actor by the grant, as at `occurredAt`.
 */
export const stampedCommand = z.strictObject({
  frame: z.literal('stamped-command'),
  command,
  occurredAt: epochMs,
  enteredAt: epochMs.optional(),
  actor: userId,
  grant: z.string().min(1).max(64),
  desk: deskId,
  /** The reference that the desk took from its block, for a command that makes an incident. */
  reference: incidentId.optional(),
  outboxId: z.uuid(),
  deskSeq: z.int().positive(),
});
export type StampedCommand = z.infer<typeof stampedCommand>;
