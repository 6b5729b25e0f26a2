import { expect, test } from 'vitest';
import type { DeskId, IncidentId } from '#domain/ids.ts';
import { contactStream } from '#domain/ids.ts';
import { contactIdOf } from '#domain/decide.ts';
import type { Ack } from '#protocol/ack.ts';
import type { Command } from '#protocol/command.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { deskPorts, newDesk, seat } from '../../tests/support/desk-in-process.ts';
import { Disk } from '../../tests/support/disk.ts';
import {
  commandId,
  newWriter,
  raise,
  reference,
  request,
  startedAt,
} from '../../tests/support/room.ts';
import type { Desk } from './desk.ts';
import { outboxMigrations } from './outbox.ts';
import { SyncSession } from './sync-session.ts';

const open = { type: 'open-contact', body: { channel: '101' } } as const;
const command = (n: number): Command => ({ frame: 'command', id: commandId(n), ...open });

/** A desk whose outbox and replica stand on disks of their own, and a server's writer beside it. */
function deskOnDisks() {
  const [outboxDisk, replicaDisk] = [new Disk(), new Disk()];
  const outboxFile = outboxDisk.open(outboxMigrations);
  const replicaFile = replicaDisk.open(replicaMigrations);
  const told: Ack[] = [];
  const desk = newDesk(outboxFile, replicaFile, { settled: (ack) => void told.push(ack) });
  const writer = newWriter();
  const connect = () => {
    const session = new SyncSession(desk, {
      now: deskPorts.now,
      elapsedMs: () => 0,
      sign: () => 'AAAA',
      commandId: () => commandId(900),
      send: () => {},
      close: () => {},
    });
    session.hear({
      frame: 'welcome',
      protocol: 1,
      logId: 'force-a',
      epoch: 1,
      head: writer.head.seq,
      mode: 'delta',
      limits: { windowMax: 64, frameMaxBytes: 65_536 },
      peers: [],
      serverNow: startedAt,
    });
    return session;
  };
  return { desk, told, writer, connect, outboxDisk, replicaDisk };
}

const contactIn = (desk: Desk, n: number) =>
  desk.source.room.get(contactStream(contactIdOf(commandId(n)))).version;

test('an operator whose disk is full is told that nothing was stored, and can ask again', () => {
  const { desk, outboxDisk } = deskOnDisks();
  outboxDisk.failAfter(0, 'SQLITE_FULL', 1);
  expect(desk.ask(command(1), seat).answer).toEqual({
    state: 'refused',
    refusal: { reason: 'desk-cannot-store' },
  });
  expect([desk.pending, contactIn(desk, 1)]).toEqual([[], 0]);
  expect(desk.ask(command(1), seat).answer).toEqual({ state: 'stored-here' });
  expect(contactIn(desk, 1)).toBe(2);
});

test('a desk that cannot store what came ends the line, shows what it showed, and takes it up on the next', () => {
  const { desk, writer, connect, replicaDisk } = deskOnDisks();
  const { events } = writer.recordGroup([request(1, open, { desk: 'CH2' as DeskId })]);
  const frame = {
    frame: 'events' as const,
    events: events.map(({ header, kept }) => ({
      header: { ...header, desk: header.desk as DeskId },
      ...(kept && {
        kept: { salt: Buffer.from(kept.salt).toString('base64'), text: kept.text },
      }),
    })),
  };
  const line = connect();
  replicaDisk.failAfter(3, 'SQLITE_FULL', 1);
  line.hear(frame);
  expect(line.link).toMatchObject({
    state: 'closed',
    why: expect.stringContaining('cannot store'),
  });
  expect([desk.cursor.seq, contactIn(desk, 1)]).toEqual([0, 0]);
  const next = connect();
  next.hear(frame);
  expect([desk.cursor.seq, contactIn(desk, 1)]).toEqual([2, 2]);
});

test('what is on record is shown although the outbox cannot be written, and the outbox learns of it later', () => {
  const { desk, told, writer, outboxDisk } = deskOnDisks();
  desk.ask(command(1), seat);
  const reserve = { type: 'reserve-references', body: { desk: 'CH1', count: 5 } } as const;
  const { events } = writer.recordGroup([request(1, open), request(2, reserve)]);
  for (const fault of ['SQLITE_FULL', 'SQLITE_IOERR_WRITE'] as const) {
    outboxDisk.failAfter(0, fault, 1);
    if (fault === 'SQLITE_FULL') desk.receive(events, 3);
    else desk.settleOwed();
    expect([desk.pending, contactIn(desk, 1), told]).toEqual([[], 2, []]);
    expect(desk.outbox.unanswered()).toHaveLength(1);
  }
  desk.settleOwed();
  expect(desk.outbox.unanswered()).toEqual([]);
  expect(desk.outbox.referencesLeft()).toBe(5);
  // The same answer as the server's, over all of its events.
  const answer = { state: 'recorded', firstSeq: 1, lastSeq: 2 };
  expect(told).toEqual([{ frame: 'ack', commandId: commandId(1), answer }]);
});

test('a number of its block that is on record already does not keep a desk from raising incidents', () => {
  const { desk, writer } = deskOnDisks();
  desk.outbox.addBlock(412, 420);
  const other = { desk: 'CH2' as DeskId };
  const used = (n: number, at: string) =>
    request(n, raise(), { ...other, reference: at as IncidentId });
  const { events } = writer.recordGroup([
    used(1, 'HC-20261123-0412'),
    used(2, 'HC-20261123-0413'),
    used(3, 'HC-20261123-0415'),
  ]);
  desk.receive(events, writer.head.seq);
  const raised = (n: number) =>
    desk.ask({ frame: 'command', id: commandId(n), ...raise() }, seat).answer;
  expect(raised(11)).toEqual({ state: 'stored-here', reference: 'HC-20261123-0414' });
  expect(raised(12)).toEqual({ state: 'stored-here', reference: 'HC-20261123-0416' });
});

test('a block of which every number is on record already is used up, and that is said', () => {
  const { desk, writer } = deskOnDisks();
  desk.outbox.addBlock(412, 412);
  const { events } = writer.recordGroup([
    request(1, raise(), { desk: 'CH2' as DeskId, reference }),
  ]);
  desk.receive(events, writer.head.seq);
  expect(desk.ask({ frame: 'command', id: commandId(11), ...raise() }, seat).answer).toEqual({
    state: 'refused',
    refusal: { reason: 'no-reference-left' },
  });
  expect(desk.outbox.referencesLeft()).toBe(0); // so more are asked for
});
