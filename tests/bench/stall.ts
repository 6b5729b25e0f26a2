import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { assert } from '#domain/lib/assert.ts';
import { atMost, result, type Result } from './measure.ts';

const MOST_MS = 50;
const ATTACKS = ['frames', 'http', 'windows'] as const;
const root = join(import.meta.dirname, '../..');

/** How long hostile input holds the loop up: the suites that send it, which tell it of themselves. */
export async function stall(): Promise<Result> {
  const files = ATTACKS.map((name) => `tests/hostile/${name}.test.ts`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const run = spawn(process.execPath, [vitest, 'run', '--no-file-parallelism', ...files], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, told, [code]] = await Promise.all([
    text(run.stdout),
    text(run.stderr),
    once(run, 'exit') as Promise<[number | null]>,
  ]);
  assert(code === 0, `the hostile suites hold: ${said}${told}`);
  const seen = [
    ...told.matchAll(/^hostile (\w+), (\d+): .* p99 ([\d.]+) ms, at most ([\d.]+) ms$/gm),
  ];
  assert(seen.length === ATTACKS.length, `each told how long it was held up: ${told}`);
  const longest = Math.max(...seen.map(([, , , , most]) => Number(most)));
  return result({
    name: 'stall',
    values: {
      longest,
      ...Object.fromEntries(
        seen.flatMap(([, what = '', count, p99, most]) => [
          [what, Number(count)],
          [`${what}P99`, Number(p99)],
          [`${what}Longest`, Number(most)],
        ]),
      ),
    },
    unit: 'ms',
    budget: [atMost('longest', longest, MOST_MS)],
    beside: {},
    ratio: {},
    note:
      'the longest that the event loop was held up while it was sent hostile frames and requests as a server, ' +
      'and window messages as a desk, each beside the socket that sends them and looks at every answer: the ' +
      'work of the suite is in it. Issue Survive: at most 50 ms',
  });
}
