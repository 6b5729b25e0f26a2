import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { Server } from '@hocuspocus/server';
import { createWsServer } from 'tinybase/synchronizers/synchronizer-ws-server';
import { WebSocketServer } from 'ws';

/*
 * A peer's server in a process of its own, at its quickest: Hocuspocus keeps its document in memory,
 * TinyBase passes on what its clients say to each other. Neither waits for a disk.
 */
const starts = {
  hocuspocus: async () => {
    const server = new Server({ address: '127.0.0.1', port: 0, quiet: true });
    await server.listen();
    return server.address.port;
  },
  tinybase: async () => {
    const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await once(sockets, 'listening');
    createWsServer(sockets);
    return (sockets.address() as AddressInfo).port; // it listens on TCP
  },
};

const port = await starts[process.argv[2] as keyof typeof starts](); // by `peers.ts` only
process.send?.({ url: `ws://127.0.0.1:${port}` });
process.on('disconnect', () => process.exit(0)); // whoever started it has gone
