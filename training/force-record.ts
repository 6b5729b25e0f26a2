import type { RecordedEvent } from '#domain/event.ts';
import {
  contactStream,
  handoverStream,
  incidentStream,
  unitStream,
  type ContactId,
  type HandoverId,
  type IncidentId,
  type UnitId,
} from '#domain/ids.ts';
import type { Contact } from '#domain/contact.ts';
import type { Handover } from '#domain/handover.ts';
import type { Incident } from '#domain/incident.ts';
import { OpenRoom, type Entity } from '#domain/room.ts';
import type { Unit } from '#domain/unit.ts';
import { events as eventsFrame, type WireEvent } from '#protocol/events.ts';

const FORGET_EVERY = 5_000; // events; what is closed is of no use to a robot

/** What is on record, as all robots of the process see it. Every line brings all of it; it is folded once. */
export class ForceRecord {
  readonly #room = OpenRoom.of(() => undefined);
  readonly #heard = new Set<(event: RecordedEvent) => void>();
  #seq = 0;

  get seq(): number {
    return this.#seq;
  }

  /** Calls `hear` with each event from now on, after it is folded. */
  onEvent(hear: (event: RecordedEvent) => void): void {
    this.#heard.add(hear);
  }

  /** Takes what a line has heard: in order, checked by the schema where it is new here. */
  take(frame: unknown): void {
    const { events } = eventsFrame.parse(frame);
    for (const wired of events) {
      const { seq } = wired.header;
      if (seq <= this.#seq) continue;
      if (seq !== this.#seq + 1) throw new Error(`event ${seq} came after ${this.#seq}`);
      this.#seq = seq;
      const event = recordedFrom(wired);
      this.#room.apply(event);
      for (const hear of this.#heard) hear(event);
      if (seq % FORGET_EVERY === 0) this.#room.forgetClosed();
    }
  }

  /** Resolves once it is so, asked again after each event; or once `ending` is aborted. */
  async until(isSo: () => boolean, ending?: AbortSignal): Promise<void> {
    if (isSo() || ending?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => resolve();
    const hear = () => {
      if (isSo()) resolve();
    };
    this.#heard.add(hear);
    ending?.addEventListener('abort', end);
    await promise;
    this.#heard.delete(hear);
    ending?.removeEventListener('abort', end);
  }

  contact(id: ContactId): Contact | undefined {
    return this.#only(this.#room.get(contactStream(id)).entity, 'contact');
  }

  incident(id: IncidentId): Incident | undefined {
    return this.#only(this.#room.get(incidentStream(id)).entity, 'incident');
  }

  handover(id: HandoverId): Handover | undefined {
    return this.#only(this.#room.get(handoverStream(id)).entity, 'handover');
  }

  /** Whether any unit is on it, also one that a person has sent. */
  hasUnits(id: IncidentId): boolean {
    for (const { incidentId } of this.#room.units()) if (incidentId === id) return true;
    return false;
  }

  unit(id: UnitId): Unit | undefined {
    return this.#only(this.#room.get(unitStream(id)).entity, 'unit');
  }

  #only<Kind extends Entity>(entity: Entity, kind: Kind['kind']): Kind | undefined {
    return entity.kind === kind ? (entity as Kind) : undefined; // the kind says which it is
  }
}

function recordedFrom({ header, kept }: WireEvent): RecordedEvent {
  const { enteredAt, ...rest } = header;
  return {
    ...rest,
    ...(enteredAt !== undefined && { enteredAt }),
    ...(kept && { body: JSON.parse(kept.text) as unknown }),
  };
}
