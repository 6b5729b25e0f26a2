import { LoadForce } from './load/load-force.ts';
import { LoadProcess } from './load/load-process.ts';
import type { Measured, Paced } from './load/orders.ts';
import { residentMb } from './load/process-use.ts';
import { atMost, quantile, result, rounded, type Result } from './measure.ts';
import { sizes } from './sizes.ts';

const WRITERS = 10;
const RATE = 100;
const BYTES = 4_096; // what is not read grows past every limit within the turn
const P99_RATIO_MAX = 1.2;

/** Desks that do not read, beside many that do: what the others notice, and what the server keeps. */
export async function slowReader(): Promise<Result> {
  const { clients, slow, seconds, rounds } = sizes().slowReader;
  await using force = await LoadForce.start();
  await using load = new LoadProcess();
  const desks = await force.enrol(clients, Math.min(WRITERS, clients));
  await load.order('joinDesks', { url: force.syncUrl, desks });
  const paced: Paced = { rate: RATE, seconds, bytes: BYTES };
  const took = { without: [] as Measured[], beside: [] as Measured[] };
  const { pid } = force.force.server;
  let most = 0;
  for (let round = 0; round < rounds; round += 1) {
    took.without.push(await load.order('pacedDesks', paced));
    const { least } = await load.order('desksNow');
    const sleepers = await force.enrol(slow);
    await load.order('joinDesks', { url: force.syncUrl, desks: sleepers, from: least });
    for (const { desk } of sleepers) await load.order('pauseDesk', { desk, isPaused: true });
    const before = residentMb(pid);
    const sampling = setInterval(() => {
      most = Math.max(most, residentMb(pid) - before);
    }, 250);
    took.beside.push(await load.order('pacedDesks', paced));
    clearInterval(sampling);
    for (const { desk } of sleepers) await load.order('pauseDesk', { desk, isPaused: false });
  }
  const { lost } = await load.order('desksNow');
  const readers = new Set(desks.map(({ desk }) => desk));
  const cut = lost.filter(({ desk }) => readers.has(desk));
  if (cut.length > 0) throw new Error(`a desk that reads was cut off: ${JSON.stringify(cut)}`);
  const median = (all: readonly Measured[], of: 'p50' | 'p99') =>
    rounded(
      quantile(
        all.map(({ seen }) => seen[of]),
        0.5,
      ),
    );
  const ratio = rounded(median(took.beside, 'p99') / median(took.without, 'p99'));
  return result({
    name: 'slow-reader',
    values: {
      p50: median(took.beside, 'p50'),
      p99: median(took.beside, 'p99'),
      serverGrowthMb: rounded(most),
      slow,
      clients,
    },
    unit: 'ms',
    budget: [atMost('p99ToWithout', ratio, P99_RATIO_MAX)],
    beside: { withoutP50: median(took.without, 'p50'), withoutP99: median(took.without, 'p99') },
    ratio: { p99ToWithout: ratio },
    note:
      `${clients} desks that read and ${slow} that do not, ${RATE} entries a second of ${BYTES} bytes; from when an ` +
      'entry was due to when each desk that reads has it, in turns with the same without the slow ones. The server ' +
      'stops at 1 MB for each that does not read. serverGrowthMb is the most that its memory grew by in such a turn. ' +
      'Issue Survive: a slow reader does not slow the rest; the 1.2 is that of two forces',
  });
}
