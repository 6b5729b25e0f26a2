import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EpochMs } from '#domain/ids.ts';
import { openRecorder } from '../log/recorder.ts';
import { raise, reference, request } from '../../tests/support/room.ts';
import { OrphanSweep, SWEEP_EVERY_MS } from './orphan-sweep.ts';
import { HandTimers, newId, until } from './running.suite.ts';

test('what becomes late is counted by the next sweep, and the technical log is told the number only', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-sweep-'));
  const recorder = await openRecorder({ dataDir, logId: 'force-HC', failed: () => {} });
  try {
    const timers = new HandTimers(1_795_471_080_000);
    const occurredAt = timers.now as EpochMs;
    await recorder.record({
      ...request(1, raise()),
      commandId: newId(),
      reference,
      occurredAt,
    });
    const lines: string[] = [];
    const sweep = new OrphanSweep({
      recorder,
      timers,
      now: () => timers.now as EpochMs,
      told: (line) => void lines.push(line),
      failed: (error) => {
        throw error;
      },
    });
    await recorder.audit([]); // the writer answers in the order in which it is asked
    expect([sweep.counts, lines]).toEqual([{}, []]); // its hand-over has half a minute yet
    timers.pass(SWEEP_EVERY_MS);
    await until(() => lines.length > 0);
    expect(sweep.counts).toEqual({ 'handover-late': 1 });
    expect(lines).toEqual(['orphan sweep: 1 without an owner or past its time']);
    sweep.close();
    timers.pass(SWEEP_EVERY_MS);
    expect(lines).toHaveLength(1);
  } finally {
    await recorder.close();
    rmSync(dataDir, { recursive: true });
  }
});
