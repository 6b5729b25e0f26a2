import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Asked } from '#domain/commands.ts';
import { contactIdOf } from '#domain/decide.ts';
import type { Fact } from '#domain/event.ts';
import { incidentStream, type IncidentId, type UnitId, type UserId } from '#domain/ids.ts';
import { REASON_TEXT_MIN } from '#domain/view-reason.ts';
import { limits } from '#protocol/limits.ts';
import { windowUp } from '#protocol/up.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { raise } from '../../tests/support/room.ts';
import { bySystem, HandTimers, PASSWORD, Running } from '../gateway/running.suite.ts';
import { seatFrames } from '../auth/policy.ts';
import { page, reason, SeatClient } from './seat-client.suite.ts';
import { IDLE_MS, TICKET_MS } from './seat-sessions.ts';

const incident = 'HC-20261123-0412' as IncidentId;
const other = 'HC-20261123-0413' as IncidentId;

/** A server with a live log, an investigator, and one incident that somebody has raised. */
async function room(more: Parameters<typeof Running.start>[0] = {}) {
  const running = await Running.start({ windows: page, ...more });
  await running.addUser('inv', 'investigator');
  const record = (asked: Asked, also: Parameters<typeof bySystem>[1] = {}) =>
    running.server.recorder.record(bySystem(asked, also));
  await record(raise({ narrative: 'shouting, a door broken' }), { reference: incident });
  const seat = new SeatClient(running.url);
  const say = (text: string) =>
    record({ type: 'add-log-entry', body: { incidentId: incident, text } });
  return { running, record, say, seat };
}

/** The audit of who looked, with what is different each time left out. */
function looks({ dataDir }: Running) {
  const db = openStore(join(dataDir, 'log.db'), logMigrations);
  const rows = db
    .prepare<[], { operation: string; what: string; subject: string; outcome: string }>(
      `SELECT operation, what, subject, outcome FROM audit
       WHERE desk = 'browser' ORDER BY seq`,
    )
    .all();
  db.close();
  return rows.map(({ operation, what, subject, outcome }) =>
    [operation, what, subject, outcome.replaceAll(/\b[0-9a-f]{8,12}\b/g, '*')].join(' | '),
  );
}

test('an investigator gives a reason, sees the incident with its log, and new lines as they are recorded', async () => {
  const { running, record, say, seat } = await room();
  await using _ = running;
  await seat.begin('inv');
  seat.follow(incident);
  await seat.until(() => seat.texts().length === 2);
  expect(seat.rows()[0]).toMatchObject({
    id: incident,
    grade: 1,
    narrative: 'shouting, a door broken',
    mark: 'recorded',
  });
  await say('Neighbour let officers in');
  await record({
    type: 'book-on-unit',
    body: { unitId: 'HT21' as UnitId, officers: ['PC Reed'], skills: [] },
  });
  await record({
    type: 'assign-unit',
    body: { incidentId: incident, unitId: 'HT21' as UnitId },
  });
  await seat.until(() => seat.texts().includes('HT21 assigned'));
  expect(seat.texts()).toEqual([
    expect.stringContaining('Raised DOM, grade 1 Immediate'),
    'Handed over to dispatch',
    'Neighbour let officers in',
    'HT21 assigned',
  ]);
  await seat.until(() => JSON.stringify(seat.rows()[0]).includes('"units":[{"id":"HT21"'));
  // A status that names no incident is still one of a unit that is shown.
  await record({ type: 'set-unit-status', body: { unitId: 'HT21' as UnitId, statusCode: 6 } });
  await seat.until(() => JSON.stringify(seat.rows()[0]).includes('"statusCode":6'));
  const line = seat.rows().find(({ text }) => text === 'Neighbour let officers in');
  expect(line).toMatchObject({ mark: 'recorded', recordedAt: expect.any(Number) });
  seat.send({ frame: 'unsubscribe', sub: 'i' });
  seat.send({ frame: 'ping', t0: 1 });
  await seat.until(() => seat.frames.find(({ frame }) => frame === 'pong'));
  await running.server.recorder.audit([]);
  expect(looks(running)).toEqual([
    `consultation | incident | ${incident} | view * begins, from 127.0.0.1, reason investigation: ${reason.text}`,
    expect.stringMatching(
      `^consultation \\| incident \\| ${incident} \\| view \\* ended: left; \\d lines shown, up to event \\d+$`,
    ),
  ]);
});

test('what is on record when a seat comes is the same as what it would have been told', async () => {
  const { running, say, seat } = await room();
  await using _ = running;
  await seat.begin('inv');
  seat.follow(incident);
  await seat.until(() => seat.texts().length === 2);
  for (let n = 0; n < 40; n += 1) await say(`line ${n}`);
  await seat.until(() => seat.texts().length === 42);
  const later = new SeatClient(running.url);
  await later.begin('inv');
  later.follow(incident);
  await later.until(() => later.texts().length === 42);
  expect(later.rows()).toEqual(seat.rows());
});

test('without a reason nothing is shown, and each refusal is on record', async () => {
  const { running, seat } = await room();
  await using _ = running;
  await seat.begin('inv');
  const short = 'x'.repeat(REASON_TEXT_MIN - 1);
  seat.send({ frame: 'subscribe', sub: 'a', view: 'incident', key: incident });
  await seat.refusal('reason-needed');
  for (const why of [
    { code: 'curious', text: reason.text },
    { code: 'review', text: short },
  ])
    seat.send({ frame: 'subscribe', sub: 'b', view: 'incident', key: incident, reason: why });
  await seat.until(() => seat.frames.filter(({ frame }) => frame === 'refused').length === 3);
  seat.follow('nowhere', 'c');
  await seat.until(() => seat.frames.filter(({ frame }) => frame === 'refused').length === 4);
  seat.follow(other, 'd');
  await seat.refusal('no-such-incident');
  expect(seat.raw).not.toContain('shouting');
  await running.server.recorder.audit([]);
  expect(looks(running)).toEqual([
    'security | subscribe | 127.0.0.1 | refused reason-needed',
    'security | frame | 127.0.0.1 | refused malformed',
    'security | frame | 127.0.0.1 | refused malformed',
    'security | subscribe | 127.0.0.1 | refused malformed',
    `consultation | incident | ${other} | shown 0, from 127.0.0.1, reason investigation: ${reason.text}`,
  ]);
});

test('every frame that would write, tell or claim something is refused in words and on record', async () => {
  const { running, seat } = await room();
  await using _ = running;
  await seat.begin('inv');
  const head = running.server.recorder.head();
  const id = '019a0000-0000-7000-8000-000000000001';
  const content = { about: 'x', fields: {} };
  const presence = { about: '', isTyping: false };
  const frames = [
    { frame: 'command', id, type: 'add-log-entry', body: { incidentId: incident, text: 'by INV' } },
    { frame: 'draft', draftId: 'd', revision: 1, content },
    { frame: 'drop-draft', draftId: 'd' },
    { frame: 'settle-tray', id: 'q1', commandId: id },
    { frame: 'signal', presence },
    { frame: 'sign-in', id: 'q2', name: 'sup', password: 'x' },
    { frame: 'lock', id: 'q3' },
    { frame: 'administer', id, doing: { what: 'unlock-user', name: 'sup' } },
  ];
  // Each is a frame that a desk would take: it is refused for what it asks, and not for its spelling.
  expect(frames.map((it) => windowUp.safeParse(it).success)).toEqual(frames.map(() => true));
  const refused = Object.entries(seatFrames).filter(([, how]) => how === 'read-only');
  expect(frames.map(({ frame }) => frame).toSorted()).toEqual(refused.map(([it]) => it).toSorted());
  for (const frame of frames) seat.send(frame);
  await seat.until(() => seat.frames.length === frames.length);
  expect(seat.frames.map((it) => it.frame === 'refused' && it.reason)).toEqual(
    frames.map(() => 'read-only'),
  );
  for (const view of ['incidents', 'contacts', 'units', 'roster', 'tray', 'drafts', 'presence'])
    seat.send({ frame: 'subscribe', sub: view, view });
  seat.send({ frame: 'query', id: 'p', query: 'places', params: { text: 'High' } });
  await seat.until(() => seat.frames.length === frames.length + 8);
  expect(seat.frames.slice(frames.length).map((it) => it.frame === 'refused' && it.reason)).toEqual(
    Array.from({ length: 8 }, () => 'not-permitted'),
  );
  expect(running.server.recorder.head()).toEqual(head);
  await running.server.recorder.audit([]);
  expect(looks(running).slice(0, frames.length)).toEqual(
    [
      'add-log-entry',
      'draft',
      'drop-draft',
      'settle-tray',
      'signal',
      'sign-in',
      'lock',
      'administer',
    ].map((what) => `security | ${what} | 127.0.0.1 | refused read-only`),
  );
});

test('where the reason cannot be put on record nothing is shown, and it says so', async () => {
  const { running, seat } = await room();
  await using _ = running;
  await seat.begin('inv');
  const { recorder } = running.server;
  const whole = recorder.audit.bind(recorder);
  // The disk does not take the row.
  recorder.audit = () => Promise.reject(new Error('the disk is full'));
  seat.follow(incident);
  await seat.refusal('not-stored');
  seat.send({ frame: 'query', id: 'f', query: 'find', params: { text: 'High Street' } });
  await seat.until(() => seat.frames.filter(({ frame }) => frame === 'refused').length === 2);
  recorder.audit = whole;
  expect(seat.raw).not.toMatch(/shouting|High Street/);
  expect(running.told).toEqual(['the disk is full', 'the disk is full']);
  seat.follow(incident);
  await seat.until(() => seat.texts().length === 2);
});

test('not a byte of what is sealed reaches a seat, whatever it follows, finds or prints', async () => {
  const first = await room();
  await first.running.server.stop();
  const { dataDir } = first.running;
  const db = openStore(join(dataDir, 'log.db'), logMigrations);
  const log = new SqliteEventLog(db);
  const stream = incidentStream(incident);
  const fact = (type: string, body: object): Fact => ({
    stream,
    type,
    typeVersion: 1,
    class: 'restricted',
    body,
  });
  const canaries = [
    fact('incident.entry-added', { text: 'CANARY entry' }),
    fact('incident.amended', {
      contactId: 'c-1',
      narrative: 'CANARY story',
      place: { text: 'CANARY Road' },
    }),
    fact('incident.reopened', { reason: 'CANARY why' }),
  ];
  const { commandId, occurredAt, desk } = bySystem(raise());
  const stamp = { commandId, occurredAt, desk, actor: 'u-1', logId: 'force-HC', epoch: 1 };
  db.transaction(() =>
    log.append(stamp, canaries, () => log.readStream(stream).length, {
      now: () => occurredAt,
      salt: () => new Uint8Array(16),
    }),
  )();
  db.close();
  await using running = await Running.start({ windows: page, dataDir });
  const seat = new SeatClient(running.url);
  await seat.begin('inv');
  seat.follow(incident);
  await seat.until(() => seat.texts().length === 5);
  expect(seat.texts().slice(-3)).toEqual([
    'Sealed (restricted)',
    'Sealed (restricted)',
    'Sealed (restricted)',
  ]);
  expect(await seat.find('CANARY')).toEqual([]);
  // What it was amended to is sealed, and what it was is not what it is found by any more: its reference is.
  expect(await seat.find('0412')).toMatchObject([{ id: incident, place: '12 High Street' }]);
  const printed = await seat.ask('POST', '/live-log/prints', { incident });
  expect(printed.status).toBe(201);
  expect(seat.raw + JSON.stringify(printed.body)).not.toContain('CANARY');
});

test('a find is on record with what it showed, before it shows it, and never with its words', async () => {
  const { running, record, seat } = await room();
  await using _ = running;
  await record(raise({ place: { text: 'Albert Road', isVerified: false } }), { reference: other });
  const caller = { kind: 'number', number: '+447700900142' } as const;
  const offered = await record({ type: 'offer-contact', body: { channel: '999', caller } });
  expect(offered.state).toBe('recorded');
  await seat.begin('inv');
  // The read model is brought up to the log once the writer is idle.
  const found = async (text: string) => (await seat.find(text)).map(({ id }) => id);
  await expect.poll(() => found('albert'), { timeout: 15_000 }).toEqual([other]);
  expect(await found('0412')).toEqual([incident]);
  expect(await found('nowhere at all')).toEqual([]);
  await running.server.recorder.audit([]);
  const rows = looks(running);
  expect(rows.slice(-3)).toEqual([
    `consultation | find | ${other} | shown 1, from 127.0.0.1`,
    `consultation | find | ${incident} | shown 1, from 127.0.0.1`,
    'consultation | find |  | shown 0, from 127.0.0.1',
  ]);
  expect(JSON.stringify(rows) + running.told.join('')).not.toMatch(/albert|nowhere/i);
});

test('an incident is found by the number of who rang about it', async () => {
  const { running, record, seat } = await room();
  await using _ = running;
  const caller = { kind: 'number', number: '+447700900142' } as const;
  const by = { actor: 'u-ch1' as UserId };
  const { commandId } = bySystem({ type: 'open-contact', body: { channel: '999', caller } });
  const asked = { type: 'open-contact', body: { channel: '999', caller } } as const;
  await record(asked, { commandId, ...by });
  const contactId = contactIdOf(commandId);
  await record(raise({ contactId }), { reference: other, ...by });
  await seat.begin('inv');
  const found = async () => (await seat.find('07700 900142')).map(({ id, why }) => [id, why]);
  await expect.poll(found, { timeout: 15_000 }).toEqual([[other, 'number']]);
});

test('only investigators and supervisors sit at this seat; whoever else signs in has no session there', async () => {
  const { running } = await room();
  await using _ = running;
  const others = ['call-handler', 'dispatcher', 'administrator', 'auditor'] as const;
  for (const role of others) await running.addUser(role, role);
  await running.addUser('sup', 'supervisor');
  const answers = [];
  for (const name of [...others, 'sup', 'nobody']) {
    const seat = new SeatClient(running.url);
    const { status, body } = await seat.signIn(name);
    answers.push([name, status, body['reason'], seat.cookie !== '']);
  }
  expect(answers).toEqual([
    ...others.map((name) => [name, 403, 'not-permitted', false]),
    ['sup', 200, undefined, true],
    ['nobody', 401, 'wrong-name-or-password', false],
  ]);
});

test('a first password is changed at this seat as at a desk', async () => {
  const { running } = await room();
  await using _ = running;
  await running.addUser('new', 'investigator', true);
  const seat = new SeatClient(running.url);
  expect((await seat.signIn('new')).body['reason']).toBe('password-change-needed');
  const own = { name: 'new', password: PASSWORD, newPassword: 'one of my very own' };
  expect((await seat.ask('POST', '/live-log/session', own)).status).toBe(200);
  expect(await seat.join()).toBe(101);
});

test('a ticket opens one socket, for its own session, within 30 s, from its own origin', async () => {
  const timers = new HandTimers(Date.now());
  const { running, seat } = await room({ timers, now: () => timers.now as never });
  await using _ = running;
  await running.addUser('inv2', 'investigator');
  await seat.signIn('inv');
  const second = new SeatClient(running.url);
  await second.signIn('inv2');

  const ticket = await seat.ticket();
  expect(await seat.join(ticket)).toBe(101);
  expect(await seat.join(ticket)).toBe(401); // replayed
  expect(await second.join(await seat.ticket())).toBe(401); // of another session
  expect(await seat.join(await seat.ticket(), { headers: {} })).toBe(401); // without a session
  const late = await seat.ticket();
  timers.pass(TICKET_MS);
  expect(await seat.join(late)).toBe(401);
  expect(await seat.join('x'.repeat(43))).toBe(401);
  expect(await seat.join('')).toBe(401);
  const { host, port } = new URL(running.url);
  const origins = [
    'null',
    `https://${host}`,
    `http://${host}.evil`,
    `http://a.${host}`,
    `http://127.0.0.1`,
    `http://127.0.0.1:${Number(port) + 1}`,
    `http://localhost:${port}`,
    `HTTP://${host}`,
    `http://${host}/`,
    '',
  ];
  for (const origin of origins)
    expect([
      origin,
      await seat.join(await seat.ticket(), { origin, headers: { cookie: seat.cookie } }),
    ]).toEqual([origin, 403]);
  // Shown at a wrong door it is spent.
  const shown = await seat.ticket();
  await seat.join(shown, { origin: 'http://evil.example' });
  expect(await seat.join(shown)).toBe(401);
  expect(await seat.join(await seat.ticket())).toBe(101);
  await running.server.recorder.audit([]);
  const told = new Set(looks(running).filter((row) => row.includes('| connect |')));
  expect([...told].toSorted()).toEqual([
    'security | connect | 127.0.0.1 | refused expired-ticket',
    'security | connect | 127.0.0.1 | refused foreign-origin',
    'security | connect | 127.0.0.1 | refused no-session',
    'security | connect | 127.0.0.1 | refused unknown-ticket',
  ]);
});

test('the page and what it asks are for its own origin only', async () => {
  const { running, seat } = await room();
  await using _ = running;
  const served = await running.ask('GET', '/live-log/');
  expect([served.status, served.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(served.headers.get('content-security-policy')).toContain(
    "default-src 'none'; script-src 'self'",
  );
  expect((await running.ask('GET', '/assets/live-log.js')).status).toBe(200);
  const missing = [
    '/assets/',
    '/assets/../live-log',
    '/assets/%2e%2e/%2e%2e/etc/passwd',
    '/assets/live-log.js%00',
    '/live-log/x',
  ];
  for (const path of missing)
    expect([path, (await running.ask('GET', path)).status]).toEqual([path, 404]);
  await seat.signIn('inv');
  const cookie = { cookie: seat.cookie };
  for (const origin of ['http://evil.example', 'null', `${running.url}.evil`, undefined]) {
    const asked = await running.ask('POST', '/ws-ticket', undefined, {
      ...cookie,
      ...(origin && { origin }),
    });
    expect([origin, asked.status]).toEqual([origin, 403]);
  }
  // An API that is no page's is still nobody's who comes with an origin, and a seat's cookie opens none of it.
  const own = await running.ask('GET', '/api/events', undefined, {
    ...cookie,
    origin: running.url,
  });
  const bare = await running.ask('GET', '/api/drafts', undefined, cookie);
  expect([own.status, bare.status]).toEqual([403, 401]);
});

test('the cookie is out of reach of scripts and of other sites, and is gone with the sign-out', async () => {
  const { running, seat } = await room();
  await using _ = running;
  const { headers } = await seat.signIn('inv');
  const { port } = new URL(running.url);
  expect(headers.getSetCookie()).toEqual([
    expect.stringMatching(`^holdfast-seat-${port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
  ]);
  expect(await seat.join()).toBe(101);
  const before = seat.cookie;
  const out = await seat.ask('DELETE', '/live-log/session');
  expect([out.status, out.headers.get('clear-site-data')]).toEqual([204, '"cache", "storage"']);
  expect(out.headers.getSetCookie()[0]).toContain('Max-Age=0');
  expect(await seat.closed).toEqual({ code: 4401, why: 'signed-out' });
  seat.cookie = before;
  expect((await seat.ask('GET', '/live-log/session')).status).toBe(401);
});

test('a session that is taken back, and a closed account, are cut at once', async () => {
  const { running, say, seat } = await room();
  await using _ = running;
  await running.addUser('adm', 'administrator');
  const { token } = await running.signIn('adm');
  const admin = (path: string, body: object) =>
    running.ask('POST', path, body, { authorization: `Bearer ${token}` });
  const cut = async (take: () => Promise<unknown>) => {
    const it = new SeatClient(running.url);
    await it.begin('inv');
    it.follow(incident);
    await it.until(() => it.texts().length >= 2);
    await take();
    const seen = it.raw.length;
    await say('after it was taken back');
    const closed = await it.closed;
    return [closed, it.raw.length - seen, (await it.ask('POST', '/ws-ticket')).status];
  };
  const gone = [{ code: 4401, why: 'revoked' }, 0, 401];
  expect(await cut(() => admin('/api/sessions/revoke', { name: 'inv' }))).toEqual(gone);
  // By another process than this server's, as an administrator may do with its files.
  const { accounts } = running.server;
  expect(await cut(async () => accounts.grants.revokeAllOf(seatUser(running)))).toEqual([
    { code: 4401, why: 'revoked' },
    expect.any(Number),
    401,
  ]);
  expect(await cut(() => admin('/api/users/disable', { name: 'inv' }))).toEqual(gone);
  expect((await seat.signIn('inv')).status).toBe(403);
});

const seatUser = ({ server }: Running) => {
  const added = server.recorder.readAfter(0, 100).find(({ kept }) => kept?.text.includes('"inv"'));
  return added?.header.stream.slice('user/'.length) as UserId; // a user's stream is made of the id
};

test('a role that is taken away ends the seat', async () => {
  const { running, seat } = await room();
  await using _ = running;
  await running.addUser('adm', 'administrator');
  const { token } = await running.signIn('adm');
  await seat.begin('inv');
  const authorization = `Bearer ${token}`;
  await running.ask(
    'POST',
    '/api/users/role',
    { name: 'inv', role: 'call-handler' },
    { authorization },
  );
  expect(await seat.closed).toMatchObject({ code: 4401, why: 'not-permitted' });
});

test('a key that is pressed keeps a seat; what its page asks by itself does not', async () => {
  const timers = new HandTimers(Date.now());
  const { running, seat } = await room({ timers, now: () => timers.now as never });
  await using _ = running;
  await seat.signIn('inv');
  timers.pass(IDLE_MS - 1_000);
  expect((await seat.ask('PUT', '/live-log/session')).body['leftMs']).toBe(IDLE_MS);
  timers.pass(IDLE_MS - 1_000);
  await seat.ticket();
  expect((await seat.ask('GET', '/live-log/session')).body['leftMs']).toBe(1_000);
  timers.pass(1_000);
  expect((await seat.ask('PUT', '/live-log/session')).status).toBe(401);
});

test('a session outlives a restart of the server; what was followed is asked for again, with its reason', async () => {
  const { running, seat } = await room();
  await seat.begin('inv');
  seat.follow(incident);
  await seat.until(() => seat.texts().length === 2);
  await running.server.stop();
  expect(await seat.closed).toMatchObject({ code: 1001 });
  const port = Number(new URL(running.url).port);
  await using again = await Running.start({ windows: page, dataDir: running.dataDir, port });
  const back = new SeatClient(again.url);
  back.cookie = seat.cookie;
  expect((await back.ask('GET', '/live-log/session')).status).toBe(200);
  expect(await back.join()).toBe(101);
  back.follow(incident);
  await back.until(() => back.texts().length === 2);
  await again.server.recorder.audit([]);
  const views = looks(again).filter((row) => row.includes('| incident |'));
  expect(views.map((row) => /begins|ended: [a-z ]+/.exec(row)?.[0])).toEqual([
    'begins',
    'ended: the server stops',
    'begins',
  ]);
});

test('a print is on record before there is paper, and only of what is followed', async () => {
  const { running, seat } = await room();
  await using _ = running;
  await seat.begin('inv');
  expect((await seat.ask('POST', '/live-log/prints', { incident })).status).toBe(409);
  seat.follow(incident);
  await seat.until(() => seat.texts().length === 2);
  const { status, body } = await seat.ask('POST', '/live-log/prints', { incident });
  expect([status, body]).toEqual([
    201,
    {
      print: expect.stringMatching(/^[0-9a-f]{8}$/),
      at: expect.any(Number),
      by: 'Made-up inv',
      reason,
    },
  ]);
  expect(looks(running).at(-1)).toMatch(
    new RegExp(
      `^disclosure \\| print-incident \\| ${incident} \\| print \\* of view \\*, 2 lines, up to event \\d+, to u-`,
    ),
  );
});

test('a page that floods is told once, and then cut', async () => {
  const { running, seat } = await room();
  await using _ = running;
  await seat.begin('inv');
  for (let n = 0; n < 400; n += 1) seat.send({ frame: 'ping', t0: n });
  expect(await seat.closed).toEqual({ code: 4008, why: 'too-many' });
  expect(seat.frames.filter(({ frame }) => frame === 'refused')).toHaveLength(1);
});

test('many lines at once are few frames', async () => {
  const { running, say, seat } = await room();
  await using _ = running;
  await seat.begin('inv');
  seat.follow(incident);
  await seat.until(() => seat.texts().length === 2);
  const before = seat.frames.length;
  for (let n = 0; n < 300; n += 1) void say(`${n}`);
  await say('the last');
  await seat.until(() => seat.texts().includes('the last'));
  expect(seat.texts()).toHaveLength(303);
  expect(seat.frames.length - before).toBeLessThan(150);
});

test('a page that does not read is cut, nothing piles up for it, and it takes up again', async () => {
  const timers = new HandTimers(Date.now());
  const { running, say, seat } = await room({ timers, now: () => timers.now as never });
  await using _ = running;
  await seat.begin('inv');
  seat.follow(incident);
  await seat.until(() => seat.texts().length === 2);
  seat.socket?.pause();
  for (let n = 0; n < 20; n += 1) {
    await Promise.all(
      Array.from({ length: 100 }, (_none, at) => say(`${n} ${at} ${'x'.repeat(3_000)}`)),
    );
    timers.pass(60);
  }
  timers.pass(limits.lagMs + limits.deadAfterMs);
  seat.socket?.resume();
  await seat.closed;
  // 6 MB were recorded: what it had not taken was left out, and not kept for it.
  expect(seat.raw.length).toBeLessThan(6_000_000);
  const back = new SeatClient(running.url);
  await back.begin('inv');
  back.follow(incident);
  await back.until(() => back.texts().some((text) => text.startsWith('19 99 ')));
  await running.server.recorder.audit([]);
  expect(looks(running).some((row) => row.includes('ended: the line was lost'))).toBe(true);
});

test('no server without built windows has a live log', async () => {
  await using running = await Running.start();
  expect((await running.ask('GET', '/live-log/')).status).toBe(404);
  const seat = new SeatClient(running.url);
  expect(await seat.join('x')).toBe(404);
});
