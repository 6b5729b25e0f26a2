import type { UnitRow } from '#protocol/view.ts';
import { numberOf, type Floor, type LineType, type Order } from './line-grammar.ts';
import type { PlainBody } from './desk-line.ts';

/*
 * What was asked in the command line can be taken back for ten seconds: by a new command that does the
 * opposite, never by deleting. What others have done since is not overwritten.
 */

export const UNDO_MS = 10_000;
const UNDO_REASON = 'undone';

/** How one command is taken back. Read from what was on screen before it was sent. */
export type Inverse =
  | { readonly can: true; readonly words: string; readonly orders: readonly Order[] }
  | { readonly can: false; readonly why: string };

interface Row<Type extends LineType> {
  /** `id` is the command that is taken back. */
  readonly inverse: (body: PlainBody<Type>, before: Floor, id: string) => Inverse;
  /** Whether what it did still stands; a row that has left the screen is closed, or off duty. */
  readonly stands: (body: PlainBody<Type>, now: Floor) => boolean;
}

const back = (words: string, ...orders: readonly Order[]): Inverse => ({
  can: true,
  words,
  orders,
});
const never = (why: string): Inverse => ({ can: false, why });

const assign = (unitId: string, incidentId: string): Order => ({
  type: 'assign-unit',
  body: { incidentId, unitId },
});
const setStatus = (unitId: string, statusCode: number): Order => ({
  type: 'set-unit-status',
  body: { unitId, statusCode },
});
const bookOn = ({ id, officers, skills }: UnitRow): Order => ({
  type: 'book-on-unit',
  body: { unitId: id, officers, skills },
});

const EMERGENCY = 0;
const ON_DUTY = 1;
const AVAILABLE = 2;
const OFF_DUTY = 11;
const REQUESTS_FROM = 12;

/** The status that the unit had, where it is `now` another; what it had asked for stands beside it again. */
function statusAgain({ id, statusCode, request }: UnitRow, now?: number): readonly Order[] {
  if (statusCode === now) return [];
  return [setStatus(id, statusCode), ...(request ? [setStatus(id, request.statusCode)] : [])];
}

/** Back on the incident that it was on, with the status it had; `now` is the one it has without it. */
function onItsIncident(unit: UnitRow, now?: number): readonly Order[] {
  const on = unit.incidentId === undefined ? [] : [assign(unit.id, unit.incidentId)];
  const status = statusAgain(unit, now);
  // A unit on an incident that says it is available leaves it: that status goes first.
  return unit.statusCode === AVAILABLE ? [...status, ...on] : [...on, ...status];
}

/** Booking on makes it status 1 and forgets what it had asked for. */
const onDutyAgain = (unit: UnitRow): readonly Order[] => [
  bookOn(unit),
  ...onItsIncident(unit, unit.request ? undefined : ON_DUTY),
];

const unknown = (what: string) => never(`${what} was not on this screen`);
const isOn = (unitId: string, { units }: Floor) => units.get(unitId)?.isOnDuty === true;
const isOpenHere = (incidentId: string, { incidents }: Floor) => {
  const row = incidents.get(incidentId);
  return row !== undefined && row.closedAt === undefined;
};
const QUOTED_MAX = 120; // enough to know which line it was

const quoted = (text: string) =>
  `“${text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text}”`;

/** Every command that a line can ask, and how it is taken back. */
export const inverses: { readonly [Type in LineType]: Row<Type> } = {
  'assign-unit': {
    inverse({ unitId, incidentId }, { units }) {
      const unit = units.get(unitId);
      if (!unit) return unknown(unitId);
      return back(
        `release ${unitId} from ${numberOf(incidentId)}`,
        { type: 'release-unit', body: { unitId, incidentId } },
        ...statusAgain(unit, AVAILABLE),
      );
    },
    stands: ({ unitId, incidentId }, { units }) => units.get(unitId)?.incidentId === incidentId,
  },
  'release-unit': {
    inverse({ unitId, incidentId }, { units }) {
      const unit = units.get(unitId);
      if (!unit) return unknown(unitId);
      return back(
        `assign ${unitId} to ${numberOf(incidentId)} again`,
        ...onItsIncident({ ...unit, incidentId }, AVAILABLE),
      );
    },
    stands: ({ unitId }, now) =>
      isOn(unitId, now) && now.units.get(unitId)?.incidentId === undefined,
  },
  'set-unit-status': {
    inverse({ unitId, statusCode }, { units }) {
      if (statusCode === EMERGENCY)
        return never('an emergency stands until somebody stands it down with a reason');
      const unit = units.get(unitId);
      if (!unit) return unknown(unitId);
      const was = `${unitId} to status ${unit.statusCode} again`;
      if (statusCode === OFF_DUTY) return back(was, ...onDutyAgain(unit));
      const hasLeft = statusCode === AVAILABLE && unit.incidentId !== undefined;
      if (hasLeft) return back(was, ...onItsIncident(unit, AVAILABLE));
      return back(was, ...statusAgain(unit));
    },
    stands({ unitId, statusCode }, { units }) {
      const unit = units.get(unitId);
      if (statusCode === OFF_DUTY) return unit?.isOnDuty !== true;
      if (statusCode >= REQUESTS_FROM) return unit?.request?.statusCode === statusCode;
      return unit?.isOnDuty === true && unit.statusCode === statusCode;
    },
  },
  'book-on-unit': {
    inverse: ({ unitId }) =>
      back(`book ${unitId} off`, { type: 'book-off-unit', body: { unitId } }),
    stands: ({ unitId }, now) => isOn(unitId, now),
  },
  'book-off-unit': {
    inverse({ unitId }, { units }) {
      const unit = units.get(unitId);
      if (!unit) return unknown(unitId);
      return back(`book ${unitId} on again`, ...onDutyAgain(unit));
    },
    stands: ({ unitId }, now) => !isOn(unitId, now),
  },
  'regrade-incident': {
    inverse({ incidentId }, { incidents }) {
      const row = incidents.get(incidentId);
      if (!row) return unknown(incidentId);
      const { grade } = row;
      return back(`${numberOf(incidentId)} to grade ${grade} again`, {
        type: 'regrade-incident',
        body: { incidentId, grade, reason: UNDO_REASON },
      });
    },
    stands: ({ incidentId, grade }, now) =>
      isOpenHere(incidentId, now) && now.incidents.get(incidentId)?.grade === grade,
  },
  'add-log-entry': {
    inverse: ({ incidentId, text }, _before, id) =>
      back(`mark the line in ${numberOf(incidentId)} as withdrawn`, {
        type: 'add-log-entry',
        body: { incidentId, corrects: id, text: `Withdrawn, written in error: ${quoted(text)}` },
      }),
    stands: () => true,
  },
  'result-incident': {
    inverse({ incidentId, result }, { incidents }, id) {
      const before = incidents.get(incidentId)?.result;
      if (before !== undefined)
        return back(`the result of ${numberOf(incidentId)} to ${before} again`, {
          type: 'result-incident',
          body: { incidentId, result: before },
        });
      // No command takes a result away, so the log says that it was not meant.
      return back(`mark the result of ${numberOf(incidentId)} as withdrawn; give the right one`, {
        type: 'add-log-entry',
        body: {
          incidentId,
          corrects: id,
          text: `Result ${quoted(result)} withdrawn, given in error; the right one follows`,
        },
      });
    },
    stands: ({ incidentId, result }, now) =>
      isOpenHere(incidentId, now) && now.incidents.get(incidentId)?.result === result,
  },
  'close-incident': {
    inverse({ incidentId }, { incidents, units }) {
      const row = incidents.get(incidentId);
      if (!row) return unknown(incidentId);
      const there = row.units.flatMap(({ id }) => units.get(id) ?? []);
      const also = there.length === 0 ? '' : ` with ${there.map(({ id }) => id).join(', ')}`;
      return back(
        `reopen ${numberOf(incidentId)}${also}`,
        { type: 'reopen-incident', body: { incidentId, reason: UNDO_REASON } },
        ...resultAgain(incidentId, row.result),
        ...there.flatMap((unit) => onItsIncident(unit, AVAILABLE)),
      );
    },
    stands: ({ incidentId }, now) => !isOpenHere(incidentId, now),
  },
  'reopen-incident': {
    inverse({ incidentId }, { incidents }) {
      const row = incidents.get(incidentId);
      if (row?.closingCode === undefined) return unknown(incidentId);
      return back(
        `close ${numberOf(incidentId)} as ${row.closingCode} again`,
        ...resultAgain(incidentId, row.result),
        { type: 'close-incident', body: { incidentId, closingCode: row.closingCode } },
      );
    },
    stands: ({ incidentId }, now) => isOpenHere(incidentId, now),
  },
  'stand-down-emergency': {
    // The safe way round: it sounds again until somebody owns it.
    inverse: ({ unitId }) =>
      back(`${unitId} in emergency again, for somebody to own`, setStatus(unitId, EMERGENCY)),
    stands: ({ unitId }, { units }) => units.get(unitId)?.emergency === undefined,
  },
  'own-emergency': {
    inverse: () => never('an emergency keeps its owner until it is stood down'),
    stands: () => true,
  },
  'accept-handover': {
    inverse: () => never('what was accepted is yours; a colleague takes it over by voice'),
    stands: () => true,
  },
  'attach-contact': {
    inverse: () => never('a link stays; say in the log that it was wrong'),
    stands: () => true,
  },
};

/** Reopening takes the result away, so what it was is said once more. */
function resultAgain(incidentId: string, result: string | undefined): readonly Order[] {
  return result === undefined ? [] : [{ type: 'result-incident', body: { incidentId, result } }];
}

interface Part {
  readonly id: string;
  readonly order: Order;
  readonly inverse: Inverse;
}

/** What one line asked, and how it is taken back while `until` has not come. */
export interface Undoable {
  /** What was done, as the line said it. */
  readonly said: string;
  readonly until: number;
  readonly parts: readonly Part[];
}

// An order and its row have the same type; the table is asked by it, which the compiler cannot follow.
const rowOf = ({ type }: Order) => inverses[type] as unknown as Row<'assign-unit'>;
const bodyOf = ({ body }: Order) => body as PlainBody<'assign-unit'>;

export const inverseOf = (order: Order, before: Floor, id: string): Inverse =>
  rowOf(order).inverse(bodyOf(order), before, id);

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** What undoing it would do, in words, or why it cannot be done. */
export function undoWords({ parts }: Undoable): { readonly can: boolean; readonly words: string } {
  const can = parts.filter(({ inverse }) => inverse.can).toReversed();
  if (can.length === 0) {
    const [first] = parts;
    return { can: false, words: first && !first.inverse.can ? first.inverse.why : '' };
  }
  return {
    can: true,
    words: sentence(can.map(({ inverse }) => (inverse.can ? inverse.words : '')).join('; ')),
  };
}

/** What is sent to take it back, last first; what no longer stands is left as it is and named. */
export function undo(
  { parts }: Undoable,
  now: Floor,
  markOf: (id: string) => string | undefined,
): { readonly orders: readonly Order[]; readonly left: readonly string[] } {
  const orders: Order[] = [];
  const left: string[] = [];
  for (const { id, order, inverse } of parts.toReversed()) {
    if (!inverse.can || markOf(id) === 'refused') continue;
    // What still waits for this desk cannot be on screen yet, so nobody can have changed it.
    const isShown = markOf(id) !== 'sending';
    if (isShown && !rowOf(order).stands(bodyOf(order), now)) left.push(inverse.words);
    else orders.push(...inverse.orders);
  }
  return { orders, left };
}
