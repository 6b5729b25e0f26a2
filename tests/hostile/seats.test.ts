import { once } from 'node:events';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EpochMs, IncidentId } from '#domain/ids.ts';
import { isModest } from '#domain/lib/modest.ts';
import { random } from '#domain/lib/random.ts';
import { viewReasons } from '#domain/view-reason.ts';
import { windowUp } from '#protocol/up.ts';
import { subprotocol } from '#protocol/version.ts';
import { bySystem, Running } from '#server/gateway/running.suite.ts';
import { page, SeatClient } from '#server/web/seat-client.suite.ts';
import { SEAT_FRAME_MAX_BYTES } from '#server/web/seat-line.ts';
import { valuesOf } from '../support/from-schema.ts';
import {
  afterAttack,
  brokenFrames,
  gone,
  hostileSeed,
  send,
  spoilt,
  Stalls,
  textOf,
  Unhandled,
  type Random,
  type Sent,
} from '../support/hostile.ts';
import { raise } from '../support/room.ts';
import { refusalsIn } from '../support/verify-server.ts';

const MESSAGES = 6_000;
const SEATS = ['inv1', 'inv2', 'inv3'];
const PASS_MS = 60; // of the server's clock for each frame, so that none is left out for coming too fast
const incident = 'HC-20261123-0412' as IncidentId;

/** Frames that are in order, a good part of them looks that a seat may take. */
function frameMaker(seed: number, dice: Random) {
  const frames = fc.sample(valuesOf(windowUp), { seed, numRuns: 2_000 }) as { frame: string }[];
  return (n: number): object => {
    const frame = dice.pick(frames) ?? { frame: 'ping' };
    if (frame.frame === 'sign-out' && dice.chance(0.9)) return { frame: 'unsubscribe', sub: 'a' };
    if (dice.chance(0.6)) return frame;
    const reason = { code: dice.pick(viewReasons)?.code, text: `for no reason at all ${n}` };
    const sub = dice.pick(['a', 'b', 'c']);
    return dice.chance(0.5)
      ? { frame: 'subscribe', sub, view: 'incident', key: incident, reason }
      : {
          frame: 'query',
          id: `${n}`,
          query: 'find',
          params: { text: dice.pick(['High', '0412', 'x']) },
        };
  };
}

/** Whether it is a frame at all, by the schema and not by the server's word. */
function isFrame(sent: Sent): boolean {
  const value = textOf(sent);
  return isModest(value) && windowUp.safeParse(value).success;
}

test(
  `${MESSAGES} spoilt frames from browser seats: nothing is written, each is refused and on record, and the server stays up`,
  { timeout: 300_000 },
  async () => {
    const seed = hostileSeed('hostile seats');
    const dice = random(seed);
    let ahead = 0;
    using unhandled = new Unhandled();
    const now = () => (Date.now() + ahead) as EpochMs;
    const running = await Running.start({ now, windows: page });
    await using _ = running;
    const raised = raise({ narrative: 'shouting heard' });
    await running.server.recorder.record(bySystem(raised, { reference: incident }));
    for (const name of SEATS) await running.addUser(name, 'investigator');
    const head = running.server.recorder.head();
    const make = frameMaker(seed, dice);
    const tally = { malformed: 0, broken: 0, readOnly: 0, rows: 0, codes: new Set<number>() };
    const wrong: unknown[] = [];
    const stalls = new Stalls(`hostile seats, ${MESSAGES}`);

    const attack = async (name: string, count: number) => {
      const seat = new SeatClient(running.url);
      let isJoined = false;
      for (let n = 0; n < count; n += 1) {
        if (!isJoined) {
          if ((await seat.ask('PUT', '/live-log/session')).status !== 200) await seat.signIn(name);
          const status = await seat.join();
          if (status !== 101) throw new Error(`a good ticket was answered ${status}`);
          isJoined = true;
        }
        const { socket } = seat;
        if (!socket) throw new Error('it has just joined');
        const sent = spoilt(make(n), dice);
        ahead += PASS_MS * 2;
        send(socket, sent);
        const t0 = 1e12 + n;
        seat.send({ frame: 'ping', t0 });
        const code = await seat
          .until(() => seat.frames.some((it) => it.frame === 'pong' && it.t0 === t0))
          .then(
            () => undefined,
            async () => (await seat.closed)?.code,
          );
        const answers = seat.frames.splice(0);
        const refusals = answers.filter((it) => it.frame === 'refused');
        const malformed = refusals.filter(({ reason }) => reason === 'malformed').length;
        tally.readOnly += refusals.filter(({ reason }) => reason === 'read-only').length;
        tally.rows += answers.filter(({ frame }) => frame === 'view' || frame === 'result').length;
        if (code !== undefined) {
          tally.codes.add(code);
          if (code === 1007 || code === 1009) tally.broken += 1;
          isJoined = false;
        }
        const isTooLong = Buffer.byteLength(sent.data) > SEAT_FRAME_MAX_BYTES;
        if (!isFrame(sent) || isTooLong) {
          tally.malformed += malformed;
          if (malformed !== 1 && code === undefined)
            wrong.push({ n, what: sent.what, data: String(sent.data).slice(0, 300), answers });
        }
        if (n % 100 === 0) await seat.ask('PUT', '/live-log/session');
      }
      seat.close();
    };
    await Promise.all(SEATS.map((name) => attack(name, MESSAGES / SEATS.length)));
    stalls.tell();

    expect({ seed, wrong: wrong.slice(0, 3) }).toEqual({ seed, wrong: [] });
    // 1007 no UTF-8, 1009 too large, 4401 a sign-out. Never 1011: a fault of ours.
    expect([...tally.codes].filter((code) => ![1007, 1009, 4401].includes(code))).toEqual([]);
    // What has come to the log since is the server's own: a hand-over that nobody accepted.
    const since = running.server.recorder.readAfter(head.seq, 100).map(({ header }) => header.type);
    expect(since.filter((type) => type !== 'handover.escalated')).toEqual([]);
    const { harm, audit } = await afterAttack(running, unhandled);
    expect({ seed, harm }).toEqual({ seed, harm: [] });
    expect({
      readOnly: refusalsIn(audit, 'refused read-only'),
      broken: refusalsIn(audit, 'refused broken-frame'),
    }).toEqual({ readOnly: tally.readOnly, broken: tally.broken });
    expect(refusalsIn(audit, 'refused malformed')).toBeGreaterThanOrEqual(tally.malformed);
    expect(Math.min(tally.readOnly, tally.malformed, tally.rows)).toBeGreaterThan(MESSAGES / 50);
    // Each view that began has ended, and each has its reason.
    const views = audit.filter(({ outcome }) => /^view \w+ (begins|ended)/.test(outcome));
    const begun = views.filter(({ outcome }) => outcome.includes('begins'));
    expect(begun.length * 2).toBe(views.length);
    expect(begun.every(({ outcome }) => /, reason [a-z-]+: \P{C}+$/u.test(outcome))).toBe(true);
  },
);

test('a seat that breaks the rules of sockets is ended, torn off or not, and the server stays up', async () => {
  using unhandled = new Unhandled();
  const running = await Running.start({ windows: page });
  await using _ = running;
  await running.addUser('inv', 'investigator');
  const seat = new SeatClient(running.url);
  await seat.signIn('inv');
  const { host, port } = new URL(running.url);
  for (const [, bytes] of brokenFrames)
    for (const isTorn of [false, true]) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {}); // a torn line may end with one
      await once(socket, 'connect');
      socket.write(
        `GET /window HTTP/1.1\r\nhost: ${host}\r\norigin: ${running.url}\r\ncookie: ${seat.cookie}\r\n` +
          `connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
          `sec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n` +
          `sec-websocket-protocol: ${subprotocol}, ${await seat.ticket()}\r\n\r\n`,
      );
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
      socket.write(bytes);
      socket.resume();
      if (isTorn) socket.resetAndDestroy();
      else if (bytes.length === 0) socket.end();
      await gone(socket);
    }
  expect(await seat.join()).toBe(101);
  expect([unhandled.told, running.told]).toEqual([[], []]);
});

test('requests that are wrong in every way are answered, and none of them opens a seat', async () => {
  const seed = hostileSeed('hostile seat requests');
  const dice = random(seed);
  using unhandled = new Unhandled();
  const running = await Running.start({ windows: page });
  await using _ = running;
  await running.addUser('inv', 'investigator');
  const good = { name: 'inv', password: 'not the password', newPassword: 'x'.repeat(12) };
  const statuses = new Set<number>();
  for (let n = 0; n < 300; n += 1) {
    const { data } = spoilt(good, dice);
    const path = dice.pick(['/live-log/session', '/live-log/prints', '/ws-ticket']) ?? '';
    const cookie = dice.pick([
      '',
      'x',
      'a=b; a=c',
      `holdfast-seat-${new URL(running.url).port}=${'é'.repeat(40)}`,
    ]);
    const response = await fetch(`${running.url}${path}`, {
      method: dice.pick(['POST', 'PUT', 'DELETE']) ?? 'POST',
      headers: {
        origin: running.url,
        'content-type': 'application/json',
        cookie: encodeURI(cookie ?? ''),
      },
      body: typeof data === 'string' ? data : new Uint8Array(data),
    });
    statuses.add(response.status);
    expect(response.headers.getSetCookie()).toEqual([]);
  }
  // 403: no address of the page's for that method. 423: after five wrong tries the account is locked; 429: then the address is.
  expect(
    [...statuses].filter((it) => ![400, 401, 403, 404, 413, 415, 423, 429].includes(it)),
  ).toEqual([]);
  const { harm } = await afterAttack(running, unhandled);
  expect({ seed, harm }).toEqual({ seed, harm: [] });
});
