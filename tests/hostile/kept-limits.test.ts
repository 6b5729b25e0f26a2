import { once } from 'node:events';
import { join } from 'node:path';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { limits } from '#protocol/limits.ts';
import type { Asked } from '#domain/commands.ts';
import type { StreamId, UserId } from '#domain/ids.ts';
import { crimeIdentity, type RecordedCrime } from '#domain/recorded-crime.ts';
import { windowDown } from '#protocol/down.ts';
import { subprotocol } from '#protocol/version.ts';
import type { Line } from '#protocol/view.ts';
import { LocalGateway } from '#desk/local-gateway.ts';
import { Outbox, outboxMigrations } from '#desk/outbox.ts';
import { Replica } from '#desk/replica.ts';
import { windowId } from '#desk/shell.ts';
import { DraftCopies, draftMigrations } from '#server/gateway/draft-copies.ts';
import { Running } from '#server/gateway/running.suite.ts';
import { logMigrations, replicaMigrations } from '#store/migrations.ts';
import { addBatch } from '#store/recorded-crimes.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { deskPorts, newDesk, newWindow } from '../support/desk-in-process.ts';
import { recordedAt, refusedLate, unsent } from '../support/outbox-folder.ts';
import { commandId, newWriter, raise, reference, request } from '../support/room.ts';

/* Limits of what is kept rather than sent: rows of `limits.test.ts` whose test needs no socket, or little of one. */

const incident = `incident/${reference}` as StreamId;
const entry = (n: number, text: string): Asked => ({
  type: 'add-log-entry',
  body: { incidentId: reference, text: `${n} ${text}` },
});

/** A replica with one incident whose log has these entries, one after another. */
function replicaWith(count: number, text: string): Store {
  const db = openStore(':memory:', replicaMigrations);
  const asked = [raise(), ...Array.from({ length: count }, (_none, n) => entry(n + 1, text))];
  const { events } = newWriter().recordGroup(
    asked.map((it, n) => request(n + 1, it, n === 0 ? { reference } : {})),
  );
  new Replica(db).apply(events);
  return db;
}

/** A window at a desk in this process. */
function windowAt(outboxFile: Store, replicaFile: Store) {
  const { window, sent } = newWindow(newDesk(outboxFile, replicaFile));
  const follow = (view: string, key?: string) => {
    sent.length = 0;
    const more = key === undefined ? {} : { key };
    window.hear(JSON.stringify({ frame: 'subscribe', sub: view, view, ...more }));
    return sent;
  };
  return { window, sent, follow };
}

test('of the log of a record a desk reads the last five hundred lines', () => {
  const replica = new Replica(replicaWith(620, 'short'));
  const lines = replica.lines(incident);
  expect(lines).toHaveLength(500);
  expect(lines.at(-1)?.body).toMatchObject({ text: '620 short' });
});

test('of a record whose log is too long for a window the newest lines are shown, and the record with them', () => {
  const { follow } = windowAt(
    openStore(':memory:', outboxMigrations),
    // A tab is two characters on the way: twice as much as the words are long.
    replicaWith(520, '\tx'.repeat(1_990)),
  );
  const frames = follow('incident', reference);
  expect(JSON.stringify(frames).length).toBeLessThan(limits.cutBytes / 2);
  expect(frames.map((it) => (it.frame === 'view' ? it.reset : it.frame))).toEqual(
    frames.map((_it, n) => n === 0),
  );
  const [row, ...log] = frames.flatMap((it) => (it.frame === 'view' ? it.upsert : []));
  expect(row).toMatchObject({ id: reference, version: 521 });
  expect(log.length).toBeGreaterThan(200);
  expect(log.length).toBeLessThan(500);
  expect((log.at(-1) as Line | undefined)?.text).toContain('520 \tx'); // of this view
});

test('a group in the tray that no frame can hold is said to be too large, and takes nothing along', () => {
  const file = openStore(':memory:', outboxMigrations);
  const outbox = new Outbox(file, deskPorts);
  outbox.atOnce(() => {
    for (let n = 1; n <= 620; n += 1) {
      const command = {
        frame: 'command' as const,
        id: commandId(n),
        ...entry(n, 'x'.repeat(3_900)),
      };
      outbox.put({ ...unsent(n), command }, [incident]);
      outbox.settle(command.id, refusedLate);
    }
    outbox.put({ ...unsent(621), command: { ...unsent(621).command } }, ['unit/HT22' as StreamId]);
    outbox.settle(commandId(621), refusedLate);
  });
  const { follow } = windowAt(file, openStore(':memory:', replicaMigrations));
  const frames = follow('tray');
  const rows = frames.flatMap((it) => (it.frame === 'view' ? it.upsert : []));
  expect(frames.flatMap((it) => (it.frame === 'refused' ? [it.reason] : []))).toEqual([
    'too-large',
  ]);
  expect(rows.map((row) => row['id'])).toEqual([commandId(621)]);
});

test('what people look at is counted together once fifty thousand looks wait, and none is refused', () => {
  const file = openStore(':memory:', outboxMigrations);
  file.exec(`
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 49999)
    INSERT INTO consultation (at, actor, what, subject, shown) SELECT 1, 'u', 'find', 'incident/' || n, 1 FROM n`);
  const outbox = new Outbox(file, deskPorts);
  const look = (subject: string) =>
    outbox.consult({ actor: 'u-ch1' as UserId, what: 'incident', subject, shown: 1 });
  for (const subject of ['a', 'b', 'c']) look(subject);
  const rows = file
    .prepare<[], { n: number; times: number }>(
      'SELECT count(*) AS n, sum(times) AS times FROM consultation',
    )
    .get();
  expect(rows).toEqual({ n: 50_000, times: 50_002 });
});

test('of answered commands an outbox keeps the last five thousand, and whatever waits or stands in the tray', () => {
  const file = openStore(':memory:', outboxMigrations);
  const outbox = new Outbox(file, deskPorts);
  outbox.atOnce(() => {
    for (let n = 1; n <= 6_000; n += 1) {
      outbox.put(unsent(n), []);
      if (n === 7) continue;
      outbox.settle(commandId(n), n === 8 ? refusedLate : recordedAt(n));
    }
  });
  const kept = file
    .prepare<[], number>('SELECT desk_seq FROM outbox ORDER BY desk_seq')
    .pluck()
    .all();
  expect(kept).toEqual([7, 8, ...Array.from({ length: 5_000 }, (_none, n) => 1_001 + n)]);
});

test('of tokens that are good no longer a desk knows the last five hundred and twelve', async () => {
  let now = 0;
  const refused = new Map<string, number>();
  const gateway = await LocalGateway.listen({
    assets: new Map(),
    now: () => now,
    windowJoined: () => {},
    refused: (reason, times) => void refused.set(reason, (refused.get(reason) ?? 0) + times),
    failed: () => {},
  });
  const tokens = [0, 1, 2].flatMap((batch) => {
    const made = Array.from(
      { length: 200 },
      (_none, n) => gateway.admit('map', windowId('map', `${batch}-${n}`)).token,
    );
    now += 60_000; // none of them is good any more
    return made;
  });
  const knock = async (token = '') => {
    const { origin } = gateway;
    const url = `${origin.replace('http', 'ws')}/desk`;
    const socket = new WebSocket(url, [subprotocol, token], { origin });
    const [, { statusCode }] = (await once(socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ];
    socket.on('error', () => {}); // it was turned away
    socket.terminate();
    return statusCode;
  };
  expect([await knock(tokens[0]), await knock(tokens[87]), await knock(tokens[88])]).toEqual([
    401, 401, 401,
  ]);
  await gateway[Symbol.asyncDispose]();
  expect(Object.fromEntries(refused)).toEqual({ 'unknown-token': 2, 'expired-token': 1 });
});

test('copies of drafts that wait to be written are a thousand at most', () => {
  const file = openStore(':memory:', draftMigrations);
  const copies = new DraftCopies(file);
  const written = file.prepare<[], number>('SELECT count(*) FROM draft').pluck();
  const keep = (n: number) =>
    copies.keep({
      frame: 'draft-copy',
      user: `u-${n}`,
      draftId: 'd',
      revision: 1,
      content: { about: 'new', fields: { narrative: 'x' } },
    });
  for (let n = 1; n < 1_000; n += 1) keep(n);
  expect(written.get()).toBe(0);
  keep(1_000);
  expect(written.get()).toBe(1_000);
});

test('a message that names what came is cut to what its frame may hold', () => {
  const { window, sent } = windowAt(
    openStore(':memory:', outboxMigrations),
    openStore(':memory:', replicaMigrations),
  );
  window.hear(
    JSON.stringify({ frame: 'subscribe', sub: 's', view: 'seat', ['x'.repeat(10_000)]: 1 }),
  );
  const params = { text: 'x', ['y'.repeat(10_000)]: 1 };
  window.hear(JSON.stringify({ frame: 'query', id: commandId(1), query: 'find', params }));
  const messages = sent.flatMap((it) =>
    it.frame === 'refused'
      ? [it.message]
      : it.frame === 'result' && it.outcome.kind === 'refused'
        ? [it.outcome.message]
        : [],
  );
  expect(messages.map(({ length }) => length)).toEqual([400, 400]);
  expect(sent.map((frame) => windowDown.safeParse(frame).success)).toEqual([true, true]);
});

test('recorded crimes come four hundred at once, each page asked for by the end of the one before', async () => {
  const running = await Running.start();
  await using _ = running;
  running.enrol('CH1');
  const batchId = 'f'.repeat(64);
  const log = openStore(join(running.dataDir, 'log.db'), logMigrations);
  const rows = Array.from({ length: 900 }, (_none, n): RecordedCrime => {
    const crimeId = `c${n}`;
    const where = { lat: 50.79, lon: -1.1, location: 'On or near High Street' };
    return {
      identity: crimeIdentity({ crimeId }),
      crimeId,
      month: '2017-02',
      ...where,
      crimeType: 'Burglary',
    };
  });
  addBatch(log, batchId, rows);
  log.close();
  const desk = await running.join('CH1');
  const seen = new Set<string>();
  const pages: number[] = [];
  let after: string | undefined;
  for (let isLast = false; !isLast;) {
    desk.send({ frame: 'ask-crimes', batchId, ...(after !== undefined && { after }) });
    const page = await desk.next('crimes');
    isLast = page.rows.length < 400;
    pages.push(page.rows.length);
    for (const { identity } of page.rows) seen.add(identity);
    after = page.rows.at(-1)?.identity;
  }
  expect([pages, seen.size]).toEqual([[400, 400, 100], 900]);
});

test('a desk asks after four hundred grants and no more', async () => {
  const running = await Running.start();
  await using _ = running;
  const pair = generateKeyPairSync('ed25519');
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const { accounts } = running.server;
  accounts.enrol(accounts.addEnrolmentCode(), 'CH1', spki);
  const ask = async (count: number) => {
    const grants = Array.from({ length: count }, () => randomUUID());
    const text = `grants.CH1.${grants.join(',')}`;
    const signature = sign(null, Buffer.from(text), pair.privateKey).toString('base64');
    return (await running.ask('POST', '/api/desks/grants', { desk: 'CH1', grants, signature }))
      .status;
  };
  expect([await ask(400), await ask(401)]).toEqual([200, 400]);
});
