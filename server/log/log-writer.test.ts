import { describe, expect, test } from 'vitest';
import type { DeskId, IncidentId, StreamId, UnitId, UserId } from '#domain/ids.ts';
import type { RecordedCrime } from '#domain/recorded-crime.ts';
import { verifyChain } from '#store/chain.ts';
import { recordedOf } from '#store/event-log.ts';
import { Picture } from '#store/picture.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import {
  commandId,
  newFiles,
  newWriter,
  raise,
  reference,
  request,
  startedAt,
} from '../../tests/support/room.ts';

const unitId = 'HT21' as UnitId;
const bookOn = request(1, {
  type: 'book-on-unit',
  body: { unitId, officers: ['PC 2101'], skills: [] },
});
const raised = request(2, raise(), { reference });
const assign = (n: number, desk = 'D1') =>
  request(
    n,
    { type: 'assign-unit', body: { incidentId: reference, unitId } },
    { desk: desk as DeskId },
  );

const [system, server] = ['system' as UserId, 'server' as DeskId];
// Made up: no such crimes, at no such streets.
const crimes = ['a1', 'a2'].map((identity): RecordedCrime => ({
  identity: `crime:${identity}` as RecordedCrime['identity'],
  crimeId: identity,
  month: '2017-02',
  lat: 50.8,
  lon: -1.3,
  location: 'On or near Test Street',
  crimeType: 'Burglary',
}));

describe('the writer of the log', () => {
  test('decides each command of a group on what the one before it left, and commits them at once', () => {
    const files = newFiles();
    const { settled } = newWriter(files).recordGroup([bookOn, raised, assign(3), assign(4)]);
    expect(settled).toEqual([
      { outcome: 'answered', answer: { state: 'recorded', firstSeq: 1, lastSeq: 1 } },
      { outcome: 'answered', answer: { state: 'recorded', firstSeq: 2, lastSeq: 3 } },
      { outcome: 'answered', answer: { state: 'recorded', firstSeq: 4, lastSeq: 4 } },
      {
        outcome: 'answered',
        answer: { state: 'refused', refusal: { reason: 'unit-already-assigned', unitId } },
      },
    ]);
    const audited = files.log.prepare('SELECT what, outcome FROM audit ORDER BY seq').raw().all();
    expect(audited).toEqual([
      ['book-on-unit', 'recorded 1-1'],
      ['raise-incident', 'recorded 2-3'],
      ['assign-unit', 'recorded 4-4'],
      ['assign-unit', 'refused unit-already-assigned'],
    ]);
  });

  test('the same command again gets the same answer and writes nothing, also a refusal, also after a restart', () => {
    const files = newFiles();
    const first = newWriter(files).recordGroup([bookOn, raised, assign(3), assign(4)]);
    const again = newWriter(files);
    expect(again.recordGroup([bookOn, raised, assign(3), assign(4)])).toEqual({
      settled: first.settled,
      events: [],
    });
    expect(again.head.seq).toBe(4);
  });

  test('a failed commit leaves nothing behind: neither in the file nor in what is decided next', () => {
    const files = newFiles();
    const writer = newWriter(files);
    writer.recordGroup([bookOn]);
    files.log.exec(`CREATE TRIGGER full BEFORE INSERT ON audit WHEN new.what = 'assign-unit'
      BEGIN SELECT raise(FAIL, 'disk'); END`);
    const salts = [raised, assign(3)];
    const before = writer.head;
    const { settled } = writer.recordGroup(salts);
    expect(settled.map(({ outcome }) => outcome)).toEqual(['answered', 'not-recordable']);
    files.log.exec('DROP TRIGGER full');
    expect(writer.head.seq).toBe(before.seq + 2);
    // The unit is free still, so that the same command is now recorded under its own id.
    expect(writer.recordGroup([assign(3)]).settled).toEqual([
      { outcome: 'answered', answer: { state: 'recorded', firstSeq: 4, lastSeq: 4 } },
    ]);
    expect(verifyChain(new SqliteEventLog(files.log).readAfter(0, 100))).toMatchObject({
      outcome: 'intact',
      seq: 4,
    });
  });

  test('a full disk fails the whole group, and every command of it can be sent again', () => {
    const files = newFiles();
    const writer = newWriter(files);
    files.log.pragma(
      `max_page_count = ${String(files.log.pragma('page_count', { simple: true }))}`,
    );
    const long = 'x'.repeat(3_900);
    const entries = Array.from({ length: 30 }, (_, n) =>
      request(100 + n, raise({ narrative: long }), {
        reference: `HC-20261123-${1000 + n}` as IncidentId,
      }),
    );
    expect(() => writer.recordGroup(entries)).toThrow('full');
    expect(writer.head.seq).toBe(0);
    files.log.pragma('max_page_count = 100000');
    const { settled } = writer.recordGroup(entries);
    expect(settled.every(({ outcome }) => outcome === 'answered')).toBe(true);
    expect(writer.head.seq).toBe(60);
  });

  test('a command made on an older picture is refused where something decisive has happened at another desk', () => {
    const writer = newWriter();
    writer.recordGroup([bookOn, raised]);
    const stream = `incident/${reference}` as StreamId;
    const note = request(5, { type: 'add-log-entry', body: { incidentId: reference, text: 'hm' } });
    const regrade = (n: number, desk: string) =>
      request(
        n,
        { type: 'regrade-incident', body: { incidentId: reference, grade: 2, reason: 'calmer' } },
        { desk: desk as DeskId, expect: { [stream]: 1 } },
      );
    const { settled } = writer.recordGroup([note, regrade(6, 'D1'), regrade(7, 'SUP')]);
    expect(settled.map((it) => it.outcome === 'answered' && it.answer)).toEqual([
      { state: 'recorded', firstSeq: 4, lastSeq: 4 },
      { state: 'recorded', firstSeq: 5, lastSeq: 5 },
      { state: 'refused', refusal: { reason: 'changed-since-seen', stream, version: 3 } },
    ]);
  });

  test('a refusal at the door is stored and audited like any other answer', () => {
    const files = newFiles();
    const { settled } = newWriter(files).recordGroup([{ ...bookOn, forbidden: 'not-permitted' }]);
    expect(settled).toEqual([
      { outcome: 'answered', answer: { state: 'refused', refusal: { reason: 'not-permitted' } } },
    ]);
    expect(files.log.prepare('SELECT outcome FROM audit').pluck().all()).toEqual([
      'refused not-permitted',
    ]);
  });

  test('a place in an outbox is never taken by two commands', () => {
    const writer = newWriter();
    const outbox = { id: '8c8e5a40-2f5a-4a57-9d0c-0f6a1c7b1f11', deskSeq: 1 };
    const { settled } = writer.recordGroup([
      { ...bookOn, outbox },
      { ...raised, outbox },
    ]);
    expect(settled[1]).toEqual({
      outcome: 'not-recordable',
      message: `the outbox place is taken by ${commandId(1)}`,
    });
  });

  test('an import whose commit fails leaves memory and file as they were, and is taken whole the next time', () => {
    const files = newFiles();
    const writer = newWriter(files);
    writer.recordGroup([bookOn]);
    // Nothing is wrong until the commit itself: what is owed is only asked for there.
    files.log.exec(`CREATE TABLE nobody (id INTEGER PRIMARY KEY) STRICT;
      CREATE TABLE owed (id INTEGER REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED) STRICT;
      CREATE TRIGGER owe AFTER INSERT ON answer BEGIN INSERT INTO owed VALUES (1); END`);
    const importBatch = () =>
      writer.importCrimes(
        { commandId: commandId(9), occurredAt: startedAt, actor: system, desk: server },
        { batchId: 'b1', fileDigest: 'b1', rowsRead: 2, duplicates: 0, skipped: {}, months: [] },
        crimes,
      );
    const state = () => [
      writer.head,
      ...['event', 'answer', 'audit', 'crime_batch', 'recorded_crime'].map((table) =>
        files.log.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
      ),
    ];
    const before = state();
    expect(importBatch).toThrow('FOREIGN KEY');
    expect(state()).toEqual(before);
    expect(() => writer.recordGroup([raised])).toThrow('FOREIGN KEY');
    expect(state()).toEqual(before);
    files.log.exec('DROP TRIGGER owe');
    const { settled, events } = importBatch();
    expect(settled).toEqual([
      { outcome: 'answered', answer: { state: 'recorded', firstSeq: 2, lastSeq: 2 } },
    ]);
    expect(JSON.parse(events[0]?.kept?.text ?? '')).toMatchObject({ added: 2, alreadyHeld: 0 });
    expect(state().slice(1)).toEqual([2, 2, 2, 1, 2]);
    writer.recordGroup([raised]);
    expect(verifyChain(new SqliteEventLog(files.log).readAfter(0, 100)).outcome).toBe('intact');
  });

  test('an import whose event cannot be recorded stores none of its rows', () => {
    const files = newFiles();
    const writer = newWriter(files);
    files.log.exec(
      `CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(FAIL, 'no'); END`,
    );
    expect(() =>
      writer.importCrimes(
        { commandId: commandId(9), occurredAt: startedAt, actor: system, desk: server },
        { batchId: 'b1', fileDigest: 'b1', rowsRead: 2, duplicates: 0, skipped: {}, months: [] },
        crimes,
      ),
    ).toThrow('no');
    expect(files.log.prepare('SELECT count(*) FROM recorded_crime').pluck().get()).toBe(0);
    expect(writer.head.seq).toBe(0);
  });

  test('a group with a command that cannot be recorded comes out as if that one had never been in it', () => {
    const [with_, without] = [newFiles(), newFiles()];
    const ports = { salt: () => new Uint8Array(16) };
    const bad = request(66, { type: 'open-contact', body: { channel: 'counter' } });
    with_.log
      .exec(`CREATE TRIGGER bad BEFORE INSERT ON event WHEN new.command_id = '${commandId(66)}'
      BEGIN SELECT raise(ABORT, 'bad'); END`);
    const group = [bookOn, raised, assign(3)];
    const mixed = newWriter(with_, ports).recordGroup([bookOn, raised, bad, assign(3)]);
    const clean = newWriter(without, ports).recordGroup(group);
    expect(mixed.settled[2]).toEqual({ outcome: 'not-recordable', message: 'bad' });
    expect(mixed.events).toEqual(clean.events);
    const rows = ({ log }: typeof with_) =>
      ['event', 'body', 'answer', 'audit'].map((table) =>
        log.prepare(`SELECT * FROM ${table} ORDER BY 1`).all(),
      );
    expect(rows(with_)).toEqual(rows(without));
  });

  test('a read model that cannot be written takes nothing away from what is recorded', () => {
    const files = newFiles();
    const writer = newWriter(files);
    files.picture.exec(
      `CREATE TRIGGER full BEFORE INSERT ON entity BEGIN SELECT raise(ABORT, 'no'); END`,
    );
    const many = Array.from({ length: 1_100 }, (_, n) =>
      request(1_000 + n, { type: 'open-contact', body: { channel: 'counter' } }),
    );
    const { settled, events } = writer.recordGroup(many);
    expect([settled.every(({ outcome }) => outcome === 'answered'), events.length]).toEqual([
      true,
      2_200,
    ]);
    expect(() => writer.foldPicture()).toThrow('no');
    files.picture.exec('DROP TRIGGER full');
    writer.foldPicture();
    expect(new Picture(files.picture).cursor()?.seq).toBe(2_200);
  });

  test('the read model made again from the log is the one that grew with it', () => {
    const files = newFiles();
    const writer = newWriter(files);
    writer.recordGroup([bookOn, raised, assign(3)]);
    writer.foldPicture();
    writer.recordGroup([
      request(8, { type: 'close-incident', body: { incidentId: reference, closingCode: 'CIV' } }),
    ]);
    writer.foldPicture();
    const rebuilt = newFiles();
    const log = new SqliteEventLog(files.log);
    const fresh = new Picture(rebuilt.picture);
    fresh.apply(log.readAfter(0, 100).map(recordedOf));
    expect([...fresh.all()]).toEqual([...new Picture(files.picture).all()]);
    expect(new Picture(files.picture).cursor()?.seq).toBe(writer.head.seq);
  });
});
