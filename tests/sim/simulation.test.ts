import process from 'node:process';
import { expect, test } from 'vitest';
import type { Guard } from './guards.ts';
import { linesOf, runSeeds } from './seeds.ts';
import { simulate, type Choice } from './simulation.ts';

const SEEDS = 2_000;
const OPERATIONS = 300;
const ORDERED_SEEDS = 150;
const LONG_MS = 900_000; // on a machine that does other work too
// HOLDFAST_SEED=17 runs that one again, as it was.
const only = process.env['HOLDFAST_SEED'];

/** Runs the seeds and returns what is wrong, and how many lines were ended as out of order. */
async function outcomesOf(seeds: number, choice: Choice) {
  const wrong: string[] = [];
  let linesEnded = 0;
  const range = only === undefined ? { from: 1, count: seeds } : { from: Number(only), count: 1 };
  await runSeeds({ ...range, choice }, (outcome) => {
    if (outcome.broken.length > 0) wrong.push(linesOf(outcome));
    linesEnded += outcome.linesEnded;
  });
  return { wrong, linesEnded };
}

test(
  `${SEEDS} seeds of ${OPERATIONS} operations: crashes, a bad network, full disks and wrong clocks lose, double and change nothing`,
  { timeout: LONG_MS },
  async () => {
    const { wrong } = await outcomesOf(SEEDS, { operations: OPERATIONS });
    expect(wrong.join('\n')).toBe('');
  },
);

test(
  `${ORDERED_SEEDS} seeds over lines that keep the order: no desk is ever told that it is out of order`,
  { timeout: LONG_MS },
  async () => {
    const choice = { operations: OPERATIONS, manner: 'ordered' } as const;
    expect(await outcomesOf(ORDERED_SEEDS, choice)).toEqual({ wrong: [], linesEnded: 0 });
  },
);

test('a seed gives the same outcome every time', () => {
  const choice = { operations: 60, guard: 'refusals' } as const;
  expect(simulate(7, choice)).toEqual(simulate(7, choice));
});

/** Each guard, and what the checks say once it is switched off. */
const guards: readonly (readonly [Exclude<Guard, 'none'>, string, RegExp])[] = [
  ['idempotency', 'the idempotency row', /was stored here and is lost/],
  ['order', 'the order of the outbox', /comes before .*, made before it/],
  ['epoch', 'the epoch fence', /knows epoch \d+ and joins a server of \d+/],
  ['cursor', 'the cursor in the transaction of its events', /calls its replica broken: .*follow/],
  ['re-decide', 'deciding again what is pending', /shows .* and should show /],
  [
    'tails',
    'asking the desks for what a restored server has lost',
    /calls its replica broken: the server holds another log/,
  ],
  ['refusals', 'the row of a refusal', /was told as refused and the server does not know it/],
];

const GUARD_SEEDS = 200; // many more than it takes

for (const [guard, what, expected] of guards) {
  test(`without ${what} the same checks find what goes wrong`, { timeout: LONG_MS }, () => {
    const found = () => {
      for (let seed = 1; seed <= GUARD_SEEDS; seed += 1) {
        const { broken } = simulate(seed, { operations: 100, guard });
        const seen = broken.find((it) => expected.test(it));
        if (seen !== undefined) return seen;
      }
      return 'nothing';
    };
    expect(found()).toMatch(expected);
  });
}
