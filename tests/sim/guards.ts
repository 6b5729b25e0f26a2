import type { RecordedEvent } from '#domain/event.ts';
import type { CommandId, StreamId } from '#domain/ids.ts';
import { OpenRoom } from '#domain/room.ts';
import type { Ack } from '#protocol/ack.ts';
import type { Command } from '#protocol/command.ts';
import { Desk, type DeskOptions, type Seat } from '#desk/desk.ts';
import { Replica } from '#desk/replica.ts';
import type { ViewSource } from '#store/views.ts';
import type { StoredEvent } from '#store/event-log.ts';
import type { Store } from '#store/open-store.ts';

/**
 * Which guard is switched off, to show that the checks would see it. Each is switched at a seam of the
 * simulation; the product has no such switch.
 */
export type Guard =
  | 'none'
  /** The same command again is a new one to the writer. */
  | 'idempotency'
  /** No server end of a connection looks at the order of the outbox. */
  | 'order'
  /** A server of an earlier epoch is believed. */
  | 'epoch'
  /** A desk's cursor moves in a commit of its own. */
  | 'cursor'
  /** What is pending is shown as it was decided, whatever the record has become. */
  | 're-decide'
  /** A refusal is answered and not kept. */
  | 'refusals'
  /** A server that was restored asks no desk for what it has lost. */
  | 'tails';

/** A replica whose events are there before its cursor is. */
export class LooseReplica extends Replica {
  override apply(events: readonly StoredEvent[]) {
    const before = this.cursor;
    const applied = super.apply(events);
    const after = this.cursor;
    if (before.seq > 0 && after.seq > before.seq) {
      this.picture.moveTo(before);
      this.picture.moveTo(after);
    }
    return applied;
  }
}

/** A desk that lays over the record what it decided once, and does not decide it again. */
export class SetDesk extends Desk {
  readonly #decided: Map<CommandId, readonly RecordedEvent[]>;

  /** What was decided is kept with the command, and so outlives the process. */
  constructor(options: DeskOptions, decided: Map<CommandId, readonly RecordedEvent[]>) {
    super(options);
    this.#decided = decided;
  }

  override ask(command: Command, seat: Seat): Ack {
    const ack = super.ask(command, seat);
    if (ack.answer.state === 'stored-here' && !this.#decided.has(command.id)) {
      const made = super.source.provisional.filter((event) => event.commandId === command.id);
      this.#decided.set(command.id, made);
    }
    return ack;
  }

  override get source(): ViewSource {
    const { picture } = this.replica;
    const room = OpenRoom.of((stream: StreamId) => picture.get(stream));
    for (const [stream, entry] of picture.all()) room.put(stream, entry);
    for (const { command } of this.pending)
      for (const event of this.#decided.get(command.id) ?? []) room.apply(event);
    return { ...super.source, room };
  }
}

/** Lets a server forget that it refused something. */
export function forgetRefusals(log: Store): void {
  log.exec(`CREATE TRIGGER a_refusal_is_forgotten AFTER INSERT ON answer
    WHEN json_extract(new.answer, '$.state') = 'refused'
    BEGIN DELETE FROM answer WHERE command_id = new.command_id; END`);
}
