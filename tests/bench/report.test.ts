import { expect, test } from 'vitest';
import { atLeast, atMost, result } from './measure.ts';
import { merged, rendered, type Kept } from './report.ts';

const machine = {
  cpu: 'Made-up',
  cores: 2,
  memoryGiB: 24,
  platform: 'linux x64 6.1',
  node: '24.0.0',
  sqlite: '3.54.0',
  isRealDisk: true,
  at: '2026-11-25T05:00:00.000Z',
  loadBefore: 0.5,
  loadAfter: 3.25,
};
const line = (name: string, p99: number): Kept => ({
  ...result({
    name,
    values: { p99 },
    unit: 'ms',
    budget: [atMost('p99', p99, 25)],
    beside: { bareP99: 10 },
    ratio: { p99: p99 / 10 },
    note: 'from here to there',
  }),
  machine,
});

test('a line that was measured again takes its old place, and a new one stands last', () => {
  const names = merged([line('a', 1), line('b', 2)], [line('c', 3), line('a', 9)]).map(
    ({ name, values }) => [name, values['p99']],
  );
  expect(names).toEqual([
    ['a', 9],
    ['b', 2],
    ['c', 3],
  ]);
});

test('every budget is said to be met or missed, with the load, what is beside it and the reason', () => {
  const page = rendered(
    [line('fan-out', 12), line('start', 50)],
    { start: 'It was late.' },
    { map: 'Not built.' },
  );
  expect(page.split('\n').filter((it) => it.startsWith('| ['))).toEqual([
    '| [`fan-out`](#fan-out) | p99 | ≤ 25 | 12 | met | 0.5 to 3.3 |',
    '| [`start`](#start) | p99 | ≤ 25 | 50 | **missed** | 0.5 to 3.3 |',
  ]);
  for (const words of [
    '## Budgets: 1 of 2 met',
    '| map | Not built. |',
    '- Beside it, in the same run: bareP99 10',
    '- Ratio: p99 5',
    '- 2026-11-25 05:00 UTC, load 0.5 to 3.3 on 2 cores',
    'Missed (p99): It was late.',
  ])
    expect(page).toContain(words);
});

test('a budget that is missed without a reason is said to be so', () => {
  const slow: Kept = {
    ...result({
      name: 'drain',
      values: { rate: 5 },
      unit: 'commands/s',
      budget: [atLeast('rate', 5, 10)],
      beside: {},
      ratio: {},
      note: 'all of it',
    }),
    machine,
  };
  expect(rendered([slow], {}, {})).toContain('Missed (rate): not explained yet.');
});
