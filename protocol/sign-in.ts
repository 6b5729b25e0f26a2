import * as z from 'zod';

/** Sent by a window; the answer is a `result` with the same id. The password goes no further than the server's check. */
export const signIn = z.strictObject({
  frame: z.literal('sign-in'),
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
  /** Given where the first password has to be changed. */
  newPassword: z.string().min(12).max(256).optional(),
});
export type SignIn = z.infer<typeof signIn>;

export const signOut = z.strictObject({ frame: z.literal('sign-out'), id: z.string().max(64) });
