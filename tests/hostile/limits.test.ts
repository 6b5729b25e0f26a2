import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { EpochMs } from '#domain/ids.ts';
import { limits } from '#protocol/limits.ts';
import { subprotocol } from '#protocol/version.ts';
import { LocalGateway } from '#desk/local-gateway.ts';
import { windowId } from '#desk/shell.ts';
import { OutboxOrder } from '#server/gateway/outbox-order.ts';
import { callIn, newId, rawStatus, Running } from '#server/gateway/running.suite.ts';
import { openRecorder, WAITING_MAX } from '#server/log/recorder.ts';
import { request } from '../support/room.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { OneDesk } from '../support/one-desk.ts';
import { WindowClient } from '../support/window-client.ts';
import { gone, upgrade } from '../support/hostile.ts';

/*
 * Everything of server/ and main/desk that grows with what somebody sends, what stops it, and the test
 * that shows it. A row whose test is not there fails this file.
 */
const HERE = 'tests/hostile/limits.test.ts';
const KEPT = 'tests/hostile/kept-limits.test.ts';
const GATEWAY = 'server/gateway/sync-gateway.test.ts';
const DOOR = 'main/desk/local-gateway.test.ts';
const table: readonly (readonly [grows: string, most: string, file: string, title: string])[] = [
  // The server's door.
  ['HTTP connections', '2,000', HERE, 'of connections over HTTP there are only so many'],
  ['an HTTP body', '32 KB', 'server/gateway/http.test.ts', 'more than 32 KB'],
  ['HTTP headers', '8 KB', HERE, 'headers beyond all measure are refused'],
  [
    'sockets without a hello, of one address',
    '20',
    GATEWAY,
    'of one address only twenty may be at the door',
  ],
  [
    'sockets without a hello, of all',
    '600',
    HERE,
    'of all addresses together only so many may be at the door',
  ],
  [
    'sockets that say nothing',
    '5 s',
    GATEWAY,
    'whoever says nothing is cut off after five seconds',
  ],
  [
    'audit rows of who is turned away',
    '20 a minute of a kind',
    'server/gateway/turnaways.test.ts',
    'the first of a minute have a row each',
  ],
  [
    'kinds of those',
    '1,000',
    'server/gateway/turnaways.test.ts',
    'made-up names fill neither the memory nor the audit',
  ],
  [
    'addresses that sign in',
    '10,000',
    'server/auth/sign-in-limit.test.ts',
    'the memory has a bound',
  ],
  [
    'wrong tries of an address',
    '40, 4 a minute',
    'server/auth/sign-in-limit.test.ts',
    'an address has its tries',
  ],
  [
    'wrong tries of an account',
    '5',
    'server/auth/accounts.test.ts',
    'five wrong tries lock the account',
  ],
  [
    'passwords that wait to be checked',
    '64',
    HERE,
    'of sign-ins at once the server computes a few',
  ],
  // A desk's line at the server.
  ['a frame', '64 KB', GATEWAY, 'a frame over the limit ends the line'],
  [
    'entries and levels within a frame',
    '500 and 16',
    'domain/lib/modest.test.ts',
    'what a person sends is modest',
  ],
  [
    'frames that are no commands',
    '200, 50 a second',
    GATEWAY,
    'a flood of pings is told once to slow down',
  ],
  [
    'commands without an answer',
    '64',
    HERE,
    'a desk that sends more commands than its window is hung up on',
  ],
  ['a leap in the outbox', 'one look', HERE, 'a leap over a long outbox costs one look'],
  ['frames of a line in one turn', '1', HERE, 'frames that come at once have a turn each'],
  ['blocks of references', '1', HERE, 'of blocks of references a desk has one on its way'],
  ['bytes towards a desk', '4 MB or 10 s', GATEWAY, 'a desk that does not read is cut off'],
  ['lines of a desk', '1', GATEWAY, 'the newer line of a desk replaces the older one'],
  [
    'signals in a frame',
    '500',
    'server/gateway/presence.test.ts',
    'more desks than a frame may hold',
  ],
  [
    'desks that have gone',
    '500',
    'server/gateway/reports.test.ts',
    'of the desks that have gone five hundred',
  ],
  [
    'drafts of a person',
    '200',
    'server/gateway/draft-copies.test.ts',
    'of one person the newest two hundred',
  ],
  ['copies of drafts that wait', '1,000', KEPT, 'copies of drafts that wait to be written'],
  ['recorded crimes in a page', '400', KEPT, 'recorded crimes come four hundred at once'],
  [
    'blocks of references that are known',
    '4,000',
    'domain/reference.test.ts',
    'of blocks of numbers the last four thousand',
  ],
  [
    'rows of reference data',
    '500',
    'domain/reference-data.test.ts',
    'a list that people choose from has five hundred rows',
  ],
  [
    'a number that is read',
    '200 characters',
    'domain/telephone-number.test.ts',
    'what is longer than any number can be written',
  ],
  ['a line of a secret', '1,024', 'cli/read-secret.test.ts', 'of a line without an end'],
  ['grants in one question', '400', KEPT, 'a desk asks after four hundred grants'],
  ['what waits for the writer', '20,000', HERE, 'what waits for the writer has a limit'],
  ['commands in one commit', '256', HERE, 'of what waits for the writer no more than 256'],
  [
    'an import: file, line, rows',
    '256 MB, 4 KB, 2 million',
    'server/import/crimes.test.ts',
    'a file or a number of rows beyond the limit',
  ],
  // A desk and its windows.
  ['windows', '64', HERE, 'a desk lets in sixty-four windows'],
  ['connections to a desk', '512', HERE, 'of connections to a desk there are only so many'],
  ['tokens', '256', HERE, 'of tokens that nobody used the oldest goes first'],
  ['a frame of a window', '64 KB', DOOR, 'a frame that is too large'],
  ['bytes towards a window', '4 MB or 10 s', DOOR, 'a window that does not read is told to wait'],
  ['views of a window', '40', HERE, 'a window follows forty views'],
  ['sign-ins of a window', '1', HERE, 'a window has one sign-in at a time'],
  ['tokens that are good no longer', '512', KEPT, 'of tokens that are good no longer a desk knows'],
  ['lines of a log that are read', '500', KEPT, 'of the log of a record a desk reads'],
  [
    'lines of a log that is shown',
    '1.5 million characters',
    KEPT,
    'of a record whose log is too long for a window',
  ],
  ['a message to a window', '400', KEPT, 'a message that names what came is cut'],
  ['a row of a view', '2 million characters', KEPT, 'a group in the tray that no frame can hold'],
  ['a view', '200,000 characters a frame', HERE, 'a view of any size goes in chunks'],
  [
    'commands of a desk alone',
    '10,000',
    'main/desk/outbox.test.ts',
    'a full outbox takes nothing more',
  ],
  ['answered commands at a desk', '5,000', KEPT, 'of answered commands an outbox keeps'],
  [
    'looks in a frame',
    '100',
    'main/desk/sync-session.test.ts',
    'looks go to the server a hundred at once',
  ],
  [
    'words of a place',
    '6',
    'main/desk/crimes-here.test.ts',
    'of the words of a place the first six',
  ],
  ['looks that wait', '50,000', KEPT, 'what people look at is counted together'],
  [
    'a second copy',
    '16 MB, or twice its base',
    'main/desk/outbox-file.test.ts',
    'and does not grow for ever',
  ],
  [
    'drafts that the server has yet to hear of',
    '1,000, 50 at once',
    'main/desk/drafts-due.test.ts',
    'of drafts that the server has yet to copy a thousand',
  ],
  ['drafts at a desk, of a person', '200', HERE, 'of drafts at a desk the newest two hundred'],
  [
    'people who sign in alone',
    '300',
    'main/desk/offline-sign-in.test.ts',
    'a desk remembers those who came last',
  ],
  [
    'sign-ins alone at once',
    '8',
    'main/desk/offline-sign-in.test.ts',
    'more tries at once than a desk has memory for',
  ],
];

test('every limit has a test that shows it', () => {
  const root = join(import.meta.dirname, '../..');
  const missing = table.filter(
    ([, , file, title]) => !readFileSync(join(root, file), 'utf8').includes(title),
  );
  expect(missing).toEqual([]);
  const text = readFileSync(join(root, HERE), 'utf8');
  const named = [...text.matchAll(/^test\(\s*'([^']+)/gm)].map(([, title = '']) => title);
  const unnamed = table.filter(
    ([, , file, title]) => file === HERE && !named.some((it) => it.startsWith(title)),
  );
  expect(unnamed).toEqual([]);
});

const CALLS = 3_000; // of 4 KB each: more than the buffers of a system take for a line that is not read

/** A connection that says nothing until it is told to. */
async function dial(port: number, from = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => {}); // `gone` tells
  await once(socket, 'connect');
  return socket;
}

/** A server with a desk that is joined and a call handler who sits there. */
async function atOneDesk(more: Parameters<typeof Running.start>[0] = {}) {
  const running = await Running.start(more);
  running.enrol('CH1');
  await running.addUser('ash', 'call-handler');
  const ash = await running.signIn('ash', 'CH1');
  return { running, ash, desk: await running.join('CH1') };
}

test('of connections over HTTP there are only so many, and one that ends makes room', async () => {
  const running = await Running.start({ connectionsMax: 5 });
  await using _ = running;
  const port = Number(new URL(running.url).port);
  const held = await Promise.all(Array.from({ length: 5 }, () => dial(port)));
  const sixth = await dial(port);
  await gone(sixth);
  held[0]?.destroy();
  const again = async (): Promise<number> => {
    const { host } = new URL(running.url);
    // Turned away until the server has seen that there is room.
    return rawStatus(`${running.url}/healthz`, { host, connection: 'close' }).catch(again);
  };
  expect(await again()).toBe(200);
  for (const socket of held) socket.destroy();
});

test('headers beyond all measure are refused', async () => {
  const running = await Running.start();
  await using _ = running;
  const { url } = running;
  expect(
    await rawStatus(`${url}/healthz`, { host: new URL(url).host, 'x-long': 'y'.repeat(9_000) }),
  ).toBe(431);
});

test('of all addresses together only so many may be at the door', { timeout: 60_000 }, async () => {
  const running = await Running.start();
  await using _ = running;
  const { host, port } = new URL(running.url);
  const head = Object.entries(upgrade(host)).map(([name, value]) => `${name}: ${value}`);
  const knock = async (from: string) => {
    const socket = await dial(Number(port), from);
    socket.write(`GET /sync HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return { socket, status: String(answer).slice(9, 12) };
  };
  const waiting: Awaited<ReturnType<typeof knock>>[] = [];
  for (let address = 1; address <= 30; address += 1)
    waiting.push(
      ...(await Promise.all(Array.from({ length: 20 }, () => knock(`127.0.1.${address}`)))),
    );
  expect(new Set(waiting.map(({ status }) => status))).toEqual(new Set(['101']));
  expect((await knock('127.0.2.1')).status).toBe('429');
  for (const { socket } of waiting) socket.destroy();
});

test('of sign-ins at once the server computes a few, lets some wait, and puts the rest off', async () => {
  const running = await Running.start();
  await using _ = running;
  await running.addUser('ash', 'call-handler');
  const { accounts } = running.server;
  // Not over HTTP, where the address would be stopped first.
  const all = await Promise.all(
    Array.from({ length: 200 }, (_none, n) =>
      accounts.signIn({ name: `n${n}`, password: 'made-up' }),
    ),
  );
  const busy = all.filter((it) => it.outcome === 'refused' && it.reason === 'busy');
  expect(busy.length).toBeGreaterThan(100);
  expect(busy.length).toBeLessThan(200);
});

test('a desk that sends more commands than its window is hung up on, and what was taken is answered', async () => {
  const { running, ash, desk } = await atOneDesk();
  await using _ = running;
  const lock = openStore(join(running.dataDir, 'log.db'), logMigrations);
  lock.exec('BEGIN IMMEDIATE'); // nothing is answered while another program holds the file
  for (let n = 0; n <= limits.windowMax; n += 1) desk.ask(ash, callIn(`${n}`));
  expect(await desk.closed).toEqual({ code: 4008 });
  lock.exec('ROLLBACK');
  lock.close();
});

test('a leap over a long outbox costs one look, however far it is', () => {
  let looks = 0;
  const order = new OutboxOrder(
    () => ((looks += 1), true),
    () => ((looks += 1), true),
  );
  const outboxId = randomUUID();
  expect(
    [1, 1_000_000, Number.MAX_SAFE_INTEGER].map((deskSeq) => order.take({ outboxId, deskSeq })),
  ).toEqual(['in-order', 'in-order', 'in-order']);
  expect(looks).toBe(2);
});

test('frames that come at once have a turn each, so that others are heard in between', async () => {
  let [turn, isOver] = [0, false];
  const looksAtTheClock = new Map<number, number>(); // the server looks at it for each frame
  const now = () => {
    looksAtTheClock.set(turn, (looksAtTheClock.get(turn) ?? 0) + 1);
    return Date.now() as EpochMs;
  };
  const count = () => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  const { running, desk } = await atOneDesk({ now });
  await using _ = running;
  count();
  looksAtTheClock.clear();
  for (let n = 0; n < 150; n += 1) desk.send({ frame: 'ping', t0: n });
  while ((await desk.next('pong')).t0 !== 149);
  isOver = true;
  expect(Math.max(...looksAtTheClock.values())).toBeLessThan(15);
});

test('of blocks of references a desk has one on its way', async () => {
  const { running, desk } = await atOneDesk();
  await using _ = running;
  for (let n = 0; n < 3; n += 1) desk.send({ frame: 'reserve-references', id: newId(), count: 1 });
  expect((await desk.next('refused')).reason).toBe('already-asked');
});

test('what waits for the writer has a limit: beyond it whoever asks is told, and the rest is kept', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-limits-'));
  const recorder = await openRecorder({ dataDir, logId: 'force-HC', failed: () => {} });
  const row = {
    actor: 'u',
    desk: 'd',
    operation: 'security',
    what: 'w',
    subject: 's',
    outcome: 'o',
  } as const;
  const rows = Array.from({ length: WAITING_MAX }, () =>
    recorder.audit([{ ...row, at: 1 as EpochMs }]),
  );
  await expect(recorder.audit([{ ...row, at: 1 as EpochMs }])).rejects.toThrow('too far behind');
  await Promise.all(rows);
  await recorder.audit([{ ...row, at: 1 as EpochMs }]);
  await recorder.close();
  rmSync(dataDir, { recursive: true });
});

test('of what waits for the writer no more than 256 commands are in one commit, so that nobody waits long', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-limits-'));
  const recorder = await openRecorder({ dataDir, logId: 'force-HC', failed: () => {} });
  const groups: number[] = [];
  recorder.onRecorded((events) => void groups.push(events.length));
  const open = { type: 'open-contact', body: { channel: 'counter' } } as const; // one event each
  const asked = Array.from({ length: 1_000 }, (_none, n) => recorder.record(request(n + 1, open)));
  await Promise.all(asked);
  expect(groups.reduce((sum, it) => sum + it, 0)).toBeGreaterThanOrEqual(1_000);
  const each = groups.reduce((sum, it) => sum + it, 0) / 1_000;
  expect(Math.max(...groups) / each).toBe(256);
  await recorder.close();
  rmSync(dataDir, { recursive: true });
});

/** A desk's door alone. */
class Door implements AsyncDisposable {
  readonly gateway: LocalGateway;
  readonly refused = new Map<string, number>();
  readonly #sockets: WebSocket[] = [];

  private constructor(gateway: LocalGateway, refused: Map<string, number>) {
    this.gateway = gateway;
    this.refused = refused;
  }

  static async open(): Promise<Door> {
    const refused = new Map<string, number>();
    const gateway = await LocalGateway.listen({
      assets: new Map(),
      now: () => 1_000,
      windowJoined: () => {},
      refused: (reason, times) => void refused.set(reason, (refused.get(reason) ?? 0) + times),
      failed: () => {},
    });
    return new Door(gateway, refused);
  }

  /** The status that a page gets with its token. */
  async enter(token: string): Promise<number> {
    const { origin } = this.gateway;
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/desk`, [subprotocol, token], {
      origin,
    });
    this.#sockets.push(socket);
    return new Promise((resolve) => {
      socket.on('error', () => {}); // the answer tells
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    await this.gateway[Symbol.asyncDispose]();
  }
}

test('a desk lets in sixty-four windows and no more, and says so to the audit', async () => {
  const door = await Door.open();
  {
    await using _ = door;
    const statuses: number[] = [];
    for (let n = 0; n < 66; n += 1)
      statuses.push(await door.enter(door.gateway.admit('map', windowId('map', n)).token));
    expect(statuses).toEqual([...Array<number>(64).fill(101), 503, 503]);
  }
  expect([...door.refused]).toEqual([['too-many-windows', 2]]);
});

test('of tokens that nobody used the oldest goes first', async () => {
  await using door = await Door.open();
  const tokens = Array.from(
    { length: 300 },
    (_none, n) => door.gateway.admit('map', windowId('map', n)).token,
  );
  expect([await door.enter(tokens[0] ?? ''), await door.enter(tokens[43] ?? '')]).toEqual([
    401, 401,
  ]);
  expect([await door.enter(tokens[44] ?? ''), await door.enter(tokens[299] ?? '')]).toEqual([
    101, 101,
  ]);
});

test('of connections to a desk there are only so many', async () => {
  await using door = await Door.open();
  const held = await Promise.all(Array.from({ length: 512 }, () => dial(door.gateway.port)));
  await gone(await dial(door.gateway.port));
  expect(held.filter(({ closed }) => closed)).toEqual([]);
  for (const socket of held) socket.destroy();
});

test('a window has one sign-in at a time', async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  const [first, second] = [
    window.signIn('ch1', 'a wrong one'),
    window.signIn('ch1', 'a wrong one'),
  ];
  expect(await second).toMatchObject({ kind: 'refused', reason: 'already-asked' });
  expect(await first).toMatchObject({ kind: 'refused', reason: 'wrong-name-or-password' });
  await room.signIn(window);
});

test('a window follows forty views and no more', async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  await room.signIn(window);
  for (let n = 0; n < 50; n += 1) window.follow('seat', `${n}`);
  await window.keepDraft('pad', 'asked after the views, answered after them');
  const followed = Array.from({ length: 50 }, (_none, n) => window.rows(`seat/${n}`).length);
  expect(followed.filter((count) => count > 0)).toHaveLength(40 - 5); // it follows five already
});

test('of drafts at a desk the newest two hundred of each person are kept', async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  await room.signIn(window);
  for (let n = 1; n <= 210; n += 1) await window.keepDraft(`d${n}`, 'x');
  window.follow('drafts');
  await window.until('the drafts', () => window.rows('drafts').length > 0);
  expect(window.rows('drafts')).toHaveLength(200);
});

test(
  'a view of any size goes in chunks, and waits for a window that does not read; the desk and its other windows live on',
  { timeout: 120_000 },
  async () => {
    await using room = await OneDesk.start();
    // Far more than a line may queue, open at once: a telephony link may run wild.
    await room.stopServer();
    const details = { narrative: 'x'.repeat(4_000) };
    await room.record(
      Array.from({ length: CALLS }, () => ({
        type: 'offer-contact',
        body: { channel: '999', details },
      })),
    );
    await room.startServer();
    const window = await room.startDesk();
    await room.signIn(window);
    await window.until('all of them', () => window.rows('contacts').length === CALLS);
    expect(window.largestFrame).toBeLessThan(limits.lagBytes);
    const { url, token } = room.admit('slow');
    const slow = new WindowClient(`${url.replace('ws', 'http')}#token=${token}`);
    await slow.join();
    slow.pause();
    slow.follow('contacts');
    for (let n = 0; n < 5; n += 1) await window.keepDraft(`after it ${n}`, 'x');
    slow.resume();
    await slow.until('all of them', () => slow.rows('contacts').length === CALLS);
    expect([window.isOpen, slow.isOpen]).toEqual([true, true]);
    slow.close();
  },
);
