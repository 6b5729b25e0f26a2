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

const WAITING_MAX = 1_000; // 300 desks with a few drafts each; then they are written at once
const DRAFTS_MAX = 200; // of one person, as many as a desk keeps
const WRITE_EVERY_MS = 1_000; // a copy of what is on the desk's disk already: this much of it may be lost

/**
 * The copies of the desks' drafts, so that a dead PC loses no pad. The highest revision wins. They are
 * written in groups: a disk that is slow for a moment must not hold up the sockets for each of them.
 */
export class DraftCopies {
  readonly #db: Store;
  readonly #sql;
  readonly #waiting = new Map<string, DraftCopy>();

  constructor(db: Store) {
    this.#db = db;
    this.#sql = {
      put: db.prepare<[string, string, number, string]>(
        `INSERT INTO draft VALUES (?, ?, ?, ?) ON CONFLICT (user_id, draft_id) DO UPDATE SET
           revision = excluded.revision, content = excluded.content
         WHERE excluded.revision >= draft.revision`,
      ),
      drop: db.prepare<[string, string, number]>(
        'DELETE FROM draft WHERE user_id = ? AND draft_id = ? AND revision <= ?',
      ),
      keepNewest: db.prepare<[string, string, number]>(
        `DELETE FROM draft WHERE user_id = ? AND rowid NOT IN (
           SELECT rowid FROM draft WHERE user_id = ? ORDER BY rowid DESC LIMIT ?)`,
      ),
      of: db.prepare<[string], { id: string; revision: number; content: string }>(
        'SELECT draft_id AS id, revision, content FROM draft WHERE user_id = ? ORDER BY draft_id',
      ),
    };
  }

  /** How often `write` should be called. */
  static readonly writeEveryMs = WRITE_EVERY_MS;

  keep(copy: DraftCopy): void {
    const key = JSON.stringify([copy.user, copy.draftId]);
    const before = this.#waiting.get(key);
    // A draft that is begun anew after its end counts its revisions from the start again.
    if (before?.content === null && copy.content !== null) this.write();
    else if (before && before.revision > copy.revision) return;
    this.#waiting.set(key, copy);
    if (this.#waiting.size >= WAITING_MAX) this.write();
  }

  /** Commits what has come since the last time. What could not be written is tried again. */
  write(): void {
    if (this.#waiting.size === 0) return;
    this.#db
      .transaction(() => {
        for (const { user, draftId, revision, content } of this.#waiting.values()) {
          if (content === null) this.#sql.drop.run(user, draftId, revision);
          else {
            this.#sql.put.run(user, draftId, revision, JSON.stringify(content));
            this.#sql.keepNewest.run(user, user, DRAFTS_MAX);
          }
        }
      })
      .immediate();
    this.#waiting.clear();
  }

  /** Someone's drafts, as they were last copied. */
  of(user: string): readonly {
    readonly id: string;
    readonly revision: number;
    readonly content: unknown;
  }[] {
    this.write();
    return this.#sql.of
      .all(user)
      .map(({ content, ...rest }) => ({ ...rest, content: JSON.parse(content) as unknown }));
  }
}
