/** Why a line misses its budget, as it was measured; shown only where it does. */
export const reasons: Readonly<Record<string, string>> = {
  'server-commit':
    'SQLite writes some ten pages a commit, and the published build calls `fsync`, 1.8 times an `fdatasync` here; a ' +
    'command costs 0.025 ms of processor time (decision, hashes, four rows), and 20 times single would leave 0.010 ms.',
  'write-to-screen':
    'up to a frame of 17 ms is in every painted figure: inDocument is when the line is in the page. The rest is what ' +
    'the disk and the processor of the machine leave to it: the same with four desks alone stands beside it.',
  'fan-out':
    '`ws` alone, which stores nothing, stands beside it: where that misses the budget too, the machine had no more to ' +
    'give. Each write of a socket is a call of the kernel, 50,000 a second here, which is most of both.',
  'catch-up':
    'the desk decrypts, parses by schema, checks both hashes of each event and commits with a sync of the disk in ' +
    'one thread; replicaAlone is the last two without parsing or network, and no desk can be quicker than that. A commit of ' +
    '1,000 events instead of one for each frame brought the same events from 24,000 to 37,500 a second there, on a quiet machine.',
  'two-forces':
    'both forces, both load processes and whatever else runs share two cores and one disk, so that the ratio is what ' +
    'the machine shares and not the processes: they have nothing in common.',
  'slow-reader':
    'what is left of the ratio is the noise between two turns on a machine that others use: the gateway stops ' +
    'at 1 MB for a socket that is not read, and reads on from the log once it has drained.',
};

/** Budgets of DESIGN section 6 that nothing here measures. */
export const absent: Readonly<Record<string, string>> = {
  'picture of the caller at ring': 'the digest is not built (issue Picture)',
  'text search': 'not built (issue Picture)',
  'map with 2,000 moving units': 'not built (issue Room)',
  'failover on process death, on silent host loss': 'there is no standby yet (issue Room)',
  'faults: 0 lost, 0 doubled, 0 diverged':
    'tests, not times: `tests/fault/kills.test.ts`, `tests/sim`, `npm run soak`',
};
