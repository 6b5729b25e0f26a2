import type { UserId } from '#domain/ids.ts';
import type { DraftCopy } from '#protocol/draft.ts';
import type { DraftRow } from '#protocol/view.ts';

const DUE_MAX = 1_000; // pads of a shift that the server has yet to copy; the oldest goes first
const AT_ONCE = 50; // what the server takes of a desk in a second

/** Drafts that the server has yet to hear of. In memory: what they say stands in the outbox. */
export class DraftsDue {
  /** By user and draft. What ended is told as ended, whatever was begun under its id since. */
  readonly #due = new Map<
    string,
    { readonly user: UserId; readonly draftId: string; readonly how: 'kept' | 'dropped' }
  >();

  /** A draft was kept here, or has ended. */
  changed(user: UserId, draftId: string, how: 'kept' | 'dropped'): void {
    const named = JSON.stringify([user, draftId]);
    // One that is begun anew counts from the start: the end of the one before has to be told first.
    if (this.#due.get(named)?.how !== 'dropped') this.#due.set(named, { user, draftId, how });
    const [oldest] = this.#due.keys();
    if (this.#due.size > DUE_MAX && oldest !== undefined) this.#due.delete(oldest);
  }

  /**
   * Tells the server of the oldest, as many as it takes of a desk at once. `send` says whether the line took
   * it; what it did not take is told the next time. `draftsOf` is what is kept here of a person.
   */
  tell(draftsOf: (user: UserId) => readonly DraftRow[], send: (copy: DraftCopy) => boolean): void {
    const byUser = new Map<UserId, Map<string, DraftRow>>();
    for (const [named, { user, draftId, how }] of [...this.#due].slice(0, AT_ONCE)) {
      const theirs = byUser.get(user) ?? new Map(draftsOf(user).map((draft) => [draft.id, draft]));
      byUser.set(user, theirs);
      const copy = { frame: 'draft-copy', user, draftId } as const;
      const ended = { ...copy, revision: Number.MAX_SAFE_INTEGER, content: null };
      if (how === 'dropped' && !send(ended)) return; // all of it when the line is back
      const found = theirs.get(draftId);
      if (found && !send({ ...copy, revision: found.revision, content: found.content })) return;
      this.#due.delete(named);
    }
  }
}
