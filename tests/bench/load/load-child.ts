import process from 'node:process';
import { BareLines } from './bare-lines.ts';
import { DeskLines } from './desk-lines.ts';
import type { Done, Order, Orders } from './orders.ts';

/*
 * One process with many clients in it, so that their processor time is apart from the server's. It does
 * what its parent orders and tells what came of it.
 */
const desks = new DeskLines();
const bare = new BareLines();
/** Loaded by who needs it: a peer's libraries are no part of our own clients. */
const peerLines = once(async () => new (await import('./peer-lines.ts')).PeerLines());

const works: Orders = {
  joinDesks: (order) => desks.join(order),
  pacedDesks: (order) => measured(() => desks.paced(order)),
  saturatedDesks: (order) => measured(() => desks.saturated(order)),
  livesOfContacts: (order) => desks.lives(order),
  pauseDesk: (order) => desks.pause(order),
  desksNow: () => desks.now(),
  leave: () => desks.leave(),
  joinBare: (order) => bare.join(order),
  pacedBare: (order) => measured(() => bare.paced(order)),
  joinPeers: async (order) => (await peerLines()).join(order),
  pacedPeers: async (order) => {
    const lines = await peerLines();
    return measured(() => lines.paced(order));
  },
  saturatedPeers: async (order) => {
    const lines = await peerLines();
    return measured(() => lines.saturated(order));
  },
};

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}

/** With the processor time that this process took, as a share of a core. */
async function measured<Result>(work: () => Promise<Result>) {
  const [cpu, at] = [process.cpuUsage(), performance.now()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ...result, clientCores: (user + system) / 1_000 / (performance.now() - at) };
}

process.on('message', ({ id, name, argument }: Order) => {
  const tell = (done: Done) => process.send?.(done);
  // Every order has its own argument, which the parent's types hold it to.
  const work = works[name] as (argument: unknown) => Promise<unknown>;
  work(argument).then(
    (result) => tell({ id, result }),
    (error: unknown) =>
      tell({ id, failed: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0)); // whoever started it has gone
