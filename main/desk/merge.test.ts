import { expect, test } from 'vitest';
import type { DeskId, StreamId, UnitId, UserId } from '#domain/ids.ts';
import { OpenRoom } from '#domain/room.ts';
import type { Asked } from '#domain/commands.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';
import { recordedOf } from '#store/event-log.ts';
import {
  commandId,
  newWriter,
  raise,
  reference,
  request,
  startedAt,
  targets,
} from '../../tests/support/room.ts';
import { merge } from './merge.ts';

const unitId = 'HT21' as UnitId;
const unit = 'unit/HT21' as StreamId;
const bookOn = { type: 'book-on-unit', body: { unitId, officers: [], skills: [] } } satisfies Asked;
const assign = { type: 'assign-unit', body: { incidentId: reference, unitId } } as const;
const atScene = { type: 'set-unit-status', body: { unitId, statusCode: 6 } } satisfies Asked;

const pending = (n: number, asked: Asked, deskSeq = n): StampedCommand => ({
  frame: 'stamped-command',
  command: { frame: 'command', id: commandId(n), ...asked },
  occurredAt: startedAt,
  actor: 'u-d1' as UserId,
  grant: 'g1',
  desk: 'D1' as DeskId,
  outboxId: '8c8e5a40-2f5a-4a57-9d0c-0f6a1c7b1f11',
  deskSeq,
});

/** The record after these commands, as a desk holds it. */
function recordOf(...asked: readonly Asked[]) {
  const writer = newWriter();
  const { events } = writer.recordGroup(
    asked.map((it, n) => request(900 + n, it, it.type === 'raise-incident' ? { reference } : {})),
  );
  const room = OpenRoom.of(() => undefined);
  for (const event of events) room.apply(recordedOf(event));
  return room;
}

const unitIn = (room: OpenRoom) => room.get(unit).entity;

test('with nothing pending, what is shown is the record', () => {
  const record = recordOf(bookOn, raise());
  expect([...merge(record, [], targets).room.entries()]).toEqual([...record.entries()]);
});

test('pending work lies over the record and leaves the record as it was', () => {
  const record = recordOf(bookOn, raise());
  const before = structuredClone([...record.entries()]);
  const { room } = merge(record, [pending(1, assign), pending(2, atScene)], targets);
  expect(unitIn(room)).toMatchObject({ incidentId: reference, statusCode: 6 });
  expect([...record.entries()]).toEqual(before);
});

test('pending work is decided again on new truth: a unit stood down elsewhere is not assigned here', () => {
  const record = recordOf(bookOn, raise(), { type: 'book-off-unit', body: { unitId } });
  const { room, provisional } = merge(record, [pending(1, assign), pending(2, atScene)], targets);
  expect(unitIn(room)).toMatchObject({ isOnDuty: false, incidentId: undefined });
  expect([...provisional.values()]).toEqual([[], []]);
});

test('one that cannot be decided any more holds up none behind it', () => {
  const record = recordOf(raise());
  const note = { type: 'add-log-entry', body: { incidentId: reference, text: 'door locked' } };
  const { provisional } = merge(record, [pending(1, assign), pending(2, note as Asked)], targets);
  expect([...provisional.values()].map((events) => events.map(({ type }) => type))).toEqual([
    [],
    ['incident.entry-added'],
  ]);
});

test('merging the same again gives the same', () => {
  const record = recordOf(bookOn, raise());
  const work = [pending(1, assign), pending(2, atScene)];
  const [one, two] = [merge(record, work, targets), merge(record, work, targets)];
  expect([...one.room.entries()]).toEqual([...two.room.entries()]);
  expect(one.provisional).toEqual(two.provisional);
});
