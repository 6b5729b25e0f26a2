import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { deskUp } from '#protocol/up.ts';
import { subprotocol } from '#protocol/version.ts';
import { wallClock } from '../../support/fresh.ts';
import { Frames, fromStart, LoadLine } from './load-line.ts';

test('a line that joins again says nothing by the clock before it is welcome', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const { privateKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const lost = Promise.withResolvers<string>();
  const line = new LoadLine(
    `ws://127.0.0.1:${(server.address() as AddressInfo).port}/sync`,
    { desk: 'D1', privateKey },
    {
      frames: new Frames(),
      events: { seen: () => {}, answered: () => {}, lost: (why) => lost.resolve(why) },
      from: { ...fromStart, logId: 'a-log', epoch: 1, seq: 7 },
    },
  );
  line.tick(wallClock()); // the request is not written yet
  const [peer] = await Promise.race([
    accepted,
    lost.promise.then((why) => Promise.reject(new Error(why))),
  ]);
  expect(peer.protocol).toBe(subprotocol);
  line.tick(wallClock());
  const first = once(peer, 'message') as Promise<[Buffer]>;
  peer.send(JSON.stringify({ frame: 'challenge', nonce: 'n' }));
  expect(deskUp.parse(JSON.parse(String((await first)[0]))).frame).toBe('hello');
  line.end();
});
