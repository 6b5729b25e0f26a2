import { BareServer } from './load/bare-server.ts';
import { LoadForce } from './load/load-force.ts';
import { LoadProcess } from './load/load-process.ts';
import type { Measured, Paced } from './load/orders.ts';
import { ProcessUse, type CoreShare } from './load/process-use.ts';
import { atMost, quantile, result, rounded, type Result } from './measure.ts';
import { sizes } from './sizes.ts';

const BYTES = 1_024;
const RATE = 100;
const WRITERS = 10;
const P99_MAX_MS = 25;
const CORES_MAX = 0.6;

interface Turn {
  readonly traffic: Measured;
  readonly server: CoreShare;
}

/** Many desks and many events, in turn with `ws` alone that broadcasts as much to as many. */
export async function fanOut(): Promise<Result> {
  const { clients, seconds, rounds } = sizes().fanOut;
  const paced: Paced = { rate: RATE, seconds, bytes: BYTES };
  await using force = await LoadForce.start();
  await using load = new LoadProcess();
  const desks = await force.enrol(clients, Math.min(WRITERS, clients));
  using bare = await BareServer.start();
  await load.order('joinBare', { url: bare.url, count: clients });
  await load.order('joinDesks', { url: force.syncUrl, desks });
  const turn = async (what: 'pacedDesks' | 'pacedBare', pid: number): Promise<Turn> => {
    const use = new ProcessUse(pid);
    const traffic = await load.order(what, paced);
    return { traffic, server: use.cores() };
  };
  const ours: Turn[] = [];
  const alone: Turn[] = [];
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await turn('pacedBare', bare.pid));
    ours.push(await turn('pacedDesks', force.force.server.pid));
  }
  const { lost } = await load.order('desksNow');
  if (lost.length > 0) throw new Error(`lines were lost: ${JSON.stringify(lost)}`);
  return report(ours, alone, clients);
}

const median = (turns: readonly Turn[], of: (turn: Turn) => number) =>
  rounded(quantile(turns.map(of), 0.5));

function report(ours: readonly Turn[], alone: readonly Turn[], clients: number): Result {
  const p99 = median(ours, ({ traffic }) => traffic.seen.p99);
  const cores = median(ours, ({ server }) => server.all);
  const bareP99 = median(alone, ({ traffic }) => traffic.seen.p99);
  const bareCores = median(alone, ({ server }) => server.all);
  return result({
    name: 'fan-out',
    values: {
      p50: median(ours, ({ traffic }) => traffic.seen.p50),
      p99,
      max: median(ours, ({ traffic }) => traffic.seen.max),
      serverCores: cores,
      gatewayCores: median(ours, ({ server }) => server.mainThread),
      clientCores: median(ours, ({ traffic }) => traffic.clientCores),
      deliveries: ours.reduce((sum, { traffic }) => sum + traffic.deliveries, 0),
      clients,
    },
    unit: 'ms',
    budget: [atMost('p99', p99, P99_MAX_MS), atMost('serverCores', cores, CORES_MAX)],
    beside: {
      bareP50: median(alone, ({ traffic }) => traffic.seen.p50),
      bareP99,
      bareMax: median(alone, ({ traffic }) => traffic.seen.max),
      bareCores,
      bareClientCores: median(alone, ({ traffic }) => traffic.clientCores),
    },
    ratio: { p99: rounded(p99 / bareP99), cores: rounded(cores / bareCores) },
    note:
      `${clients} enrolled desks of one load process at a real serve process, ${RATE} log entries a second of ` +
      `${BYTES} bytes on the wire by ${Math.min(WRITERS, clients)} of them; from when an entry was due to when each ` +
      'desk has it, checked to the byte and to the chain: decided, committed and synced on the way. serverCores is ' +
      'the whole process, gatewayCores its event loop. Beside it `ws` alone broadcasts as many messages of that size ' +
      'to as many of the same clients in turns of the same run, and stores nothing. Medians of the turns',
  });
}
