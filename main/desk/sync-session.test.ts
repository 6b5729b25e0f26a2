import { expect, test } from 'vitest';
import type { EpochMs } from '#domain/ids.ts';
import type { Ack } from '#protocol/ack.ts';
import type { Events } from '#protocol/events.ts';
import type { DeskUp } from '#protocol/up.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { wiredOf } from '#server/gateway/event-frames.ts';
import { openStore } from '#store/open-store.ts';
import { deskPorts, newDesk, seat } from '../../tests/support/desk-in-process.ts';
import { commandId, newWriter, request, startedAt } from '../../tests/support/room.ts';
import { outboxMigrations } from './outbox.ts';
import { Replica } from './replica.ts';
import { SyncSession } from './sync-session.ts';

/** A desk with so many contacts stored here, and its line to a server that answers as the test says. */
function deskWith(contacts: number) {
  let now: number = startedAt;
  let elapsedMs = 0;
  const told: Ack[] = [];
  const ports = { ...deskPorts, now: () => now as EpochMs };
  const replicaFile = () => openStore(':memory:', replicaMigrations);
  const desk = newDesk(openStore(':memory:', outboxMigrations), replicaFile(), {
    ports,
    freshReplica: () => new Replica(replicaFile()),
    settled: (ack) => void told.push(ack),
  });
  for (let n = 1; n <= contacts; n += 1)
    desk.ask(
      { frame: 'command', id: commandId(n), type: 'open-contact', body: { channel: '999' } },
      seat,
    );
  const tries = new Map();
  let sent: DeskUp[] = [];
  /** A connection on which the server has said nothing yet. */
  const open = () =>
    new SyncSession(
      desk,
      {
        now: ports.now,
        elapsedMs: () => elapsedMs,
        sign: () => 'AAAA',
        commandId: () => commandId(900),
        send: (frame) => void sent.push(frame),
        close: () => {},
      },
      tries,
    );
  const welcome = (epoch = 1, head = 0) =>
    ({
      frame: 'welcome',
      protocol: 1,
      logId: 'force-a',
      epoch,
      head,
      mode: 'delta',
      limits: { windowMax: 64, frameMaxBytes: 65_536 },
      peers: [] as string[],
      serverNow: ports.now(),
    }) as const;
  const connect = (epoch = 1, head = 0) => {
    const session = open();
    session.hear(welcome(epoch, head));
    return session;
  };
  return {
    desk,
    told,
    open,
    welcome,
    connect,
    pass: (ms: number) => {
      now += ms;
      elapsedMs += ms;
    },
    /** Somebody sets the clock; no time passes by it. */
    setClock: (byMs: number) => void (now += byMs),
    /** How many looks each frame brought that was sent. */
    looks: () => sent.flatMap((it) => (it.frame === 'consulted' ? [it.rows.length] : [])),
    /** The commands sent since it was last asked, by number. */
    sent: () => {
      const commands = sent.flatMap((it) => (it.frame === 'stamped-command' ? [it.deskSeq] : []));
      sent = [];
      return commands;
    },
  };
}

const refused = (n: number, reason: string) =>
  ({ frame: 'refused', id: commandId(n), reason, message: 'made up' }) as const;

test('what the disk of the server could not store stays here and is sent again, for as long as it takes', () => {
  const { desk, connect, sent, pass, told } = deskWith(1);
  const session = connect();
  expect(sent()).toEqual([1]);
  for (let n = 0; n < 20; n += 1) {
    session.hear(refused(1, 'not-stored'));
    session.pump();
    expect(sent()).toEqual([]);
    pass(2_000);
    session.pump();
    expect(sent()).toEqual([1]);
  }
  expect([desk.pending.length, desk.tray(), told]).toEqual([1, [], []]);
});

test('what the server can never record goes to the tray after five tries, also over several lines, and holds up nobody', () => {
  const { desk, connect, sent, pass, told } = deskWith(2);
  // Twenty failures of the disk are not counted among them.
  const first = connect();
  for (let n = 0; n < 20; n += 1) first.hear(refused(1, 'not-stored'));
  for (let n = 1; n <= 4; n += 1) {
    const session = connect();
    pass(2_000);
    session.pump();
    session.hear(refused(1, 'not-recordable'));
    expect(desk.pending.map(({ deskSeq }) => deskSeq)).toEqual([1, 2]);
  }
  const session = connect();
  sent();
  session.hear(refused(1, 'not-recordable'));
  const answer = { state: 'refused', refusal: { reason: 'not-recordable' } };
  expect(told).toEqual([{ frame: 'ack', commandId: commandId(1), answer }]);
  expect(desk.tray()).toMatchObject([{ id: commandId(1), reason: 'not-recordable' }]);
  expect(desk.pending.map(({ deskSeq }) => deskSeq)).toEqual([2]);
  const next = connect();
  next.pump();
  expect(sent()).toEqual([2]);
});

const HOUR = 3_600_000;

test('a clock that is set back an hour holds up nothing: neither what is asked again nor the end of a silent line', () => {
  const { connect, sent, pass, setClock } = deskWith(2);
  const session = connect();
  expect(sent()).toEqual([1, 2]);
  session.hear(refused(1, 'not-stored'));
  setClock(-HOUR);
  pass(2_000);
  session.pump();
  expect(sent()).toEqual([1]);
  pass(3_000);
  session.pump();
  expect(sent()).toEqual([2]);
  setClock(-HOUR);
  session.tick();
  expect(session.link.state).toBe('live');
  pass(5_001);
  session.tick();
  expect(session.link).toEqual({ state: 'closed', why: 'the server is silent' });
});

test('a clock that is set forward an hour ends no line', () => {
  const { connect, pass, setClock } = deskWith(0);
  const session = connect();
  setClock(HOUR);
  pass(250);
  session.tick();
  expect(session.link.state).toBe('live');
});

test('a server of an earlier epoch is refused before anything of the later one is recorded, and while the log is copied anew', () => {
  const { desk, connect } = deskWith(0);
  expect(connect(2).link.state).toBe('live');
  const why = 'the server is of epoch 1, this desk has seen 2';
  expect(connect(1).link).toEqual({ state: 'closed', why });
  desk.rebuild('it is broken');
  expect(connect(1).link).toEqual({ state: 'closed', why });
  expect(connect(2).link.state).toBe('live');
});

test('a line that falls silent at any step of joining is given up as soon as one that was live', () => {
  const { open, welcome, pass } = deskWith(1);
  const steps = [{ frame: 'challenge', nonce: 'AAAA' }, welcome(1, 7)] as const;
  for (let said = 0; said <= steps.length; said += 1) {
    const session = open();
    for (const frame of steps.slice(0, said)) session.hear(frame);
    pass(5_000);
    session.tick();
    // What stands in the log and is not here yet: the desk does not say that it is online.
    const isCurrent = session.link.state === 'live' && session.link.isCurrent;
    expect([session.link.state, isCurrent]).toEqual([said === 2 ? 'live' : 'joining', false]);
    pass(1);
    session.tick();
    expect(session.link).toEqual({ state: 'closed', why: 'the server is silent' });
  }
});

test('a server that goes on speaking and never welcomes the desk is given up too', () => {
  const { open, pass } = deskWith(1);
  const session = open();
  for (let second = 0; second < 5; second += 1) {
    expect(session.link.state).toBe('joining');
    pass(1_000);
    session.hear({ frame: 'ping', t0: startedAt });
    session.tick();
  }
  pass(1);
  session.tick();
  expect(session.link).toEqual({ state: 'closed', why: 'the server does not welcome us' });
});

test('looks go to the server a hundred at once', () => {
  const { desk, connect, looks } = deskWith(0);
  for (let n = 1; n <= 150; n += 1)
    desk.outbox.consult({ actor: seat.user.id, what: 'find', subject: `incident/${n}`, shown: 1 });
  const session = connect();
  session.tick();
  session.hear({ frame: 'consulted-kept', n: 100 });
  expect(looks()).toEqual([100, 50]);
});

/** So many events as the server sends them, one a frame. */
function framesOf(contacts: number): readonly Events[] {
  const { events } = newWriter().recordGroup(
    Array.from({ length: contacts }, (_none, n) =>
      request(n + 1, { type: 'open-contact', body: { channel: '999' } }),
    ),
  );
  return events.map((event) => ({ frame: 'events', events: [wiredOf(event)] }));
}

test('a desk that is behind takes what came in one go: at the head, before an answer, and at the next tick', () => {
  const { desk, connect, pass } = deskWith(0);
  const frames = framesOf(4);
  const session = connect(1, 8);
  const seen = frames.map((frame, at) => {
    session.hear(frame);
    // A frame that comes twice is taken once.
    if (at === 1) session.hear(frame);
    if (at === 2) session.tick();
    if (at === 4) session.hear({ frame: 'ping', t0: startedAt });
    return desk.cursor.seq;
  });
  expect(seen).toEqual([0, 0, 3, 3, 5, 5, 5, 8]);
  pass(250);
  session.tick();
  expect([session.link, desk.cursor.hash]).toMatchObject([
    { state: 'live', isCurrent: true },
    frames.at(-1)?.events[0]?.header.hash,
  ]);
});

test('a desk that is up to date takes what came together in one go', () => {
  const { desk, connect } = deskWith(0);
  const session = connect();
  const seen = framesOf(2).map((frame, at, all) => {
    session.hear(frame, at < all.length - 1);
    return desk.cursor.seq;
  });
  expect([seen, session.link.state]).toEqual([[0, 0, 0, 4], 'live']);
});

test('an event that is missing between two that wait ends the line, and what came before it is kept by nobody', () => {
  const { desk, connect } = deskWith(0);
  const [first, , third] = framesOf(2);
  const session = connect(1, 4);
  if (first) session.hear(first);
  if (third) session.hear(third);
  expect([session.link, desk.cursor.seq]).toEqual([
    { state: 'closed', why: 'an event is missing' },
    0,
  ]);
});
