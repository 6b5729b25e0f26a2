import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { LeanSocket } from './lean-socket.ts';

/** A server of `ws` and a lean client of it. */
async function connected() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  const heard: string[] = [];
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const socket = new LeanSocket({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/sync`,
    subprotocol: 'made-up',
    opened: () => opened.resolve(),
    heard: (payload) => void heard.push(payload.toString('utf8')),
    closed: (why) => closed.resolve(why),
  });
  const [[peer]] = await Promise.all([accepted, opened.promise]);
  return { peer, socket, heard, closed: closed.promise };
}

test.each([0, 1, 125, 126, 65_535, 65_536, 600_000])(
  '%i letters go there and back whole',
  async (length) => {
    const { peer, socket, heard } = await connected();
    const text = 'é'.repeat(length / 2) + 'x'.repeat(length % 2);
    const back = once(peer, 'message') as Promise<[Buffer]>;
    socket.send(text);
    expect(String((await back)[0]) === text).toBe(true);
    peer.send('before');
    peer.send(text);
    peer.send('after');
    await new Promise<void>((resolve) => {
      const look = () => (heard.length === 3 ? resolve() : setImmediate(look));
      look();
    });
    expect([heard[0], heard[1] === text, heard[2]]).toEqual(['before', true, 'after']);
  },
);

test('a ping is answered, and a server that hangs up says why', async () => {
  const { peer, closed } = await connected();
  const pong = once(peer, 'pong') as Promise<[Buffer]>;
  peer.ping('are you there');
  expect(String((await pong)[0])).toBe('are you there');
  peer.close(4401, 'revoked');
  expect(await closed).toBe('closed 4401 revoked');
});
