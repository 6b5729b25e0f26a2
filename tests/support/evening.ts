import type { Asked } from '#domain/commands.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import type { RecordRequest } from '#server/log/recorder-port.ts';
import { newFiles, newWriter, request } from './room.ts';

/** What is asked in turn, each with what is not as usual about it. */
export type Evening = readonly (readonly [Asked, Partial<RecordRequest>?])[];

/**
 * The log of an evening, as the real writer recorded it one command after another, with the picture
 * that grew beside it and what became of each command.
 */
export function recordEvening(evening: Evening) {
  const files = newFiles();
  const writer = newWriter(files);
  const states = evening.flatMap(([asked, more], at) => {
    const { settled } = writer.recordGroup([request(at + 1, asked, more)]);
    writer.foldPicture();
    return settled.map((it) => it.outcome === 'answered' && it.answer.state);
  });
  const events = new SqliteEventLog(files.log).readAfter(0, 1_000);
  return { files, writer, events, states };
}
