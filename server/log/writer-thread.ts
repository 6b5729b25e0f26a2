import { parentPort, workerData } from 'node:worker_threads';
import type { EpochMs } from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import type { StoredEvent } from '#store/event-log.ts';
import { isDamage } from '#store/file-trouble.ts';
import { ChainError } from '#store/sqlite-event-log.ts';
import type { Settled as SettledInGroup } from './log-writer.ts';
import { logTrouble, openWriter } from './open-writer.ts';
import type {
  AuditRow,
  ConsultedRow,
  OpenHandovers,
  RecordRequest,
  UnownedCounts,
} from './recorder-port.ts';

/** What became of what was asked: the whole group is not stored where the disk failed. */
export type Settled =
  | SettledInGroup
  | { readonly outcome: 'not-stored'; readonly message: string }
  /** What a desk had beyond this log was not what was recorded. */
  | { readonly outcome: 'not-the-log'; readonly message: string }
  | { readonly outcome: 'taken'; readonly added: number; readonly aside: number };

/** To the thread: what is to be recorded, in the order it came, or the end. */
export type ToWriter =
  | { readonly type: 'record'; readonly id: number; readonly request: RecordRequest }
  | { readonly type: 'audit'; readonly id: number; readonly rows: readonly AuditRow[] }
  | {
      readonly type: 'consulted';
      readonly id: number;
      readonly outboxId: string;
      readonly rows: readonly ConsultedRow[];
    }
  | { readonly type: 'open-handovers'; readonly id: number }
  | { readonly type: 'unowned'; readonly id: number; readonly now: EpochMs }
  | {
      readonly type: 'take-tail';
      readonly id: number;
      readonly desk: string;
      readonly commands: readonly (readonly StoredEvent[])[];
    }
  | { readonly type: 'end-tails'; readonly id: number; readonly row: AuditRow }
  | { readonly type: 'close' };

/** From the thread, after each durable commit: first the events, then the answers that rest on them. */
export type FromWriter =
  | {
      readonly type: 'ready';
      readonly epoch: number;
      readonly awaitsTails: boolean;
      readonly rebuilt: string | undefined;
    }
  | {
      readonly type: 'committed';
      readonly events: readonly StoredEvent[];
      readonly settled: readonly (readonly [number, Settled])[];
    }
  | { readonly type: 'open-handovers'; readonly id: number; readonly open: OpenHandovers }
  | { readonly type: 'unowned'; readonly id: number; readonly counts: UnownedCounts }
  | { readonly type: 'closed' };

const GROUP_MAX = 256; // beyond this a commit waits longer than the disk does
const FOLD_AFTER_MS = 250;

const { dataDir, logId } = workerData as { dataDir: string; logId: string };
assert(parentPort, 'the writer runs in a thread');
const port = parentPort;
const say = (message: FromWriter) => port.postMessage(message);

const opened = openWriter(dataDir, logId);
const { writer } = opened;

let waiting: Extract<ToWriter, { type: 'record' | 'audit' | 'consulted' }>[] = [];
let isScheduled = false;
let foldTimer: NodeJS.Timeout | undefined;

/** Everything that came while the last commit was on its way becomes the next one. */
function commitWaiting() {
  isScheduled = false;
  const group = waiting.slice(0, GROUP_MAX);
  waiting = waiting.slice(GROUP_MAX);
  const records = group.filter((it) => it.type === 'record');
  const audits = group.filter((it) => it.type !== 'record');
  try {
    const { settled, events } = writer.recordGroup(
      records.map(({ request }) => request),
      audits,
    );
    const done = { outcome: 'answered', answer: { state: 'recorded', firstSeq: 1, lastSeq: 1 } };
    say({
      type: 'committed',
      events,
      settled: [
        ...settled.map((it, index) => [records[index]?.id ?? 0, it] as const),
        // An audit row has no answer of its own: that it is committed is all that is told.
        ...audits.map(({ id }) => [id, done as Settled] as const),
      ],
    });
  } catch (error) {
    // Nothing more is decided on a damaged log: the thread dies, and the server with it.
    if (isDamage(error)) throw logTrouble(dataDir, error);
    const message = error instanceof Error ? error.message : String(error);
    say({
      type: 'committed',
      events: [],
      settled: group.map(({ id }) => [id, { outcome: 'not-stored', message }] as const),
    });
  }
  if (waiting.length > 0) schedule();
  else foldTimer ??= setTimeout(foldWhenIdle, FOLD_AFTER_MS);
}

/** A log that was restored gets what the desks have beyond it. */
function rejoin(message: Extract<ToWriter, { type: 'take-tail' | 'end-tails' }>) {
  const tell = (settled: Settled, events: readonly StoredEvent[] = []) =>
    say({ type: 'committed', events, settled: [[message.id, settled]] });
  try {
    if (message.type === 'end-tails') {
      writer.endTails(message.row);
      return tell({ outcome: 'taken', added: 0, aside: 0 });
    }
    const { events, aside } = writer.takeTail(message.desk, message.commands);
    tell({ outcome: 'taken', added: events.length, aside }, events);
    foldTimer ??= setTimeout(foldWhenIdle, FOLD_AFTER_MS);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // It is the desk's copy that is wrong, and not this log.
    if (error instanceof ChainError) return tell({ outcome: 'not-the-log', message: why });
    if (isDamage(error)) throw logTrouble(dataDir, error);
    tell({ outcome: 'not-stored', message: why });
  }
}

function foldWhenIdle() {
  foldTimer = undefined;
  if (waiting.length > 0) return;
  try {
    writer.foldPicture();
  } catch {
    // The read model is behind and stays so until the next try; the log itself is whole.
    foldTimer = setTimeout(foldWhenIdle, FOLD_AFTER_MS * 20);
  }
}

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(commitWaiting);
}

port.on('message', (message: ToWriter) => {
  if (message.type === 'open-handovers') {
    // As of the last commit, which has been told already: what waits is told after this.
    say({ type: 'open-handovers', id: message.id, open: writer.openHandovers() });
    return;
  }
  if (message.type === 'unowned') {
    say({ type: 'unowned', id: message.id, counts: writer.unowned(message.now) });
    return;
  }
  if (message.type === 'take-tail' || message.type === 'end-tails') {
    while (waiting.length > 0) commitWaiting(); // in the order it came
    return rejoin(message);
  }
  if (message.type !== 'close') {
    waiting.push(message);
    schedule();
    return;
  }
  while (waiting.length > 0) commitWaiting();
  clearTimeout(foldTimer);
  writer.foldPicture();
  opened[Symbol.dispose]();
  say({ type: 'closed' });
  port.close();
});
const { epoch, awaitsTails } = writer;
say({ type: 'ready', epoch, awaitsTails, rebuilt: opened.rebuilt });
