import type { EventHeader, RecordedEvent } from '#domain/event.ts';

/** An event as the log keeps it: the header for ever, the body and its salt until they are erased. */
export interface StoredEvent {
  readonly header: EventHeader;
  /** Absent once the body is erased, or where it is withheld. */
  readonly kept: { readonly salt: Uint8Array; readonly text: string } | undefined;
}

/** The event as the domain reads it. */
export const recordedOf = ({ header, kept }: StoredEvent): RecordedEvent =>
  kept ? { ...header, body: JSON.parse(kept.text) as unknown } : header;
