import type { Role } from '#domain/facts.ts';
import type { QueryName } from '#protocol/query.ts';
import type { ViewName } from '#protocol/view.ts';

const floor: ReadonlySet<Role> = new Set(['call-handler', 'dispatcher', 'supervisor']);
/** Who sees to it that nothing is left lying. */
const dispatch: ReadonlySet<Role> = new Set(['dispatcher', 'supervisor']);
/** How every desk is, and how the calls were answered: for those who answer for the room. */
const overseers: ReadonlySet<Role> = new Set(['supervisor', 'administrator']);
/** Whoever is signed in: the seat itself, and what is one's own. */
const everybody = 'everybody';

/**
 * Who may follow what at a desk's window, and who may look what up. The room is the floor's: an
 * investigator, an auditor or an administrator who signs in here sees that they sit here, and no more.
 */
const views: Readonly<Record<ViewName, typeof everybody | ReadonlySet<Role>>> = {
  seat: everybody,
  'reference-data': everybody,
  contacts: floor,
  contact: floor,
  incidents: floor,
  incident: floor,
  units: floor,
  handovers: floor,
  'shift-handovers': floor,
  roster: floor,
  unowned: dispatch,
  presence: floor,
  conflicts: floor,
  tray: floor,
  drafts: everybody,
  desks: overseers,
  hotkeys: floor,
};
const queries: Readonly<Record<QueryName, ReadonlySet<Role>>> = {
  find: floor,
  places: floor,
  'crimes-near': floor,
  'service-levels': overseers,
};

export function mayFollow(role: Role, view: ViewName): boolean {
  const allowed = views[view];
  return allowed === everybody || allowed.has(role);
}

/** Whether who may not follow it is told so in words; of what the floor shows, an empty chair shows nothing. */
export const isForFew = (view: ViewName): boolean => views[view] === overseers;

export const mayLookUp = (role: Role, query: QueryName): boolean => queries[query].has(role);

/** Whether the refused commands that stand here are this person's to deal with. */
export const maySettle = (role: Role): boolean => mayFollow(role, 'tray');
