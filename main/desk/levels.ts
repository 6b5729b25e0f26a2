import type { EpochMs } from '#domain/ids.ts';
import {
  localDayOf,
  serviceLevels,
  timedChannels,
  type CallLife,
  type ServiceLevelRow,
} from '#domain/service-levels.ts';
import type { Contact } from '#domain/contact.ts';
import type { QueryParams } from '#protocol/query.ts';
import type { Desk } from './desk.ts';

const STRETCH_MAX_MS = 5 * 25 * 3_600_000; // a working week; its quarters fit one answer

/** How the calls of a stretch of time were answered, by the record and by what is only stored here. */
export function levelsOf(
  desk: Pick<Desk, 'read' | 'source'>,
  asked: QueryParams<'service-levels'>,
  { timeZone, now }: { readonly timeZone: string; readonly now: EpochMs },
): { readonly rows: readonly ServiceLevelRow[] } | { readonly fault: string } {
  const from = asked.from ?? localDayOf(before(asked.to) ?? now, timeZone).from;
  const to = asked.to ?? localDayOf(from, timeZone).to;
  if (to <= from) return { fault: 'the end is before the beginning' };
  if (to - from > STRETCH_MAX_MS) return { fault: 'more than five days at once' };
  const recorded = desk.read(({ picture }) => picture.callsOffered(from, to), []);
  const calls = new Map<string, CallLife>(recorded.map((call) => [call.id, call]));
  const { room, unrecorded } = desk.source;
  for (const stream of unrecorded) {
    const { entity } = room.get(stream);
    if (entity.kind === 'contact' && isTimed(entity)) calls.set(entity.id, entity);
  }
  return { rows: serviceLevels([...calls.values()], { from, to, now, timeZone }) };
}

/** The day that a stretch ends in is that of its last moment, and not the one that begins with its end. */
const before = (to: EpochMs | undefined) => to && ((to - 1) as EpochMs); // a moment less one is a moment

const isTimed = (contact: Contact): contact is Contact & CallLife =>
  timedChannels.some((channel) => channel === contact.channel);
