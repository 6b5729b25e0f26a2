/** Why a line misses its budget, as it was measured; shown only where it does. */
export const reasons: Readonly<Record<string, string>> = {
  'server-commit':
    'SQLite writes some ten pages a commit, and the published build calls `fsync`, 1.8 times an `fdatasync` here; a ' +
    'command costs 0.025 ms of processor time (decision, hashes, four rows), and 20 times single would leave 0.010 ms.',
  'write-to-screen':
    'a line is in the document after inDocument, and up to a frame of the screen comes on top (frame, and barePage, where ' +
    'nothing of ours is on the way). Four desks, two pages and 200 lines do at once what computers of their own ' +
    'would do, on two cores: with the two desks alone that it goes between, the line is in the document within the ' +
    'budget (twoDesksInDocument). Of the rest, measured at each step on a quiet machine: 1.5 ms until it is on the disk here, 0.6 ' +
    'to the server, 1.0 to decide and commit, 1.8 to D1, 2.1 onto its disk, 1.8 for its views, 2.3 to the page, 1.2 there.',
  board:
    'not explained yet. It was taken while a whole test run shared the two cores (load 5 to 6), and not again on a quiet ' +
    'machine. Four thousand rows each have a clock that is rendered once a second, also out of sight: that is where to look first.',
  'fan-out':
    '`ws` alone, which stores nothing, stands beside it: where that misses the budget too, the machine had no more to ' +
    'give. Each write of a socket is a call of the kernel, 50,000 a second here, which is most of both.',
  'catch-up':
    'of the processor time of the desk 59 % are Replica.apply (both hashes of each event, its rows, the sync of the ' +
    'disk), 12 % parsing by schema, and the rest the start, the socket and decoding, all in one thread. replicaAlone is the first ' +
    'of these by itself, in the same run: no desk is quicker than that. A commit of 1,000 events instead of one for each frame ' +
    'brought it from 24,000 to 37,500 events a second on a quiet disk.',
  'two-forces':
    'the two have no process, file or lock in common; both forces, both load processes and whatever else runs share two ' +
    'cores and one disk. strangerP99 is the same overload by `ws` alone, and syncingStrangerP99 by `ws` that syncs one page ' +
    'for each entry: another force costs no more than these. On a machine that nobody else used the ratio was 1.10.',
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
