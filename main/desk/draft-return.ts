import * as z from 'zod';
import { draftContent } from '#protocol/draft.ts';
import type { Outbox } from './outbox.ts';

export interface DraftReturn {
  /** The server's address, `http:` or `https:`. */
  readonly server: string;
  /** The session of the person whose drafts they are. */
  readonly token: string;
  readonly user: string;
  readonly outbox: Outbox;
  /** Told once something has come back, so that it is shown. */
  readonly returned: () => void;
  readonly failed: (error: Error) => void;
}

const WITHIN_MS = 8_000; // 200 drafts over a slow line
const answer = z.object({
  drafts: z
    .array(
      z.object({
        id: z.string().min(1).max(128),
        revision: z.int().nonnegative(),
        content: draftContent,
      }),
    )
    .max(1_000),
});

/**
 * Brings a person's drafts from the server to the desk at which they have just signed in, so that a PC
 * that died has lost no pad. What this desk has is kept where its revision is as high. Nothing that came
 * is copied to the server again. Never throws: signing in neither waits for it nor fails by it.
 */
export async function returnDrafts(options: DraftReturn, signal: AbortSignal): Promise<void> {
  const { server, token, user, outbox, returned, failed } = options;
  const revisions = () => new Map(outbox.drafts(user).map(({ id, revision }) => [id, revision]));
  try {
    const before = revisions();
    const response = await fetch(`${server}/api/drafts`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
    });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const { drafts } = answer.parse(await response.json());
    signal.throwIfAborted(); // the desk's files may be closed by now
    const here = revisions();
    const missing = drafts.filter(({ id, revision }) => {
      // What was typed or dropped while the answer was on its way is newer, whatever its number.
      const isUntouched = here.get(id) === before.get(id);
      return isUntouched && (here.get(id) ?? -1) < revision;
    });
    for (const { id, revision, content } of missing) outbox.putDraft(user, id, revision, content);
    if (missing.length > 0) returned();
  } catch (cause) {
    if (!signal.aborted) failed(new Error('fetching the drafts of who signed in', { cause }));
  }
}
