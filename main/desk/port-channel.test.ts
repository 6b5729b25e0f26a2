import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { limits } from '#protocol/limits.ts';
import { PortChannel, type PortEnd } from './port-channel.ts';

/** A desk's end of a port, and the window at the other one. */
function line() {
  const events = new EventEmitter();
  const sent: string[] = [];
  const heard: string[] = [];
  const due: { ms: number; work: () => void; signal: AbortSignal }[] = [];
  let isStarted = false;
  let isClosed = false;
  const port: PortEnd = {
    postMessage: (message) => void sent.push(message),
    on: (event: string, listener: (...args: never[]) => void) =>
      events.on(event, listener as never),
    start: () => (isStarted = true),
    close: () => (isClosed = true),
  };
  const channel = new PortChannel(port, {
    after: (ms, work, signal) => due.push({ ms, work, signal }),
    failed: ({ message, cause }) => heard.push(`failed ${message}: ${String(cause)}`),
    refused: (reason) => heard.push(`refused ${reason}`),
  });
  channel.onClosed(() => heard.push('closed'));
  channel.onDrained(() => heard.push('drained'));
  const windowSays = (data: unknown) => events.emit('message', { data });
  const facts = () => ({ isStarted, isClosed });
  return { channel, sent, heard, due, windowSays, facts, events };
}

const MIB = 'x'.repeat(1 << 20);

test('frames wait in the port until somebody listens, and go both ways', () => {
  const { channel, sent, heard, windowSays, facts } = line();
  expect(facts().isStarted).toBe(false);
  channel.onFrame((frame) => heard.push(frame));
  windowSays('up');
  channel.send('down');
  expect([facts().isStarted, heard, sent]).toEqual([true, ['up'], ['down']]);
});

test('a window that takes nothing is told of no more, goes on when it has taken half, and is cut off at last', () => {
  const { channel, heard, due, windowSays, facts } = line();
  channel.send(MIB);
  expect(channel.isLagging).toBe(false);
  channel.send('y');
  expect([channel.isLagging, channel.bufferedBytes]).toEqual([true, MIB.length + 1]);
  windowSays(MIB.length / 4);
  expect(channel.isLagging).toBe(true);
  windowSays(MIB.length / 2);
  expect([channel.isLagging, heard, due[0]?.signal.aborted]).toEqual([false, ['drained'], true]);

  for (let times = 0; times < 4; times += 1) channel.send(MIB);
  expect(facts().isClosed).toBe(false);
  channel.send(MIB);
  channel.send('one too many');
  expect([facts().isClosed, heard]).toEqual([true, ['drained', 'closed']]);
});

test('a window that lags for too long is cut off, and its end is told once', () => {
  const { channel, heard, due, facts, events, sent } = line();
  channel.send(MIB);
  channel.send('y');
  expect(due.map(({ ms }) => ms)).toEqual([limits.lagMs]);
  due[0]?.work();
  events.emit('close');
  channel.close();
  channel.send('late');
  expect([facts().isClosed, heard, sent.includes('late')]).toEqual([true, ['closed'], false]);
});

test.each([
  [{ frame: 'ping' }, 'not-text'],
  [Number.NaN, 'not-text'],
  [-1, 'not-text'],
  [undefined, 'not-text'],
  ['x'.repeat(limits.frameMaxBytes + 1), 'broken-frame'],
])('what is no frame ends the line and is counted', (data, reason) => {
  const { channel, heard, windowSays, facts } = line();
  channel.onFrame((frame) => heard.push(frame));
  windowSays(data);
  windowSays('late');
  expect([facts().isClosed, heard]).toEqual([true, [`refused ${reason}`, 'closed']]);
});

test('more taken than was sent counts as all, and a frame that fails costs itself', () => {
  const { channel, heard, windowSays } = line();
  channel.onFrame((frame) => {
    if (frame === 'bad') throw new Error('no');
    heard.push(frame);
  });
  windowSays(1_000_000);
  channel.send('abc');
  expect(channel.bufferedBytes).toBe(3);
  windowSays('bad');
  windowSays('good');
  expect(heard).toEqual(['failed taking a frame: Error: no', 'good']);
});
