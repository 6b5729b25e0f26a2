import type { EventHeader, RecordedEvent } from '#domain/event.ts';
import type { DeskId, EpochMs } from '#domain/ids.ts';

/** An event as the log keeps it: the header for ever, the body and its salt until they are erased. */
export interface StoredEvent {
  readonly header: EventHeader;
  /** Absent once the body is erased, or where it is withheld. */
  readonly kept: { readonly salt: Uint8Array; readonly text: string } | undefined;
}

/** The event as the domain reads it. */
export const recordedOf = ({ header, kept }: StoredEvent): RecordedEvent =>
  kept ? { ...header, body: JSON.parse(kept.text) as unknown } : header;

/** An event in JSON: the salt of its body in base64. */
export interface EventInJson {
  readonly header: Omit<EventHeader, 'enteredAt' | 'desk'> & {
    readonly desk: DeskId;
    readonly enteredAt?: EpochMs | undefined;
  };
  readonly kept?: { readonly salt: string; readonly text: string } | undefined;
}

/** The event as it is sent and written out, with its body. Who may see that is the caller's to know. */
export const inJson = ({ header, kept }: StoredEvent) => ({
  header: { ...header, desk: header.desk as DeskId }, // every header's desk was parsed as one
  ...(kept && { kept: { salt: Buffer.from(kept.salt).toString('base64'), text: kept.text } }),
});

/** The event as a log keeps it. Its hashes are not looked at here. */
export function outOfJson({ header, kept }: EventInJson): StoredEvent {
  const { enteredAt, ...rest } = header;
  return {
    header: enteredAt === undefined ? rest : { ...rest, enteredAt },
    kept: kept && { salt: Buffer.from(kept.salt, 'base64'), text: kept.text },
  };
}

/** How many of the first `count` events are whole commands: a cut never falls within one. */
export function wholeOf(
  events: readonly { readonly header: Pick<EventHeader, 'commandId'> }[],
  count: number,
): number {
  const cut = events[count]?.header.commandId;
  if (cut === undefined) return count;
  const before = events.slice(0, count);
  return before.findLastIndex(({ header }) => header.commandId !== cut) + 1;
}
