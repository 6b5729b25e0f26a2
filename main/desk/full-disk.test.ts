import { expect, test } from 'vitest';
import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import type { WindowDown } from '#protocol/down.ts';
import type { SeatRow } from '#protocol/view.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { commandId, startedAt, targets } from '../../tests/support/room.ts';
import { Desk, type Seat } from './desk.ts';
import { Outbox, outboxMigrations } from './outbox.ts';
import { Replica } from './replica.ts';
import { WindowSession } from './window-session.ts';

const seat: Seat = {
  user: { id: 'u-ch1' as UserId, name: 'ch1', displayName: 'Asha Lane', role: 'call-handler' },
  grant: { id: 'g1', notAfter: Number.MAX_SAFE_INTEGER as EpochMs },
};

/** A window at a desk whose outbox has no room left. */
function windowAtFullDesk() {
  const ports = {
    now: () => startedAt,
    uuid: () => '8c8e5a40-2f5a-4a57-9d0c-0f6a1c7b1f11',
    soon: (work: () => void) => work(),
  };
  const outboxFile = openStore(':memory:', outboxMigrations);
  const outbox = new Outbox(outboxFile, ports);
  const failures: unknown[] = [];
  const desk = new Desk({
    failed: (error) => void failures.push((error as { readonly code?: unknown }).code),
    desk: 'CH1' as DeskId,
    force: 'HC',
    timeZone: 'Europe/London',
    targets,
    statusName: String,
    ports,
    outbox,
    replica: new Replica(openStore(':memory:', replicaMigrations)),
    freshReplica: (why) => {
      throw new Error(`the replica is called broken: ${why}`);
    },
  });
  outboxFile.pragma(
    `max_page_count = ${String(outboxFile.pragma('page_count', { simple: true }))}`,
  );
  const sent: WindowDown[] = [];
  const window = new WindowSession(
    {
      desk,
      referenceData: loadReferenceData(),
      seat: () => seat,
      seatRow: () => ({ asAt: 0 }) as SeatRow, // nothing else of it is looked at
      signIn: async () => ({ outcome: 'signed-in' }),
      signOut: () => {},
      draftChanged: () => {},
      signalled: () => {},
      refusedHere: () => {},
      now: ports.now,
    },
    (frame) => void sent.push(frame),
  );
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
