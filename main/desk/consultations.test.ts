import { expect, test } from 'vitest';
import { newFiles, newWriter, startedAt } from '../../tests/support/room.ts';
import { openStore } from '#store/open-store.ts';
import type { EpochMs, UserId } from '#domain/ids.ts';
import { Outbox, outboxMigrations } from './outbox.ts';

const outboxId = '8c8e5a40-2f5a-4a57-9d0c-0f6a1c7b1f11';
const ash = 'u-ash' as UserId;

function open() {
  let now = startedAt as number;
  const db = openStore(':memory:', outboxMigrations);
  const ports = { now: () => now as EpochMs, uuid: () => outboxId, soon: (it: () => void) => it() };
  const outbox = new Outbox(db, ports);
  const look = (subject: string, what = 'contact') =>
    outbox.consult({ actor: ash, what, subject, shown: 1 });
  return { outbox, look, pass: (ms: number) => (now += ms), again: () => new Outbox(db, ports) };
}

test('a look is kept until the server has it, also by the process that comes after', () => {
  const { outbox, look, again } = open();
  look('c1');
  look('c2');
  outbox.consultedKept(1);
  expect(again().consultations(10)).toEqual([
    { n: 2, at: startedAt, actor: ash, what: 'contact', subject: 'c2', shown: 1, times: 1 },
  ]);
});

test('the same look within a minute is counted, a later one is a row of its own', () => {
  const { outbox, look, pass } = open();
  look('c1');
  look('c1');
  pass(61_000);
  look('c1');
  expect(outbox.consultations(10).map(({ n, times }) => [n, times])).toEqual([
    [1, 2],
    [2, 1],
  ]);
});

test('what is on its way is never changed: the next look is a new row', () => {
  const { outbox, look } = open();
  look('c1');
  outbox.consultations(10);
  look('c1');
  expect(outbox.consultations(10).map(({ n, times }) => [n, times])).toEqual([
    [1, 1],
    [2, 1],
  ]);
});

test('a number is never given twice, also after all were kept', () => {
  const { outbox, look, again } = open();
  look('c1');
  outbox.consultations(10);
  outbox.consultedKept(1);
  const next = again();
  next.consult({ actor: ash, what: 'find', subject: '', shown: 0 });
  expect(next.consultations(10).map(({ n }) => n)).toEqual([2]);
});

test("rows that come twice are in the server's audit once", () => {
  const files = newFiles();
  const writer = newWriter(files);
  const row = (n: number) => ({
    n,
    row: {
      at: startedAt,
      actor: ash,
      desk: 'CH1',
      operation: 'consultation' as const,
      what: 'find',
      subject: `c${n}`,
      outcome: 'shown 1',
    },
  });
  const send = (...rows: readonly number[]) =>
    writer.recordGroup([], [{ type: 'consulted', outboxId, rows: rows.map(row) }]);
  send(1, 2);
  send(1, 2, 3);
  send(2);
  expect(files.log.prepare('SELECT subject FROM audit ORDER BY seq').pluck().all()).toEqual([
    'c1',
    'c2',
    'c3',
  ]);
});

test('a batch is no longer than the frame that carries it, and never empty', () => {
  const { outbox } = open();
  const subject = 'x'.repeat(2_000);
  for (let n = 0; n < 40; n += 1)
    outbox.consult({
      actor: ash,
      what: 'find',
      subject: `${n}${subject}`.slice(0, 2_000),
      shown: 50,
    });
  const batch = outbox.consultations(100, 65_000);
  expect(batch.length).toBeGreaterThan(25);
  expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(65_002); // and its brackets
  expect(outbox.consultations(100, 10).map(({ n }) => n)).toEqual([1]);
});
