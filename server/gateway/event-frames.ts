import { kindOf } from '#domain/ids.ts';
import type { WireEvent } from '#protocol/events.ts';
import { howManyFit } from '#store/how-many-fit.ts';
import { limits } from '#protocol/limits.ts';
import { inJson, wholeOf, type StoredEvent } from '#store/event-log.ts';

/** The most events of one frame: more are read from the log or sent as the next frame. */
export const EVENTS_MAX = 500;

/** An `events` frame as it goes out: made once, however many desks it goes to. */
export interface EventFrame {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: Buffer;
}

/**
 * Whether a desk may have an event's body. Restricted and administrative ones stay with the server, but
 * for the roster and the blocks of references, which a desk cannot work without.
 */
export function isForDesks({ header }: StoredEvent): boolean {
  if (header.class === 'operational') return true;
  const kind = kindOf(header.stream);
  return header.class === 'administrative' && (kind === 'user' || kind === 'references');
}

/**
 * Events as frames in order, each within the limits of a chunk. A frame ends where a command ends, so
 * that no desk is ever left with half of one; only a command larger than a frame is divided.
 */
export function framesOf(events: readonly StoredEvent[]): readonly EventFrame[] {
  const frames: EventFrame[] = [];
  const texts = events.map((event) => JSON.stringify(wiredOf(event)));
  for (let from = 0; from < events.length;) {
    const next = texts.slice(from, from + EVENTS_MAX);
    const most = from + Math.max(1, howManyFit(next, limits.chunkMaxBytes - ENVELOPE));
    const whole = wholeOf(events, most);
    const to = whole > from ? whole : most;
    const text = `{"frame":"events","events":[${texts.slice(from, to).join(',')}]}`;
    frames.push({
      firstSeq: events[from]?.header.seq ?? 0,
      lastSeq: events[to - 1]?.header.seq ?? 0,
      bytes: Buffer.from(text, 'utf8'),
    });
    from = to;
  }
  return frames;
}

const ENVELOPE = 64; // what stands around the events of a frame

/** An event as desks get it: every header, and the body only where it is meant for them. */
export const wiredOf = (event: StoredEvent): WireEvent =>
  inJson(isForDesks(event) ? event : { header: event.header, kept: undefined });
