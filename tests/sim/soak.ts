import process from 'node:process';
import { parseArgs } from 'node:util';
import { linesOf, runSeeds } from './seeds.ts';

/*
 * Simulates seed after seed until it is stopped (Ctrl-C), or so many with --seeds. Every seed that breaks
 * a promise is printed with how to run it again; the exit code says whether there was one.
 *
 *     soak.ts [--from SEED] [--seeds N] [--operations N]
 */

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    seeds: { type: 'string' },
    operations: { type: 'string', default: '300' },
  },
});
const EVERY = 500; // seeds between two lines that say how far it has come

const [from, operations] = [Number(values.from), Number(values.operations)];
const count = values.seeds === undefined ? {} : { count: Number(values.seeds) };
const say = (line: string) => void process.stdout.write(`${line}\n`);
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
process.once('SIGTERM', () => stopping.abort());

let run = 0;
let failed = 0;
say(`soak: from seed ${from}, ${operations} operations each`);
await runSeeds(
  { from, ...count, choice: { operations } },
  (outcome) => {
    run += 1;
    if (outcome.broken.length > 0) {
      failed += 1;
      say(linesOf(outcome));
    }
    if (run % EVERY === 0) say(`soak: ${run} seeds, ${failed} failed`);
  },
  stopping.signal,
);
say(`soak: ${run} seeds, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
