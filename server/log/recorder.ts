import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EventHeader } from '#domain/event.ts';
import { batchStream } from '#domain/ids.ts';
import { unreachable } from '#domain/lib/assert.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import { isDamage } from '#store/file-trouble.ts';
import { holdFolder } from '#store/hold-folder.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { pageOfBatch } from '#store/recorded-crimes.ts';
import { soundEvents, soundPage, SqliteEventLog } from '#store/sqlite-event-log.ts';
import { digestHeld } from './log-writer.ts';
import { logTrouble } from './open-writer.ts';
import {
  AwaitsTails,
  NotRecordable,
  type OpenHandovers,
  type Recorder,
  type UnownedCounts,
} from './recorder-port.ts';
import type { FromWriter, Settled, ToWriter } from './writer-thread.ts';

export interface RecorderOptions {
  readonly dataDir: string;
  readonly logId: string;
  /** Told when the writer's thread has died: nothing can be recorded any more and the server must stop. */
  readonly failed: (error: Error) => void;
  /** Told in words what was put right at the start. */
  readonly told?: (line: string) => void;
  /** Told once the whole log was looked at, some time after the start, and is sound. */
  readonly checked?: () => void;
  /** When that begins. */
  readonly checkAfterMs?: number;
}

const CHECK_AFTER_MS = 2_000; // the desks come first: after a start all of them join at once

interface Waiter {
  readonly resolve: (told: Settled | OpenHandovers | UnownedCounts) => void;
  readonly reject: (error: Error) => void;
}

/** What waits for the writer at most: a window of each of 300 desks. Beyond, whoever asks keeps it and asks again. */
export const WAITING_MAX = 20_000;

/**
 * Starts the writer's thread over the log of `dataDir` and resolves once it has caught up. The folder
 * is held until the recorder is closed; rejects where another process has it.
 */
export async function openRecorder(options: RecorderOptions): Promise<Recorder> {
  const { dataDir, logId } = options;
  mkdirSync(dataDir, { recursive: true });
  // In the opposite order where the start fails: the folder is let go when nobody writes it any more.
  await using opening = new AsyncDisposableStack();
  const hold = opening.use(holdFolder(dataDir));
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData: { dataDir, logId },
  });
  opening.defer(async () => void (await worker.terminate()));
  const [ready] = (await once(worker, 'message')) as [FromWriter];
  if (ready.type !== 'ready') throw new Error('the writer did not start');
  if (ready.rebuilt !== undefined) options.told?.(ready.rebuilt);
  // The thread has brought the file up to date: this second connection only reads.
  const db = openStore(join(dataDir, 'log.db'), logMigrations);
  const log = new SqliteEventLog(db);
  const answered = db
    .prepare<[string, number], number>('SELECT 1 FROM answer WHERE outbox_id = ? AND desk_seq = ?')
    .pluck();
  const countAnswered = db
    .prepare<[string, number, number], number>(
      'SELECT count(*) FROM answer WHERE outbox_id = ? AND desk_seq BETWEEN ? AND ?',
    )
    .pluck();
  const listeners = new Set<(events: readonly StoredEvent[]) => void>();
  const waiting = new Map<number, Waiter>();
  let { awaitsTails } = ready;
  let head: Pick<EventHeader, 'seq' | 'hash'> = log.head;
  let lastId = 0;
  let lost: Error | undefined;

  const loseAll = (error: Error) => {
    lost = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('message', (message: FromWriter) => {
    if (message.type === 'open-handovers') {
      waiting.get(message.id)?.resolve(message.open);
      waiting.delete(message.id);
    }
    if (message.type === 'unowned') {
      waiting.get(message.id)?.resolve(message.counts);
      waiting.delete(message.id);
    }
    if (message.type !== 'committed') return;
    head = message.events.at(-1)?.header ?? head;
    // Events first: an answer is never ahead of what it speaks of.
    if (message.events.length > 0) for (const listener of listeners) listener(message.events);
    for (const [id, settled] of message.settled) {
      waiting.get(id)?.resolve(settled);
      waiting.delete(id);
    }
  });
  worker.on('error', (cause) => {
    const error = new Error('the writer of the log has died', { cause });
    loseAll(error);
    options.failed(error);
  });

  /** What the thread tells under the id of a message is of the kind that was asked for. */
  const ask = <Told extends Settled | OpenHandovers | UnownedCounts = Settled>(
    message: (id: number) => ToWriter,
  ) =>
    new Promise<Told>((resolve, reject) => {
      if (lost) return reject(lost);
      if (waiting.size >= WAITING_MAX) return reject(new Error('the writer is too far behind'));
      lastId += 1;
      waiting.set(lastId, { resolve: (told) => resolve(told as Told), reject });
      worker.postMessage(message(lastId));
    });

  /** Nothing is answered from a damaged log: whoever asked is turned away, and the server ends. */
  const read = <Result>(from: () => Result): Result => {
    try {
      return from();
    } catch (error) {
      if (!isDamage(error)) throw error;
      const cause = logTrouble(dataDir, error);
      options.failed(new Error('the log cannot be read', { cause }));
      throw cause;
    }
  };

  let checker: Worker | undefined;
  const checking = setTimeout(() => {
    checker = new Worker(new URL('./check-thread.ts', import.meta.url), {
      workerData: { dataDir },
    });
    checker.on('message', () => options.checked?.());
    checker.on('error', (cause) => options.failed(new Error('the log was looked at', { cause })));
    checker.unref();
  }, options.checkAfterMs ?? CHECK_AFTER_MS).unref();

  opening.move(); // from here on it is let go by `close`, or by the end of the process
  return {
    logId,
    epoch: ready.epoch,
    head: () => ({ seq: head.seq, hash: head.hash }),
    awaitsTails: () => awaitsTails,
    takeTail: async (desk, commands) => {
      const settled = await ask((id) => ({ type: 'take-tail', id, desk, commands }));
      if (settled.outcome === 'taken' || settled.outcome === 'not-the-log') return settled;
      throw new Error(`a desk's events were not taken: ${messageOf(settled)}`);
    },
    endTails: async (row) => {
      const settled = await ask((id) => ({ type: 'end-tails', id, row }));
      if (settled.outcome !== 'taken') throw new Error(`not recorded: ${messageOf(settled)}`);
      awaitsTails = false;
    },
    lastOfEpoch: (epoch) => read(() => log.lastOfEpoch(epoch)),
    record: async (request) => {
      if (awaitsTails)
        throw new AwaitsTails(
          'the server was restored from a back-up and first takes what the desks have beyond it',
        );
      const settled = await ask((id) => ({ type: 'record', id, request }));
      switch (settled.outcome) {
        case 'answered':
          return settled.answer;
        case 'not-recordable':
          throw new NotRecordable(`not recordable: ${settled.message}`);
        case 'not-stored':
          throw new Error(`not recorded: ${settled.message}`);
        case 'not-the-log':
        case 'taken':
          throw new Error('the writer answered something else');
        default:
          return unreachable(settled);
      }
    },
    audit: async (rows) => {
      const settled = await ask((id) => ({ type: 'audit', id, rows }));
      if (settled.outcome !== 'answered') throw new Error(`not audited: ${messageOf(settled)}`);
    },
    consulted: async (outboxId, rows) => {
      const settled = await ask((id) => ({ type: 'consulted', id, outboxId, rows }));
      if (settled.outcome !== 'answered') throw new Error(`not audited: ${messageOf(settled)}`);
      return rows.at(-1)?.n ?? 0;
    },
    crimesOf: (batchId, after, limit) => read(() => pageOfBatch(db, batchId, after, limit)),
    crimesDigest: (batchId) =>
      read(() => {
        const [imported] = soundEvents(log.readStream(batchStream(batchId)));
        return imported && digestHeld(db, batchId, recordedOf(imported));
      }),
    openHandovers: () => ask<OpenHandovers>((id) => ({ type: 'open-handovers', id })),
    unowned: (now) => ask<UnownedCounts>((id) => ({ type: 'unowned', id, now })),
    readAfter: (seq, limit) => read(() => soundPage(seq, log.readAfter(seq, limit))),
    readStream: (stream) => read(() => soundEvents(log.readStream(stream))),
    hashAt: (seq) => read(() => log.hashAt(seq)),
    isAnswered: (outboxId, deskSeq) => read(() => answered.get(outboxId, deskSeq) !== undefined),
    areAnswered: (outboxId, from, to) =>
      read(() => countAnswered.get(outboxId, from, to) === to - from + 1),
    onRecorded: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {
      clearTimeout(checking);
      await checker?.terminate();
      if (!lost) {
        const exited = once(worker, 'exit');
        const close: ToWriter = { type: 'close' };
        worker.postMessage(close);
        await exited;
        loseAll(new Error('the recorder is closed'));
      }
      db.close();
      hold[Symbol.dispose]();
    },
  };
}

const messageOf = (settled: Settled) => ('message' in settled ? settled.message : settled.outcome);
