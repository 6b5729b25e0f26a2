import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { LoadForce } from './load/load-force.ts';
import { LoadProcess } from './load/load-process.ts';
import type { Measured, Paced, Peer, Saturated } from './load/orders.ts';
import { ProcessUse } from './load/process-use.ts';
import { result, rounded, say, type Result } from './measure.ts';
import { sizes } from './sizes.ts';

const WRITERS = 10;
const RATE = 20;
const IN_FLIGHT = 512; // eight windows of a desk
const BODY = 700; // characters of one entry, at every one of them
const OURS_AROUND = 700; // what an event of ours says beside its text

/** How one of them did with so many clients. */
interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly saturation: number;
  /** Processor time of the server for one write that comes to every client, at 20 a second. */
  readonly serverMsAWrite: number;
  readonly clientCores: number;
}

type Turn = (what: 'paced' | 'saturated') => Promise<Measured>;

async function figures(turn: Turn, pid: number, seconds: number): Promise<Figures> {
  const use = new ProcessUse(pid);
  const paced = await turn('paced');
  const serverMs = use.cpuMs();
  const saturated = await turn('saturated');
  return {
    p50: paced.seen.p50,
    p99: paced.seen.p99,
    saturation: rounded(saturated.rate),
    serverMsAWrite: rounded(serverMs / (RATE * (seconds + 1))), // the second of warming up is in it
    clientCores: rounded(saturated.clientCores),
  };
}

async function ofOurs(clients: number, seconds: number): Promise<Figures> {
  await using force = await LoadForce.start();
  await using load = new LoadProcess();
  const desks = await force.enrol(clients, Math.min(WRITERS, clients));
  await load.order('joinDesks', { url: force.syncUrl, desks, isParsing: true });
  const bytes = BODY + OURS_AROUND;
  return await figures(
    (what) =>
      what === 'paced'
        ? load.order('pacedDesks', { rate: RATE, seconds, bytes })
        : load.order('saturatedDesks', { inFlight: IN_FLIGHT, seconds, bytes }),
    force.force.server.pid,
    seconds,
  );
}

async function ofPeer(kind: Peer, clients: number, seconds: number): Promise<Figures> {
  const server = fork(join(import.meta.dirname, 'load/peer-server.ts'), [kind], {
    stdio: 'inherit',
  });
  try {
    const [{ url }] = (await once(server, 'message')) as [{ url: string }];
    await using load = new LoadProcess();
    await load.order('joinPeers', { kind, url, count: clients });
    const paced: Paced = { rate: RATE, seconds, bytes: BODY };
    const saturated: Saturated = { inFlight: IN_FLIGHT, seconds, bytes: BODY };
    return await figures(
      (what) =>
        what === 'paced'
          ? load.order('pacedPeers', paced)
          : load.order('saturatedPeers', saturated),
      server.pid ?? 0,
      seconds,
    );
  } finally {
    server.kill();
  }
}

/** The same work for ourselves, Hocuspocus and TinyBase, one after the other in one run. */
export async function peers(): Promise<readonly Result[]> {
  const { clients, seconds } = sizes().peers;
  const results: Result[] = [];
  for (const count of clients) {
    say(`  ${count} clients`);
    const ours = await ofOurs(count, seconds);
    const hocuspocus = await ofPeer('hocuspocus', count, seconds);
    const tinybase = await ofPeer('tinybase', count, seconds);
    results.push(report(count, ours, hocuspocus, tinybase));
  }
  return results;
}

function report(clients: number, ours: Figures, hocuspocus: Figures, tinybase: Figures): Result {
  const named = (name: string, figuresOf: Figures) =>
    Object.fromEntries(
      Object.entries(figuresOf).map(([key, value]) => [
        `${name}${key.charAt(0).toUpperCase()}${key.slice(1)}`,
        Number(value),
      ]),
    );
  return result({
    name: `peers-${clients}`,
    values: { ...ours, clients },
    unit: 'ms',
    budget: [],
    beside: { ...named('hocuspocus', hocuspocus), ...named('tinybase', tinybase) },
    ratio: {
      p99ToHocuspocus: rounded(ours.p99 / hocuspocus.p99),
      p99ToTinybase: rounded(ours.p99 / tinybase.p99),
      saturationToHocuspocus: rounded(ours.saturation / hocuspocus.saturation),
      saturationToTinybase: rounded(ours.saturation / tinybase.saturation),
      serverMsToHocuspocus: rounded(ours.serverMsAWrite / hocuspocus.serverMsAWrite),
      serverMsToTinybase: rounded(ours.serverMsAWrite / tinybase.serverMsAWrite),
    },
    note:
      `${clients} clients in one process, entries of ${BODY} characters by ${WRITERS} of them (by one at TinyBase, which loses some of ten): ${RATE} a second from ` +
      `when each was due to when every other client has it, then as many as go with ${IN_FLIGHT} that not all have seen ` +
      '(saturation, writes a second). Ours is decided, chained and on the disk before anybody sees it, and each client ' +
      'parses by schema and checks the chain; Hocuspocus has it in the memory of its server, TinyBase (a server without ' +
      'a persister) nowhere but at its clients. In each, the client process is the larger part of the work: where ' +
      'clientCores is near 1, saturation says what the client can take; serverMsAWrite is the server alone',
  });
}
