import { expect, test } from 'vitest';
import type { EpochMs, HandoverId, IncidentId } from '#domain/ids.ts';
import { request, raise, reference } from '../../tests/support/room.ts';
import { openRecorder } from '../log/recorder.ts';
import type { Recorder } from '../log/recorder-port.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dueAt, Escalation, watch } from './escalation.ts';
import { HandTimers, newId, until } from './running.suite.ts';

const TAKE_WITHIN_MS = 30_000; // an Immediate

/** A recorder over a folder, and an incident of grade 1 raised "now". */
async function withIncident() {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-escalation-'));
  const recorder = await openRecorder({ dataDir, logId: 'force-HC', failed: () => {} });
  const timers = new HandTimers(1_795_471_080_000);
  const commandId = newId();
  await recorder.record({
    ...request(1, raise()),
    commandId,
    reference,
    occurredAt: timers.now as EpochMs,
  });
  return {
    recorder,
    timers,
    handoverId: String(commandId) as HandoverId,
    async [Symbol.asyncDispose]() {
      await recorder.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

const typesOf = (recorder: Recorder) => recorder.readAfter(0, 100).map(({ header }) => header.type);

const begin = (recorder: Recorder, timers: HandTimers) =>
  new Escalation({
    recorder,
    timers,
    now: () => timers.now as EpochMs,
    failed: (error) => {
      throw error;
    },
  });

/** One that knows what is open: the writer answers in the order it is asked. */
async function start(recorder: Recorder, timers: HandTimers) {
  const escalation = begin(recorder, timers);
  await recorder.audit([]);
  return escalation;
}

test('a hand-over that nobody accepts goes to the supervisor at its deadline, once', async () => {
  const room = await withIncident();
  await using _ = room;
  const { recorder, timers } = room;
  const escalation = await start(recorder, timers);
  timers.pass(TAKE_WITHIN_MS - 1);
  expect(typesOf(recorder)).toEqual(['incident.raised', 'handover.offered']);
  timers.pass(250);
  await until(() => typesOf(recorder).length > 2);
  timers.pass(60_000);
  await recorder.audit([]); // whatever was asked before this is recorded now
  expect(typesOf(recorder).slice(2)).toEqual(['handover.escalated']);
  escalation.close();
});

test('one that was accepted in time is left alone', async () => {
  const room = await withIncident();
  await using _ = room;
  const { recorder, timers, handoverId } = room;
  const escalation = await start(recorder, timers);
  await recorder.record({
    ...request(2, { type: 'accept-handover', body: { handoverId } }),
    occurredAt: timers.now as EpochMs,
  });
  timers.pass(10 * TAKE_WITHIN_MS);
  await recorder.audit([]);
  expect(typesOf(recorder)).not.toContain('handover.escalated');
  escalation.close();
});

test('after a restart what is overdue is escalated, and what has been is not again', async () => {
  const room = await withIncident();
  await using _ = room;
  const { recorder, timers } = room;
  timers.pass(10 * TAKE_WITHIN_MS);
  for (let n = 0; n < 2; n += 1) {
    const escalation = await start(recorder, timers);
    timers.pass(250);
    await recorder.audit([]);
    await until(() => recorder.head().seq >= 3);
    escalation.close();
  }
  expect(typesOf(recorder).slice(2)).toEqual(['handover.escalated']);
});

test('a disk that fails for a moment does not lose a deadline', async () => {
  const room = await withIncident();
  await using _ = room;
  const { recorder, timers } = room;
  let failures = 0;
  let tries = 0;
  const flaky: Recorder = {
    ...recorder,
    record: (asked) => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error('disk full')) : recorder.record(asked);
    },
  };
  const escalation = new Escalation({
    recorder: flaky,
    timers,
    now: () => timers.now as EpochMs,
    failed: () => void (failures += 1),
  });
  await recorder.audit([]);
  timers.pass(TAKE_WITHIN_MS + 250);
  await until(() => failures === 1);
  timers.pass(250);
  await until(() => typesOf(recorder).includes('handover.escalated'));
  expect([failures, tries]).toEqual([1, 2]);
  escalation.close();
});

test('its start reads no event and is told only what is open, however much has been', async () => {
  const room = await withIncident();
  await using _ = room;
  const { recorder, timers, handoverId } = room;
  const handUp = async (incidents: number) => {
    for (let n = 0; n < incidents; n += 1) {
      const commandId = newId();
      const occurredAt = timers.now as EpochMs;
      const number = `HC-20261123-${String(nextNumber).padStart(4, '0')}` as IncidentId;
      nextNumber += 1;
      await recorder.record({ ...request(1, raise()), commandId, reference: number, occurredAt });
      await recorder.record({
        ...request(2, {
          type: 'accept-handover',
          body: { handoverId: String(commandId) as HandoverId },
        }),
        commandId: newId(),
        occurredAt,
      });
    }
  };
  let nextNumber = 1_000;
  const startCosts = async () => {
    let eventsRead = 0;
    let told = 0;
    const asked = Promise.withResolvers<void>();
    const counting: Recorder = {
      ...recorder,
      readAfter: (seq, limit) => {
        const events = recorder.readAfter(seq, limit);
        eventsRead += events.length;
        return events;
      },
      openHandovers: async () => {
        const open = await recorder.openHandovers();
        told += open.handovers.length;
        asked.resolve();
        return open;
      },
    };
    const escalation = begin(counting, timers);
    await asked.promise;
    await recorder.audit([]);
    escalation.close();
    return { eventsRead, told };
  };
  const few = await startCosts();
  await handUp(40);
  expect([few, await startCosts(), recorder.head().seq > 120]).toEqual([
    { eventsRead: 0, told: 1 },
    { eventsRead: 0, told: 1 },
    true,
  ]);
  expect((await recorder.openHandovers()).handovers.map(({ id }) => id)).toEqual([handoverId]);
});

test('what is offered and accepted while it begins is neither lost nor escalated', async () => {
  const room = await withIncident();
  await using _ = room;
  const { recorder, timers, handoverId } = room;
  const gate = Promise.withResolvers<void>();
  const slow: Recorder = {
    ...recorder,
    openHandovers: async () => {
      const open = await recorder.openHandovers();
      await gate.promise;
      return open;
    },
  };
  const escalation = begin(slow, timers);
  const late = newId();
  await recorder.record({
    ...request(3, raise()),
    commandId: late,
    reference: 'HC-20261123-0777' as IncidentId,
    occurredAt: timers.now as EpochMs,
  });
  await recorder.record({
    ...request(2, { type: 'accept-handover', body: { handoverId } }),
    occurredAt: timers.now as EpochMs,
  });
  timers.pass(10 * TAKE_WITHIN_MS);
  await recorder.audit([]);
  expect(typesOf(recorder)).not.toContain('handover.escalated'); // it waits until it knows
  gate.resolve();
  await recorder.audit([]);
  timers.pass(250);
  await until(() => typesOf(recorder).includes('handover.escalated'));
  timers.pass(60_000);
  await recorder.audit([]);
  const escalated = recorder
    .readAfter(0, 100)
    .filter(({ header }) => header.type === 'handover.escalated')
    .map(({ header }) => header.stream);
  expect(escalated).toEqual([`handover/${late}`]);
  escalation.close();
});

test('the earliest deadline is first, and a moment before it nothing is due', () => {
  const waiting = new Map([
    ['handover/b', 20],
    ['shift-handover/a', 10],
    ['handover/c', 30],
  ]) as unknown as ReturnType<typeof watch>;
  const due = [9, 10, 25].map((now) => dueAt(waiting, now as EpochMs));
  expect(due).toEqual([[], ['shift-handover/a'], ['shift-handover/a', 'handover/b']]);
  expect(watch(waiting, [])).toEqual(waiting);
});
