import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { commands, commandTypes } from '#domain/commands.ts';
import { isModest } from '#domain/lib/modest.ts';
import { random } from '#domain/lib/random.ts';
import { until } from '#server/gateway/running.suite.ts';
import type { Admission } from '#desk/shell.ts';
import { windowDown, type WindowDown } from '#protocol/down.ts';
import { windowUp } from '#protocol/up.ts';
import { subprotocol } from '#protocol/version.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { freshCommandId } from '../support/fresh.ts';
import { valuesOf } from '../support/from-schema.ts';
import {
  brokenFrames,
  gone,
  hostileSeed,
  send,
  spoilt,
  Stalls,
  textOf,
  Unhandled,
  type Random,
} from '../support/hostile.ts';
import { OneDesk } from '../support/one-desk.ts';
import { refusalsIn, verifyServer } from '../support/verify-server.ts';

const MESSAGES = 2_000;
const BASES = 1_000;

/** A page that a hostile script has taken over: it sends what it likes and keeps what comes. */
class Page {
  readonly socket: WebSocket;
  readonly frames: WindowDown[] = [];
  readonly closed: Promise<number>;
  #code: number | undefined;
  #wake = Promise.withResolvers<void>();

  private constructor({ url, token }: Admission) {
    const { origin } = new URL(url.replace('ws', 'http'));
    this.socket = new WebSocket(url, [subprotocol, token], { origin });
    this.socket.on('message', (data) => {
      // As the window's own code reads it; anything else fails the test here.
      this.frames.push(windowDown.parse(JSON.parse((data as Buffer).toString('utf8'))));
      this.#stir();
    });
    this.socket.on('error', () => {}); // followed by `close`
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.#code = code;
        this.#stir();
        resolve(code);
      });
    });
  }

  static async open(admission: Admission): Promise<Page> {
    const page = new Page(admission);
    await once(page.socket, 'open');
    return page;
  }

  /** Sends a ping and waits for its answer, or for the end of the line. Gives what came before it. */
  async settle(
    t0: number,
  ): Promise<{ readonly answers: readonly WindowDown[]; readonly code?: number | undefined }> {
    this.socket.send(JSON.stringify({ frame: 'ping', t0 }));
    for (;;) {
      const at = this.frames.findIndex((it) => it.frame === 'pong' && it.t0 === t0);
      if (at >= 0) return { answers: this.frames.splice(0, at + 1) };
      if (this.#code !== undefined) return { answers: this.frames.splice(0), code: this.#code };
      await this.#wake.promise;
    }
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

function messageMaker(seed: number, dice: Random) {
  const messages = fc.sample(valuesOf(windowUp), { seed, numRuns: BASES }) as { frame: string }[];
  // Whoever goes off duty has signed out.
  const types = commandTypes.filter((type) => type !== 'end-duty');
  const bodies = new Map(
    types.map((type) => [type, fc.sample(valuesOf(commands[type].body), { seed, numRuns: 30 })]),
  );
  return (): object => {
    const message = dice.pick(messages) ?? { frame: 'ping' };
    if (message.frame !== 'command' && dice.chance(0.7)) return message;
    const type = dice.chance(0.4) ? 'open-contact' : (dice.pick(types) ?? 'open-contact');
    return {
      frame: 'command',
      id: freshCommandId(),
      type,
      body: dice.pick(bodies.get(type) ?? []),
    };
  };
}

test(
  `${MESSAGES} spoilt window messages: the desk goes on, each is refused with a reason, and the server's audit hears of it`,
  { timeout: 300_000 },
  async () => {
    const seed = hostileSeed('hostile windows');
    const dice = random(seed);
    using unhandled = new Unhandled();
    await using room = await OneDesk.start();
    const operator = await room.startDesk();
    await room.signIn(operator);
    const make = messageMaker(seed, dice);
    const tally = { malformed: 0, broken: 0, notText: 0, stored: 0 };
    const codes = new Set<number>();
    const wrong: unknown[] = [];
    const stalls = new Stalls(`hostile windows, ${MESSAGES}`);
    let page = await Page.open(room.admit(0));
    for (let n = 0; n < MESSAGES; n += 1) {
      const sent = spoilt(make(), dice);
      const value = textOf(sent);
      const parsed = isModest(value) ? windowUp.safeParse(value) : undefined;
      // Who signs in, out or locks is another matter: here somebody works at the desk all the time.
      if (parsed?.success && /^(sign-in|sign-out|lock)$/.test(parsed.data.frame)) continue;
      send(page.socket, sent);
      const { answers, code } = await page.settle(1e12 + n);
      const refusals = answers.filter(
        (it) => it.frame === 'refused' && it.reason === 'malformed',
      ).length;
      tally.malformed += refusals;
      tally.stored += answers.filter(
        (it) => it.frame === 'ack' && it.answer.state === 'stored-here',
      ).length;
      if (code !== undefined) {
        codes.add(code);
        if (code === 1003) tally.notText += 1;
        else tally.broken += 1;
        page = await Page.open(room.admit(n));
      }
      const isRight = parsed?.success || refusals === 1 || code !== undefined;
      if (!isRight)
        wrong.push({ n, what: sent.what, data: String(sent.data).slice(0, 400), answers });
    }
    stalls.tell();
    expect({ seed, wrong: wrong.slice(0, 3) }).toEqual({ seed, wrong: [] });
    expect([...codes].filter((code) => ![1003, 1007, 1009].includes(code))).toEqual([]);

    const { hostname, port, host } = new URL(room.admit('x').url);
    for (const [, bytes] of brokenFrames) {
      const { token } = room.admit('torn');
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {}); // torn off by ourselves
      await once(socket, 'connect');
      socket.write(
        `GET /desk HTTP/1.1\r\nhost: ${host}\r\norigin: http://${host}\r\nconnection: Upgrade\r\n` +
          `upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: ${subprotocol}, ${token}\r\n` +
          `sec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
      );
      await once(socket, 'data');
      socket.write(bytes, () => socket.resetAndDestroy());
      await gone(socket);
    }

    // The desk still works for who sits there, and everything reaches the server.
    const id = operator.ask({ type: 'open-contact', body: { channel: '999' } });
    expect(await operator.answerTo(id)).toMatchObject({ state: 'stored-here' });
    await operator.until('it is recorded', () =>
      operator.acks.get(id)?.some((it) => it.state === 'recorded'),
    );
    await operator.until('the outbox is empty', () => operator.seat?.waiting === 0);
    const log = openStore(join(room.serverFolder, 'log.db'), logMigrations);
    const rows = log.prepare<[], { what: string; outcome: string }>(
      `SELECT what, outcome FROM audit WHERE desk = 'CH1' AND operation = 'security'`,
    );
    await until(() => refusalsIn(rows.all(), 'refused malformed') >= tally.malformed);
    await until(() => refusalsIn(rows.all(), 'refused not-text') >= tally.notText);
    expect(refusalsIn(rows.all(), 'refused malformed')).toBe(tally.malformed);
    expect(refusalsIn(rows.all(), 'refused not-text')).toBe(tally.notText);
    // Those of the torn lines come on top, as far as the line was not gone before they were read.
    await until(() => refusalsIn(rows.all(), 'refused broken-frame') >= tally.broken);
    log.close();
    await room.stopDesk();
    await room.stopServer();
    const { faults, events } = verifyServer(room.serverFolder);
    expect({ seed, faults, unhandled: unhandled.told }).toEqual({
      seed,
      faults: [],
      unhandled: [],
    });
    expect(Math.min(events, tally.stored)).toBeGreaterThan(10);
  },
);
