import { expect, test } from 'vitest';
import type { EpochMs } from '#domain/ids.ts';
import { ClockNotice } from './clock-notice.ts';

test('a desk whose clock is off says by how much and which way, since when, and not again and again', () => {
  const clock = new ClockNotice(2_000);
  const said = [0, 1_999, -2_000, -1_600, -1_499, -1_700, 5_250, 600_000].map((offsetMs, at) => {
    const notice = clock.hear(offsetMs, at as EpochMs);
    return notice && `${notice.since}: ${notice.text}`;
  });
  expect(said).toEqual([
    undefined,
    undefined,
    "2: This desk's clock is 2.0 s ahead of the server's",
    "2: This desk's clock is 1.6 s ahead of the server's",
    undefined,
    undefined,
    "6: This desk's clock is 5.3 s behind the server's",
    "6: This desk's clock is 10 min behind the server's",
  ]);
});
