import { BareServer } from './load/bare-server.ts';
import { LoadForce } from './load/load-force.ts';
import { LoadProcess } from './load/load-process.ts';
import type { Measured, Paced } from './load/orders.ts';
import { ProcessUse } from './load/process-use.ts';
import { atMost, quantile, result, rounded, TempFolder, type Result } from './measure.ts';
import { sizes } from './sizes.ts';

const WRITERS = 5;
const RATE = 20; // writes a second of a force at work
const TIMES = 10; // what the other force is overloaded by
const BYTES = 1_024;
const P99_RATIO_MAX = 1.2;

interface Side extends AsyncDisposable {
  readonly load: LoadProcess;
  readonly pid: number;
}

/** A force in a server process of its own, with a load process of its own whose desks have joined. */
async function side(clients: number): Promise<Side> {
  await using made = new AsyncDisposableStack();
  const force = made.use(await LoadForce.start());
  const load = made.use(new LoadProcess());
  const desks = await force.enrol(clients, Math.min(WRITERS, clients));
  await load.order('joinDesks', { url: force.syncUrl, desks });
  const kept = made.move();
  return {
    load,
    pid: force.force.server.pid,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What one force notices of another on the same machine: idle, at work, and overloaded tenfold. */
export async function twoForces(): Promise<Result> {
  const { clients, seconds, rounds } = sizes().twoForces;
  await using ours = await side(clients);
  await using other = await side(clients);
  const paced: Paced = { rate: RATE, seconds, bytes: BYTES };
  const took: Record<'alone' | 'beside' | 'overloaded' | 'stranger' | 'syncing', Measured[]> = {
    alone: [],
    beside: [],
    overloaded: [],
    stranger: [],
    syncing: [],
  };
  using bare = await BareServer.start();
  await using crowd = new LoadProcess();
  await crowd.order('joinBare', { url: bare.url, count: clients });
  using folder = new TempFolder();
  using syncing = await BareServer.start(folder.path);
  await using hoard = new LoadProcess();
  await hoard.order('joinBare', { url: syncing.url, count: clients });
  let otherCores = 0;
  let otherSeen = 0;
  // In turns, so that whatever else the machine does falls on each of them.
  for (let round = 0; round < rounds; round += 1) {
    took.alone.push(await ours.load.order('pacedDesks', paced));
    const [beside] = await Promise.all([
      ours.load.order('pacedDesks', paced),
      other.load.order('pacedDesks', paced),
    ]);
    took.beside.push(beside);
    const use = new ProcessUse(other.pid);
    const [overloaded, theirs] = await Promise.all([
      ours.load.order('pacedDesks', paced),
      other.load.order('pacedDesks', { ...paced, rate: RATE * TIMES, seconds: seconds + 1 }),
    ]);
    took.overloaded.push(overloaded);
    otherCores = use.cores().all;
    for (const [them, kept] of [
      [crowd, took.stranger],
      [hoard, took.syncing],
    ] as const) {
      const [seen] = await Promise.all([
        ours.load.order('pacedDesks', paced),
        them.order('pacedBare', { ...paced, rate: RATE * TIMES, seconds: seconds + 1 }),
      ]);
      kept.push(seen);
    }
    otherSeen = theirs.seen.p99;
  }
  const p99 = (all: readonly Measured[]) =>
    rounded(
      quantile(
        all.map(({ seen }) => seen.p99),
        0.5,
      ),
    );
  const p50 = (all: readonly Measured[]) =>
    rounded(
      quantile(
        all.map(({ seen }) => seen.p50),
        0.5,
      ),
    );
  const ratio = rounded(p99(took.overloaded) / p99(took.beside));
  return result({
    name: 'two-forces',
    values: {
      p50: p50(took.overloaded),
      p99: p99(took.overloaded),
      otherP99: rounded(otherSeen),
      otherCores,
      clients,
      rounds,
    },
    unit: 'ms',
    budget: [atMost('p99ToOtherAtWork', ratio, P99_RATIO_MAX)],
    beside: {
      otherIdleP50: p50(took.alone),
      otherIdleP99: p99(took.alone),
      otherAtWorkP50: p50(took.beside),
      otherAtWorkP99: p99(took.beside),
      strangerP50: p50(took.stranger),
      strangerP99: p99(took.stranger),
      syncingStrangerP50: p50(took.syncing),
      syncingStrangerP99: p99(took.syncing),
    },
    ratio: {
      p99ToOtherAtWork: ratio,
      p99ToOtherIdle: rounded(p99(took.overloaded) / p99(took.alone)),
      p50ToOtherAtWork: rounded(p50(took.overloaded) / p50(took.beside)),
      strangerP99ToOtherAtWork: rounded(p99(took.stranger) / p99(took.beside)),
      syncingStrangerP99ToOtherAtWork: rounded(p99(took.syncing) / p99(took.beside)),
    },
    note:
      `two serve processes with ${clients} desks each, from when an entry was due to when each desk of the one has ` +
      `it, while the other does nothing, has the same ${RATE} entries a second, and ten times as many; stranger is the ` +
      'same with `ws` alone at ten times the rate in the place of the other force, which stores nothing, or syncs one ' +
      'page to the disk for each entry and does nothing else (syncingStranger). Both forces ' +
      'and both load processes share the cores and the one disk of this machine, so what is left of the ratio is ' +
      'the machine and not the process. Medians of the rounds',
  });
}
