import type { CommandId, EpochMs, IncidentId, StreamId } from '#domain/ids.ts';
import type { Answer } from '#protocol/ack.ts';
import type { Consultation } from '#protocol/consulted.ts';
import type { DraftContent } from '#protocol/draft.ts';
import { stampedCommand, type StampedCommand } from '#protocol/stamped-command.ts';
import type { DraftRow } from '#protocol/view.ts';
import type { Store } from '#store/open-store.ts';
import { writeTo, type Write } from '#store/write.ts';
import type { DeskPorts } from './ports.ts';

/** The outbox has a small file of its own: a broken replica cannot take it along. */
export const outboxMigrations = [
  `CREATE TABLE outbox (
     outbox_id   TEXT NOT NULL,
     desk_seq    INTEGER NOT NULL CHECK (desk_seq > 0),
     command_id  TEXT NOT NULL UNIQUE,
     stamped     TEXT NOT NULL CHECK (json_valid(stamped)),
     reads       TEXT NOT NULL,
     put_at      INTEGER NOT NULL,
     answer      TEXT CHECK (json_valid(answer)),
     answered_at INTEGER,
     root        TEXT,
     settled_at  INTEGER,
     PRIMARY KEY (outbox_id, desk_seq)
   ) STRICT;
   CREATE INDEX outbox_waiting ON outbox (desk_seq) WHERE answer IS NULL;
   CREATE INDEX outbox_tray ON outbox (root) WHERE root IS NOT NULL AND settled_at IS NULL;
   CREATE TABLE outbox_meta (outbox_id TEXT NOT NULL) STRICT;
   CREATE TABLE reference_block (
     from_number INTEGER PRIMARY KEY,
     to_number   INTEGER NOT NULL,
     next        INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE draft (
     user_id  TEXT NOT NULL,
     draft_id TEXT NOT NULL,
     revision INTEGER NOT NULL,
     content  TEXT NOT NULL CHECK (json_valid(content)),
     saved_at INTEGER NOT NULL,
     PRIMARY KEY (user_id, draft_id)
   ) STRICT;
   CREATE TABLE seat (one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT NOT NULL) STRICT`,
  // Who looked at what, until the server's audit has it. `sqlite_sequence` gives no number twice.
  `CREATE TABLE consultation (
     n       INTEGER PRIMARY KEY AUTOINCREMENT,
     at      INTEGER NOT NULL,
     actor   TEXT NOT NULL,
     what    TEXT NOT NULL,
     subject TEXT NOT NULL,
     shown   INTEGER NOT NULL,
     times   INTEGER NOT NULL DEFAULT 1
   ) STRICT`,
  `-- Who may sign in here while the server is away, see offline-sign-in.ts.
   CREATE TABLE offline_person (
     name          TEXT PRIMARY KEY COLLATE NOCASE,
     person        TEXT NOT NULL CHECK (json_valid(person)),
     salt          BLOB NOT NULL,
     verifier      BLOB NOT NULL,
     grant_id      TEXT NOT NULL,
     sign_in_until INTEGER NOT NULL,
     not_after     INTEGER NOT NULL,
     failures      INTEGER NOT NULL DEFAULT 0,
     locked_until  INTEGER NOT NULL DEFAULT 0
   ) STRICT`,
  // The highest epoch of a server that was seen here. Beside the outbox, since a replica can be thrown away.
  'ALTER TABLE outbox_meta ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0',
  `-- How far this file has come, and of which line its second copy is: see outbox-file.ts.
   CREATE TABLE second_copy (
     one  INTEGER PRIMARY KEY CHECK (one = 1),
     line TEXT NOT NULL,
     n    INTEGER NOT NULL
   ) STRICT;
   INSERT INTO second_copy VALUES (1, '', 0);
   -- The outbox that a look was numbered by, where it is not the one of now: the server counts by it.
   ALTER TABLE consultation ADD COLUMN outbox_id TEXT`,
] as const;

const WAITING_MAX = 10_000; // a 12 h shift offline, several times over
const DRAFTS_MAX = 200; // for each person; the oldest goes first
const CONSULTED_MAX = 50_000; // days without a server; then they are counted together, never refused
const COALESCE_MS = 60_000; // the same person at the same record: one row with a count
const ANSWERED_KEPT = 5_000; // answered rows kept, so that a window's repeat gets its answer

type Unsent = Omit<StampedCommand, 'outboxId' | 'deskSeq' | 'reference'>;

/** A command that the server refused after it was stored here. */
export interface TrayItem {
  readonly stamped: StampedCommand;
  readonly refusal: { readonly reason: string } & Readonly<Record<string, unknown>>;
  readonly refusedAt: EpochMs;
  readonly root: CommandId;
}

export type Put =
  | { readonly outcome: 'stored'; readonly stamped: StampedCommand }
  | { readonly outcome: 'full' | 'no-reference-left' };

/** Keeps every command of this desk, in order, until the server's last word on it; and what is being typed. */
export class Outbox {
  readonly #sql;
  readonly #write: Write;
  readonly #ports: DeskPorts;
  /** Consultations up to here are on their way, or may have been when the last process ended. */
  #sentUpTo: number;
  #epochSeen: number;
  #outboxId: string;
  /** How many have no answer: counting them at every command would make a desk alone slower and slower. */
  #waiting: number;

  /** `write` makes each change durable: in the file, and in its second copy where it has one. */
  constructor(db: Store, ports: DeskPorts, write: Write = writeTo(db)) {
    this.#ports = ports;
    this.#write = write;
    // Made with the file: a new outbox starts again at deskSeq 1 and is never taken for the old one.
    const known = db
      .prepare<[], { outboxId: string; epoch: number }>(
        'SELECT outbox_id AS outboxId, epoch FROM outbox_meta',
      )
      .get();
    this.#outboxId = known?.outboxId ?? ports.uuid();
    this.#epochSeen = known?.epoch ?? 0;
    if (known === undefined)
      write(() => db.prepare('INSERT INTO outbox_meta (outbox_id) VALUES (?)').run(this.#outboxId));

    this.#sql = {
      known: db.prepare<[string], { stamped: string; answer: string | null }>(
        'SELECT stamped, answer FROM outbox WHERE command_id = ?',
      ),
      waiting: db.prepare<[], number>('SELECT count(*) FROM outbox WHERE answer IS NULL').pluck(),
      // By the outbox, which every row has alike: so it is found at the end of the index.
      next: db
        .prepare<[string], number>(
          'SELECT coalesce(max(desk_seq), 0) + 1 FROM outbox WHERE outbox_id = ?',
        )
        .pluck(),
      put: db.prepare<[string, number, string, string, string, number]>(
        `INSERT INTO outbox (outbox_id, desk_seq, command_id, stamped, reads, put_at)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ),
      unanswered: db
        .prepare<[], string>('SELECT stamped FROM outbox WHERE answer IS NULL ORDER BY desk_seq')
        .pluck(),
      // The answer and its place in the tray at once: a refusal that is in no tray is seen by nobody.
      settle: db.prepare<[string, number, string | null, string]>(
        // The roster is the desk's own doing: what is refused of it is nothing that a person has to do again.
        `UPDATE outbox SET answer = ?, answered_at = ?, root = CASE
             WHEN json_extract(stamped, '$.command.type') IN ('start-duty', 'end-duty') THEN NULL
             ELSE ? END
         WHERE command_id = ? AND answer IS NULL`,
      ),
      sawEpoch: db.prepare<[number]>('UPDATE outbox_meta SET epoch = max(epoch, ?)'),
      rename: db.prepare<[string]>('UPDATE outbox_meta SET outbox_id = ?'),
      keepNumber: db.prepare<[string]>(
        'UPDATE consultation SET outbox_id = ? WHERE outbox_id IS NULL',
      ),
      doubtful: db.prepare<[number], { stamped: string; isAnswered: number }>(
        `SELECT stamped, answer IS NOT NULL AS isAnswered FROM outbox
         WHERE answer IS NULL OR (json_extract(answer, '$.state') = 'recorded'
           AND json_extract(answer, '$.lastSeq') > ?)
         ORDER BY rowid`, // as they were entered: places of outboxes of other names say nothing of each other
      ),
      askAgain: db.prepare<[string, number, string, string]>(
        `UPDATE outbox SET outbox_id = ?, desk_seq = ?, stamped = ?, answer = NULL,
           answered_at = NULL WHERE command_id = ?`,
      ),
      self: db.prepare<[string], { deskSeq: number; reads: string; putAt: number }>(
        'SELECT desk_seq AS deskSeq, reads, put_at AS putAt FROM outbox WHERE command_id = ?',
      ),
      rootsBefore: db.prepare<[number, number], { root: string; reads: string }>(
        `SELECT root, reads FROM outbox
         WHERE root IS NOT NULL AND desk_seq < ? AND answered_at >= ? ORDER BY desk_seq DESC`,
      ),
      tray: db.prepare<
        [],
        { stamped: string; answer: string; answeredAt: EpochMs; root: CommandId }
      >(
        `SELECT stamped, answer, answered_at AS answeredAt, root FROM outbox
         WHERE root IS NOT NULL AND settled_at IS NULL ORDER BY desk_seq`,
      ),
      settleTray: db.prepare<[number, string]>(
        'UPDATE outbox SET settled_at = ? WHERE root = ? AND settled_at IS NULL',
      ),
      prune: db.prepare<[number]>(
        `DELETE FROM outbox WHERE answer IS NOT NULL AND desk_seq <= ?
           AND (root IS NULL OR settled_at IS NOT NULL)`,
      ),
      block: db.prepare<[], { fromNumber: number; next: number }>(
        `SELECT from_number AS fromNumber, next FROM reference_block WHERE next <= to_number
         ORDER BY rowid LIMIT 1`,
      ),
      takeNumber: db.prepare<[number]>(
        'UPDATE reference_block SET next = next + 1 WHERE from_number = ?',
      ),
      addBlock: db.prepare<[number, number, number]>(
        'INSERT OR IGNORE INTO reference_block VALUES (?, ?, ?)',
      ),
      left: db
        .prepare<[], number>('SELECT coalesce(sum(to_number - next + 1), 0) FROM reference_block')
        .pluck(),
      putDraft: db.prepare<[string, string, number, string, number]>(
        `INSERT INTO draft VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id, draft_id) DO UPDATE SET
           revision = excluded.revision, content = excluded.content, saved_at = excluded.saved_at
         WHERE excluded.revision >= draft.revision`,
      ),
      dropDraft: db.prepare<[string, string]>(
        'DELETE FROM draft WHERE user_id = ? AND draft_id = ?',
      ),
      trimDrafts: db.prepare<[string, string, number]>(
        `DELETE FROM draft WHERE user_id = ? AND draft_id NOT IN (
           SELECT draft_id FROM draft WHERE user_id = ? ORDER BY saved_at DESC LIMIT ?)`,
      ),
      drafts: db.prepare<
        [string],
        { id: string; revision: number; savedAt: number; content: string }
      >(
        `SELECT draft_id AS id, revision, saved_at AS savedAt, content FROM draft
         WHERE user_id = ? ORDER BY saved_at DESC`,
      ),
      // A name with `_` before it is the window's own note; what begins with `seat/` nobody types in.
      openDrafts: db.prepare<[], { count: number; oldestAt: number | null }>(
        `SELECT count(*) AS count, min(saved_at) AS oldestAt FROM draft
         WHERE draft_id NOT LIKE 'seat/%' AND EXISTS (
           SELECT 1 FROM json_each(draft.content, '$.fields')
           WHERE value <> '' AND substr(key, 1, 1) <> '_')`,
      ),
      again: db.prepare<[number, number, string, string, string, number, number]>(
        `UPDATE consultation SET times = times + ? WHERE n = (
           SELECT max(n) FROM consultation WHERE n > ? AND actor = ? AND what = ? AND subject = ?
             AND shown = ? AND at > ?)`,
      ),
      consult: db.prepare<[number, string, string, string, number, number]>(
        `INSERT INTO consultation (at, actor, what, subject, shown, times)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ),
      countConsulted: db.prepare<[], number>('SELECT count(*) FROM consultation').pluck(),
      overflow: db.prepare<[]>(
        `UPDATE consultation SET times = times + 1 WHERE n = (SELECT max(n) FROM consultation)`,
      ),
      numberedBy: db
        .prepare<[], string | null>('SELECT outbox_id FROM consultation ORDER BY n LIMIT 1')
        .pluck(),
      consulted: db.prepare<[string | null, number], Consultation>(
        `SELECT n, at, actor, what, subject, shown, times FROM consultation
         WHERE outbox_id IS ? ORDER BY n LIMIT ?`,
      ),
      dropConsulted: db.prepare<[number]>('DELETE FROM consultation WHERE n <= ?'),
      seat: db.prepare<[], string>('SELECT state FROM seat').pluck(),
      putSeat: db.prepare<[string]>(
        'INSERT INTO seat VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET state = excluded.state',
      ),
      dropSeat: db.prepare('DELETE FROM seat'),
    };
    this.#waiting = this.#sql.waiting.get() ?? 0;
    this.#sentUpTo =
      db.prepare<[], number>('SELECT coalesce(max(n), 0) FROM consultation').pluck().get() ?? 0;
  }

  /** The highest epoch of a server that this desk has been welcomed by. */
  get epochSeen(): number {
    return this.#epochSeen;
  }

  /** The name of this outbox; another one from each epoch on. */
  get outboxId(): string {
    return this.#outboxId;
  }

  /**
   * Keeps the epoch of a server, so that none of an earlier one is ever believed again. One that is
   * higher than any before may not have what it has answered: what is recorded beyond `cursor`, which
   * has not come back, counts as not answered any more. What waits gets new places in an outbox of
   * another name, since the server may not know of the places before it; looks keep the count they have.
   * Durable when it returns; says whether the epoch was raised.
   */
  sawEpoch(epoch: number, cursor: number): boolean {
    if (epoch <= this.#epochSeen) return false;
    const isFirst = this.#epochSeen === 0;
    const outboxId = isFirst ? this.#outboxId : this.#ports.uuid();
    this.atOnce(() => {
      this.#sql.sawEpoch.run(epoch);
      if (!isFirst) this.#moveTo(outboxId, cursor);
    });
    this.#epochSeen = epoch;
    this.#outboxId = outboxId;
    return !isFirst;
  }

  /**
   * The server has other commands at places of this outbox: the files are those of an earlier day, and all
   * that was sent since is not known here. What waits gets places that nobody has had. Durable when it returns.
   */
  giveNewPlaces(): void {
    const outboxId = this.#ports.uuid();
    this.atOnce(() => this.#moveTo(outboxId, Number.MAX_SAFE_INTEGER));
    this.#outboxId = outboxId;
  }

  #moveTo(outboxId: string, cursor: number): void {
    this.#sql.rename.run(outboxId);
    this.#sql.keepNumber.run(this.#outboxId);
    for (const [at, row] of this.#sql.doubtful.all(cursor).entries()) {
      const before = stampedCommand.parse(JSON.parse(row.stamped));
      const stamped = { ...before, outboxId, deskSeq: at + 1 };
      const { id } = stamped.command;
      this.#sql.askAgain.run(outboxId, at + 1, JSON.stringify(stamped), id);
      if (row.isAnswered === 1) this.#waiting += 1;
    }
  }

  /** The number that the next incident from this desk would get, without taking it. */
  peekNumber(): number | undefined {
    return this.#sql.block.get()?.next;
  }

  /** Leaves out the next number for as long as it is used: after a restore, somebody else may have had it. */
  passNumbers(isUsed: (number: number) => boolean): void {
    const isNextUsed = () => {
      const next = this.peekNumber();
      return next !== undefined && isUsed(next);
    };
    if (!isNextUsed()) return;
    this.#write(() => {
      for (let it = this.#sql.block.get(); it && isUsed(it.next); it = this.#sql.block.get())
        this.#sql.takeNumber.run(it.fromNumber);
    });
  }

  /**
   * Durable when it returns: only now may the operator see the half mark. `reads` are the streams the
   * decision rests on; `makeReference` is given where the command needs a number from the block.
   */
  put(
    unsent: Unsent,
    reads: readonly StreamId[],
    makeReference?: (number: number) => IncidentId,
  ): Put {
    const result = this.#write(() => this.#store(unsent, reads, makeReference));
    if (result.outcome === 'stored') this.#waiting += 1;
    return result;
  }

  #store(
    unsent: Unsent,
    reads: readonly StreamId[],
    makeReference: ((number: number) => IncidentId) | undefined,
  ): Put {
    if (this.#waiting >= WAITING_MAX) return { outcome: 'full' };
    let reference: IncidentId | undefined;
    if (makeReference) {
      const block = this.#sql.block.get();
      if (!block) return { outcome: 'no-reference-left' };
      // Taken in the transaction of its command: no number is ever given twice.
      this.#sql.takeNumber.run(block.fromNumber);
      reference = makeReference(block.next);
    }
    const deskSeq = this.#sql.next.get(this.#outboxId) ?? 1;
    const stamped: StampedCommand = {
      ...unsent,
      ...(reference !== undefined && { reference }),
      outboxId: this.#outboxId,
      deskSeq,
    };
    this.#sql.put.run(
      this.#outboxId,
      deskSeq,
      unsent.command.id,
      JSON.stringify(stamped),
      JSON.stringify(reads),
      this.#ports.now(),
    );
    // The highest row always stays, so no deskSeq is ever given twice.
    if (deskSeq % 500 === 0) this.#sql.prune.run(deskSeq - ANSWERED_KEPT);
    return { outcome: 'stored', stamped };
  }

  /** What became of a command that this outbox has had, or undefined for one it never saw. */
  known(
    commandId: CommandId,
  ): { readonly stamped: StampedCommand; readonly answer: Answer | undefined } | undefined {
    const row = this.#sql.known.get(commandId);
    return (
      row && {
        stamped: stampedCommand.parse(JSON.parse(row.stamped)),
        // Our own words come back: `settle` is the only writer of this column.
        answer: row.answer === null ? undefined : (JSON.parse(row.answer) as Answer),
      }
    );
  }

  /** What the server has not answered yet, in the order it was asked. */
  unanswered(): readonly StampedCommand[] {
    return this.#sql.unanswered.all().map((it) => stampedCommand.parse(JSON.parse(it)));
  }

  /** One commit for all that `work` writes: a chunk of events settles many commands. */
  atOnce(work: () => void): void {
    try {
      this.#write(work);
    } catch (error) {
      this.#waiting = this.#sql.waiting.get() ?? 0; // what was counted was taken back
      throw error;
    }
  }

  /** Keeps the server's last word; says whether it was news. A refusal goes to the tray. */
  settle(commandId: CommandId, answer: Answer): boolean {
    const now = this.#ports.now();
    const root = answer.state === 'refused' ? this.#rootOf(commandId) : null;
    const text = JSON.stringify(answer);
    const { changes } = this.#write(() => this.#sql.settle.run(text, now, root, commandId));
    if (changes === 0) return false;
    this.#waiting -= 1;
    return true;
  }

  /** The refused command on which this one rested, so that they stand in the tray as one group. */
  #rootOf(commandId: CommandId): string {
    const self = this.#sql.self.get(commandId);
    if (!self) return commandId;
    const reads = new Set(JSON.parse(self.reads) as string[]); // written by `put` only
    const before = this.#sql.rootsBefore
      .all(self.deskSeq, self.putAt)
      .find((row) => (JSON.parse(row.reads) as string[]).some((stream) => reads.has(stream)));
    return before?.root ?? commandId;
  }

  /** Everything refused that its operator has not dealt with. */
  tray(): readonly TrayItem[] {
    return this.#sql.tray.all().flatMap(({ stamped, answer, answeredAt, root }) => {
      const parsed = JSON.parse(answer) as Answer; // written by `settle` only
      if (parsed.state !== 'refused') return [];
      return [
        {
          stamped: stampedCommand.parse(JSON.parse(stamped)),
          refusal: parsed.refusal,
          refusedAt: answeredAt,
          root,
        },
      ];
    });
  }

  /** The operator has dealt with a group. It is kept and no longer shown. */
  settleTray(root: string): boolean {
    return this.#write(() => this.#sql.settleTray.run(this.#ports.now(), root)).changes > 0;
  }

  addBlock(from: number, to: number): void {
    this.#write(() => this.#sql.addBlock.run(from, to, from));
  }

  referencesLeft(): number {
    return this.#sql.left.get() ?? 0;
  }

  /**
   * Keeps the highest revision of what a person is typing. Durable when it returns; false where a higher
   * one is kept, and this one is not.
   */
  putDraft(user: string, draftId: string, revision: number, content: DraftContent): boolean {
    const text = JSON.stringify(content);
    return this.#write(() => {
      const put = this.#sql.putDraft.run(user, draftId, revision, text, this.#ports.now());
      this.#sql.trimDrafts.run(user, user, DRAFTS_MAX);
      return put.changes > 0;
    });
  }

  dropDraft(user: string, draftId: string): void {
    this.#write(() => this.#sql.dropDraft.run(user, draftId));
  }

  drafts(user: string): readonly DraftRow[] {
    return this.#sql.drafts.all(user).map((row) => ({
      ...row,
      content: JSON.parse(row.content) as DraftContent, // written by `putDraft` only
    }));
  }

  /** How many drafts of anybody have something in them, and when the one that was left longest was touched. */
  openDrafts(): { readonly count: number; readonly oldestAt: number | undefined } {
    const { count, oldestAt } = this.#sql.openDrafts.get() ?? { count: 0, oldestAt: null };
    return { count, oldestAt: oldestAt ?? undefined };
  }

  /**
   * Keeps that somebody looked something up, for the server's audit. Durable when it returns. The same
   * look within a minute is counted in its row, unless that row is on its way already.
   */
  consult({
    actor,
    what,
    subject,
    shown,
    times = 1,
  }: Omit<Consultation, 'n' | 'at' | 'times'> & { readonly times?: number | undefined }): void {
    const at = this.#ports.now();
    const since = at - COALESCE_MS;
    this.#write(() => {
      const again = this.#sql.again.run(times, this.#sentUpTo, actor, what, subject, shown, since);
      if (again.changes > 0) return;
      if ((this.#sql.countConsulted.get() ?? 0) >= CONSULTED_MAX) this.#sql.overflow.run();
      else this.#sql.consult.run(at, actor, what, subject, shown, times);
    });
  }

  /** The outbox that the oldest consultations were numbered by: this one, or one that it was rebuilt from. */
  get consultationsOf(): string {
    return this.#sql.numberedBy.get() ?? this.#outboxId;
  }

  /**
   * The oldest consultations that the server's audit does not have yet, all of one outbox, at most `limit`
   * and as many as fit in `bytesMax`, but one; they count as sent from now on.
   */
  consultations(limit: number, bytesMax = Number.POSITIVE_INFINITY): readonly Consultation[] {
    let bytes = 0;
    const of = this.#sql.numberedBy.get() ?? null;
    const rows = this.#sql.consulted.all(of, limit).filter((row, index) => {
      bytes += Buffer.byteLength(JSON.stringify(row)) + 1; // and the comma
      return index === 0 || bytes <= bytesMax;
    });
    this.#sentUpTo = Math.max(this.#sentUpTo, rows.at(-1)?.n ?? 0);
    return rows;
  }

  /** The server's audit has everything up to `n`. */
  consultedKept(n: number): void {
    this.#write(() => this.#sql.dropConsulted.run(n));
  }

  /** Who sits here, so that a desk process that died comes back with the person still at work. */
  seat(): unknown {
    const state = this.#sql.seat.get();
    return state === undefined ? undefined : (JSON.parse(state) as unknown);
  }

  keepSeat(state: unknown): void {
    this.#write(() => {
      if (state === undefined) this.#sql.dropSeat.run();
      else this.#sql.putSeat.run(JSON.stringify(state));
    });
  }
}
