import { randomBytes } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import type { RecordedEvent } from '#domain/event.ts';
import type { CommandId, DeskId, EpochMs, IncidentId, UserId } from '#domain/ids.ts';
import { OpenRoom } from '#domain/room.ts';
import { targetsOf } from '#domain/targets.ts';
import { recordedOf } from '#store/event-log.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { LogWriter } from '#server/log/log-writer.ts';
import type { RecordRequest } from '#server/log/recorder-port.ts';

export const referenceData = loadReferenceData();
export const targets = targetsOf(referenceData.grades.rows);
export const startedAt = 1_795_471_080_000 as EpochMs; // 2026-11-23 21:58 in Portsmouth
export const reference = 'HC-20261123-0412' as IncidentId;

export const commandId = (n: number) =>
  `019a0000-0000-7000-8000-${String(n).padStart(12, '0')}` as CommandId;

/** A request as it comes to the writer, from desk CH1 unless said otherwise. */
export const request = (
  n: number,
  asked: Asked,
  more: Partial<RecordRequest> = {},
): RecordRequest => ({
  commandId: commandId(n),
  asked,
  occurredAt: startedAt,
  actor: 'u-ch1' as UserId,
  desk: 'CH1' as DeskId,
  ...more,
});

export const raise = (more: Partial<Extract<Asked, { type: 'raise-incident' }>['body']> = {}) =>
  ({
    type: 'raise-incident',
    body: {
      place: { text: '12 High Street', isVerified: false },
      openingCode: 'DOM',
      grade: 1,
      qualifiers: [],
      narrative: 'shouting heard',
      ...more,
    },
  }) as const satisfies Asked;

export interface WriterFiles {
  readonly log: Store;
  readonly picture: Store;
}

export const newFiles = (): WriterFiles => ({
  log: openStore(':memory:', logMigrations),
  picture: openStore(':memory:', pictureMigrations),
});

/** The server's writer over real SQLite, with a clock that stands still unless it is moved. */
export const newWriter = (
  files: WriterFiles = newFiles(),
  ports: { now?: () => EpochMs; salt?: () => Uint8Array } = {},
) =>
  new LogWriter({
    ...files,
    logId: 'force-a',
    targets,
    now: () => startedAt,
    salt: () => randomBytes(16),
    ...ports,
  });

/**
 * A control room: the real writer, and a room folded from nothing but what it recorded. What is asked
 * is told by the refusal, or by what `tell` makes of each event.
 */
export function openRoom<Told>(tell: (event: RecordedEvent) => Told, ...before: readonly Asked[]) {
  const writer = newWriter();
  const room = OpenRoom.of(() => undefined);
  const events: RecordedEvent[] = [];
  let asks = 0;
  const ask = (asked: Asked, more: Partial<RecordRequest> = {}) => {
    asks += 1;
    const group = writer.recordGroup([request(asks, asked, { reference, ...more })]);
    const added = group.events.map(recordedOf);
    for (const event of added) room.apply(event);
    events.push(...added);
    const [first] = group.settled;
    const answer = first?.outcome === 'answered' ? first.answer : undefined;
    return answer?.state === 'refused' ? answer.refusal : added.map(tell);
  };
  for (const asked of before) ask(asked);
  return { room, events, ask };
}
