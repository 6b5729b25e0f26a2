import { createHash } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import {
  commandIdFrom,
  handoverStream,
  kindOf,
  shiftHandoverStream,
  type CommandId,
  type DeskId,
  type EpochMs,
  type HandoverId,
  type ShiftHandoverId,
  type StreamId,
  type UserId,
} from '#domain/ids.ts';
import { understand } from '#domain/facts.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import { NotRecordable, type Recorder } from '../log/recorder-port.ts';
import { realTimers, type Timers } from './timers.ts';

const TICK_MS = 250; // an Immediate has 30 s: a quarter of a second late is nothing

/** The deadlines of the hand-overs, of both kinds, that nobody has accepted or escalated. */
export type Waiting = ReadonlyMap<StreamId, EpochMs>;

const isOfHandover = ({ header }: StoredEvent) =>
  kindOf(header.stream) === 'handover' || kindOf(header.stream) === 'shift-handover';

/** The deadlines after these events. */
export function watch(waiting: Waiting, events: readonly StoredEvent[]): Waiting {
  const next = new Map(waiting);
  for (const event of events) {
    if (!isOfHandover(event)) continue;
    const { stream } = event.header;
    const known = understand(recordedOf(event));
    const isOffer =
      typeof known !== 'string' &&
      (known.type === 'handover.offered' || known.type === 'shift-handover.offered');
    if (isOffer) next.set(stream, known.body.deadlineAt);
    else next.delete(stream);
  }
  return next;
}

/** The hand-overs that are due, the earliest first. */
export const dueAt = (waiting: Waiting, now: EpochMs): readonly StreamId[] =>
  [...waiting]
    .filter(([, deadlineAt]) => deadlineAt <= now)
    .toSorted(([, a], [, b]) => a - b)
    .map(([stream]) => stream);

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
  readonly #asked = new Set<StreamId>();
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
    for (const stream of dueAt(this.#waiting, now)) {
      if (!this.#asked.has(stream)) void this.#escalate(stream, now);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
  }

  async #escalate(stream: StreamId, now: EpochMs): Promise<void> {
    this.#asked.add(stream);
    try {
      const answer = await this.#options.recorder.record({
        ...escalationOf(stream),
        occurredAt: now,
        actor: 'system' as UserId,
        desk: 'server' as DeskId,
      });
      // Accepted in the same moment: its event takes it off the list, if it has not already.
      if (answer.state === 'refused')
        this.#waiting = new Map([...(this.#waiting ?? [])].filter(([it]) => it !== stream));
      this.#asked.delete(stream);
    } catch (error) {
      this.#options.failed(error);
      // The disk failed: tried again at the next sweep. What can never be recorded is told once.
      if (!(error instanceof NotRecordable)) this.#asked.delete(stream);
    }
  }

  async #begin(): Promise<void> {
    try {
      const { seq, handovers, shiftHandovers } = await this.#options.recorder.openHandovers();
      const open = new Map([
        ...handovers.map(({ id, deadlineAt }) => [handoverStream(id), deadlineAt] as const),
        ...shiftHandovers.map(
          ({ id, deadlineAt }) => [shiftHandoverStream(id), deadlineAt] as const,
        ),
      ]);
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
    const ours = events.filter(isOfHandover);
    if (ours.length === 0) return;
    if (this.#waiting) this.#waiting = watch(this.#waiting, ours);
    else this.#early.push(...ours);
  }
}

/** One hand-over is escalated once: after a crash in between, the same command gets the same answer. */
function escalationOf(stream: StreamId): { readonly commandId: CommandId; readonly asked: Asked } {
  const id = stream.slice(stream.indexOf('/') + 1);
  const bytes = createHash('sha256').update(`escalate ${id}`).digest();
  const commandId = commandIdFrom(bytes.readUIntBE(16, 6), bytes);
  // What stands behind the slash is the id that made the stream, see `ids.ts`.
  const asked: Asked =
    kindOf(stream) === 'handover'
      ? { type: 'escalate-handover', body: { handoverId: id as HandoverId } }
      : { type: 'escalate-shift-handover', body: { shiftHandoverId: id as ShiftHandoverId } };
  return { commandId, asked };
}
