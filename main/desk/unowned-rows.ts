import type { EpochMs, StreamId } from '#domain/ids.ts';
import { unownedIn } from '#domain/unowned.ts';
import type { UnownedRow } from '#protocol/view.ts';
import { wordsOfContact, wordsOfIncident } from './shift-handover-rows.ts';
import { person, type ViewSource } from '#store/views.ts';

/** What nobody on duty has in hand, by the room as this desk shows it and its clock. */
export const unownedRows = (source: ViewSource, now: EpochMs): readonly UnownedRow[] =>
  unownedIn(source.room, now).map(({ kind, subject, since, owner, grade }, order) => ({
    id: `${kind} ${subject}`,
    kind,
    ...wordsOf(subject, source),
    since,
    owner: owner && person(owner, source),
    grade,
    order,
  }));

/** What it is about, as a person would look for it and name it. */
function wordsOf(
  stream: StreamId,
  source: ViewSource,
): { readonly subject: string; readonly what: string } {
  const { entity } = source.room.get(stream);
  const subject = stream.slice(stream.indexOf('/') + 1);
  switch (entity.kind) {
    case 'incident':
      return { subject, what: wordsOfIncident(entity) };
    case 'contact':
      return { subject, what: wordsOfContact(entity) };
    case 'handover':
      return entity.incidentId === undefined
        ? { subject, what: 'a hand-over' }
        : wordsOf(`incident/${entity.incidentId}` as StreamId, source); // the stream of that id
    case 'unit':
      return {
        subject,
        what: entity.incidentId === undefined ? 'on no incident' : `on ${entity.incidentId}`,
      };
    case 'shift-handover':
      return { subject, what: entity.items.map(({ id }) => id).join(', ') };
    case 'conflict':
      return { subject, what: `${entity.command.replaceAll('-', ' ')}, ${entity.subject ?? ''}` };
    default:
      return { subject, what: '' };
  }
}
