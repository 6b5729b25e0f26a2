import { expect, test } from 'vitest';
import { Traffic } from './traffic.ts';

/** Readers who have each write a turn later. */
function audience(readers: number) {
  const traffic: Traffic = new Traffic({
    readers,
    write: (n) =>
      setImmediate(() => {
        for (let at = 0; at < readers; at += 1) traffic.seen(n, performance.now());
      }),
  });
  return traffic;
}

test('every write that is not of the warm-up is measured at every reader', async () => {
  const { seen, writes, deliveries } = await audience(3).paced(1_000, 0.02, 0.01);
  expect([seen.samples, writes, deliveries]).toEqual([60, 20, 90]);
});

test('as many are on their way as were asked for, and the last is waited for', async () => {
  let [onTheirWay, most] = [0, 0];
  const traffic: Traffic = new Traffic({
    readers: 2,
    write: (n) => {
      onTheirWay += 1;
      most = Math.max(most, onTheirWay);
      setImmediate(() => {
        onTheirWay -= 1;
        traffic.seen(n, performance.now());
        traffic.seen(n, performance.now());
      });
    },
  });
  const { deliveries } = await traffic.saturated(5, 0.05, 0.01);
  expect([most, onTheirWay, deliveries % 2]).toEqual([5, 0, 0]);
});

test('what is seen of an earlier traffic counts for nothing', async () => {
  const traffic = audience(1);
  traffic.seen(0, 1);
  const { deliveries } = await traffic.paced(1_000, 0.005, 0);
  expect(deliveries).toBe(5);
});
