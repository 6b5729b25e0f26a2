import type * as z from 'zod';

/** A request that is answered with a reason instead; `message` is for a person to read. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Reads what came in by its schema; what is wrong is told with its field, and never with its value. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'body';
  throw new Refused(400, 'malformed', `${field}: ${issue?.message ?? 'not understood'}`);
}
