import type { Asked } from '#domain/commands.ts';
import type {
  CommandId,
  DeskId,
  EpochMs,
  HandoverId,
  IncidentId,
  ShiftHandoverId,
  StreamId,
  UserId,
} from '#domain/ids.ts';
import type { UnownedKind } from '#domain/unowned.ts';
import type { CrimeIdentity, RecordedCrime } from '#domain/recorded-crime.ts';
import type { Answer } from '#protocol/ack.ts';
import type { StoredEvent } from '#store/event-log.ts';

/** One row of the audit of who saw, did or was refused what. Values stay out: ids and codes only. */
export interface AuditRow {
  readonly at: EpochMs;
  readonly actor: string;
  readonly desk: string;
  readonly operation:
    | 'collection'
    | 'alteration'
    | 'consultation'
    | 'disclosure'
    | 'combination'
    | 'erasure'
    | 'authentication'
    | 'administration'
    | 'security';
  readonly what: string;
  readonly subject: string;
  readonly outcome: string;
}

/** An audit row as a desk counted it. */
export interface ConsultedRow {
  readonly n: number;
  readonly row: AuditRow;
}

/** A command as the writer gets it: parsed, stamped, and already judged by the policy table. */
export interface RecordRequest {
  readonly commandId: CommandId;
  readonly asked: Asked;
  readonly expect?: Readonly<Record<StreamId, number>> | undefined;
  readonly occurredAt: EpochMs;
  readonly enteredAt?: EpochMs | undefined;
  readonly actor: UserId;
  readonly desk: DeskId;
  readonly reference?: IncidentId | undefined;
  /** Where the command came through an outbox; unique, so a rebuilt outbox is never taken for the old one. */
  readonly outbox?: { readonly id: string; readonly deskSeq: number } | undefined;
  /** Set where the actor may not ask this: the refusal is stored and audited like any other answer. */
  readonly forbidden?: string | undefined;
}

/**
 * Why a command was not recorded and never will be: its place in the outbox is another command's, or
 * recording it fails whatever the disk does. Asking again is of no use; a person must know.
 */
export class NotRecordable extends Error {
  override readonly name = 'NotRecordable';
}

/** A log that was restored from a back-up decides nothing before the desks have given what they have. */
export class AwaitsTails extends Error {
  override readonly name = 'AwaitsTails';
}

/** What is open of the hand-overs, as of an event: what comes after `seq` is told to `onRecorded`. */
export interface OpenHandovers {
  readonly seq: number;
  readonly handovers: readonly { readonly id: HandoverId; readonly deadlineAt: EpochMs }[];
  readonly shiftHandovers: readonly {
    readonly id: ShiftHandoverId;
    readonly deadlineAt: EpochMs;
  }[];
}

/** How much nobody on duty has in hand, by what is wrong with it; what there is none of is left out. */
export type UnownedCounts = Readonly<Partial<Record<UnownedKind, number>>>;

/** The one writer of a force's log. It runs in a thread of its own; this is its side in the main thread. */
export interface Recorder {
  readonly logId: string;
  readonly epoch: number;
  /**
   * Restored from a back-up: until the desks have given what they have beyond it, nothing is decided and
   * `record` rejects with `AwaitsTails`.
   */
  awaitsTails(): boolean;
  /**
   * Takes whole commands that a desk has on record and this log, restored, has not; see
   * `LogWriter.takeTail`. Resolves after the commit with how many events were added, and how many stand
   * aside. `not-the-log`: they are not what this log would go on with, and nothing of them was taken.
   */
  takeTail(
    desk: DeskId,
    commands: readonly (readonly StoredEvent[])[],
  ): Promise<
    | { readonly outcome: 'taken'; readonly added: number; readonly aside: number }
    | { readonly outcome: 'not-the-log'; readonly message: string }
  >;
  /** The desks have given what they have: from here on the log goes on. Resolves after the commit. */
  endTails(row: AuditRow): Promise<void>;
  /** The last event of this epoch or an earlier one; 0 where there is none. */
  lastOfEpoch(epoch: number): number;
  /** The last event that is durably recorded. */
  head(): { readonly seq: number; readonly hash: string };
  /**
   * Resolves after the durable commit of the answer, the events, the audit row and the idempotency
   * row, which are one transaction. The same command again gets the same answer. Rejects where
   * nothing was stored: with `NotRecordable` where asking again is of no use, and with any other error
   * where the disk or the writer failed, so that whoever asked keeps the command and asks again.
   */
  record(request: RecordRequest): Promise<Answer>;
  /** Commits audit rows of what is not a command: sign-ins, look-ups, refusals at the door. */
  audit(rows: readonly AuditRow[]): Promise<void>;
  /**
   * Commits what a desk's people looked at, each once: rows that this outbox has sent before are passed
   * over. Resolves, after the commit, with how far the outbox has come.
   */
  consulted(outboxId: string, rows: readonly ConsultedRow[]): Promise<number>;
  /** A page of a batch of recorded crimes, in the order of their identities; at most `limit`. */
  crimesOf(
    batchId: string,
    after: CrimeIdentity | undefined,
    limit: number,
  ): readonly RecordedCrime[];
  /** The digest over a whole batch, from the event of its import; undefined where there is none, or its rows are missing. */
  crimesDigest(batchId: string): string | undefined;
  /** The hand-overs that nobody has accepted or escalated, out of the read model: it costs what is open, not what was. */
  openHandovers(): Promise<OpenHandovers>;
  /** What the orphan sweep finds at this moment. */
  unowned(now: EpochMs): Promise<UnownedCounts>;
  /** Reads recorded events forward from `seq`, at most `limit`. */
  readAfter(seq: number, limit: number): readonly StoredEvent[];
  /** All that is recorded of one stream, oldest first: for streams that are short by their nature. */
  readStream(stream: StreamId): readonly StoredEvent[];
  /** The header hash of the event at `seq`, or of the start where it is 0; undefined past the head. */
  hashAt(seq: number): string | undefined;
  /** Whether a place in an outbox has its answer on record. */
  isAnswered(outboxId: string, deskSeq: number): boolean;
  /** Whether all of them have, from the one to the other. */
  areAnswered(outboxId: string, from: number, to: number): boolean;
  /** Told of each group of events after its durable commit, in order. Returns how to stop listening. */
  onRecorded(listener: (events: readonly StoredEvent[]) => void): () => void;
  close(): Promise<void>;
}
