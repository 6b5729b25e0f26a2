import * as z from 'zod';
import { commands, commandTypes, type Asked, type CommandType } from '#domain/commands.ts';
import { commandId, streamId } from '#domain/ids.ts';

/**
 * Sent by a window to its desk when the operator asks for something. The answer is an `ack`, first
 * "stored-here", then "recorded" or "refused". The body is that of the command's row in
 * `domain/commands.ts`; `asked` parses it.
 */
export const command = z.strictObject({
  frame: z.literal('command'),
  /** A UUIDv7 that the window makes before it sends: a repeat after a crash is the same command. */
  id: commandId,
  type: z.enum(commandTypes as [CommandType, ...CommandType[]]), // the table is never empty
  body: z.record(z.string(), z.unknown()),
  /** Stream versions the operator had seen, where acting on an older picture would be wrong. */
  expect: z.record(streamId, z.int().nonnegative()).optional(),
});
export type Command = z.infer<typeof command>;

export type ParsedAsk =
  | { readonly outcome: 'asked'; readonly asked: Asked }
  | { readonly outcome: 'malformed'; readonly field: string; readonly message: string };

/** Reads a command's body by its own row; what is wrong is told with the field. */
export function parseAsked({ type, body }: Pick<Command, 'type' | 'body'>): ParsedAsk {
  const parsed = commands[type].body.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      outcome: 'malformed',
      field: issue?.path.join('.') ?? '',
      message: issue?.message ?? 'not understood',
    };
  }
  // The cast pairs a type with the body that its own row has just parsed.
  return { outcome: 'asked', asked: { type, body: parsed.data } as Asked };
}
