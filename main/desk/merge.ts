import { decide, streamsOf, type Given, type Refusal, type Targets } from '#domain/decide.ts';
import type { RecordedEvent } from '#domain/event.ts';
import type { CommandId, StreamId } from '#domain/ids.ts';
import type { OpenRoom } from '#domain/room.ts';
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
  const room = record.overlay();
  const provisional = new Map<CommandId, readonly RecordedEvent[]>();
  for (const stamped of pending) {
    const layed = layOver(room, stamped, targets);
    provisional.set(stamped.command.id, 'events' in layed ? layed.events : []);
  }
  return { room, provisional };
}

/** Decides one command on `room` and lays what it would record over it. */
export function layOver(
  room: OpenRoom,
  stamped: Omit<StampedCommand, 'frame' | 'outboxId' | 'deskSeq' | 'grant'>,
  targets: Targets,
):
  | { readonly events: readonly RecordedEvent[]; readonly reads: readonly StreamId[] }
  | { readonly refusal: Refusal | { readonly reason: 'malformed' } } {
  const parsed = parseAsked(stamped.command);
  if (parsed.outcome === 'malformed') return { refusal: { reason: 'malformed' } };
  const given: Given = {
    now: stamped.occurredAt,
    commandId: stamped.command.id,
    by: { user: stamped.actor, desk: stamped.desk },
    reference: stamped.reference,
    targets,
  };
  const decision = decide(room, parsed.asked, given);
  if ('refusal' in decision) return decision;
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
  const reads = [...streamsOf(parsed.asked, given), ...events.map(({ stream }) => stream)];
  return { events, reads: [...new Set(reads)] };
}
