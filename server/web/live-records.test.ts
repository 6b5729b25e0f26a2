import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Asked } from '#domain/commands.ts';
import { contactIdOf } from '#domain/decide.ts';
import type { Fact } from '#domain/event.ts';
import { incidentStream, type DeskId, type EpochMs, type IncidentId } from '#domain/ids.ts';
import type { StoredEvent } from '#store/event-log.ts';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { Picture } from '#store/picture.ts';
import { recordedOf } from '#store/event-log.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import {
  commandId,
  newWriter,
  raise,
  referenceData,
  reference,
  request,
  startedAt,
} from '../../tests/support/room.ts';
import { LiveRecords } from './live-records.ts';

const CANARY = 'CANARY-informant-is-the-brother';

/** A log with one incident in files of its own, a writer over it, and what reads it. */
function files() {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-records-'));
  const log = openStore(join(dataDir, 'log.db'), logMigrations);
  const picture = openStore(join(dataDir, 'picture.db'), pictureMigrations);
  const writer = newWriter({ log, picture });
  let asked = 0;
  const record = (it: Asked, also = {}) => {
    asked += 1;
    return writer.recordGroup([request(asked, it, also)]).events;
  };
  record(raise(), { reference });
  const events = new SqliteEventLog(log);
  const open = () => {
    const read = new SqliteEventLog(log);
    const records = new LiveRecords({
      dataDir,
      recorder: { head: () => read.head, readAfter: (seq, most) => read.readAfter(seq, most) },
      referenceData,
    });
    onTestFinished(() => records[Symbol.dispose]());
    return records;
  };
  onTestFinished(() => {
    log.close();
    picture.close();
    rmSync(dataDir, { recursive: true });
  });
  /** What no command of this release records yet: a fact that is kept from every seat. */
  const seal = (type: string, body: object, n: number): readonly StoredEvent[] => {
    events.refreshHead();
    const stream = incidentStream(reference);
    const version = events.readStream(stream).length;
    const fact: Fact = { stream, type, typeVersion: 1, class: 'restricted', body };
    const stamp = {
      commandId: commandId(n),
      occurredAt: startedAt,
      actor: 'u-ch1',
      desk: 'CH1' as DeskId,
      logId: 'force-a',
      epoch: 1,
    };
    const ports = { now: () => (startedAt + 5) as EpochMs, salt: () => new Uint8Array(16) };
    const added = log.transaction(() => events.append(stamp, [fact], () => version, ports))();
    // As the server's own read model has it: with what the body says.
    picture.transaction(() => new Picture(picture).apply(added.map(recordedOf)))();
    return added;
  };
  return { writer, record, seal, open };
}

const textsOf = (rows: readonly object[]) =>
  rows.flatMap((row) => ('text' in row ? [row.text] : []));

test('what is sealed is one line that says so, whether it was there before or comes while one looks', () => {
  const { writer, seal, open } = files();
  writer.foldPicture();
  seal('incident.entry-added', { text: CANARY }, 900);
  const records = open();
  records.add(seal('incident.amended', { contactId: 'c-1', narrative: CANARY }, 901));
  const { rows } = records.incident(reference);
  expect(textsOf(rows)).toEqual([
    expect.stringContaining('Raised DOM'),
    'Handed over to dispatch',
    'Sealed (restricted)',
    'Sealed (restricted)',
  ]);
  expect(rows[2 + 1]).toMatchObject({ who: { user: 'u-ch1', desk: 'CH1' }, at: startedAt });
  expect(rows[0]).toMatchObject({ narrative: 'shouting heard' });
  expect(JSON.stringify([rows, open().incident(reference).rows])).not.toContain('CANARY');
  expect(open().incident(reference).rows).toEqual(rows);
});

test('nothing is found by what is sealed, and what may be shown of the same record is', () => {
  const { writer, seal, open } = files();
  writer.foldPicture();
  seal('incident.amended', { contactId: 'c-1', narrative: `${CANARY} brother` }, 900);
  const records = open();
  const found = (text: string) => records.find(text).map(({ id }) => id);
  expect([found('brother'), found('canary informant'), found('HIGH str'), found('0412')]).toEqual([
    [],
    [],
    [reference],
    [reference],
  ]);
  expect(JSON.stringify(records.find('High Street'))).not.toContain('CANARY');
});

test('a read model that is behind, and one that is ahead of what was told, show the same', () => {
  const { writer, record, open } = files();
  writer.foldPicture();
  const first = open();
  const told: (readonly StoredEvent[])[] = [];
  const entry = (text: string): Asked => ({
    type: 'add-log-entry',
    body: { incidentId: reference, text },
  });
  for (let n = 0; n < 20; n += 1) told.push(record(entry(`line ${n}`)));
  const behind = open();
  writer.foldPicture();
  for (const events of told) first.add(events);
  for (const events of told) behind.add(events); // what it has it passes over
  const rows = open().incident(reference).rows;
  expect(rows).toHaveLength(23);
  expect([first.incident(reference).rows, behind.incident(reference).rows]).toEqual([rows, rows]);
});

test('a closed incident is read again, also while somebody writes on in it', () => {
  const { writer, record, open } = files();
  const caller = { kind: 'number', number: '+447700900142' } as const;
  record({ type: 'open-contact', body: { channel: '999', caller } });
  const other = 'HC-20261123-0413' as IncidentId;
  record(raise({ contactId: contactIdOf(commandId(2)) }), { reference: other });
  writer.foldPicture();
  const records = open();
  const by = { actor: 'u-ch1', desk: 'CH1' };
  records.add(
    record({ type: 'result-incident', body: { incidentId: other, result: 'advice-given' } }, by),
  );
  records.add(
    record({ type: 'close-incident', body: { incidentId: other, closingCode: 'DOM' } }, by),
  );
  records.forgetClosed();
  const late = record({
    type: 'add-log-entry',
    body: { incidentId: other, text: 'said later' },
  });
  const again = record(
    { type: 'reopen-incident', body: { incidentId: other, reason: 'a mistake' } },
    by,
  );
  // It is read as it is on record, which is further than what has been told: nothing is undone by that.
  records.add(late);
  const ahead = records.incident(other).rows[0];
  records.add(again);
  const { rows, madeOf } = records.incident(other);
  expect([ahead?.version, rows[0]?.version]).toEqual([5, 5]);
  expect(rows[0]).toMatchObject({ id: other, closedAt: undefined, contacts: [{ caller }] });
  expect(textsOf(rows).slice(-2)).toEqual(['said later', 'Reopened: a mistake']);
  expect([...madeOf]).toEqual([incidentStream(other), `contact/${contactIdOf(commandId(2))}`]);
});
