import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { limits } from '#protocol/limits.ts';
import { nextToken } from '#protocol/next-token.ts';
import type { Assets } from '#protocol/page.ts';
import {
  fileTokenShelf,
  LocalGateway,
  type GatewayOptions,
  type TokenShelf,
} from './local-gateway.ts';
import { windowId, type Channel, type WindowRole } from './shell.ts';

const assets: Assets = new Map([
  ['/dispatch', { type: 'text/html; charset=utf-8', body: '<!doctype html>' }],
  ['/assets/font.woff2', { type: 'font/woff2', body: new Uint8Array([1, 2, 3]) }],
]);
const one = windowId('dispatch', 1);

let now = 0;
let gateway: LocalGateway;
const joined: { role: WindowRole; id: string; channel: Channel }[] = [];
const failures: string[] = [];
const clients: WebSocket[] = [];

const options = (more: Partial<GatewayOptions> = {}): GatewayOptions => ({
  assets,
  now: () => now,
  windowJoined: (role, id, channel) => void joined.push({ role, id, channel }),
  failed: (error) => void failures.push(error.message),
  ...more,
});

beforeEach(async () => {
  now = 1_000_000;
  gateway = await LocalGateway.listen(options());
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await gateway[Symbol.asyncDispose]();
  joined.length = 0;
  failures.length = 0;
});

const memoryShelf = (): TokenShelf => {
  let kept: string | undefined;
  return { read: () => kept, write: (text) => void (kept = text) };
};

/** What a browser is told when it knocks: the status of the answer to an upgrade. */
function knock(
  token: string,
  {
    origin = gateway.origin,
    host = new URL(gateway.origin).host,
    path = '/desk',
    protocols = `holdfast.v1, ${token}`,
  } = {},
) {
  return new Promise<number | undefined>((resolve, reject) => {
    const headers = {
      host,
      origin,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-protocol': protocols,
    };
    request(`${gateway.origin}${path}`, { headers })
      .on('upgrade', (response, socket) => (socket.destroy(), resolve(response.statusCode)))
      .on('response', ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end();
  });
}

/** A page that is in: its socket, and the first frame it was sent. */
async function enter(token: string) {
  const { host } = new URL(gateway.origin);
  const socket = new WebSocket(`ws://${host}/desk`, ['holdfast.v1', token], {
    origin: gateway.origin,
  });
  clients.push(socket);
  const [first] = (await once(socket, 'message')) as [Buffer];
  return { socket, next: nextToken.parse(JSON.parse(first.toString('utf8'))).token };
}

/** The line of the window that joined last. */
const line = () => {
  const last = joined.at(-1);
  if (!last) throw new Error('nobody has joined');
  return last.channel;
};

function fetchAs(path: string, host = new URL(gateway.origin).host, method = 'GET') {
  return new Promise<{
    status: number | undefined;
    body: string;
    headers: Record<string, unknown>;
  }>((resolve, reject) => {
    const { port } = new URL(gateway.origin);
    request({ host: '127.0.0.1', port, path, method, headers: { host } })
      .on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            body: Buffer.concat(parts).toString('utf8'),
            headers: response.headers,
          }),
        );
      })
      .on('error', reject)
      .end();
  });
}

test('a token opens one line, for the role and the window it was made for', async () => {
  const { url, token } = gateway.admit('dispatch', one);
  expect(url).toBe(`ws://${new URL(gateway.origin).host}/desk`);
  await enter(token);
  expect(joined.map(({ role, id }) => [role, id])).toEqual([['dispatch', one]]);
  expect(await knock(token)).toBe(401);
});

test('a token is good for 30 seconds and not a moment longer', async () => {
  const inTime = gateway.admit('dispatch', one).token;
  now += 29_999;
  expect(await knock(inTime)).toBe(101);
  const late = gateway.admit('dispatch', one).token;
  now += 30_000;
  expect(await knock(late)).toBe(401);
});

test('nobody gets in from another origin, host, path or protocol, and the token is used up', async () => {
  const { host, port } = new URL(gateway.origin);
  const wrong: Parameters<typeof knock>[1][] = [
    { origin: 'http://127.0.0.1' },
    { origin: `http://localhost:${port}` },
    { origin: `https://${host}` },
    { origin: `http://${host}.example` },
    { origin: 'null' },
    { origin: '' },
    { host: 'rebound.example' },
    { host: `localhost:${port}` },
    { path: '/' },
    { path: '/desk/' },
    { path: '/desk?role=supervisor' },
  ];
  const answers: (number | undefined)[] = [];
  const again: (number | undefined)[] = [];
  for (const door of wrong) {
    const { token } = gateway.admit('dispatch', one);
    answers.push(await knock(token, door));
    again.push(await knock(token));
  }
  const { token } = gateway.admit('dispatch', one);
  for (const protocols of [
    'holdfast.v1',
    token,
    `holdfast.v2, ${token}`,
    `${token}, holdfast.v1`,
  ]) {
    answers.push(await knock(token, { protocols }));
  }
  const spare = gateway.admit('dispatch', one).token;
  answers.push(await knock(spare, { protocols: `holdfast.v1, ${spare}, holdfast.v1` }));
  answers.push(await knock('', { protocols: 'holdfast.v1, ' }));
  expect(new Set([...answers, ...again])).toEqual(new Set([401]));
  expect(answers).toHaveLength(17);
  expect(joined).toEqual([]);
});

test('files are served by their exact path, and to nobody who uses another name for this machine', async () => {
  expect(await fetchAs('/dispatch?window=1')).toMatchObject({
    status: 200,
    body: '<!doctype html>',
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-opener-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  });
  const { headers } = await fetchAs('/assets/font.woff2');
  expect(headers['content-type']).toBe('font/woff2');
  expect(headers['content-security-policy']).toContain(
    `connect-src 'self' ws://${new URL(gateway.origin).host};`,
  );
  const nothing = [
    '/',
    '/dispatch/',
    '/assets',
    '/../../etc/passwd',
    '/assets/../../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2f..%2fpackage.json',
    '/dispatch%00',
    '//dispatch',
    '/DISPATCH',
    'http://rebound.example/dispatch',
  ];
  const found: unknown[] = [];
  for (const path of nothing) found.push((await fetchAs(path)).status);
  found.push((await fetchAs('/dispatch', 'rebound.example')).status);
  found.push((await fetchAs('/dispatch', undefined, 'POST')).status);
  expect(found).toEqual(Array.from({ length: nothing.length + 2 }, () => 404));
});

test('frames go both ways, in order', async () => {
  const { socket } = await enter(gateway.admit('dispatch', one).token);
  const heard: string[] = [];
  const both = new Promise<void>((resolve) => {
    line().onFrame((frame) => {
      heard.push(frame);
      if (heard.length === 2) resolve();
    });
  });
  socket.send('first');
  socket.send('second: Gwenllïan');
  await both;
  line().send('answer');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  expect([...heard, answer.toString('utf8')]).toEqual(['first', 'second: Gwenllïan', 'answer']);
});

test('a frame that is too large, or is not text, ends its line and no other', async () => {
  const other = await enter(gateway.admit('map', windowId('map', 2)).token);
  const large = await enter(gateway.admit('dispatch', one).token);
  const heard: string[] = [];
  line().onFrame((frame) => heard.push(frame));
  large.socket.send('x'.repeat(limits.frameMaxBytes + 1));
  expect((await once(large.socket, 'close'))[0]).toBe(1009);
  const binary = await enter(gateway.admit('dispatch', one).token);
  line().onFrame((frame) => heard.push(frame));
  binary.socket.send(Buffer.from([0, 1]));
  expect((await once(binary.socket, 'close'))[0]).toBe(1003);
  expect([heard, other.socket.readyState]).toEqual([[], WebSocket.OPEN]);
});

test('the first frame is the token for the next line, which replaces this one', async () => {
  const first = await enter(gateway.admit('dispatch', one).token);
  now += 12 * 3_600_000; // a shift
  const second = await enter(first.next);
  expect((await once(first.socket, 'close'))[0]).toBe(4001);
  expect(joined.map(({ id }) => id)).toEqual([one, one]);
  expect(await knock(first.next)).toBe(401);
  expect(second.next).not.toBe(first.next);
});

test('a next token lives as long as its line and 30 seconds more', async () => {
  const end = async (page: Awaited<ReturnType<typeof enter>>) => {
    const closed = new Promise<void>((resolve) => line().onClosed(resolve));
    page.socket.terminate();
    await closed;
  };
  const first = await enter(gateway.admit('dispatch', one).token);
  await end(first);
  now += 29_999;
  const second = await enter(first.next);
  await end(second);
  now += 30_000;
  expect(await knock(second.next)).toBe(401);
});

test('a line that another one replaced leaves no token behind', async () => {
  const first = await enter(gateway.admit('dispatch', one).token);
  await enter(gateway.admit('dispatch', one).token);
  expect(await knock(first.next)).toBe(401);
});

test('after a restart on the same port a page comes back with its next token, once', async () => {
  const shelf = memoryShelf();
  const { port } = gateway;
  await gateway[Symbol.asyncDispose]();
  gateway = await LocalGateway.listen(options({ port, shelf }));
  const { next } = await enter(gateway.admit('dispatch', one).token);
  await gateway[Symbol.asyncDispose]();
  gateway = await LocalGateway.listen(options({ port, shelf }));
  const second = await enter(next);
  expect(joined.at(-1)).toMatchObject({ role: 'dispatch', id: one });
  // Used up, also in the eyes of the desk that starts next.
  await gateway[Symbol.asyncDispose]();
  gateway = await LocalGateway.listen(options({ port, shelf }));
  expect(await knock(next)).toBe(401);
  now += 90_000;
  expect(await knock(second.next)).toBe(401);
});

test('the shelf is a file of this account that holds no token, and a broken one costs only itself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-shelf-'));
  try {
    const path = join(folder, 'next-tokens');
    await gateway[Symbol.asyncDispose]();
    gateway = await LocalGateway.listen(options({ shelf: fileTokenShelf(path) }));
    const { next } = await enter(gateway.admit('dispatch', one).token);
    expect(readFileSync(path, 'utf8')).not.toContain(next);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await gateway[Symbol.asyncDispose]();
    const shelf: TokenShelf = {
      read: () => '[{"hash":',
      write: () => {
        throw new Error('disk full');
      },
    };
    gateway = await LocalGateway.listen(options({ shelf }));
    await enter(gateway.admit('dispatch', one).token);
    expect(new Set(failures)).toEqual(
      new Set(['reading the next tokens', 'keeping the next tokens']),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a port that is taken is a failure, never another port', async () => {
  await expect(LocalGateway.listen(options({ port: gateway.port }))).rejects.toThrow(
    `opening the desk's local port ${gateway.port}`,
  );
});

test('a window that does not read is told to wait, and cut off at 4 MB', async () => {
  const { socket } = await enter(gateway.admit('dispatch', one).token);
  socket.pause();
  const slow = line();
  const closed = new Promise<void>((resolve) => slow.onClosed(resolve));
  const chunk = 'x'.repeat(limits.chunkMaxBytes);
  let laggedAt = 0;
  let sent = 0;
  // What the kernel takes is not counted; 64 MB is far more than it takes.
  for (; sent < 256 && slow.bufferedBytes <= limits.cutBytes; sent++) {
    slow.send(chunk);
    if (slow.isLagging) laggedAt ||= slow.bufferedBytes;
  }
  expect(laggedAt).toBeGreaterThan(limits.lagBytes);
  expect(laggedAt).toBeLessThan(limits.cutBytes);
  slow.send('one more');
  await closed;
  slow.send('to nobody');
});

test('a window that was lagging is told on when it has caught up', async () => {
  const { socket } = await enter(gateway.admit('dispatch', one).token);
  socket.pause();
  const slow = line();
  const drained = new Promise<void>((resolve) => slow.onDrained(resolve));
  for (let sent = 0; sent < 256 && !slow.isLagging; sent++)
    slow.send('x'.repeat(limits.chunkMaxBytes));
  expect(slow.isLagging).toBe(true);
  socket.resume();
  await drained;
  expect(slow.isLagging).toBe(false);
});

test('a window that stays behind for ten seconds is cut off', async () => {
  const { socket } = await enter(gateway.admit('dispatch', one).token);
  socket.pause();
  const slow = line();
  const closed = new Promise<void>((resolve) => slow.onClosed(resolve));
  for (let sent = 0; sent < 256 && !slow.isLagging; sent++)
    slow.send('x'.repeat(limits.chunkMaxBytes));
  expect(slow.bufferedBytes).toBeLessThan(limits.cutBytes);
  now += limits.lagMs + 1;
  await closed;
});

test('a listener that throws costs its frame, and the line goes on', async () => {
  const { socket } = await enter(gateway.admit('dispatch', one).token);
  const good = new Promise<string>((resolve) => {
    line().onFrame((frame) => {
      if (frame === 'bad') throw new Error('a bug of ours');
      resolve(frame);
    });
  });
  socket.send('bad');
  socket.send('good');
  expect(await good).toBe('good');
  expect(failures).toEqual(['taking a frame']);
});

test('an address for a person carries its token where no server and no log sees it', async () => {
  const address = new URL(gateway.address('dispatch', one));
  expect([address.origin, address.pathname, address.search]).toEqual([
    gateway.origin,
    '/dispatch',
    '',
  ]);
  await enter(address.hash.replace('#token=', ''));
  expect(joined).toHaveLength(1);
});
