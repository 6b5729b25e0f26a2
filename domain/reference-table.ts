import type { RecordedEvent } from './event.ts';
import type { Targets } from './decide.ts';
import { understand, type Unreadable } from './facts.ts';
import { referenceStream, type EpochMs, type UserId } from './ids.ts';
import {
  fieldOfList,
  referenceLists,
  type ReferenceData,
  type ReferenceList,
  type ReferenceListName,
} from './reference-data.ts';
import type { Room } from './room.ts';
import { targetsOf } from './targets.ts';

/**
 * One list of reference data as the force has taken it over. Its revision is the version of its stream: 0
 * is what the release brings. Earlier revisions stand in the log.
 */
export interface ReferenceTable {
  readonly kind: 'reference-data';
  readonly id: ReferenceListName;
  readonly content: ReferenceList<unknown> | undefined;
  readonly takenOver:
    | { readonly by: UserId; readonly at: EpochMs; readonly note: string }
    | undefined;
  readonly readOnly: Unreadable | undefined;
}

export const noReferenceTable = (id: ReferenceListName): ReferenceTable => ({
  kind: 'reference-data',
  id,
  content: undefined,
  takenOver: undefined,
  readOnly: undefined,
});

/** Folds one taking over into the list. Total: one that cannot be read leaves the list as it was. */
export function evolveReferenceTable(table: ReferenceTable, event: RecordedEvent): ReferenceTable {
  const known = understand(event);
  if (typeof known === 'string') return { ...table, readOnly: known };
  if (known.type !== 'reference-data.taken-over') return { ...table, readOnly: 'update-needed' };
  const { content, note } = known.body;
  // The actor of a header was parsed as a user's id where the command came in.
  const takenOver = { by: event.actor as UserId, at: event.occurredAt, note };
  return { ...table, content, takenOver };
}

const contentIn = (room: Pick<Room, 'get'>, list: ReferenceListName) => {
  const { entity } = room.get(referenceStream(list));
  return entity.kind === 'reference-data' ? entity.content : undefined;
};

/** What holds in this room: each list as it was last taken over, and else as the release brings it. */
export function referenceIn(room: Pick<Room, 'get'>, shipped: ReferenceData): ReferenceData {
  const changed = referenceLists.flatMap((list) => {
    const content = contentIn(room, list);
    return content ? [[fieldOfList[list], content] as const] : [];
  });
  // Each content was parsed by the schema of its list when its event was read.
  return changed.length === 0 ? shipped : { ...shipped, ...Object.fromEntries(changed) };
}

/** The targets that hold in this room; `shipped` are those of the grades that the release brings. */
export function targetsIn(room: Pick<Room, 'get'>, shipped: Targets): Targets {
  const grades = contentIn(room, 'grades');
  return grades ? targetsOf(grades.rows as ReferenceData['grades']['rows']) : shipped; // the same
}
