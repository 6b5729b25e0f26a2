import * as z from 'zod';

/** The server's first frame on a desk's socket: 32 random bytes that the desk signs in its `hello`. */
export const challenge = z.strictObject({
  frame: z.literal('challenge'),
  nonce: z.base64().max(64),
});
export type Challenge = z.infer<typeof challenge>;
