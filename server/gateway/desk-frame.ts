import * as z from 'zod';
import { commandId } from '#domain/ids.ts';
import { isModest } from '#domain/lib/modest.ts';
import { deskUp, type DeskUp } from '#protocol/up.ts';

const brokenCommand = z.object({
  frame: z.literal('stamped-command'),
  command: z.object({ id: commandId }),
  outboxId: z.string().optional().catch(undefined),
  deskSeq: z.int().positive().optional().catch(undefined),
});

/** The id of a command, and its place, in a frame that is otherwise not understood. */
export const commandIn = (text: string): z.infer<typeof brokenCommand> | undefined =>
  brokenCommand.safeParse(jsonOf(text)).data;

/** What a desk says, or nothing where it is no frame of this protocol. */
export function readFrame(text: string): DeskUp | undefined {
  const value = jsonOf(text);
  if (!isModest(value)) return undefined;
  const parsed = deskUp.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no frame: the caller says so to the desk and to the audit
  }
}
