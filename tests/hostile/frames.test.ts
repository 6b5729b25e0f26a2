import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { commands, commandTypes } from '#domain/commands.ts';
import type { EpochMs } from '#domain/ids.ts';
import { isModest } from '#domain/lib/modest.ts';
import { random } from '#domain/lib/random.ts';
import type { DeskDown } from '#protocol/down.ts';
import { deskUp } from '#protocol/up.ts';
import { subprotocol } from '#protocol/version.ts';
import { newId, Running, type SignedIn, type TestDesk } from '#server/gateway/running.suite.ts';
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
import { refusalsIn } from '../support/verify-server.ts';

const FRAMES = 20_000;
const DESKS = ['CH1', 'CH2', 'CH3', 'CH4'];
const BASES = 4_000; // frames to spoil, each of them several times
const FIRST_FRAMES = 400;
const PASS_MS = 25; // of the server's clock for each frame, so that none is left out for coming too fast

/** Frames that are in order, a good part of them commands that are recorded. */
function frameMaker(seed: number, dice: Random) {
  const frames = fc.sample(valuesOf(deskUp), { seed, numRuns: BASES }) as { frame: string }[];
  // Whoever goes off duty has signed out: nothing of theirs would be recorded any more.
  const types = commandTypes.filter((type) => type !== 'end-duty');
  const bodies = new Map(
    types.map((type) => [type, fc.sample(valuesOf(commands[type].body), { seed, numRuns: 40 })]),
  );
  return (who: SignedIn, desk: string, now: () => number): object => {
    const frame = dice.pick(frames) ?? { frame: 'ping' };
    // A second hello ends the line, and so does what was not asked for: seldom enough to leave time for the others.
    if ((frame.frame === 'hello' || frame.frame === 'tail') && dice.chance(0.9))
      return { frame: 'ping', t0: 1 };
    if (frame.frame === 'draft-copy' && dice.chance(0.5)) return { ...frame, user: who.user.id };
    if (frame.frame !== 'stamped-command' && dice.chance(0.6)) return frame;
    const type = dice.pick(types) ?? 'open-contact';
    return {
      frame: 'stamped-command',
      command: { frame: 'command', id: newId(), type, body: dice.pick(bodies.get(type) ?? []) },
      occurredAt: now(),
      actor: who.user.id,
      grant: dice.chance(0.9) ? who.grant.id : randomUUID(),
      desk: dice.chance(0.9) ? desk : 'CH9',
      outboxId: randomUUID(),
      deskSeq: 1 + dice.below(3),
    };
  };
}

/** Whether it is a frame at all, by the schema and not by the server's word. */
function isFrame(sent: Sent): boolean {
  const value = textOf(sent);
  return isModest(value) && deskUp.safeParse(value).success;
}

const isMalformed = (frame: DeskDown) =>
  (frame.frame === 'refused' && frame.reason === 'malformed') ||
  (frame.frame === 'ack' &&
    frame.answer.state === 'refused' &&
    frame.answer.refusal.reason === 'malformed');

test(
  `${FRAMES} spoilt frames: none stops the server, each is refused with a reason that stands in the audit, and the log is whole`,
  { timeout: 300_000 },
  async () => {
    const seed = hostileSeed('hostile frames');
    const dice = random(seed);
    let ahead = 0;
    const now = () => (Date.now() + ahead) as EpochMs;
    using unhandled = new Unhandled();
    const running = await Running.start({ now });
    const tally = { malformed: 0, broken: 0, outOfOrder: 0, closed: new Set<number>(), acks: 0 };
    const wrong: unknown[] = [];
    await using _ = running;
    const make = frameMaker(seed, dice);
    const stalls = new Stalls(`hostile frames, ${FRAMES}`);

    /** One desk that sends one after another and sees what comes of each before the next. */
    const attack = async (name: string, count: number) => {
      running.enrol(name);
      await running.addUser(name, 'supervisor');
      const who = await running.signIn(name, name);
      let desk: TestDesk | undefined;
      for (let n = 0; n < count; n += 1) {
        desk ??= await running.join(name);
        const sent = spoilt(make(who, name, now), dice);
        ahead += PASS_MS;
        send(desk.socket, sent);
        desk.send({ frame: 'ping', t0: 1e12 + n });
        const code = await answered(desk, 1e12 + n);
        const answers = desk.takeAll();
        const refusals = answers.filter(isMalformed).length;
        tally.malformed += refusals;
        tally.acks += answers.filter(({ frame }) => frame === 'ack').length;
        if (code !== undefined) {
          tally.closed.add(code);
          if (code === 1007 || code === 1009) tally.broken += 1;
          if (code === 4009) tally.outOfOrder += 1;
          desk = undefined;
        }
        const isRight = isFrame(sent) || refusals === 1 || code !== undefined;
        if (!isRight)
          wrong.push({ n, name, what: sent.what, data: String(sent.data).slice(0, 400), answers });
      }
      desk?.socket.close();
      await desk?.closed;
    };
    await Promise.all(DESKS.map((name) => attack(name, FRAMES / DESKS.length)));
    stalls.tell();

    expect({ seed, wrong: wrong.slice(0, 3) }).toEqual({ seed, wrong: [] });
    // 1007 no UTF-8, 1009 too large, 4009 out of order, 4400 a second hello. Never 1011: a fault of ours.
    expect([...tally.closed].filter((code) => ![1007, 1009, 4009, 4400].includes(code))).toEqual(
      [],
    );
    expect((await running.join('CH1')).socket.readyState).toBe(1);
    const { harm, audit, events } = await afterAttack(running, unhandled);
    expect({ seed, harm }).toEqual({ seed, harm: [] });
    expect({
      broken: refusalsIn(audit, 'refused broken-frame'),
      outOfOrder: refusalsIn(audit, 'refused out-of-order'),
    }).toEqual({ broken: tally.broken, outOfOrder: tally.outOfOrder });
    // One that is malformed and out of order has a row for each, and is told of by the end of its line.
    const malformed = refusalsIn(audit, 'refused malformed');
    expect(malformed).toBeGreaterThanOrEqual(tally.malformed);
    expect(malformed).toBeLessThanOrEqual(tally.malformed + tally.outOfOrder);
    // Not all was refused: what is in order is taken, recorded and answered in between.
    expect(Math.min(events, tally.acks, tally.malformed / 10)).toBeGreaterThan(FRAMES / 100);
  },
);

/** Waits for the answer to a ping; the code where the line was ended instead. */
async function answered(desk: TestDesk, t0: number): Promise<number | undefined> {
  try {
    while ((await desk.next('pong')).t0 !== t0);
    return undefined;
  } catch {
    return (await desk.closed).code;
  }
}

test(`whatever comes before a good hello ends its line, with a row in the audit: ${FIRST_FRAMES} of them`, async () => {
  const seed = hostileSeed('hostile first frames');
  const dice = random(seed);
  using unhandled = new Unhandled();
  const running = await Running.start();
  await using _ = running;
  await running.addUser('ash', 'supervisor');
  const ash = await running.signIn('ash');
  const make = frameMaker(seed, dice);
  const codes: number[] = [];
  const wrong: string[] = [];
  for (let n = 0; n < FIRST_FRAMES; n += 1) {
    const line = await running.connect('CH1');
    const sent = spoilt(make(ash, 'CH1', Date.now), dice);
    send(line.socket, sent);
    const { code } = await line.closed;
    codes.push(code);
    if (![1007, 1009, 4400, 4401].includes(code)) wrong.push(`${code} ${sent.what}`);
  }
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
  expect(running.server.recorder.head().seq).toBe(1);
  const { harm, audit } = await afterAttack(running, unhandled);
  expect({ seed, harm }).toEqual({ seed, harm: [] });
  const count = (...of: readonly number[]) => codes.filter((code) => of.includes(code)).length;
  expect({
    early: refusalsIn(audit, 'refused no-hello'),
    strangers: refusalsIn(audit, 'refused not-enrolled'),
    broken: refusalsIn(audit, 'refused broken-frame'),
  }).toEqual({ early: count(4400), strangers: count(4401), broken: count(1007, 1009) });
});

test('a line that breaks the rules of sockets is ended, torn off or not, and the server stays up', async () => {
  using unhandled = new Unhandled();
  const running = await Running.start();
  await using _ = running;
  running.enrol('CH1');
  const { host, port } = new URL(running.url);
  const handshake = (more: string) =>
    `GET /sync HTTP/1.1\r\nhost: ${host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
    `sec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n` +
    `sec-websocket-protocol: ${subprotocol}\r\n${more}\r\n`;
  for (const [, bytes] of brokenFrames)
    for (const isTorn of [false, true]) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {}); // a torn line may end with one
      await once(socket, 'connect');
      socket.write(handshake(''));
      await once(socket, 'data');
      socket.write(bytes);
      socket.resume();
      if (isTorn) socket.resetAndDestroy();
      else if (bytes.length === 0) socket.end();
      await gone(socket);
    }
  expect((await running.join('CH1')).socket.readyState).toBe(1);
  expect([unhandled.told, running.told]).toEqual([[], []]);
});

test('a caller who is turned away and tears the line off at that moment stops nobody', async () => {
  using unhandled = new Unhandled();
  const running = await Running.start();
  await using _ = running;
  const { host, port } = new URL(running.url);
  const knocks = [
    ['/sync', 'evil.example', ''],
    ['/sync', host, 'origin: https://evil.example\r\n'],
    ['/other', host, ''],
  ] as const;
  for (let n = 0; n < 60; n += 1) {
    const [path, name, more] = knocks[n % knocks.length] ?? knocks[0];
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}); // torn off by ourselves
    await once(socket, 'connect');
    const text =
      `GET ${path} HTTP/1.1\r\nhost: ${name}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n${more}\r\n` +
      'x'.repeat(100_000); // still on its way when the answer comes
    socket.write(text, () => socket.resetAndDestroy());
    await gone(socket);
  }
  expect((await running.ask('GET', '/healthz')).status).toBe(200);
  expect(unhandled.told).toEqual([]);
});
