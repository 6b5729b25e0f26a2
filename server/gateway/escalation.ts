import { createHash } from 'node:crypto';
import {
  commandIdFrom,
  type CommandId,
  type DeskId,
  type EpochMs,
  type HandoverId,
  type UserId,
} from '#domain/ids.ts';
import { understand } from '#domain/facts.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import { NotRecordable, type Recorder } from '../log/recorder-port.ts';
import { realTimers, type Timers } from './timers.ts';

const TICK_MS = 250; // an Immediate has 30 s: a quarter of a second late is nothing

/** The deadlines of the hand-overs that nobody has accepted or escalated. */
export type Waiting = ReadonlyMap<HandoverId, EpochMs>;

/** The deadlines after these events. */
export function watch(waiting: Waiting, events: readonly StoredEvent[]): Waiting {
  const next = new Map(waiting);
  for (const event of events) {
    if (!event.header.type.startsWith('handover.')) continue;
    // A hand-over's stream is its id behind a slash.
    const id = event.header.stream.slice('handover/'.length) as HandoverId;
    const known = understand(recordedOf(event));
    if (typeof known !== 'string' && known.type === 'handover.offered')
      next.set(id, known.body.deadlineAt);
    else next.delete(id);
  }
  return next;
}

/** The hand-overs that are due, the earliest first. */
export const dueAt = (waiting: Waiting, now: EpochMs): readonly HandoverId[] =>
  [...waiting]
    .filter(([, deadlineAt]) => deadlineAt <= now)
    .toSorted(([, a], [, b]) => a - b)
    .map(([id]) => id);

export interface EscalationOptions {
  readonly recorder: Recorder;
  readonly now: () => EpochMs;
  readonly failed: (error: unknown) => void;
  readonly timers?: Timers;
}

/**
 * Watches every hand-over that nobody has accepted, and hands it to the supervisor at its deadline. It
 * begins with those that are open, so its start costs nothing for what has been.
 */
export class Escalation {
  readonly #options: EscalationOptions;
  readonly #stops: readonly (() => void)[];
  readonly #asked = new Set<HandoverId>();
  /** Undefined until it is known what is open; what is recorded meanwhile waits in `#early`. */
  #waiting: Waiting | undefined;
  #early: StoredEvent[] = [];
  #isClosed = false;

  constructor(options: EscalationOptions) {
    this.#options = options;
    const { recorder, timers = realTimers } = options;
    this.#stops = [
      recorder.onRecorded((events) => this.#take(events)),
      timers.every(TICK_MS, () => this.sweep()),
    ];
    void this.#begin();
  }

  /** Escalates what is due. Safe at any time: one that was accepted meanwhile is refused, and gone. */
  sweep(): void {
    if (!this.#waiting || this.#isClosed) return; // what is open is not known yet
    const now = this.#options.now();
    for (const handoverId of dueAt(this.#waiting, now)) {
      if (!this.#asked.has(handoverId)) void this.#escalate(handoverId, now);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
  }

  async #escalate(handoverId: HandoverId, now: EpochMs): Promise<void> {
    this.#asked.add(handoverId);
    try {
      const answer = await this.#options.recorder.record({
        commandId: escalationOf(handoverId),
        asked: { type: 'escalate-handover', body: { handoverId } },
        occurredAt: now,
        actor: 'system' as UserId,
        desk: 'server' as DeskId,
      });
      // Accepted in the same moment: its event takes it off the list, if it has not already.
      if (answer.state === 'refused')
        this.#waiting = new Map([...(this.#waiting ?? [])].filter(([id]) => id !== handoverId));
      this.#asked.delete(handoverId);
    } catch (error) {
      this.#options.failed(error);
      // The disk failed: tried again at the next sweep. What can never be recorded is told once.
      if (!(error instanceof NotRecordable)) this.#asked.delete(handoverId);
    }
  }

  async #begin(): Promise<void> {
    try {
      const { seq, handovers } = await this.#options.recorder.openHandovers();
      const open = new Map(handovers.map(({ id, deadlineAt }) => [id, deadlineAt]));
      this.#waiting = watch(
        open,
        this.#early.filter(({ header }) => header.seq > seq),
      );
      this.#early = [];
    } catch (error) {
      this.#options.failed(error); // the writer has died, and the server with it
    }
  }

  #take(events: readonly StoredEvent[]): void {
    const ours = events.filter(({ header }) => header.type.startsWith('handover.'));
    if (ours.length === 0) return;
    if (this.#waiting) this.#waiting = watch(this.#waiting, ours);
    else this.#early.push(...ours);
  }
}

/** One hand-over is escalated once: after a crash in between, the same command gets the same answer. */
function escalationOf(handoverId: HandoverId): CommandId {
  const bytes = createHash('sha256').update(`escalate ${handoverId}`).digest();
  return commandIdFrom(bytes.readUIntBE(16, 6), bytes);
}
