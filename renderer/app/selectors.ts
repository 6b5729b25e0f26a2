import type {
  ConflictRow,
  ContactRow,
  HandoverRow,
  IncidentRow,
  PresenceRow,
  RosterRow,
  TrayRow,
  UnitRow,
} from '#protocol/view.ts';
import { fieldsOf } from './form.ts';
import type { Fields } from './pad.ts';
import type { Undoable } from './undo.ts';
import {
  formDraftId,
  RAISE_ID,
  READINESS_ID,
  type Sent,
  type WindowState,
} from './window-store.ts';

// Plain functions of the window's state. A list holds rows that are in the state, so that a list whose
// rows have not changed is the same list to whoever shows it.

/** What is made of a view's rows is made once for each state of that view: the state changes more often. */
function perMap<Rows extends object, Made>(make: (rows: Rows) => Made): (rows: Rows) => Made {
  const made = new WeakMap<Rows, Made>();
  return (rows) => {
    let known = made.get(rows);
    if (known === undefined) made.set(rows, (known = make(rows)));
    return known;
  };
}

const byCallSign = new Intl.Collator('en', { numeric: true });

const urgency = ['999', '101', 'text', 'partner', 'counter', 'online', 'email'] as const;

/** Offered before abandoned, 999 before the rest, then who has waited longest. */
export const byNextToTake = (left: ContactRow, right: ContactRow) =>
  Number(left.state === 'abandoned') - Number(right.state === 'abandoned') ||
  urgency.indexOf(left.channel) - urgency.indexOf(right.channel) ||
  left.offeredAt - right.offeredAt ||
  left.id.localeCompare(right.id);

export type QueueSection = 'waiting' | 'mine' | 'elsewhere';

export function sectionOf(row: ContactRow, me: string | undefined): QueueSection | undefined {
  if (!row.owner && (row.state === 'offered' || row.state === 'abandoned')) return 'waiting';
  if (me !== undefined && row.owner?.user === me) return 'mine';
  return row.state === 'finished' ? undefined : 'elsewhere';
}

const liveOrder = ['answered', 'held', 'abandoned', 'ended', 'offered', 'finished'] as const;
const byLife = (left: ContactRow, right: ContactRow) =>
  liveOrder.indexOf(left.state) - liveOrder.indexOf(right.state) ||
  right.offeredAt - left.offeredAt ||
  left.id.localeCompare(right.id);

const FINISHED_SHOWN = 12; // what somebody comes back to within the hour

export const me = ({ seat }: WindowState) => seat?.user?.id;

/** The queue over all channels: what waits, what is mine, and what others have in hand. */
export function selectQueue(state: WindowState): readonly ContactRow[] {
  const user = me(state);
  const rows = [...state.contacts.values()];
  const within = (section: QueueSection) => rows.filter((row) => sectionOf(row, user) === section);
  const mine = within('mine').toSorted(byLife);
  const finished = mine.filter(({ state: life }) => life === 'finished').slice(0, FINISHED_SHOWN);
  return [
    ...within('waiting').toSorted(byNextToTake),
    ...mine.filter(({ state: life }) => life !== 'finished'),
    ...finished,
    ...within('elsewhere').toSorted(byLife),
  ];
}

/** What F1 takes: an offered one. An abandoned call is taken by choosing it. */
export const selectNextOffered = (state: WindowState): ContactRow | undefined =>
  [...state.contacts.values()].filter((row) => row.state === 'offered').toSorted(byNextToTake)[0];

const JUST_MS = 5_000; // a key that was on its way when somebody else was quicker

/** What somebody else has just taken: whoever pressed a moment later is told who has it. */
export const selectJustTaken = (state: WindowState): ContactRow | undefined =>
  [...state.contacts.values()]
    .filter(
      ({ answeredAt, owner }) =>
        owner !== undefined &&
        owner.user !== me(state) &&
        answeredAt !== undefined &&
        state.now - answeredAt <= JUST_MS,
    )
    .toSorted((left, right) => (right.answeredAt ?? 0) - (left.answeredAt ?? 0))[0];

export const selectFormContact = (state: WindowState): ContactRow | undefined =>
  state.contactDetails.get(state.formAbout) ?? state.contacts.get(state.formAbout);

/** The call that the telephone keys speak to: the one in the form, else the one that this person has live. */
export function selectCall(state: WindowState): ContactRow | undefined {
  const isMine = (row: ContactRow) => row.owner?.user === me(state) && row.state !== 'finished';
  const shown = state.contacts.get(state.formAbout);
  if (shown && isMine(shown)) return shown;
  return [...state.contacts.values()].filter(isMine).toSorted(byLife)[0];
}

export type Readiness =
  | { readonly state: 'on-call' | 'wrap-up' | 'ready'; readonly since: number }
  | { readonly state: 'not-ready' };

const SHIFT_MS = 12 * 3_600_000; // what was said in another shift is not said of this one

const isTelephone = ({ channel }: ContactRow) => channel === '999' || channel === '101';

/**
 * Whether this operator can be offered the next call. A call that ends is wrapped up until the operator
 * says ready; nothing here stops anybody from taking a call by hand.
 */
export function selectReadiness(state: WindowState): Readiness {
  const user = me(state);
  const calls = [...state.contacts.values()].filter(
    (row) => row.owner?.user === user && isTelephone(row),
  );
  const live = calls.filter(({ state: life }) => life === 'answered' || life === 'held');
  if (live.length > 0)
    return {
      state: 'on-call',
      since: Math.min(...live.map(({ answeredAt, offeredAt }) => answeredAt ?? offeredAt)),
    };
  const fields = state.pads.get(READINESS_ID)?.fields;
  const since = Number(fields?.['since'] ?? 0);
  const endedAt = Math.max(0, ...calls.map((row) => row.endedAt ?? 0));
  const isOfThisShift = (at: number) => at > 0 && state.now - at < SHIFT_MS;
  if (endedAt > since && isOfThisShift(endedAt)) return { state: 'wrap-up', since: endedAt };
  if (!isOfThisShift(since)) return { state: 'not-ready' };
  return { state: fields?.['state'] === 'ready' ? 'ready' : 'wrap-up', since };
}

/** The command that raised, or would raise, from the form. */
export const selectRaiseId = (state: WindowState): string | undefined =>
  state.pads.get(formDraftId(state.formAbout))?.fields[RAISE_ID] || undefined;

const emptyFields: Fields = {};

/** The form as it is typed, else as the record has it. */
export function selectFormFields(state: WindowState): Fields {
  const pad = state.pads.get(formDraftId(state.formAbout));
  if (pad) return pad.fields;
  const row = selectFormContact(state);
  return row ? fieldsOf(row) : emptyFields;
}

/** The incident that what is typed under the form belongs to: the last that came of it. */
export function selectFormIncidentId(state: WindowState): string | undefined {
  const raised = selectRaiseId(state);
  if (raised !== undefined) {
    const reference = state.sent.get(raised)?.reference;
    if (reference !== undefined) return reference;
    // The hand-over of an incident has the id of the command that raised it (`handoverIdOf`).
    for (const { id, handover } of state.incidents.values()) if (handover?.id === raised) return id;
  }
  return selectFormContact(state)?.incidentIds.at(-1);
}

export const byGradeThenClock = (left: IncidentRow, right: IncidentRow) =>
  left.grade - right.grade ||
  (left.attendBy ?? Number.MAX_SAFE_INTEGER) - (right.attendBy ?? Number.MAX_SAFE_INTEGER) ||
  left.raisedAt - right.raisedAt ||
  left.id.localeCompare(right.id);

const openIncidents = perMap((incidents: WindowState['incidents']) =>
  [...incidents.values()]
    .filter(({ closedAt }) => closedAt === undefined)
    .toSorted(byGradeThenClock),
);
export const selectOpenIncidents = ({ incidents }: WindowState): readonly IncidentRow[] =>
  openIncidents(incidents);

/** Whether anybody has arrived: the target clock stops then. */
export const isAttended = ({ units }: Pick<IncidentRow, 'units'>) =>
  units.some(({ statusCode }) => statusCode === 6);

export type Progress =
  | 'Awaiting dispatch'
  | 'Assigned'
  | 'En route'
  | 'At scene'
  | 'Resulted'
  | 'Closed';

/** How far an incident has come, in one word of the floor. */
export function progressOf(row: Pick<IncidentRow, 'units' | 'result' | 'closedAt'>): Progress {
  if (row.closedAt !== undefined) return 'Closed';
  if (isAttended(row)) return 'At scene';
  if (row.units.some(({ statusCode }) => statusCode === 5)) return 'En route';
  if (row.units.length > 0) return 'Assigned';
  return row.result === undefined ? 'Awaiting dispatch' : 'Resulted';
}

/** By call sign, as people look for them; the order never changes because something arrived. */
const unitsByCallSign = perMap((units: WindowState['units']) =>
  [...units.values()]
    .filter(({ isOnDuty, emergency }) => isOnDuty || emergency !== undefined)
    .toSorted((left, right) => byCallSign.compare(left.id, right.id)),
);
export const selectUnits = ({ units }: WindowState): readonly UnitRow[] => unitsByCallSign(units);

export const selectEmergencies = ({ units }: WindowState): readonly UnitRow[] =>
  [...units.values()]
    .filter(({ emergency }) => emergency !== undefined)
    .toSorted(
      (left, right) =>
        Number(left.emergency?.owner !== undefined) -
          Number(right.emergency?.owner !== undefined) ||
        (left.emergency?.at ?? 0) - (right.emergency?.at ?? 0) ||
        left.id.localeCompare(right.id),
    );

/** What nobody has accepted, the one whose time runs out first on top. */
export const selectHandovers = ({ handovers }: WindowState): readonly HandoverRow[] =>
  [...handovers.values()]
    .filter(({ accepted }) => !accepted)
    .toSorted(
      (left, right) => left.deadlineAt - right.deadlineAt || left.id.localeCompare(right.id),
    );

export const isOverdue = (row: HandoverRow, now: number) => !row.accepted && now > row.deadlineAt;

/** What needs somebody: what was refused here, then what others asked too late. */
export const selectTray = ({
  tray,
  conflicts,
}: WindowState): readonly (TrayRow | ConflictRow)[] => [
  ...[...tray.values()].toSorted((left, right) => left.refusedAt - right.refusedAt),
  ...[...conflicts.values()].toSorted((left, right) => left.askedAt - right.askedAt),
];

export const isLateOfOthers = (row: TrayRow | ConflictRow): row is ConflictRow => 'other' in row;

/** Whether who sits here works in the room; the desk shows nothing of it to anybody else. */
export const selectIsOfTheFloor = ({ seat }: WindowState): boolean =>
  ['call-handler', 'dispatcher', 'supervisor'].includes(seat?.user?.role ?? '');

/** Who is on duty at the other desks, dispatch first: whom a hand-over goes to, and who can be asked. */
export const selectColleagues = ({ roster, seat }: WindowState): readonly RosterRow[] =>
  [...roster.values()]
    .filter(({ desk }) => desk !== seat?.desk)
    .toSorted(
      (left, right) => dutyOrder(left) - dutyOrder(right) || (left.desk < right.desk ? -1 : 1),
    );

const dutyOrder = ({ role }: RosterRow) => {
  const at = ['dispatcher', 'supervisor', 'call-handler'].indexOf(role ?? '');
  return at < 0 ? 3 : at;
};

/** Whether anybody is on duty who can accept a hand-over. Unknown counts as yes: nothing is claimed. */
export const selectHasDispatcher = ({ roster }: WindowState): boolean =>
  roster.size === 0 ||
  [...roster.values()].some(({ role }) => role === 'dispatcher' || role === 'supervisor');

/** The other desks that have a record before them, whoever writes in it first. */
export const selectOthersAt =
  (stream: string | undefined) =>
  ({ presence, seat }: WindowState): readonly PresenceRow[] =>
    stream === undefined
      ? []
      : [...presence.values()]
          .filter((row) => row.about === stream && row.id !== seat?.desk)
          .toSorted((left, right) => Number(right.isTyping) - Number(left.isTyping));

/** What can be undone now: the last line that was sent, while its time runs. */
export const selectUndoable = ({ undoable, now }: WindowState): Undoable | undefined =>
  undoable.find(({ until }) => now < until);

/** Entries that this window has sent and the desk has not stored: shown with their mark, not lost from sight. */
export const selectUnstoredEntries =
  (about: string | undefined) =>
  ({ sent }: WindowState): readonly Sent[] =>
    about === undefined
      ? []
      : [...sent.values()].filter(
          ({ type, mark, body }) =>
            mark === 'sending' &&
            ((type === 'add-log-entry' && body['incidentId'] === about) ||
              (type === 'add-contact-entry' && body['contactId'] === about)),
        );

/** Whether what is shown may be old, and since when: the desk is away, or the server is. */
export function selectStaleSince(state: WindowState): number | undefined {
  // What was old before the desk went away is as old as it was.
  if (state.seat?.mode === 'alone') return state.seat.asAt;
  return state.link === 'open' ? undefined : state.linkSince;
}

/** So many rows down or up, or to an end. */
export type Step = number | 'first' | 'last';

/**
 * The place in a list after a step, by id. Where nothing is chosen, or what was chosen has gone, a list is
 * entered from its top, and by a step up from its bottom.
 */
export function step(
  ids: readonly string[],
  selected: string | undefined,
  by: Step,
): string | undefined {
  const index = selected === undefined ? -1 : ids.indexOf(selected);
  if (by === 'first') return ids[0];
  if (by === 'last' || (index === -1 && by < 0)) return ids.at(-1);
  if (index === -1) return ids[0];
  return ids[Math.min(ids.length - 1, Math.max(0, index + by))];
}
