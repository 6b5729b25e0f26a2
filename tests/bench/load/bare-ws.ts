import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { WebSocketServer } from 'ws';

/*
 * The limit beside our fan-out: `ws` alone, in a process of its own. What one client sends, all are sent,
 * the same Buffer to each. It stores nothing, checks nothing and decides nothing.
 */
const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
await once(sockets, 'listening');
sockets.on('connection', (client) => {
  client.on('message', (data) => {
    for (const other of sockets.clients) other.send(data as Buffer, { binary: false }); // ws gives a Buffer
  });
});
process.send?.({ url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/bare` });
process.on('disconnect', () => process.exit(0)); // whoever started it has gone
