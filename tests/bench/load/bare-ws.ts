import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { WebSocketServer } from 'ws';
import { RawDisk } from '../measure.ts';

/*
 * The limit beside our fan-out: `ws` alone, in a process of its own. What one client sends, all are sent,
 * the same Buffer to each. It checks nothing and decides nothing; it stores nothing, or a page for each
 * message in the folder that is its argument.
 */
const [, , folder] = process.argv;
const disk = folder === undefined ? undefined : new RawDisk(folder);
const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
await once(sockets, 'listening');
sockets.on('connection', (client) => {
  client.on('message', (data) => {
    disk?.commit();
    for (const other of sockets.clients) other.send(data as Buffer, { binary: false }); // ws gives a Buffer
  });
});
process.send?.({ url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/bare` });
process.on('disconnect', () => process.exit(0)); // whoever started it has gone
