import { kindOf } from '#domain/ids.ts';
import type { DeskId } from '#domain/ids.ts';
import type { WireEvent } from '#protocol/events.ts';
import { limits } from '#protocol/limits.ts';
import type { StoredEvent } from '#store/event-log.ts';

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

/** Events as frames in order, each within the limits of a chunk. */
export function framesOf(events: readonly StoredEvent[]): readonly EventFrame[] {
  const frames: EventFrame[] = [];
  let texts: string[] = [];
  let bytes = 0;
  let firstSeq = 0;
  let lastSeq = 0;
  const finish = () => {
    if (texts.length === 0) return;
    const text = `{"frame":"events","events":[${texts.join(',')}]}`;
    frames.push({ firstSeq, lastSeq, bytes: Buffer.from(text, 'utf8') });
    texts = [];
    bytes = 0;
  };
  for (const event of events) {
    const text = JSON.stringify(wiredOf(event));
    const size = Buffer.byteLength(text) + 1;
    const isFull = texts.length >= EVENTS_MAX || bytes + size > limits.chunkMaxBytes - ENVELOPE;
    if (isFull) finish();
    if (texts.length === 0) firstSeq = event.header.seq;
    texts.push(text);
    bytes += size;
    lastSeq = event.header.seq;
  }
  finish();
  return frames;
}

const ENVELOPE = 64; // what stands around the events of a frame

/** An event as desks get it: every header, and the body only where it is meant for them. */
export function wiredOf(event: StoredEvent): WireEvent {
  const { header, kept } = event;
  return {
    header: { ...header, desk: header.desk as DeskId }, // every header's desk was parsed as one
    ...(kept &&
      isForDesks(event) && {
        kept: { salt: Buffer.from(kept.salt).toString('base64'), text: kept.text },
      }),
  };
}
