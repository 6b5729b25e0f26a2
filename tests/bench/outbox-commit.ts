import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DeskId, EpochMs, StreamId, UserId } from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import { OutboxFile } from '#desk/outbox-file.ts';
import { Outbox } from '#desk/outbox.ts';
import { commandId, reference } from '../support/room.ts';
import {
  atMost,
  RawDisk,
  result,
  rounded,
  spread,
  TempFolder,
  timed,
  type Result,
} from './measure.ts';

const SAMPLES = 3_000;
const WARM_UP = 200;
const WAITING = 9_000; // near the most that a desk alone may keep
const P99_MAX_MS = 5;

const stream = `incident/${reference}` as StreamId;

const unsent = (n: number) => ({
  frame: 'stamped-command' as const,
  command: {
    frame: 'command' as const,
    id: commandId(n),
    type: 'add-log-entry' as const,
    body: {
      incidentId: reference,
      text: `caller upstairs, door locked, second male heard on the landing, line open (${n})`,
    },
  },
  occurredAt: Date.now() as EpochMs,
  actor: 'u-ch1' as UserId,
  grant: 'g1',
  desk: 'CH1' as DeskId,
});

/** `Outbox.put` over an encrypted file and its second copy, in turn with what the disk alone would take. */
export function outboxCommit(): readonly Result[] {
  using folder = new TempFolder();
  using disk = new RawDisk(folder.path);
  using file = OutboxFile.open({
    folder: folder.path,
    copyFolder: join(folder.path, 'outbox-copy'),
    key: randomBytes(32),
    uuid: randomUUID,
    failed: (error) => {
      throw error;
    },
    damaged: () => {},
  });
  const ports = {
    now: () => Date.now() as EpochMs,
    uuid: randomUUID,
    soon: (work: () => void) => work(),
  };
  const outbox = new Outbox(file.db, ports, file.write);
  let n = 0;
  const put = () => {
    n += 1;
    const it = unsent(n);
    return timed(() => {
      const { outcome } = outbox.put(it, [stream]);
      assert(outcome === 'stored', `the outbox stored it, not ${outcome}`);
    });
  };
  const settle = () => outbox.settle(commandId(n), { state: 'recorded', firstSeq: n, lastSeq: n });

  const online: number[] = [];
  const raw: number[] = [];
  for (let at = 0; at < WARM_UP + SAMPLES; at += 1) {
    const took = put();
    settle();
    const tookRaw = timed(() => disk.commit());
    if (at < WARM_UP) continue;
    online.push(took);
    raw.push(tookRaw);
  }
  const alone: number[] = [];
  const rawAlone: number[] = [];
  for (let at = 0; at < WAITING; at += 1) {
    alone.push(put());
    rawAlone.push(timed(() => disk.commit()));
  }

  const report = (
    name: string,
    samples: readonly number[],
    limit: readonly number[],
    note: string,
  ) => {
    const values = { ...spread(samples), samples: samples.length };
    const beside = spread(limit);
    return result({
      name,
      values,
      unit: 'ms',
      budget: [atMost('p99', values.p99, P99_MAX_MS)],
      beside: { fdatasyncP50: beside.p50, fdatasyncP99: beside.p99, fdatasyncMax: beside.max },
      ratio: { p50: rounded(values.p50 / beside.p50), p99: rounded(values.p99 / beside.p99) },
      note,
    });
  };
  return [
    report(
      'outbox-commit',
      online,
      raw,
      'Outbox.put over an encrypted file and its second copy, each command settled before the next one (the server answers)',
    ),
    report(
      'outbox-commit-alone',
      alone.slice(-1_000),
      rawAlone.slice(-1_000),
      `the same with ${WAITING - 1_000} to ${WAITING} commands waiting: a desk that has long been alone`,
    ),
  ];
}
