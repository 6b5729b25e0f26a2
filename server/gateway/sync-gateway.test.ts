import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EpochMs, UserId } from '#domain/ids.ts';
import { limits } from '#protocol/limits.ts';
import { subprotocol } from '#protocol/version.ts';
import { GENESIS } from '#store/chain.ts';
import { verifyChain } from '#store/chain.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import {
  bySystem,
  callIn,
  HandTimers,
  newId,
  PASSWORD,
  rawStatus,
  Running,
  until,
} from './running.suite.ts';

/** A server with two desks and a call handler at the first. */
async function withDesks(more: Parameters<typeof Running.start>[0] = {}) {
  const running = await Running.start(more);
  running.enrol('CH1');
  running.enrol('CH2');
  await running.addUser('ash', 'call-handler');
  const ash = await running.signIn('ash', 'CH1');
  const { head } = { head: () => running.server.recorder.head() };
  return { running, ash, head };
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  'sec-websocket-protocol': subprotocol,
};

test('what one desk records, both desks are sent, whole and in order', async () => {
  const { running, ash, head } = await withDesks();
  await using _ = running;
  const [one, two] = [await running.join('CH1'), await running.join('CH2')];
  const id = one.ask(ash, callIn());
  expect(await one.next('ack')).toEqual({
    frame: 'ack',
    commandId: id,
    answer: { state: 'recorded', firstSeq: 2, lastSeq: 3 },
  });
  const seen = [await one.eventsTo(head().seq), await two.eventsTo(head().seq)];
  expect(seen[0]).toEqual(seen[1]);
  expect(seen[0]?.map(({ header, kept }) => [header.seq, header.type, kept !== undefined])).toEqual(
    [
      [1, 'user.added', true],
      [2, 'contact.offered', true],
      [3, 'contact.answered', true],
    ],
  );
  const stored = seen[0]?.map(({ header, kept }) => ({
    header,
    kept: kept && { salt: Buffer.from(kept.salt, 'base64'), text: kept.text },
  }));
  expect(verifyChain((stored ?? []) as Parameters<typeof verifyChain>[0]).outcome).toBe('intact');
});

test('the same command again gets the same answer and is recorded once', async () => {
  const { running, ash, head } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  const id = newId();
  const command = { frame: 'command', id, ...callIn() } as const;
  desk.ask(ash, callIn(), { command, deskSeq: 1 });
  const first = await desk.next('ack');
  desk.ask(ash, callIn(), { command, deskSeq: 1 });
  expect([await desk.next('ack'), head().seq]).toEqual([first, 3]);
});

test('a window of commands is recorded in the order it was sent', async () => {
  const { running, ash } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  const ids = Array.from({ length: limits.windowMax }, (_none, n) => desk.ask(ash, callIn(`${n}`)));
  const acks = [];
  for (const id of ids) acks.push([id, await desk.next('ack')] as const);
  expect(acks.map(([id, ack]) => ack.commandId === id && ack.answer.state)).toEqual(
    ids.map(() => 'recorded'),
  );
  const seqs = acks.map(([, { answer }]) => (answer.state === 'recorded' ? answer.firstSeq : 0));
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
});

test('an answer comes after the events that it speaks of, also where these wait to go out together', async () => {
  const timers = new HandTimers(Date.now());
  const { running, ash, head } = await withDesks({ timers, now: () => timers.now as EpochMs });
  await using _ = running;
  const desk = await running.join('CH1');
  const early: string[] = [];
  for (let n = 0; n < 40; n += 1) {
    const before = head().seq;
    const id = desk.ask(ash, callIn(`${n}`));
    await until(() => head().seq > before);
    // What was sent by now is here; events that wait for the others do so until time passes.
    desk.send({ frame: 'ping', t0: n });
    await desk.next('pong');
    const isSeen = desk.frames.some(
      (it) => it.frame === 'events' && it.events.some(({ header }) => header.commandId === id),
    );
    if (!isSeen && desk.frames.some(({ frame }) => frame === 'ack')) early.push(id);
    timers.pass(limits.coalesceMs);
    expect((await desk.next('ack')).commandId).toBe(id);
    desk.takeAll();
  }
  expect(early).toEqual([]);
});

test('a desk comes back and is sent what it missed, from its cursor, in frames within the limit', async () => {
  const { running, ash, head } = await withDesks();
  await using _ = running;
  const first = await running.join('CH1');
  const [known] = await first.eventsTo(1);
  first.socket.close();
  await first.closed;
  const narrative = 'x'.repeat(3_900);
  await Promise.all(
    Array.from({ length: 400 }, () =>
      running.server.recorder.record(bySystem(callIn(narrative), { actor: ash.user.id })),
    ),
  );
  const again = await running.connect('CH1');
  again.hello({
    cursor: 1,
    logId: running.server.recorder.logId,
    epoch: 1,
    chainHash: known?.header.hash ?? '',
  });
  expect((await again.next('welcome')).mode).toBe('delta');
  const sizes: number[] = [];
  again.socket.on('message', (data) => sizes.push((data as Buffer).length));
  const missed = await again.eventsTo(head().seq);
  expect([missed[0]?.header.seq, missed.length]).toEqual([2, 800]);
  expect(missed.map(({ header }) => header.seq)).toEqual(missed.map((_none, n) => n + 2));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(limits.chunkMaxBytes);
  again.ask(ash, callIn());
  expect((await again.eventsTo(head().seq + 2)).at(-1)?.header.type).toBe('contact.answered');
});

test.each<[string, object]>([
  ['of another log', { logId: 'force-XX', cursor: 1, epoch: 1 }],
  ['with another event at its cursor', { cursor: 1, epoch: 1, chainHash: 'f'.repeat(64) }],
  ['that is ahead of this server', { cursor: 9_999, epoch: 1 }],
  ['that has seen a later epoch', { cursor: 1, epoch: 7 }],
])('a desk %s starts from the beginning', async (_title, more) => {
  const { running } = await withDesks();
  await using _ = running;
  const { logId } = running.server.recorder;
  const chainHash = running.server.recorder.hashAt(1) ?? '';
  const desk = await running.connect('CH1');
  desk.hello({ logId, chainHash, ...more });
  expect((await desk.next('welcome')).mode).toBe('reset');
  expect((await desk.eventsTo(1))[0]?.header.seq).toBe(1);
});

test.each<[string, object]>([
  ['another event at its cursor', { cursor: 1, chainHash: 'f'.repeat(64) }],
  ['more than the log', { cursor: 9_999 }],
  [
    'more than the log in what it shows',
    { shown: { cursor: 9_999, cursorEpoch: 1, chainHash: GENESIS, logId: 'force-HC' } },
  ],
])(
  'a desk that has %s of this epoch is not joined: the log was cut short, and that is told once',
  async (_title, more) => {
    const { running } = await withDesks();
    await using _ = running;
    const { logId } = running.server.recorder;
    expect(logId).toBe('force-HC');
    for (const again of [false, true]) {
      const desk = await running.connect('CH1');
      desk.hello({ logId, epoch: 1, cursorEpoch: 1, chainHash: GENESIS, ...more });
      expect(await desk.closed).toEqual({ code: 4011 });
      expect(running.told.filter((line) => line.startsWith('CH1 has events up to'))).toHaveLength(
        1,
      );
      if (again) break;
    }
    const refusals = (await running.audit()).filter(({ what }) => what === 'hello');
    expect(new Set(refusals.map(({ outcome }) => outcome))).toEqual(
      new Set(['refused log-cut-short']),
    );
    expect((await running.join('CH2')).socket.readyState).toBe(1); // it has no more than the log
  },
);

test('a desk without its key, with a revoked key or with an old nonce is sent away, and it is on record', async () => {
  const { running } = await withDesks();
  await using _ = running;
  const unknown = await running.connect('CH9');
  unknown.hello();
  const replayed = await running.connect('CH1');
  replayed.hello({ signature: Buffer.alloc(64).toString('base64') });
  running.server.revokeDesk('CH2');
  const revoked = await running.connect('CH2');
  revoked.hello();
  expect([await unknown.closed, await replayed.closed, await revoked.closed]).toEqual(
    [1, 2, 3].map(() => ({ code: 4401 })),
  );
  const refusals = (await running.audit()).filter(({ what }) => what === 'hello');
  expect(refusals.map(({ desk, outcome }) => [desk, outcome])).toEqual([
    ['CH9', 'refused not-enrolled'],
    ['CH1', 'refused not-enrolled'],
    ['CH2', 'refused not-enrolled'],
  ]);
});

test('a desk that is revoked while it is joined hears so at once', async () => {
  const { running } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  running.server.revokeDesk('CH1');
  expect(await desk.closed).toEqual({ code: 4401 });
});

test('a new key given to a joined desk ends the line that the old key opened', async () => {
  const { running } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  const code = running.server.accounts.addEnrolmentCode({ desk: 'CH1' });
  const publicKey = generateKeyPairSync('ed25519')
    .publicKey.export({ type: 'spki', format: 'der' })
    .toString('base64');
  const answer = await running.ask('POST', '/api/desks/enrol', { code, desk: 'CH1', publicKey });
  expect(answer.body).toEqual({
    logId: running.server.recorder.logId,
    force: 'HC',
    forceName: 'Harbour Constabulary',
  });
  expect(await desk.closed).toEqual({ code: 4401 });
});

test('the newer line of a desk replaces the older one', async () => {
  const { running, ash } = await withDesks();
  await using _ = running;
  const older = await running.join('CH1');
  const newer = await running.join('CH1');
  expect(await older.closed).toEqual({ code: 4001 });
  newer.ask(ash, callIn());
  expect((await newer.next('ack')).answer.state).toBe('recorded');
});

test('a socket with an Origin, another Host or another subprotocol is turned away at the door', async () => {
  const { running } = await withDesks();
  await using _ = running;
  const { host } = new URL(running.url);
  const sync = `${running.url}/sync`;
  const origins = ['null', running.url, `http://evil.example`, `https://${host}`, ''];
  const statuses = [
    ...(await Promise.all(origins.map((origin) => rawStatus(sync, { ...upgrade, host, origin })))),
    await rawStatus(sync, { ...upgrade, host: 'evil.example' }),
    await rawStatus(sync, { ...upgrade, host: `${host}.evil.example` }),
    await rawStatus(sync, { ...upgrade, host, 'sec-websocket-protocol': 'holdfast.v0' }),
    await rawStatus(`${running.url}/other`, { ...upgrade, host }),
    await rawStatus(sync, { ...upgrade, host: host.toUpperCase() }),
  ];
  expect(statuses).toEqual([403, 403, 403, 403, 403, 421, 421, 400, 404, 101]);
});

test('of one address only twenty may be at the door, also after handshakes that came to nothing', async () => {
  const { running } = await withDesks();
  await using _ = running;
  const { host } = new URL(running.url);
  const sync = `${running.url}/sync`;
  for (let n = 0; n < 25; n += 1)
    expect(await rawStatus(sync, { ...upgrade, host, 'sec-websocket-key': 'short' })).toBe(400);
  const waiting = [];
  for (let n = 0; n < 20; n += 1) waiting.push(await running.connect('CH1'));
  expect(await rawStatus(sync, { ...upgrade, host })).toBe(429);
  waiting[0]?.hello();
  await waiting[0]?.next('welcome');
  expect(await rawStatus(sync, { ...upgrade, host })).toBe(101);
});

test('whoever says nothing is cut off after five seconds, and a joined desk that falls silent too', async () => {
  const timers = new HandTimers(Date.now());
  const { running } = await withDesks({ timers, now: () => timers.now as EpochMs });
  await using _ = running;
  const silent = await running.connect('CH1');
  const joined = await running.join('CH2');
  timers.pass(2_000);
  expect((await joined.next('ping')).t0).toBe(timers.now);
  timers.pass(3_250);
  await silent.closed;
  timers.pass(250);
  await joined.closed;
  expect([silent, joined].map(({ socket }) => socket.readyState)).toEqual([3, 3]);
});

test('a ping is answered with the head, so a missed event is seen on a quiet line', async () => {
  const { running, head } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  desk.send({ frame: 'ping', t0: 5 });
  const { t0, head: told } = await desk.next('pong');
  expect([t0, told]).toEqual([5, head().seq]);
});

test('a command under the wrong grant, role, desk or time is refused for good, and audited once', async () => {
  const { running, ash } = await withDesks();
  await using _ = running;
  await running.addUser('ben', 'call-handler');
  const ben = await running.signIn('ben', 'CH2');
  const desk = await running.join('CH1');
  const before = (await running.audit()).length;
  const book = {
    type: 'book-on-unit',
    body: { unitId: 'HT21', officers: [], skills: [] },
  } as const;
  const hour = 3_600_000;
  const ids = [
    desk.ask({ ...ash, grant: { ...ash.grant, id: 'made-up' } }, callIn()),
    desk.ask(ben, callIn()),
    desk.ask({ ...ash, user: ben.user }, callIn()),
    desk.ask(ash, callIn(), { occurredAt: (Date.now() + 13 * hour) as EpochMs }),
    desk.ask(ash, callIn(), { desk: 'CH2' as never }),
    desk.ask(ash, book as never),
  ];
  const acks = [];
  while (acks.length < ids.length) acks.push(await desk.next('ack'));
  expect(acks.map(({ answer }) => answer.state === 'refused' && answer.refusal.reason)).toEqual([
    'unknown-grant',
    'wrong-desk',
    'wrong-actor',
    'grant-expired',
    'wrong-desk',
    'not-permitted',
  ]);
  expect((await running.audit()).length - before).toBe(ids.length);
  expect(running.server.recorder.head().seq).toBe(2);
});

test('what a person did before their access was taken back is recorded, and flagged', async () => {
  const { running, ash } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  const occurredAt = Date.now() as EpochMs;
  await until(() => Date.now() > occurredAt);
  running.server.accounts.disable(ash.user.id);
  desk.ask(ash, callIn(), { occurredAt });
  desk.ask(ash, callIn());
  const answers = [(await desk.next('ack')).answer, (await desk.next('ack')).answer];
  expect(answers).toEqual([
    { state: 'recorded', firstSeq: 2, lastSeq: 3 },
    { state: 'refused', refusal: { reason: 'grant-revoked' } },
  ]);
  const security = (await running.audit()).filter(({ operation }) => operation === 'security');
  expect(security).toEqual([
    {
      actor: ash.user.id,
      desk: 'CH1',
      operation: 'security',
      what: 'open-contact',
      outcome: 'since-revoked',
    },
  ]);
});

test('a command that nobody can read is answered, so that its desk does not send it for ever', async () => {
  const { running, ash } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  desk.ask(ash, { type: 'take-contact', body: {} } as never);
  desk.ask(ash, { type: 'of-a-later-release', body: {} } as never);
  desk.socket.send('{"frame":"stamped-comm');
  desk.socket.send(Buffer.from([1, 2, 3]));
  const malformed = { state: 'refused', refusal: { reason: 'malformed' } };
  expect([(await desk.next('ack')).answer, (await desk.next('ack')).answer]).toEqual([
    malformed,
    malformed,
  ]);
  expect([(await desk.next('refused')).reason, (await desk.next('refused')).reason]).toEqual([
    'malformed',
    'malformed',
  ]);
});

test('a frame over the limit ends the line', async () => {
  const { running } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  desk.socket.send('x'.repeat(limits.frameMaxBytes + 1));
  expect(await desk.closed).toEqual({ code: 1009 });
});

test('a flood of pings is told once to slow down, and commands still pass', async () => {
  const timers = new HandTimers(Date.now());
  const { running, ash } = await withDesks({ timers, now: () => timers.now as EpochMs });
  await using _ = running;
  const desk = await running.join('CH1');
  for (let n = 0; n < 400; n += 1) desk.send({ frame: 'ping', t0: n });
  desk.ask(ash, callIn(), { occurredAt: timers.now as EpochMs });
  expect((await desk.next('ack')).answer.state).toBe('recorded');
  const of = (name: string) => desk.frames.filter(({ frame }) => frame === name).length;
  expect([of('pong'), of('refused')]).toEqual([200, 1]);
  timers.pass(1_000);
  for (let n = 0; n < 51; n += 1) desk.send({ frame: 'ping', t0: n });
  await until(() => of('refused') === 2);
  expect(of('pong')).toBe(250);
});

test('a block of references is reserved for the desk that asks', async () => {
  const { running } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  desk.send({ frame: 'reserve-references', id: newId(), count: 20 });
  const { header, kept } = (await desk.eventsTo(2)).at(-1) ?? {};
  expect([header?.type, header?.desk, JSON.parse(kept?.text ?? '')]).toEqual([
    'references.reserved',
    'server',
    { desk: 'CH1', from: 1, to: 20 },
  ]);
});

test('every desk gets every header; an administrative body stays with the server', async () => {
  const { running, head } = await withDesks();
  await using _ = running;
  await running.server.recorder.record(
    bySystem({
      type: 'import-recorded-crimes',
      body: {
        batchId: 'b1',
        fileDigest: 'd',
        rowsDigest: 'r',
        rowsRead: 0,
        added: 0,
        alreadyHeld: 0,
        alike: 0,
        duplicates: 0,
        skipped: {},
        months: [],
      },
    }),
  );
  const desk = await running.join('CH1');
  const seen = await desk.eventsTo(head().seq);
  expect(seen.map(({ header, kept }) => [header.type, header.class, kept !== undefined])).toEqual([
    ['user.added', 'operational', true],
    ['recorded-crime.imported', 'administrative', false],
  ]);
});

/** A command as a desk sends it, with its place in the outbox chosen by hand. */
const at = (deskSeq: number, id = newId()) => ({
  deskSeq,
  command: { frame: 'command', id, ...callIn(`${deskSeq}`) } as const,
});

test('a command that overtook another is not recorded before it: the line ends, and the next one brings both in order', async () => {
  const { running, ash, head } = await withDesks();
  await using _ = running;
  const line = await running.join('CH1');
  const [one, two, three] = [at(1), at(2), at(3)];
  for (const it of [one, three, two]) line.ask(ash, callIn(), it);
  expect(await line.closed).toEqual({ code: 4009, why: 'commands out of order' });
  // What was taken is answered, what came after it is not.
  expect((await line.next('ack')).commandId).toBe(one.command.id);
  expect([head().seq, line.frames.filter(({ frame }) => frame === 'ack')]).toEqual([3, []]);
  const again = await running.join('CH1');
  for (const it of [two, three]) again.ask(ash, callIn(), { ...it, outboxId: line.outboxId });
  expect([await again.next('ack'), await again.next('ack')]).toMatchObject([
    { commandId: two.command.id, answer: { firstSeq: 4 } },
    { commandId: three.command.id, answer: { firstSeq: 6 } },
  ]);
  expect(
    (await running.audit()).filter(({ outcome }) => outcome === 'refused out-of-order'),
  ).toHaveLength(1);
});

test('a desk may leave out what is answered, send again what it sent, and begin anywhere', async () => {
  const { running, ash, head } = await withDesks();
  await using _ = running;
  const older = await running.join('CH1');
  const { outboxId } = older;
  const answers = async (line: typeof older, sent: readonly object[]) => {
    for (const it of sent) line.ask(ash, callIn(), { outboxId, ...it });
    const acks = [];
    while (acks.length < sent.length) acks.push(await line.next('ack'));
    return acks.map(({ answer }) => (answer.state === 'recorded' ? answer.firstSeq : answer.state));
  };
  const [one, two, three] = [at(1), at(2), at(3)];
  expect(await answers(older, [one, two, three])).toEqual([2, 4, 6]);
  const line = await running.join('CH1');
  const unread = { ...at(5), command: { ...at(5).command, type: 'of-a-later-release' } };
  // It begins at 2, leaves out 3, and 5 is what this release cannot read.
  const states = await answers(line, [two, at(4), unread, at(6), at(7)]);
  // What nobody can read is answered at once, and so may come before the others.
  expect(new Set(states)).toEqual(new Set([4, 8, 'refused', 10, 12]));
  expect(await answers(line, [two, one, three])).toEqual([4, 2, 6]);
  expect([head().seq, line.socket.readyState]).toEqual([13, 1]);
});

test('a command whose place in the outbox is taken is told apart from a disk that failed', async () => {
  const { running, ash, head } = await withDesks();
  await using _ = running;
  const line = await running.join('CH1');
  line.ask(ash, callIn(), at(1));
  expect((await line.next('ack')).answer.state).toBe('recorded');
  const other = line.ask(ash, callIn(), at(1));
  expect(await line.next('refused')).toMatchObject({ id: other, reason: 'not-recordable' });
  const db = openStore(join(running.dataDir, 'log.db'), logMigrations);
  db.exec(`CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT raise(FAIL, 'no'); END`);
  const broken = line.ask(ash, callIn(), at(2));
  expect(await line.next('refused')).toMatchObject({ id: broken, reason: 'not-recordable' });
  db.exec('DROP TRIGGER full; BEGIN IMMEDIATE');
  const waiting = line.ask(ash, callIn(), at(2));
  // Another program has the file locked for longer than the writer waits: as a disk that fails.
  expect(await line.next('refused')).toMatchObject({ id: waiting, reason: 'not-stored' });
  db.close();
  expect(head().seq).toBe(3);
  line.ask(ash, callIn(), at(2, waiting));
  expect((await line.next('ack')).answer.state).toBe('recorded');
});

test('a desk that does not read is cut off and loses nothing; the other desk does not wait for it', async () => {
  const timers = new HandTimers(Date.now());
  const { running, ash, head } = await withDesks({ timers, now: () => timers.now as EpochMs });
  await using _ = running;
  const slow = await running.join('CH1');
  const quick = await running.join('CH2');
  slow.socket.pause();
  const narrative = 'x'.repeat(3_900);
  const record = () =>
    running.server.recorder.record(bySystem(callIn(narrative), { actor: ash.user.id }));
  for (let n = 0; n < 20; n += 1) {
    await Promise.all(Array.from({ length: 200 }, record));
    timers.pass(limits.coalesceMs);
  }
  const seen = await quick.eventsTo(head().seq);
  expect(seen.map(({ header }) => header.seq)).toEqual(seen.map((_none, n) => n + 1));
  // It answers pings, so it is not silent: that it does not read is what ends it, after ten seconds.
  const joined = async () => {
    const { body } = await running.ask('GET', '/metrics');
    return /^holdfast_desks_joined (\d)$/m.exec(String(body))?.[1];
  };
  const joinedAfter: (string | undefined)[] = [];
  for (let n = 0; n < 7; n += 1) {
    for (const desk of [slow, quick]) desk.send({ frame: 'pong', t0: 0, t1: 0, head: 0 });
    quick.send({ frame: 'ping', t0: 0 });
    await quick.next('pong');
    joinedAfter.push(await joined());
    timers.pass(2_000);
  }
  expect(joinedAfter.slice(0, 5)).toEqual(['2', '2', '2', '2', '2']);
  slow.socket.resume();
  await slow.closed;
  expect([await joined(), quick.socket.readyState]).toEqual(['1', 1]);
});

test('a draft is copied, the highest revision stays, and it goes when the desk says so', async () => {
  const { running, ash } = await withDesks();
  await using _ = running;
  const desk = await running.join('CH1');
  const copy = (revision: number, text: string | null) =>
    desk.send({
      frame: 'draft-copy',
      user: ash.user.id,
      draftId: 'pad',
      revision,
      content: text === null ? null : { about: 'c-1', fields: { narrative: text } },
    });
  const answered = async () => {
    desk.send({ frame: 'ping', t0: 0 });
    await desk.next('pong');
  };
  copy(2, 'door kicked in');
  copy(1, 'door');
  await answered();
  expect(running.server.draftsOf(ash.user.id)).toEqual([
    { id: 'pad', revision: 2, content: { about: 'c-1', fields: { narrative: 'door kicked in' } } },
  ]);
  copy(Number.MAX_SAFE_INTEGER, null);
  await answered();
  expect(running.server.draftsOf(ash.user.id)).toEqual([]);
});

test('a stopping server answers what it has taken, says why it goes, and starts again with all of it', async () => {
  const { running, ash } = await withDesks();
  const desk = await running.join('CH1');
  const ids = Array.from({ length: 20 }, () => desk.ask(ash, callIn()));
  desk.send({ frame: 'ping', t0: 0 });
  await desk.next('pong'); // so all twenty have been taken
  const stopped = running.server.stop();
  const acks = [];
  while (acks.length < ids.length) acks.push(await desk.next('ack'));
  expect(acks.map(({ commandId }) => commandId)).toEqual(ids);
  expect(await desk.closed).toEqual({ code: 1001 });
  await stopped;
  const again = await Running.start({ dataDir: running.dataDir });
  await using _ = again;
  expect(again.server.recorder.head().seq).toBe(41);
  const back = await again.ask('POST', '/api/session', { name: 'ash', password: PASSWORD });
  expect([back.status, (back.body as { user: { id: UserId } }).user.id]).toEqual([
    200,
    ash.user.id,
  ]);
});
