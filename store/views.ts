import type { Contact } from '#domain/contact.ts';
import type { RecordedEvent } from '#domain/event.ts';
import type { Handover } from '#domain/handover.ts';
import type { DeskId, StreamId } from '#domain/ids.ts';
import type { Incident } from '#domain/incident.ts';
import { sentenceOf, subjectsOf, type Names } from '#domain/journal.ts';
import type { OpenRoom } from '#domain/room.ts';
import type { Unit } from '#domain/unit.ts';
import { jsonOf } from './json-of.ts';
import type { Signals } from '#protocol/signal.ts';
import type {
  ConflictRow,
  ContactRow,
  HandoverRow,
  IncidentDetail,
  IncidentRow,
  Line,
  Mark,
  Person,
  PresenceRow,
  RosterRow,
  UnitRow,
} from '#protocol/view.ts';

/** What a view is made of: the room as this desk shows it, and which records are only stored here. */
export interface ViewSource {
  readonly room: OpenRoom;
  /** Streams that pending work has touched: their mark is the half one. */
  readonly unrecorded: ReadonlySet<StreamId>;
  /** The recorded events of a record's log, oldest first. */
  readonly lines: (subject: StreamId) => readonly RecordedEvent[];
  /** What pending commands would record, in order. */
  readonly provisional: readonly RecordedEvent[];
  readonly names: Names;
}

type Owner = { readonly user: string; readonly desk: string };

export const person = ({ user, desk }: Owner, { names }: ViewSource): Person => ({
  user,
  desk,
  name: names.user(user),
});

export const markOf = (stream: string, { unrecorded }: ViewSource): Mark =>
  unrecorded.has(stream as StreamId) ? 'stored-here' : 'recorded'; // made by the functions of ids.ts

/** A row that hangs on nothing but its record, who is called what, and its mark: made once for each record. */
function remembered<Entity extends object, Row extends { readonly mark: Mark }>(
  streamOf: (entity: Entity) => string,
  make: (entity: Entity, version: number, source: ViewSource) => Row,
): (entity: Entity, version: number, source: ViewSource) => Row {
  const made = new WeakMap<Entity, { row: Row; version: number; names: Names }>();
  return (entity, version, source) => {
    const before = made.get(entity);
    const isSame =
      before?.version === version &&
      before.names === source.names &&
      before.row.mark === markOf(streamOf(entity), source);
    if (before && isSame) return before.row;
    const row = make(entity, version, source);
    made.set(entity, { row, version, names: source.names });
    return row;
  };
}

export const contactRow = remembered(
  ({ id }: Contact) => `contact/${id}`,
  (contact, version, source): ContactRow => {
    const { kind: _kind, owner, ...row } = contact;
    return {
      ...row,
      version,
      owner: owner && person(owner, source),
      mark: markOf(`contact/${contact.id}`, source),
    };
  },
);

/**
 * What is open, and of what is finished the newest that `user` had. Hundreds of finished ones are in
 * memory, and this runs at every change: a row is made only of what is shown.
 */
export function contactRows(
  source: ViewSource,
  { user, finishedMax }: { readonly user: string; readonly finishedMax: number },
): readonly ContactRow[] {
  const open: (readonly [Contact, number])[] = [];
  const mine: (readonly [Contact, number])[] = [];
  for (const [, { entity, version }] of source.room.entries()) {
    if (entity.kind !== 'contact' || version === 0) continue;
    if (entity.state !== 'finished') open.push([entity, version]);
    else if (entity.owner?.user === user) mine.push([entity, version]);
  }
  const newest = mine
    .toSorted(([left], [right]) => right.offeredAt - left.offeredAt)
    .slice(0, finishedMax);
  return [...open, ...newest].map(([contact, version]) => contactRow(contact, version, source));
}

export const incidentRows = (source: ViewSource): readonly IncidentRow[] =>
  rowsOf(source, ({ isRaised, closedAt }) => isRaised && closedAt === undefined);

/** Rows of the incidents in memory that are wanted, each with its units and its hand-over. */
function rowsOf(
  source: ViewSource,
  isWanted: (incident: Incident) => boolean,
): readonly IncidentRow[] {
  const units = new Map<string, { id: string; statusCode: number }[]>();
  const handovers = new Map<string, HandoverRow>();
  const incidents: (readonly [Incident, number])[] = [];
  for (const [, { entity, version }] of source.room.entries()) {
    if (entity.kind === 'incident' && isWanted(entity)) incidents.push([entity, version]);
    if (entity.kind === 'unit' && entity.incidentId !== undefined) {
      const there = units.get(entity.incidentId) ?? [];
      there.push({ id: entity.id, statusCode: entity.statusCode });
      units.set(entity.incidentId, there);
    }
    if (entity.kind === 'handover' && entity.incidentId !== undefined)
      handovers.set(entity.incidentId, handoverRow(entity, source));
  }
  return incidents.map(([incident, version]) => {
    const [there, handover] = [units.get(incident.id) ?? noUnits, handovers.get(incident.id)];
    const before = incidentRowsMade.get(incident);
    if (before && isMadeOf(before, { there, handover, version }, source)) return before.row;
    const row = rowOf(incident, version, source, there, handover);
    incidentRowsMade.set(incident, { row, there, handover, names: source.names });
    return row;
  });
}

type UnitThere = IncidentRow['units'][number];
const noUnits: readonly UnitThere[] = [];

interface IncidentRowMade {
  readonly row: IncidentRow;
  readonly there: readonly UnitThere[];
  readonly handover: HandoverRow | undefined;
  readonly names: Names;
}

/** Of thousands that are open an event changes one or two: the rows of all others are the same objects. */
const incidentRowsMade = new WeakMap<Incident, IncidentRowMade>();

const isMadeOf = (
  made: IncidentRowMade,
  now: Pick<IncidentRowMade, 'there' | 'handover'> & { readonly version: number },
  source: ViewSource,
) =>
  made.names === source.names &&
  made.row.version === now.version &&
  made.handover === now.handover &&
  made.row.mark === markOf(`incident/${made.row.id}`, source) &&
  made.there.length === now.there.length &&
  made.there.every(
    (unit, n) => unit.id === now.there[n]?.id && unit.statusCode === now.there[n].statusCode,
  );

function rowOf(
  incident: Incident,
  version: number,
  source: ViewSource,
  units: readonly { readonly id: string; readonly statusCode: number }[],
  handover: HandoverRow | undefined,
): IncidentRow {
  const { id, grade, openingCode, closingCode, place, narrative, raisedAt, attendBy } = incident;
  const { result, closedAt, readOnly, owner, raisedBy } = incident;
  return {
    id,
    version,
    grade,
    openingCode,
    closingCode,
    place,
    narrative,
    raisedAt,
    raisedBy: person({ user: raisedBy, desk: '' }, source),
    attendBy,
    owner: owner && person(owner, source),
    result,
    closedAt,
    units: units.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    handover,
    readOnly,
    mark: markOf(`incident/${id}`, source),
  };
}

const handoverRowMade = remembered(
  ({ id }: Handover) => `handover/${id}`,
  (handover, _version, source): HandoverRow => {
    const { id, incidentId, from, to, grade, offeredAt, deadlineAt, escalatedAt, accepted } =
      handover;
    return {
      id,
      incidentId: incidentId ?? '',
      from: person(from ?? { user: '', desk: '' }, source),
      to,
      grade,
      offeredAt,
      deadlineAt,
      escalatedAt,
      accepted: accepted && { ...person(accepted, source), at: accepted.at },
      mark: markOf(`handover/${id}`, source),
    };
  },
);

/** Nothing of a hand-over's row is its version: what it folds to is all of it. */
export const handoverRow = (handover: Handover, source: ViewSource): HandoverRow =>
  handoverRowMade(handover, 0, source);

export const handoverRows = (source: ViewSource): readonly HandoverRow[] =>
  [...source.room.handovers()]
    .filter(({ incidentId }) => incidentId !== undefined)
    .map((handover) => handoverRow(handover, source));

export const unitRow = remembered(
  ({ id }: Unit) => `unit/${id}`,
  (unit, version, source): UnitRow => {
    const { kind: _kind, emergency, ...row } = unit;
    return {
      ...row,
      version,
      emergency: emergency && {
        at: emergency.at,
        owner: emergency.owner && person(emergency.owner, source),
      },
      mark: markOf(`unit/${unit.id}`, source),
    };
  },
);

export function unitRows(source: ViewSource): readonly UnitRow[] {
  const rows: UnitRow[] = [];
  for (const [, { entity, version }] of source.room.entries())
    if (entity.kind === 'unit' && (entity.isOnDuty || entity.emergency))
      rows.push(unitRow(entity, version, source));
  return rows;
}

/** Who is on duty where. */
export function rosterRows(source: ViewSource): readonly RosterRow[] {
  const rows: RosterRow[] = [];
  for (const [stream, { entity }] of source.room.entries())
    if (entity.kind === 'duty' && entity.at)
      rows.push({
        id: entity.id,
        name: source.names.user(entity.id),
        ...entity.at,
        mark: markOf(stream, source),
      });
  return rows;
}

export const presenceRows = (
  presence: ReadonlyMap<DeskId, Signals['latest'][number]>,
  source: ViewSource,
): readonly PresenceRow[] =>
  [...presence.values()].map(({ desk, user, at, presence: seen }) => ({
    id: desk,
    who: user === undefined ? undefined : person({ user, desk }, source),
    about: seen.about,
    isTyping: seen.isTyping,
    availability: seen.availability,
    at,
  }));

/** Late commands of other desks that ran into what this desk had decided; a supervisor sees all of them. */
export function conflictRows(
  source: ViewSource,
  { desk, isSupervisor }: { readonly desk: DeskId; readonly isSupervisor: boolean },
): readonly ConflictRow[] {
  const rows: ConflictRow[] = [];
  for (const [stream, { entity }] of source.room.entries()) {
    if (entity.kind !== 'conflict' || entity.seen || !entity.by || !entity.subject) continue;
    if (entity.other !== desk && !isSupervisor) continue;
    rows.push({
      id: entity.id,
      what: entity.command.replaceAll('-', ' '),
      subject: entity.subject.slice(entity.subject.indexOf('/') + 1),
      reason: entity.reason,
      by: person(entity.by, source),
      askedAt: entity.askedAt,
      other: entity.other ?? '',
      mark: markOf(stream, source),
    });
  }
  return rows;
}

const LINES_MAX_CHARS = 1_500_000; // 350 of the longest lines: more is not read at one look
const AFTER_ALL = 2 ** 52; // behind every number of the log

/**
 * The running log of a record: what is recorded, then what is stored here and still on its way. The newest
 * lines, and no more than a window can take: a record that grows and grows is always shown.
 */
export function linesOf(subject: StreamId, source: ViewSource): readonly Line[] {
  const logOf = subject.slice(subject.indexOf('/') + 1);
  const recorded = source.lines(subject).map((event) => recordedLine(event, logOf, source));
  const here = source.provisional
    .filter((event) => subjectsOf(event).includes(subject))
    .map((event, n) => lineOf(event, { logOf, mark: 'stored-here', order: AFTER_ALL + n }, source));
  // `occurredAt` orders what is shown; events of one moment stay in the order they were recorded.
  const lines = [...recorded, ...here].toSorted((a, b) => a.at - b.at);
  let chars = 0;
  const from = lines.findLastIndex((line) => {
    chars += jsonOf(line).length;
    return chars > LINES_MAX_CHARS;
  });
  return lines.slice(from + 1);
}

/** A line of what is recorded never changes, but for the names in it: it is made once for each record. */
const made = new WeakMap<Names, WeakMap<RecordedEvent, Line[]>>();

function recordedLine(event: RecordedEvent, logOf: string, source: ViewSource): Line {
  const known = made.get(source.names) ?? new WeakMap<RecordedEvent, Line[]>();
  made.set(source.names, known);
  const lines = known.get(event) ?? [];
  known.set(event, lines);
  let line = lines.find((it) => it.logOf === logOf);
  if (!line)
    lines.push((line = lineOf(event, { logOf, mark: 'recorded', order: event.seq }, source)));
  return line;
}

function lineOf(
  event: RecordedEvent,
  { logOf, mark, order }: Pick<Line, 'logOf' | 'mark' | 'order'>,
  source: ViewSource,
): Line {
  return {
    id: `${event.commandId}:${event.n}`,
    logOf,
    order,
    at: event.occurredAt,
    ...(event.enteredAt !== undefined && { enteredAt: event.enteredAt }),
    ...(mark === 'recorded' && { recordedAt: event.recordedAt }),
    who: person({ user: event.actor, desk: event.desk }, source),
    type: event.type,
    text: sentenceOf(event, source.names),
    mark,
  };
}

/** A contact and its log; nothing where there is no such contact. */
export function contactDetail(
  stream: StreamId,
  source: ViewSource,
): readonly [] | readonly [ContactRow, ...Line[]] {
  const { entity, version } = source.room.get(stream);
  if (entity.kind !== 'contact' || version === 0) return [];
  return [contactRow(entity, version, source), ...linesOf(stream, source)];
}

/** An incident and its log; nothing where there is no such incident. */
export function incidentDetail(
  stream: StreamId,
  source: ViewSource,
): readonly [] | readonly [IncidentDetail, ...Line[]] {
  const { entity, version } = source.room.get(stream);
  if (entity.kind !== 'incident' || !entity.isRaised) return [];
  const contacts = entity.contactIds.flatMap((id) => {
    const contact = source.room.get(`contact/${id}` as StreamId); // an id is what follows the slash
    return contact.entity.kind === 'contact' && contact.version > 0
      ? [contactRow(contact.entity, contact.version, source)]
      : [];
  });
  const [row] = rowsOf(source, ({ id }) => id === entity.id);
  // One that has been let go from memory has neither units nor a hand-over that is open.
  const detail: IncidentDetail = {
    ...(row ?? rowOf(entity, version, source, [], undefined)),
    qualifiers: entity.qualifiers,
    contacts,
  };
  return [detail, ...linesOf(stream, source)];
}
