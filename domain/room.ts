import { evolveConflict, isConflictOpen, noConflict, type Conflict } from './conflict.ts';
import { evolveContact, isContactOpen, noContact, type Contact } from './contact.ts';
import type { RecordedEvent } from './event.ts';
import type { FactType } from './facts.ts';
import { evolveHandover, isHandoverOpen, noHandover, type Handover } from './handover.ts';
import {
  kindOf,
  type CommandId,
  type ContactId,
  type HandoverId,
  type IncidentId,
  type ShiftHandoverId,
  type StreamId,
  type UnitId,
  type UserId,
} from './ids.ts';
import { evolveIncident, isIncidentOpen, noIncident, type Incident } from './incident.ts';
import { unreachable } from './lib/assert.ts';
import { referenceLists } from './reference-data.ts';
import { evolveReferenceTable, noReferenceTable, type ReferenceTable } from './reference-table.ts';
import {
  evolveBatch,
  evolveDuty,
  evolveReferences,
  evolveUser,
  isOnDuty,
  noBatch,
  noDuty,
  noReferences,
  noUser,
  type Batch,
  type Duty,
  type References,
  type User,
} from './roster.ts';
import {
  evolveShiftHandover,
  isShiftHandoverOpen,
  noShiftHandover,
  type ShiftHandover,
} from './shift-handover.ts';
import { evolveUnit, isUnitOpen, noUnit, type Unit } from './unit.ts';

/** A stream of a kind that only a later release knows: kept, shown as such, never added to. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly id: string;
  readonly readOnly: 'update-needed';
}

export type Entity =
  | Contact
  | Incident
  | Unit
  | Handover
  | ShiftHandover
  | User
  | Duty
  | Conflict
  | References
  | Batch
  | ReferenceTable
  | Unknown;

/** What a stream folds to. Version 0 means that nothing is on record. */
export interface Entry {
  readonly version: number;
  /** The last event that changed more than the running text: what acting on an older picture means. */
  readonly decisive: { readonly version: number; readonly desk: string };
  readonly entity: Entity;
}

/** What a decision may look at. A desk's is the record with its own pending work laid over it. */
export interface Room {
  get(stream: StreamId): Entry;
  /** Every unit that is on duty or in an emergency. */
  units(): Iterable<Unit>;
  /** The hand-overs that nobody has accepted. */
  handovers(): Iterable<Handover>;
}

/** The entity of a stream that has something on record, or undefined. */
export function only<Kind extends Entity>(
  room: Pick<Room, 'get'>,
  stream: StreamId,
  kind: Kind['kind'],
): Kind | undefined {
  const { version, entity } = room.get(stream);
  // The kind of an entity is the kind of its stream, so the check makes the cast true.
  return version > 0 && entity.kind === kind ? (entity as Kind) : undefined;
}

export function emptyEntity(stream: StreamId): Entity {
  const id = stream.slice(stream.indexOf('/') + 1);
  const kind = kindOf(stream);
  // What follows the slash of a stream is the id that made it, see `ids.ts`.
  switch (kind) {
    case 'contact':
      return noContact(id as ContactId);
    case 'incident':
      return noIncident(id as IncidentId);
    case 'unit':
      return noUnit(id as UnitId);
    case 'handover':
      return noHandover(id as HandoverId);
    case 'shift-handover':
      return noShiftHandover(id as ShiftHandoverId);
    case 'user':
      return noUser(id as UserId);
    case 'duty':
      return noDuty(id as UserId);
    case 'conflict':
      return noConflict(id as CommandId);
    case 'references':
      return noReferences;
    case 'recorded-crime':
      return noBatch('recorded-crime', id);
    case 'reference-data': {
      const list = referenceLists.find((known) => known === id);
      return list ? noReferenceTable(list) : { kind: 'unknown', id, readOnly: 'update-needed' };
    }
    case 'dispatched-call':
      return noBatch('dispatched-call', id);
    case undefined:
      return { kind: 'unknown', id, readOnly: 'update-needed' };
    default:
      return unreachable(kind);
  }
}

export const emptyEntry = (stream: StreamId): Entry => ({
  version: 0,
  decisive: { version: 0, desk: '' },
  entity: emptyEntity(stream),
});

/** Facts that add to what is said and change nothing that another decision rests on. */
const additive: ReadonlySet<string> = new Set([
  'contact.entry-added',
  'contact.described',
  'contact.attached',
  'incident.entry-added',
  'incident.contact-attached',
  'incident.amended',
] satisfies FactType[]);

/** The next entry of a stream: one event further. */
export function advance(before: Entry, event: RecordedEvent): Entry {
  return {
    version: event.version,
    decisive: additive.has(event.type)
      ? before.decisive
      : { version: event.version, desk: event.desk },
    entity: evolve(before.entity, event),
  };
}

/** Folds one event into whatever its stream is about. Total. */
export function evolve(entity: Entity, event: RecordedEvent): Entity {
  switch (entity.kind) {
    case 'contact':
      return evolveContact(entity, event);
    case 'incident':
      return evolveIncident(entity, event);
    case 'unit':
      return evolveUnit(entity, event);
    case 'handover':
      return evolveHandover(entity, event);
    case 'shift-handover':
      return evolveShiftHandover(entity, event);
    case 'user':
      return evolveUser(entity, event);
    case 'duty':
      return evolveDuty(entity, event);
    case 'conflict':
      return evolveConflict(entity, event);
    case 'references':
      return evolveReferences(entity, event);
    case 'recorded-crime':
    case 'dispatched-call':
      return evolveBatch(entity, event);
    case 'reference-data':
      return evolveReferenceTable(entity, event);
    case 'unknown':
      return entity;
    default:
      return unreachable(entity);
  }
}

/** Whether it belongs to the open set, which every desk holds whole and in memory. */
export function isOpen(entity: Entity): boolean {
  switch (entity.kind) {
    case 'contact':
      return isContactOpen(entity);
    case 'incident':
      return isIncidentOpen(entity);
    case 'unit':
      return isUnitOpen(entity);
    case 'handover':
      return isHandoverOpen(entity);
    case 'shift-handover':
      return isShiftHandoverOpen(entity);
    case 'duty':
      return isOnDuty(entity);
    case 'conflict':
      return isConflictOpen(entity);
    case 'user':
    case 'references':
    case 'reference-data':
      return true;
    case 'recorded-crime':
    case 'dispatched-call':
    case 'unknown':
      return false;
    default:
      return unreachable(entity);
  }
}

/**
 * The open set in memory. `load` finds what is on record but not open; it is asked once a stream.
 * An overlay reads through to its base and never changes it.
 */
export class OpenRoom implements Room {
  readonly #entries = new Map<StreamId, Entry>();
  readonly #under: { readonly get: (stream: StreamId) => Entry; readonly base?: OpenRoom };

  private constructor(under: { get: (stream: StreamId) => Entry; base?: OpenRoom }) {
    this.#under = under;
  }

  static of(load: (stream: StreamId) => Entry | undefined): OpenRoom {
    return new OpenRoom({
      get: (stream) => load(stream) ?? emptyEntry(stream),
    });
  }

  /** A room over this one: what is applied to it stays in it until `settle`. */
  overlay(): OpenRoom {
    return new OpenRoom({ get: (stream) => this.get(stream), base: this });
  }

  get(stream: StreamId): Entry {
    return this.#entries.get(stream) ?? this.#under.get(stream);
  }

  put(stream: StreamId, entry: Entry): void {
    this.#entries.set(stream, entry);
  }

  apply(event: RecordedEvent): Entry {
    const entry = advance(this.get(event.stream), event);
    this.#entries.set(event.stream, entry);
    return entry;
  }

  /** Lets go of what this overlay says of a stream: the base speaks again. */
  forget(stream: StreamId): void {
    this.#entries.delete(stream);
  }

  /** Moves what stands in this overlay into its base, and forgets there what is no longer open. */
  settle(): void {
    const { base } = this.#under;
    if (!base) return;
    for (const [stream, entry] of this.#entries) {
      base.#entries.set(stream, entry);
    }
    this.#entries.clear();
  }

  /** Lets go of what is not open; `load` finds it again when somebody asks. */
  forgetClosed(): void {
    for (const [stream, { entity }] of this.#entries) {
      if (!isOpen(entity)) this.#entries.delete(stream);
    }
  }

  /** Every stream in memory, each once, as this room sees it. */
  *entries(): Generator<readonly [StreamId, Entry]> {
    yield* this.#entries;
    if (!this.#under.base) return;
    for (const [stream, entry] of this.#under.base.entries()) {
      if (!this.#entries.has(stream)) yield [stream, entry];
    }
  }

  *units(): Generator<Unit> {
    for (const [, { entity }] of this.entries()) {
      if (entity.kind === 'unit' && isUnitOpen(entity)) yield entity;
    }
  }

  *handovers(): Generator<Handover> {
    for (const [, { entity }] of this.entries()) {
      if (entity.kind === 'handover' && isHandoverOpen(entity)) yield entity;
    }
  }

  *shiftHandovers(): Generator<ShiftHandover> {
    for (const [, { entity }] of this.entries()) {
      if (entity.kind === 'shift-handover' && isShiftHandoverOpen(entity)) yield entity;
    }
  }
}
