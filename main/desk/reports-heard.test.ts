import { expect, test } from 'vitest';
import type { DeskId, EpochMs } from '#domain/ids.ts';
import { ReportsHeard } from './reports-heard.ts';

const report = {
  mode: 'online',
  waiting: 0,
  tray: 1,
  drafts: 0,
  version: '1',
  offsetMs: 0,
} as const;
const of = (desk: string, at: number, goneSince?: number) => ({
  desk: desk as DeskId,
  at: at as EpochMs,
  ...(goneSince !== undefined && { goneSince: goneSince as EpochMs }),
  report,
});

function open() {
  let now = 1_000;
  let changes = 0;
  const heard = new ReportsHeard(
    () => now as EpochMs,
    () => (changes += 1),
  );
  return { heard, pass: (ms: number) => (now += ms), changes: () => changes };
}

test('what a desk said last outlives a server that was started again and has not heard it', () => {
  const { heard, pass, changes } = open();
  heard.heard({ isAll: true, latest: [of('D1', 900), of('CH1', 900)] });
  pass(500);
  heard.heard({ isAll: true, latest: [of('CH1', 1_400)] });
  expect([...heard.latest.values()]).toEqual([of('D1', 900, 1_500), of('CH1', 1_400)]);
  pass(500);
  heard.heard({ isAll: false, latest: [of('CH1', 1_900, 2_000)] });
  expect(heard.latest.get('D1' as DeskId)?.goneSince).toBe(1_500);
  heard.heard({ isAll: false, latest: [of('D1', 2_000)] });
  expect(heard.latest.get('D1' as DeskId)).toEqual(of('D1', 2_000));
  pass(12 * 3_600_000 + 1);
  heard.heard({ isAll: false, latest: [] });
  expect([...heard.latest.keys()]).toEqual(['D1']);
  expect(changes()).toBe(5);
});

test('a thousand desks are kept at most, and those that went first are let go first', () => {
  const { heard } = open();
  for (let n = 0; n < 4; n += 1)
    heard.heard({
      isAll: false,
      latest: Array.from({ length: 300 }, (_none, at) =>
        of(`D${n * 300 + at}`, 1, n === 0 ? 500 + at : undefined),
      ),
    });
  expect(heard.latest.size).toBe(1_000);
  expect([heard.latest.has('D199' as DeskId), heard.latest.has('D200' as DeskId)]).toEqual([
    false,
    true,
  ]);
});
