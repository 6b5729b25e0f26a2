import { randomBytes, generateKeyPairSync } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  serveDeskBehindPorts,
  type FromDeskBehindPorts,
  type ShellPort,
} from './desk-behind-ports.ts';
import type { PortEnd } from './port-channel.ts';
import type { StartDesk } from './start-desk.ts';

const WITHIN = { timeout: 10_000 };

/** Node's port in the shape of Electron's: the same events, the data one step deeper. */
const end = (port: MessagePort): PortEnd => ({
  postMessage: (message) => port.postMessage(message),
  on: (event: string, listener: (event: never) => void) =>
    event === 'message'
      ? port.on('message', (data: unknown) => listener({ data } as never))
      : port.on('close', () => listener(undefined as never)),
  start: () => port.start(),
  close: () => port.close(),
});

function shell() {
  const events = new EventEmitter();
  const told: FromDeskBehindPorts[] = [];
  const exits: number[] = [];
  const port: ShellPort = {
    on: (event, listener) => events.on(event, listener),
    postMessage: (message) => void told.push(message),
  };
  serveDeskBehindPorts(port, (code) => exits.push(code));
  const send = (data: unknown, ports: readonly PortEnd[] = []) =>
    events.emit('message', { data, ports });
  const joinWindow = (number: string, line: number) => {
    const { port1, port2 } = new MessageChannel();
    const frames: { frame: string; upsert?: { desk?: string }[] }[] = [];
    let isClosed = false;
    port2.on('message', (text: string) => {
      frames.push(JSON.parse(text));
      port2.postMessage(text.length);
    });
    port2.on('close', () => (isClosed = true));
    send({ type: 'join', role: 'dispatch', window: number, line }, [end(port1)]);
    const say = (frame: object) => port2.postMessage(JSON.stringify(frame));
    return { frames, say, close: () => port2.close(), closed: () => isClosed };
  };
  return { told, exits, send, joinWindow };
}

function options(folder: string): StartDesk {
  const { privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    dataDir: folder,
    desk: 'D1',
    force: 'HC',
    forceName: 'Test',
    timeZone: 'Europe/London',
    server: 'http://127.0.0.1:1',
    privateKey,
    storeKey: randomBytes(32).toString('hex'),
    protection: 'a test',
    port: 0,
    version: '0',
    isDemo: false,
  };
}

function folderOf() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-behind-ports-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a desk behind ports shows its windows their views, hears of each line that ends, and closes its files', async () => {
  const { told, exits, send, joinWindow } = shell();
  const early = joinWindow('1', 1);
  await vi.waitUntil(() => early.closed(), WITHIN); // no desk is there yet: the shell joins all at `ready`
  const folder = folderOf();
  send({ type: 'start', options: options(folder) });
  expect(told).toEqual([{ type: 'sat', user: undefined }, { type: 'ready' }]);

  const window = joinWindow('1', 2);
  const other = joinWindow('2', 3);
  window.say({ frame: 'subscribe', sub: 's', view: 'seat' });
  other.say({ frame: 'subscribe', sub: 's', view: 'seat' });
  for (const { frames } of [window, other])
    await vi.waitUntil(() => frames.some(({ upsert }) => upsert?.[0]?.desk === 'D1'), WITHIN);

  window.close();
  await vi.waitUntil(() => told.some((it) => it.type === 'left' && it.line === 2), WITHIN);
  expect(other.closed()).toBe(false);
  send({ type: 'stop' });
  await vi.waitUntil(() => exits.length > 0, WITHIN);
  expect(exits).toEqual([0]);
  await vi.waitUntil(() => other.closed(), WITHIN);

  // Its folder is free: another process of the desk can take its place.
  const next = shell();
  next.send({ type: 'start', options: options(folderOf()) });
  expect(next.told.at(-1)).toEqual({ type: 'ready' });
  next.send({ type: 'stop' });
  await vi.waitUntil(() => next.exits.length > 0, WITHIN);
});

test('a desk that cannot start says why in one line and ends', async () => {
  const folder = folderOf();
  const first = shell();
  first.send({ type: 'start', options: options(folder) });
  const second = shell();
  second.send({ type: 'start', options: options(folder) });
  expect(second.exits).toEqual([1]);
  expect(second.told).toEqual([
    {
      type: 'failed',
      message: expect.stringContaining('another Holdfast process uses this folder'),
    },
  ]);
  first.send({ type: 'stop' });
  await vi.waitUntil(() => first.exits.length > 0, WITHIN);
});
