import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const UNIT_MAX_MS = 20_000; // some start the real linter or compiler, on two busy cores
const LONG_MAX_MS = 240_000; // real processes, real windows, many seeds, on two busy cores

/** Suites that start processes or windows: one file at a time, so that none slows another's deadlines. */
const alone = (name: string, groupOrder: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`tests/${name}/**/*.test.ts`],
    fileParallelism: false,
    testTimeout: LONG_MAX_MS,
    hookTimeout: LONG_MAX_MS,
    sequence: { groupOrder },
  },
});

const exclude = ['node_modules/**', '.cache/**', 'dist/**', 'release/**'];
const suites = ['sim', 'hostile', 'e2e', 'fault', 'samples'];

// Groups run one after another: what is quick to fail comes first.
export default defineConfig({
  test: {
    exclude,
    // Hundreds of processes are started, many to be killed: each saves a third of its start.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache/compile') },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          exclude: suites.map((name) => `tests/${name}/**`),
          testTimeout: UNIT_MAX_MS,
          hookTimeout: UNIT_MAX_MS,
          sequence: { groupOrder: 0 },
        },
      },
      ...suites.map((name, at) => alone(name, at + 1)),
    ],
  },
});
