import { expect, test } from 'vitest';
import type { DeskId } from '#domain/ids.ts';
import { startedAt } from '../../tests/support/room.ts';
import { Gathering, type Given } from './gathering.ts';

/** Gathers from CH1 and D1; what came of it, once both have come. */
async function gathered(...came: readonly (readonly [string, Given])[]) {
  const told: string[] = [];
  const missing = await new Promise<readonly string[]>((ended, failed) => {
    const gathering = new Gathering({
      recorder: {
        head: () => ({ seq: 7, hash: 'h' }),
        epoch: 5,
        endTails: () => Promise.resolve(),
      },
      desks: () => ['CH1', 'D1'],
      now: () => startedAt,
      timers: { after: () => () => {}, every: () => () => {} },
      withinMs: 60_000,
      told: (line) => void told.push(line),
      failed,
      ended,
    });
    for (const [desk, what] of came) gathering.gave(desk as DeskId, what);
  });
  return { missing, told: told.join('\n') };
}

test('desks that have given all they have are heard', async () => {
  const { missing, told } = await gathered(['CH1', 'all'], ['D1', 'all']);
  expect([missing, told]).toEqual([[], expect.stringContaining('every desk was heard')]);
});

test('a desk that has another log is not waited for, and counts for not heard: numbers that it may hold are skipped', async () => {
  const { missing, told } = await gathered(['CH1', 'all'], ['D1', 'not-all']);
  expect([missing, told]).toEqual([['D1'], expect.stringContaining('not heard: D1')]);
});

test('a log that was restored by a clock that was behind says so, and never that its desks were heard', async () => {
  const later = [
    ['CH1', 'a-later-server'],
    ['CH1', 'a-later-server'],
    ['D1', 'a-later-server'],
  ] as const;
  const { missing, told } = await gathered(...later);
  expect(missing).toEqual(['CH1', 'D1']);
  expect(told).not.toContain('every desk was heard');
  expect(told.match(/set the clock right/g)).toHaveLength(2); // once for each
});
