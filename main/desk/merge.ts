import type { Asked } from '#domain/commands.ts';
import { decide, streamsOf, type Given, type Refusal, type Targets } from '#domain/decide.ts';
import type { RecordedEvent } from '#domain/event.ts';
import {
  contactStream,
  incidentStream,
  shiftHandoverStream,
  type CommandId,
  type StreamId,
} from '#domain/ids.ts';
import { subjectsOf } from '#domain/journal.ts';
import type { OpenRoom } from '#domain/room.ts';
import { streamOfItem } from '#domain/shift-items.ts';
import { parseAsked } from '#protocol/command.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';

/*
 * What an operator sees is the record with this desk's own pending work laid over it:
 *
 *     record (events 1..cursor)  +  pending, decided again in deskSeq order  =  what is shown
 *
 * Invariants, each held by a test:
 *  1. The record is never changed by merging: the overlay goes, the record is as it was.
 *  2. With nothing pending the result is the record.
 *  3. A pending command is decided on the truth as it is now, never applied as it was decided before.
 *  4. A pending command that cannot be decided any more has no effect here and holds up none behind it;
 *     the server has the last word on it.
 *  5. Merging the same record and the same pending commands gives the same result.
 */

export interface Merged {
  readonly room: OpenRoom;
  /** What each pending command would record, in order; empty where it would be refused now. */
  readonly provisional: ReadonlyMap<CommandId, readonly RecordedEvent[]>;
}

/** Lays the pending commands over the record. `record` is read and not changed. */
export function merge(
  record: OpenRoom,
  pending: readonly StampedCommand[],
  targets: Targets,
): Merged {
  return new Merging(record, pending, targets);
}

/**
 * The same, kept while the record moves on. While a desk drains, what comes from the server is what was
 * foreseen here, in order: then nothing is decided again, and the work does not grow with what is pending.
 * Whatever else comes, all is decided again, once somebody looks.
 */
export class Merging implements Merged {
  readonly #targets: Targets;
  #record: OpenRoom;
  #room: OpenRoom;
  #pending: StampedCommand[];
  #layed = new Map<CommandId, Layed>();
  /** How many pending commands rest on each stream. */
  #uses = new Map<StreamId, number>();
  #isStale = false;

  constructor(record: OpenRoom, pending: readonly StampedCommand[], targets: Targets) {
    this.#record = record;
    this.#targets = targets;
    this.#pending = [...pending];
    this.#room = this.#decideAll();
  }

  get pending(): readonly StampedCommand[] {
    return this.#pending;
  }

  get room(): OpenRoom {
    this.#freshen();
    return this.#room;
  }

  get provisional(): ReadonlyMap<CommandId, readonly RecordedEvent[]> {
    this.#freshen();
    return new Map([...this.#layed].map(([id, { events }]) => [id, events]));
  }

  /** One more command, stored here: it is laid over all that is there. */
  add(stamped: StampedCommand): void {
    this.#freshen();
    this.#pending.push(stamped);
    this.#lay(this.#room, stamped);
  }

  /** A command has had the server's last word, and nothing of it came into the record. */
  drop(commandId: CommandId): void {
    const kept = this.#pending.filter(({ command }) => command.id !== commandId);
    if (kept.length === this.#pending.length) return;
    this.#pending = kept;
    this.#isStale = true;
  }

  /** Another copy of the record has taken the place of this one. */
  rebase(record: OpenRoom, pending: readonly StampedCommand[]): void {
    this.#record = record;
    this.#pending = [...pending];
    this.#isStale = true;
  }

  /** The record has these events now; `done` are the pending commands that some of them are of. */
  recorded(events: readonly RecordedEvent[], done: ReadonlySet<string>): void {
    const first = this.#pending.slice(0, done.size);
    const isForeseen =
      !this.#isStale &&
      first.every(({ command }) => done.has(command.id)) &&
      this.#isAsForeseen(events, done);
    if (!isForeseen) {
      this.#isStale = true;
      this.#pending = this.#pending.filter(({ command }) => !done.has(command.id));
      return;
    }
    this.#pending = this.#pending.slice(done.size);
    for (const { command } of first) {
      for (const stream of this.#layed.get(command.id)?.reads ?? []) {
        const left = (this.#uses.get(stream) ?? 1) - 1;
        if (left > 0) this.#uses.set(stream, left);
        else {
          this.#uses.delete(stream);
          this.#room.forget(stream); // from here it is the record that is shown
        }
      }
      this.#layed.delete(command.id);
    }
  }

  #isAsForeseen(events: readonly RecordedEvent[], done: ReadonlySet<string>): boolean {
    const foreseen = new Map<string, number>();
    for (const event of events) {
      if (!done.has(event.commandId)) {
        // Another's: it changes nothing here unless something pending rests on what it speaks of.
        if (subjectsOf(event).some((stream) => this.#uses.has(stream))) return false;
        continue;
      }
      const n = foreseen.get(event.commandId) ?? 0;
      foreseen.set(event.commandId, n + 1);
      const expected = this.#layed.get(event.commandId)?.events[n];
      const isSame =
        expected?.stream === event.stream &&
        expected.type === event.type &&
        expected.version === event.version &&
        JSON.stringify(expected.body) === JSON.stringify(event.body);
      if (!isSame) return false;
    }
    // Every event of each: a command whose events came in two chunks is decided again in between.
    return [...done].every(
      (id) => this.#layed.get(id as CommandId)?.events.length === foreseen.get(id),
    );
  }

  #freshen(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#room = this.#decideAll();
  }

  #decideAll(): OpenRoom {
    this.#layed = new Map();
    this.#uses = new Map();
    const room = this.#record.overlay();
    for (const stamped of this.#pending) this.#lay(room, stamped);
    return room;
  }

  #lay(room: OpenRoom, stamped: StampedCommand): void {
    const layed = layOver(room, stamped, this.#targets);
    const { reads } = layed;
    this.#layed.set(stamped.command.id, { events: 'events' in layed ? layed.events : [], reads });
    for (const stream of reads) this.#uses.set(stream, (this.#uses.get(stream) ?? 0) + 1);
  }
}

interface Layed {
  readonly events: readonly RecordedEvent[];
  /** Every stream that the decision rests on or would change. */
  readonly reads: readonly StreamId[];
}

/** Decides one command on `room` and lays what it would record over it. */
export function layOver(
  room: OpenRoom,
  stamped: Omit<StampedCommand, 'frame' | 'outboxId' | 'deskSeq' | 'grant'>,
  targets: Targets,
):
  | Layed
  | {
      readonly refusal: Refusal | { readonly reason: 'malformed' };
      readonly reads: readonly StreamId[];
    } {
  const parsed = parseAsked(stamped.command);
  if (parsed.outcome === 'malformed') return { refusal: { reason: 'malformed' }, reads: [] };
  const given: Given = {
    now: stamped.occurredAt,
    commandId: stamped.command.id,
    by: { user: stamped.actor, desk: stamped.desk },
    reference: stamped.reference,
    targets,
  };
  const looked = [...streamsOf(parsed.asked, given), ...alsoRead(room, parsed.asked)];
  const decision = decide(room, parsed.asked, given);
  if ('refusal' in decision) return { ...decision, reads: [...new Set(looked)] };
  const events = decision.events.map((fact, n): RecordedEvent => {
    const event: RecordedEvent = {
      ...fact,
      logId: '',
      seq: 0, // not in the log: a provisional event has no place in its order
      epoch: 0,
      commandId: stamped.command.id,
      n,
      version: room.get(fact.stream).version + 1,
      occurredAt: stamped.occurredAt,
      ...(stamped.enteredAt !== undefined && { enteredAt: stamped.enteredAt }),
      recordedAt: stamped.occurredAt,
      actor: stamped.actor,
      desk: stamped.desk,
      bodyHash: '',
      prevHash: '',
      hash: '',
    };
    room.apply(event);
    return event;
  });
  const reads = new Set([...looked, ...events.map(({ stream }) => stream)]);
  return { events, reads: [...reads] };
}

/**
 * What is looked at beside what the command names: the incidents that a contact's details are put right
 * in, and what a shift hand-over would pass.
 */
function alsoRead(room: OpenRoom, asked: Asked): readonly StreamId[] {
  if (asked.type === 'accept-shift-handover') {
    const { entity } = room.get(shiftHandoverStream(asked.body.shiftHandoverId));
    return entity.kind === 'shift-handover' ? entity.items.map(streamOfItem) : [];
  }
  if (asked.type !== 'describe-contact') return [];
  const { entity } = room.get(contactStream(asked.body.contactId));
  return entity.kind === 'contact' ? entity.incidentIds.map(incidentStream) : [];
}
