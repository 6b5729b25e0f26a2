import { describe, expect, test } from 'vitest';
import { contactIdOf } from '#domain/decide.ts';
import { incidentStream, type IncidentId, type UnitId } from '#domain/ids.ts';
import { OpenRoom } from '#domain/room.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import type { RecordRequest } from './recorder-port.ts';
import {
  commandId,
  newFiles,
  newWriter,
  raise,
  reference,
  request,
  type WriterFiles,
} from '../../tests/support/room.ts';

const raised = request(1, raise(), { reference });
const entry = (n: number) =>
  request(n, { type: 'add-log-entry', body: { incidentId: reference, text: `line ${n}` } });
const eventsOf = (files: WriterFiles) => new SqliteEventLog(files.log).readAfter(0, 1_000);

describe('a unit of a tail that comes late', () => {
  const unitId = 'HC11' as UnitId;
  const bookOn = (n: number, id = unitId) =>
    request(n, { type: 'book-on-unit', body: { unitId: id, officers: [], skills: [] } });
  const assign = (n: number, incidentId = reference, id = unitId) =>
    request(n, { type: 'assign-unit', body: { unitId: id, incidentId } });
  const close = (n: number) =>
    request(n, { type: 'close-incident', body: { incidentId: reference, closingCode: 'DOM' } });

  /** `before` stands in the back-up, `lost` only at a desk that comes when `since` is recorded. */
  function late(before: RecordRequest[], lost: RecordRequest[], since: RecordRequest[]) {
    const old = newFiles();
    const gone = newWriter(old);
    gone.recordGroup(before);
    const { seq } = gone.head;
    expect(gone.recordGroup(lost).events).not.toEqual([]);
    const files = newFiles();
    newWriter(files);
    const all = eventsOf(old);
    const log = new SqliteEventLog(files.log);
    for (const event of all.slice(0, seq)) log.adopt(event);
    files.log.exec('UPDATE log_meta SET epoch = 2');
    const again = newWriter(files);
    expect(again.recordGroup(since).events).not.toEqual([]);
    const { aside } = again.takeTail('D1', [
      ...Map.groupBy(all.slice(seq), ({ header }) => header.commandId).values(),
    ]);
    return { aside, open: unitsOnWhat(eventsOf(files)) };
  }

  /** Each unit that is on an incident, and whether that incident is there and open. */
  function unitsOnWhat(events: readonly StoredEvent[]) {
    const room = OpenRoom.of(() => undefined);
    for (const event of events) room.apply(recordedOf(event));
    return [...room.units()].flatMap(({ id, incidentId }) => {
      if (incidentId === undefined) return [];
      const { entity } = room.get(incidentStream(incidentId));
      const isOpen = entity.kind === 'incident' && entity.isRaised && entity.closedAt === undefined;
      return [[id, isOpen ? 'open' : 'closed or not there']];
    });
  }

  test('is not put on an incident that was closed since', () => {
    const told = late([raised, bookOn(2)], [assign(3)], [close(4)]);
    expect(told).toEqual({ aside: 1, open: [] });
  });

  test('is not put on an incident that itself stands aside', () => {
    const contactId = contactIdOf(commandId(5));
    const narrative = { details: { narrative: 'again' } };
    const other = 'HC-20261123-0413' as IncidentId;
    const told = late(
      [request(5, { type: 'open-contact', body: { channel: '101' } }), bookOn(2)],
      [request(6, raise({ contactId }), { reference: other }), assign(3, other)],
      [request(7, { type: 'describe-contact', body: { contactId, ...narrative } })],
    );
    expect(told.open).toEqual([]);
  });

  test('does not stay on an incident that a late tail closes without knowing of it', () => {
    const told = late([raised, bookOn(2)], [close(4)], [assign(3)]);
    expect(told).toEqual({ aside: 1, open: [[unitId, 'open']] });
  });

  test('is put on what is open still', () => {
    const told = late([raised, bookOn(2)], [assign(3)], [entry(9)]);
    expect(told).toEqual({ aside: 0, open: [[unitId, 'open']] });
  });
});
