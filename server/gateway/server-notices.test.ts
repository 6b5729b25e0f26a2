import { expect, test } from 'vitest';
import type { EpochMs } from '#domain/ids.ts';
import { page, SeatClient } from '../web/seat-client.suite.ts';
import { HandTimers, Running, until } from './running.suite.ts';

// Every disk is fuller than one percent: the words are told here without filling one.
const anyDisk = { warnPercent: 1, fullPercent: 100 };

test('a desk that joins is told of a full disk, readiness and figures say the same, and the log line comes once', async () => {
  const timers = new HandTimers(Date.now());
  const running = await Running.start({
    timers,
    now: () => timers.now as EpochMs,
    diskLimits: anyDisk,
  });
  await using _ = running;
  running.enrol('CH1');
  await until(() => running.told.length > 0);
  const desk = await running.join('CH1');
  const { notices } = await desk.next('server-notices');
  expect(notices).toEqual([
    {
      about: 'disk',
      level: expect.stringMatching(/^(warning|urgent)$/) as string,
      since: timers.now,
      text: expect.stringMatching(/^The server's disk is \d+ % full/) as string,
    },
  ]);
  timers.pass(120_000);
  const ready = await running.ask('GET', '/readyz');
  expect(ready.body).toMatchObject({ state: 'ready', notices: [{ about: 'disk' }] });
  const figures = String((await running.ask('GET', '/metrics')).body);
  expect(figures).toMatch(/\nholdfast_disk_free_bytes\{disk="disk"\} \d+\n/);
  expect(figures).toMatch(/\nholdfast_disk_used_ratio\{disk="disk"\} [01]/);
  expect(figures).toContain('\nholdfast_notices{level="');
  expect(running.told).toHaveLength(1);
});

test('every joined desk is told at once that the clock of the server was set, and a desk that joins later too', async () => {
  const timers = new HandTimers(Date.now());
  let setBy = 0;
  const running = await Running.start({
    timers,
    now: () => (timers.now + setBy) as EpochMs,
    elapsedMs: () => timers.now,
  });
  await using _ = running;
  running.enrol('CH1');
  running.enrol('CH2');
  const desk = await running.join('CH1');
  expect(desk.frames.map(({ frame }) => frame)).not.toContain('server-notices');
  setBy = -3_000;
  timers.pass(5_000);
  const told = [await desk.next('server-notices')];
  told.push(await (await running.join('CH2')).next('server-notices'));
  for (const { notices } of told)
    expect(notices.map(({ text }) => text)).toEqual([
      "The server's clock is 3.0 s behind its own earlier times",
    ]);
  expect(String((await running.ask('GET', '/metrics')).body)).toContain(
    '\nholdfast_clock_jumped_seconds -3\n',
  );
});

test('a page of the live log says the release, and is told that the clock of the server was set', async () => {
  const timers = new HandTimers(Date.now());
  let setBy = 0;
  const running = await Running.start({
    windows: page,
    timers,
    now: () => (timers.now + setBy) as EpochMs,
    elapsedMs: () => timers.now,
    release: '9.8.7',
  });
  await using _ = running;
  await running.addUser('inv', 'investigator');
  const seat = new SeatClient(running.url);
  await seat.begin('inv');
  seat.send({ frame: 'subscribe', sub: 'seat', view: 'seat' });
  await seat.until(() => seat.raw.includes('"version":"9.8.7"'));
  expect(seat.raw).toContain('"notices":[]');
  setBy = -3_000;
  timers.pass(5_000);
  await seat.until(() => seat.raw.includes("The server's clock is 3.0 s behind"));
  seat.socket?.terminate();
});

test('a desk whose clock is off shows in the figures and once in the technical log', async () => {
  const timers = new HandTimers(Date.now());
  const running = await Running.start({ timers, now: () => timers.now as EpochMs });
  await using _ = running;
  running.enrol('CH1');
  const desk = await running.join('CH1');
  timers.pass(2_000);
  const { t0 } = await desk.next('ping');
  desk.send({ frame: 'pong', t0, t1: t0 + 7_000, head: 0 });
  desk.send({ frame: 'ping', t0: 1 });
  await desk.next('pong'); // what was sent before it was heard
  timers.pass(5_000);
  expect(running.told).toEqual(["warning: the clock of CH1 is 7.0 s ahead of the server's"]);
  expect(String((await running.ask('GET', '/metrics')).body)).toContain(
    '\nholdfast_desk_clock_offset_seconds 7\n',
  );
});
