import { describe, expect, test } from 'vitest';
import { factIn } from '#domain/facts.ts';
import {
  incidentStream,
  unitStream,
  type DeskId,
  type EpochMs,
  type IncidentId,
  type UnitId,
  type UserId,
} from '#domain/ids.ts';
import { recordEvening } from '../tests/support/evening.ts';
import {
  commandId,
  newWriter,
  raise,
  reference,
  request,
  startedAt,
} from '../tests/support/room.ts';
import { GENESIS, verifyChain } from './chain.ts';
import { recordedOf, type StoredEvent } from './event-log.ts';
import { replicaMigrations } from './migrations.ts';
import { openStore } from './open-store.ts';
import { SqliteEventLog } from './sqlite-event-log.ts';

const unitId = 'HT21' as UnitId;

/** An evening of five commands, of which the fourth is refused. */
function evening() {
  const { files, events, states } = recordEvening([
    [{ type: 'book-on-unit', body: { unitId, officers: ['PC 2101'], skills: [] } }],
    [raise(), { reference, enteredAt: (startedAt + 60_000) as EpochMs }],
    [{ type: 'assign-unit', body: { incidentId: reference, unitId } }],
    [{ type: 'assign-unit', body: { incidentId: reference, unitId } }],
    [{ type: 'close-incident', body: { incidentId: reference, closingCode: 'CIV' } }],
  ]);
  expect(states).toEqual(['recorded', 'recorded', 'recorded', 'refused', 'recorded']);
  return { db: files.log, log: new SqliteEventLog(files.log), events };
}

const emptyReplica = () => {
  const db = openStore(':memory:', replicaMigrations);
  return { db, log: new SqliteEventLog(db) };
};

const only = (events: readonly StoredEvent[], seq: number) => {
  const event = events[seq - 1];
  if (!event?.kept) throw new Error(`event ${seq} with its body`);
  return { header: event.header, kept: event.kept };
};

describe('the log', () => {
  test('has one order without a gap, in the force and in every record', () => {
    const { events } = evening();
    expect(
      events.map(({ header }) => [header.seq, header.stream, header.version, header.n]),
    ).toEqual([
      [1, 'unit/HT21', 1, 0],
      [2, `incident/${reference}`, 1, 0],
      [3, `handover/${commandId(2)}`, 1, 1],
      [4, 'unit/HT21', 2, 0],
      [5, 'unit/HT21', 3, 0],
      [6, `incident/${reference}`, 2, 1],
    ]);
    expect(events.map(({ header }) => header.prevHash)).toEqual([
      GENESIS,
      ...events.slice(0, -1).map(({ header }) => header.hash),
    ]);
  });

  test('is read from any place, by record and by command, always as it was written', () => {
    const { log, events } = evening();
    expect({
      after: log.readAfter(2, 2),
      at: log.readAt([6, 1, 99]),
      unit: log.readStream(unitStream(unitId)),
      raising: log.ofCommand(commandId(2)),
      refused: log.ofCommand(commandId(4)),
      hashes: [log.hashAt(0), log.hashAt(6), log.hashAt(7)],
      head: log.head,
    }).toEqual({
      after: events.slice(2, 4),
      at: [events[5], events[0]],
      unit: [events[0], events[3], events[4]],
      raising: events.slice(1, 3),
      refused: [],
      hashes: [GENESIS, events[5]?.header.hash, undefined],
      head: { seq: 6, hash: events[5]?.header.hash },
    });
  });

  test('keeps when something happened, when it was keyed and when it was recorded, each as it was', () => {
    const times = evening().events.map(({ header }) => [
      header.occurredAt,
      header.enteredAt,
      header.recordedAt,
    ]);
    const keyed = [startedAt, startedAt + 60_000, startedAt];
    const direct = [startedAt, undefined, startedAt];
    expect(times).toEqual([direct, keyed, keyed, direct, direct, direct]);
  });

  test('goes on from what is committed after a group that was rolled back', () => {
    const { db, log, events } = evening();
    const stamp = {
      commandId: commandId(9),
      occurredAt: startedAt,
      actor: 'u-ch1' as UserId,
      desk: 'CH1' as DeskId,
      logId: 'force-a',
      epoch: 1,
    };
    const note = factIn(incidentStream(reference))('incident.entry-added', { text: 'hm' });
    const ports = { now: () => startedAt, salt: () => new Uint8Array(16) };
    const append = () => log.append(stamp, [note, note], () => 2, ports);
    expect(() =>
      db.transaction(() => {
        append();
        throw new Error('the power went');
      })(),
    ).toThrow('the power went');
    log.refreshHead();
    expect(log.head).toEqual({ seq: 6, hash: events[5]?.header.hash });
    const added = append();
    expect(added.map(({ header }) => [header.seq, header.version, header.n])).toEqual([
      [7, 3, 0],
      [8, 4, 1],
    ]);
    expect(verifyChain(log.readAfter(0, 100))).toEqual({ outcome: 'intact', ...log.head });
  });
});

describe('nobody changes what is recorded', () => {
  test.each([
    ["UPDATE event SET actor = 'u-mallory' WHERE seq = 2", 'an event is never changed'],
    ['UPDATE event SET occurred_at = 0', 'an event is never changed'],
    ['DELETE FROM event WHERE seq = 6', 'an event is never removed'],
    ['DELETE FROM event', 'an event is never removed'],
    ["UPDATE audit SET outcome = 'recorded 1-1'", 'an audit row is never changed'],
    ['DELETE FROM audit', 'an audit row is never removed'],
  ])('%s is refused', (sql, message) => {
    const { db, log, events } = evening();
    expect(() => db.exec(sql)).toThrow(message);
    expect(log.readAfter(0, 100)).toEqual(events);
  });

  test.each([
    ['the same command', 'command_id', { command_id: commandId(1), n: 0 }],
    ['the same version of a record', 'stream', { stream: 'unit/HT21', version: 3 }],
  ])('nor records %s twice', (_, column, twice) => {
    const { db, log, events } = evening();
    const row = db.prepare('SELECT * FROM event WHERE seq = 6').get() as Record<string, unknown>;
    const names = Object.keys(row).map((name) => `@${name}`);
    const again = { ...row, seq: 7, command_id: commandId(9), version: 3, ...twice };
    expect(() => db.prepare(`INSERT INTO event VALUES (${names.join(', ')})`).run(again)).toThrow(
      `UNIQUE constraint failed: event.${column}`,
    );
    expect(log.readAfter(0, 100)).toEqual(events);
  });
});

describe('the chain', () => {
  test('is intact from the start, and from any place that a witness kept', () => {
    const { log, events } = evening();
    const witnessed = only(events, 3).header;
    expect([
      verifyChain(events),
      verifyChain(events.slice(3), { seq: 3, hash: witnessed.hash }),
      verifyChain([]),
    ]).toEqual([
      { outcome: 'intact', ...log.head },
      { outcome: 'intact', ...log.head },
      { outcome: 'intact', seq: 0, hash: GENESIS },
    ]);
  });

  const changes: Readonly<
    Record<string, readonly [at: string, seq: number, (_: StoredEvent[]) => StoredEvent[]]>
  > = {
    'an event that was taken out': ['seq', 4, (events) => events.toSpliced(2, 1)],
    'two events that changed places': [
      'seq',
      3,
      ([first, second, third, ...rest]) =>
        [first, third, second, ...rest].filter((it) => it !== undefined),
    ],
    'another actor': [
      'header',
      2,
      (events) =>
        events.map((event) =>
          event.header.seq === 2
            ? { ...event, header: { ...event.header, actor: 'u-mallory' } }
            : event,
        ),
    ],
    'another time': [
      'header',
      6,
      (events) =>
        events.map((event) =>
          event.header.seq === 6
            ? { ...event, header: { ...event.header, occurredAt: 0 as EpochMs } }
            : event,
        ),
    ],
    'a time of keying that was taken away': [
      'header',
      2,
      (events) =>
        events.map((event) => {
          const { enteredAt: _, ...header } = event.header;
          return { ...event, header };
        }),
    ],
    'another text': [
      'body',
      2,
      (events) =>
        events.map((event) =>
          event.kept && event.header.seq === 2
            ? { ...event, kept: { ...event.kept, text: event.kept.text.replace('DOM', 'CIV') } }
            : event,
        ),
    ],
    'another salt': [
      'body',
      4,
      (events) =>
        events.map((event) =>
          event.kept && event.header.seq === 4
            ? { ...event, kept: { ...event.kept, salt: new Uint8Array(16) } }
            : event,
        ),
    ],
  };
  test.each(Object.entries(changes))('shows %s', (_, [at, seq, change]) => {
    expect(verifyChain(change([...evening().events]))).toEqual({ outcome: 'broken', seq, at });
  });

  test('shows another log where this one was expected', () => {
    const [mine, other] = [evening().events, evening().events];
    const { hash } = only(mine, 3).header;
    expect(verifyChain(other.slice(3), { seq: 3, hash })).toEqual({
      outcome: 'broken',
      seq: 4,
      at: 'link',
    });
  });

  test('shows a body that was changed in the file itself', () => {
    const { db, log } = evening();
    db.exec(`UPDATE body SET text = json_set(text, '$.closingCode', 'FAL') WHERE seq = 6`);
    expect(verifyChain(log.readAfter(0, 100))).toEqual({ outcome: 'broken', seq: 6, at: 'body' });
  });

  test('still verifies once a body is erased, and the event is then there without what it said', () => {
    const { log, events } = evening();
    log.eraseBody(2);
    const after = log.readAfter(0, 100);
    const { header } = only(events, 2);
    expect(after).toEqual(events.map((it) => (it.header.seq === 2 ? { header } : it)));
    expect(verifyChain(after)).toEqual({ outcome: 'intact', ...log.head });
    expect(after.slice(1, 2).map(recordedOf)).toEqual([header]);
  });

  test('commits to bodies under a salt, so that the same text twice is not to be recognised', () => {
    const other = 'HC-20261123-0413' as IncidentId;
    const note = (n: number, incidentId: IncidentId) =>
      request(n, { type: 'add-log-entry', body: { incidentId, text: 'no trace' } });
    const { events } = newWriter().recordGroup([
      request(1, raise(), { reference }),
      request(2, raise(), { reference: other }),
      note(3, reference),
      note(4, other),
    ]);
    const [first, second] = events.slice(-2);
    expect([
      first?.kept?.text === second?.kept?.text,
      first?.header.bodyHash === second?.header.bodyHash,
    ]).toEqual([true, false]);
  });
});

describe('a copy of the log', () => {
  test('holds every event as it was recorded, and its chain is the same', () => {
    const { log, events } = evening();
    const replica = emptyReplica().log;
    for (const event of events) replica.adopt(event);
    expect([replica.readAfter(0, 100), replica.head]).toEqual([events, log.head]);
  });

  test('holds headers without the bodies that are withheld from its seat, and goes on', () => {
    const { log, events } = evening();
    const replica = emptyReplica().log;
    const sent = events.map(({ header, kept }) => ({
      header,
      kept: header.seq % 2 === 0 ? undefined : kept,
    }));
    for (const event of sent) replica.adopt(event);
    expect([replica.readAfter(0, 100), verifyChain(replica.readAfter(0, 100))]).toEqual([
      sent,
      { outcome: 'intact', ...log.head },
    ]);
  });

  const wrong: Readonly<
    Record<string, readonly [string, (next: ReturnType<typeof only>) => StoredEvent]>
  > = {
    'an event that came twice': [
      'event 3 does not follow 3',
      ({ header, kept }) => ({ header: { ...header, seq: 3 }, kept }),
    ],
    'an event before its time': [
      'event 5 does not follow 3',
      ({ header, kept }) => ({ header: { ...header, seq: 5 }, kept }),
    ],
    'an event of another lineage': ['event 4 breaks the chain', () => only(evening().events, 4)],
    'a header that was changed on the way': [
      'event 4 breaks the chain',
      ({ header, kept }) => ({ header: { ...header, actor: 'u-mallory' }, kept }),
    ],
    'a hash that is not its own': [
      'event 4 breaks the chain',
      ({ header, kept }) => ({ header: { ...header, hash: 'f'.repeat(64) }, kept }),
    ],
    'another body': [
      'event 4 has another body than its header commits to',
      ({ header, kept }) => ({ header, kept: { ...kept, text: '{"incidentId":"HC-1"}' } }),
    ],
    'the right body under another salt': [
      'event 4 has another body than its header commits to',
      ({ header, kept }) => ({ header, kept: { ...kept, salt: new Uint8Array(16) } }),
    ],
  };
  test.each(Object.entries(wrong))('refuses %s and stays as it was', (_, [message, change]) => {
    const { events } = evening();
    const { db, log } = emptyReplica();
    for (const event of events.slice(0, 3)) log.adopt(event);
    expect(() => log.adopt(change(only(events, 4)))).toThrow(message);
    expect([log.head, new SqliteEventLog(db).readAfter(0, 100)]).toEqual([
      { seq: 3, hash: only(events, 3).header.hash },
      events.slice(0, 3),
    ]);
    // What really comes next is still taken.
    log.adopt(only(events, 4));
    expect(log.head.seq).toBe(4);
  });

  test('is as little to be changed as the log itself', () => {
    const { db, log } = emptyReplica();
    for (const event of evening().events) log.adopt(event);
    expect(() => db.exec("UPDATE event SET actor = 'u-mallory'")).toThrow(
      'an event is never changed',
    );
    expect(() => db.exec('DELETE FROM event')).toThrow('an event is never removed');
  });
});
