import { expect, test } from 'vitest';
import type { Asked } from '#domain/commands.ts';
import type { WindowDown } from '#protocol/down.ts';
import type { Line } from '#protocol/view.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { newDesk, newWindow, seat } from '../../tests/support/desk-in-process.ts';
import { commandId, newWriter, raise, reference, request } from '../../tests/support/room.ts';
import { outboxMigrations } from './outbox.ts';

const entry = (text: string): Asked => ({
  type: 'add-log-entry',
  body: { incidentId: reference, text },
});

/** A desk where a window follows one incident, which another desk has raised. */
function following() {
  const writer = newWriter();
  const desk = newDesk(
    openStore(':memory:', outboxMigrations),
    openStore(':memory:', replicaMigrations),
  );
  const { window, sent } = newWindow(desk);
  let asked = 0;
  const record = (it: Asked, also = {}) => {
    asked += 1;
    const { events } = writer.recordGroup([request(asked, it, also)]);
    desk.receive(events, writer.head.seq);
    window.refresh();
  };
  record(raise(), { reference });
  window.hear(JSON.stringify({ frame: 'subscribe', sub: 'i', view: 'incident', key: reference }));
  const next = () =>
    sent
      .splice(0)
      .flatMap((frame: WindowDown) =>
        frame.frame === 'view' ? frame.upsert.map(({ id, ...row }) => ({ id, row })) : [],
      );
  return { desk, window, record, next };
}

const textOf = (row: object) => (row as Partial<Line>).text ?? 'the record';

test('a record that is followed comes whole once, and then what has changed of it and of its log', () => {
  const { record, next } = following();
  expect(next().map(({ row }) => textOf(row))).toEqual([
    'the record',
    expect.stringContaining('Raised'),
    'Handed over to dispatch',
  ]);
  for (const text of ['first', 'second']) {
    record(entry(text));
    expect(next().map(({ row }) => textOf(row))).toEqual(['the record', text]);
  }
});

test('a line that is stored here stands behind what is recorded, and stays the same row once it is recorded', () => {
  const { desk, window, record, next } = following();
  next();
  const id = commandId(900);
  desk.ask({ frame: 'command', id, ...entry('mine') }, seat);
  window.refresh();
  record(entry('another desk was quicker'));
  const lines = next().flatMap(({ id: row, row: line }) =>
    'logOf' in line ? [{ row, line }] : [],
  );
  const [mine, other] = lines as unknown as { row: string; line: Line }[]; // those with a log are lines
  expect([mine?.line.mark, other?.line.mark]).toEqual(['stored-here', 'recorded']);
  expect(mine?.line.order).toBeGreaterThan(other?.line.order ?? Infinity);
  expect(mine?.row).toBe(`${id}:0`);
});

test('opening a record is one look at it, however long its log', () => {
  const { desk } = following();
  expect(desk.outbox.consultations(10)).toMatchObject([
    { what: 'incident', subject: reference, shown: 1 },
  ]);
});
