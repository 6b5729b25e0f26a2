import * as z from 'zod';

/** What an operator is typing: fields by name, and where the caret was, so that a window comes back as it was. */
export const draftContent = z.strictObject({
  about: z.string().max(128),
  fields: z.record(z.string().max(64), z.string().max(8_000)),
  caret: z
    .strictObject({ field: z.string().max(64), start: z.int().min(0), end: z.int().min(0) })
    .optional(),
});
export type DraftContent = z.infer<typeof draftContent>;

/**
 * Sent by a window within 500 ms of a key. The desk keeps the highest revision and answers
 * `draft-stored` after the commit; it copies drafts to the server, so a dead PC loses no pad.
 */
export const draft = z.strictObject({
  frame: z.literal('draft'),
  draftId: z.string().min(1).max(128),
  revision: z.int().nonnegative(),
  content: draftContent,
});
export type Draft = z.infer<typeof draft>;

/** Sent by a window when what was typed has become a command, or was thrown away by the operator. */
export const dropDraft = z.strictObject({
  frame: z.literal('drop-draft'),
  draftId: z.string().min(1).max(128),
});

/** The desk's word that a revision is on its disk. */
export const draftStored = z.strictObject({
  frame: z.literal('draft-stored'),
  draftId: z.string().min(1).max(128),
  revision: z.int().nonnegative(),
});

/** Sent by a desk to the server, at most every 2 s for each draft; `content` is null once it is gone. */
export const draftCopy = z.strictObject({
  frame: z.literal('draft-copy'),
  user: z.string().max(64),
  draftId: z.string().min(1).max(128),
  revision: z.int().nonnegative(),
  content: draftContent.nullable(),
});
export type DraftCopy = z.infer<typeof draftCopy>;
