import process from 'node:process';
import { expect, test } from 'vitest';
import { Simulation } from './simulation.ts';

const SEEDS = 500;
const ORDERED_SEEDS = 150;
const OPERATIONS = 60;
// HOLDFAST_SEED=17 runs that one again, as it was.
const only = process.env['HOLDFAST_SEED'];
const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, n) => n + 1) : [Number(only)];

test(
  `${seeds.length} seeds of ${OPERATIONS} operations with crashes and a bad network: nothing is lost, doubled or different`,
  { timeout: 600_000 },
  () => {
    expect(() => {
      for (const seed of seeds) new Simulation(seed).run(OPERATIONS);
    }).not.toThrow();
  },
);

test(
  `${ORDERED_SEEDS} seeds over lines that keep the order: no desk is ever told that it is out of order`,
  { timeout: 600_000 },
  () => {
    const ended = seeds.slice(0, ORDERED_SEEDS).filter((seed) => {
      const simulation = new Simulation(seed, 'none', 'ordered');
      simulation.run(OPERATIONS);
      return simulation.linesEnded > 0;
    });
    expect(ended).toEqual([]);
  },
);

test(
  'without the order of the outbox the same checks find what was recorded before what it rests on',
  { timeout: 60_000 },
  () => {
    expect(() => {
      for (let seed = 1; seed <= 50; seed += 1) new Simulation(seed, 'order').run(OPERATIONS);
    }).toThrow(/seed \d+: .*recorded before one made before it/);
  },
);

test(
  'without the idempotency row the same checks find what was doubled',
  { timeout: 60_000 },
  () => {
    expect(() => {
      for (let seed = 1; seed <= 20; seed += 1) new Simulation(seed, 'idempotency').run(OPERATIONS);
    }).toThrow(/seed \d+: /);
  },
);
