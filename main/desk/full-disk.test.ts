import { expect, test } from 'vitest';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { newDesk, newWindow } from '../../tests/support/desk-in-process.ts';
import { commandId } from '../../tests/support/room.ts';
import { outboxMigrations } from './outbox.ts';

/** A window at a desk whose outbox has no room left. */
function windowAtFullDesk() {
  const outboxFile = openStore(':memory:', outboxMigrations);
  const failures: unknown[] = [];
  const desk = newDesk(outboxFile, openStore(':memory:', replicaMigrations), {
    failed: (error) => void failures.push((error as { readonly code?: unknown }).code),
  });
  outboxFile.pragma(
    `max_page_count = ${String(outboxFile.pragma('page_count', { simple: true }))}`,
  );
  const { window, sent } = newWindow(desk);
  return { window, sent, desk, failures };
}

test('what a full disk could not store is refused by its id, so that it stays in the hands of whoever asked', () => {
  const { window, sent, desk, failures } = windowAtFullDesk();
  const body = { channel: '101', details: { narrative: 'x'.repeat(4_000) } };
  const asked = [1, 2, 3, 4].map((n) => commandId(n));
  for (const id of asked)
    window.hear(JSON.stringify({ frame: 'command', id, type: 'open-contact', body }));
  expect(failures.at(-1)).toBe('SQLITE_FULL'); // the technical log of the desk has to know, too
  const told = sent.flatMap((frame) =>
    frame.frame === 'ack'
      ? [
          [
            frame.commandId,
            frame.answer.state === 'refused' ? frame.answer.refusal.reason : frame.answer.state,
          ],
        ]
      : [],
  );
  expect(told.at(-1)).toEqual([asked.at(-1), 'desk-cannot-store']);
  // What was called stored is there, and nothing else.
  const stored = told.flatMap((it) => (it[1] === 'stored-here' ? [it[0]] : []));
  expect(desk.outbox.unanswered().map(({ command }) => command.id)).toEqual(stored);
});
