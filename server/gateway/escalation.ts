import { randomBytes } from 'node:crypto';
import type { CommandId, DeskId, EpochMs, HandoverId, UserId } from '#domain/ids.ts';
import { understand } from '#domain/facts.ts';
import { uuidV7 } from '#domain/lib/uuid-v7.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import type { Recorder } from '../log/recorder-port.ts';

const PAGE = 2_000;
const TICK_MS = 250;

/** Watches every hand-over that nobody has accepted, and hands it to the supervisor at its deadline. */
export class Escalation {
  readonly #due = new Map<HandoverId, EpochMs>();
  readonly #recorder: Recorder;
  readonly #now: () => EpochMs;
  readonly #failed: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;

  constructor(recorder: Recorder, now: () => EpochMs, failed: (error: unknown) => void) {
    this.#recorder = recorder;
    this.#now = now;
    this.#failed = failed;
    for (let seq = 0; seq < recorder.head().seq;) {
      const page = recorder.readAfter(seq, PAGE);
      this.#watch(page);
      seq = page.at(-1)?.header.seq ?? recorder.head().seq;
    }
    this.#stopListening = recorder.onRecorded((events) => this.#watch(events));
    this.#timer = setInterval(() => this.sweep(), TICK_MS);
  }

  /** Escalates what is due. Safe at any time: one that was accepted meanwhile is refused, and gone. */
  sweep(): void {
    const now = this.#now();
    for (const [handoverId, dueAt] of this.#due) {
      if (dueAt > now) continue;
      this.#due.delete(handoverId);
      this.#recorder
        .record({
          commandId: uuidV7(now, randomBytes(16)) as CommandId, // just made as one
          asked: { type: 'escalate-handover', body: { handoverId } },
          occurredAt: now,
          actor: 'system' as UserId,
          desk: 'server' as DeskId,
        })
        .catch((error: unknown) => {
          this.#due.set(handoverId, dueAt); // the disk failed: tried again at the next sweep
          this.#failed(error);
        });
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopListening();
  }

  #watch(events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (!event.header.type.startsWith('handover.')) continue;
      const known = understand(recordedOf(event));
      if (typeof known === 'string') continue;
      // A hand-over's stream is its id behind a slash.
      const id = event.header.stream.slice('handover/'.length) as HandoverId;
      if (known.type === 'handover.offered') this.#due.set(id, known.body.deadlineAt);
      else this.#due.delete(id);
    }
  }
}
