import type { DraftCopy } from '#protocol/draft.ts';
import type { Store } from '#store/open-store.ts';

/** What people are typing, apart from the log: it is theirs until it becomes a command. */
export const draftMigrations = [
  `CREATE TABLE draft (
     user_id  TEXT NOT NULL,
     draft_id TEXT NOT NULL,
     revision INTEGER NOT NULL,
     content  TEXT NOT NULL CHECK (json_valid(content)),
     PRIMARY KEY (user_id, draft_id)
   ) STRICT`,
] as const;

/** The copies of the desks' drafts, so that a dead PC loses no pad. */
export class DraftCopies {
  readonly #sql;

  constructor(db: Store) {
    this.#sql = {
      put: db.prepare<[string, string, number, string]>(
        `INSERT INTO draft VALUES (?, ?, ?, ?) ON CONFLICT (user_id, draft_id) DO UPDATE SET
           revision = excluded.revision, content = excluded.content
         WHERE excluded.revision >= draft.revision`,
      ),
      drop: db.prepare<[string, string]>('DELETE FROM draft WHERE user_id = ? AND draft_id = ?'),
    };
  }

  keep({ user, draftId, revision, content }: DraftCopy): void {
    if (content === null) this.#sql.drop.run(user, draftId);
    else this.#sql.put.run(user, draftId, revision, JSON.stringify(content));
  }
}
