import type { Contact } from '#domain/contact.ts';
import { isFor, keptBack } from '#domain/decide-shift-handover.ts';
import type { UserId } from '#domain/ids.ts';
import type { Incident } from '#domain/incident.ts';
import { spaced } from '#domain/lib/spaced-number.ts';
import type { ShiftHandover } from '#domain/shift-handover.ts';
import { streamOfItem, type ShiftItem } from '#domain/shift-items.ts';
import type { ShiftHandoverRow, ShiftItemRow } from '#protocol/view.ts';
import { markOf, person, type ViewSource } from '#store/views.ts';

const ENDED_SHOWN = 3; // what became of somebody's last ones: more is in the log

/** The shift hand-overs of whoever sits here: what they offered and may accept, and how their last ones ended. */
export function shiftHandoverRows(source: ViewSource, me: UserId): readonly ShiftHandoverRow[] {
  const open: ShiftHandover[] = [];
  const ended: (readonly [ShiftHandover, number])[] = [];
  for (const [, { entity }] of source.room.entries()) {
    if (entity.kind !== 'shift-handover' || !entity.from) continue;
    const isTheirs = entity.from.user === me;
    if (entity.state.is === 'open') {
      if (isTheirs || isFor(source.room, entity, me)) open.push(entity);
    } else if (isTheirs || entity.state.by.user === me) ended.push([entity, entity.state.at]);
  }
  const newest = ended
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, ENDED_SHOWN)
    .map(([it]) => it);
  return [...open, ...newest].map((it) => rowOf(it, me, source));
}

function rowOf(it: ShiftHandover, me: UserId, source: ViewSource): ShiftHandoverRow {
  const { id, from = { user: '', desk: '' }, to, state } = it;
  const isMine = from.user === me;
  return {
    id,
    from: person(from, source),
    to: to.kind === 'role' ? to : { ...to, name: source.names.user(to.user) },
    items: itemsOf(it, source),
    offeredAt: it.offeredAt,
    deadlineAt: it.deadlineAt,
    escalatedAt: it.escalatedAt,
    state: state.is,
    ended:
      state.is === 'open'
        ? undefined
        : {
            by: person(state.by, source),
            at: state.at,
            ...(state.is === 'declined' && { reason: state.reason }),
          },
    isMine,
    isForMe: state.is === 'open' && !isMine && isFor(source.room, it, me),
    mark: markOf(`shift-handover/${id}`, source),
  };
}

function itemsOf({ items, from, state }: ShiftHandover, source: ViewSource): ShiftItemRow[] {
  const row = (item: ShiftItem, why: string | undefined): ShiftItemRow => ({
    kind: item.kind,
    id: item.id,
    what: wordsOfItem(item, source),
    ...(why !== undefined && { keptBack: why }),
  });
  if (state.is === 'accepted')
    return [
      ...state.passed.map((item) => row(item, undefined)),
      ...state.leftOut.map(({ item, why }) => row(item, why)),
    ];
  return items.map((item) =>
    row(item, state.is === 'open' && from ? keptBack(source.room, item, from.user) : undefined),
  );
}

/** What a person would call it: the code and the place, the caller, or the call sign. */
function wordsOfItem(item: ShiftItem, source: ViewSource): string {
  const { entity } = source.room.get(streamOfItem(item));
  switch (entity.kind) {
    case 'incident':
      return wordsOfIncident(entity);
    case 'contact':
      return wordsOfContact(entity);
    default:
      return `Emergency of ${item.id}`;
  }
}

export const wordsOfIncident = ({ openingCode, grade, place }: Incident): string =>
  `${openingCode} grade ${grade}, ${place.text}`;

export function wordsOfContact({ caller, channel, details }: Contact): string {
  const who = caller?.kind === 'number' ? spaced(caller.number) : details.informant;
  return [`Contact on ${channel}`, who, details.place?.text].filter(Boolean).join(', ');
}
