import { expect, test } from 'vitest';
import { DeskLines } from '../bench/load/desk-lines.ts';
import { LoadForce } from '../bench/load/load-force.ts';

const ENTRIES = 5_000;
const BYTES = 4_500; // together far more than the kernel and the server keep for one socket

test('a desk that does not read is cut off; those who read get everything meanwhile, and it loses nothing', async () => {
  await using force = await LoadForce.start();
  const url = force.syncUrl;
  const [readers, [slow]] = [await force.enrol(3, 1), await force.enrol(1)];
  if (!slow) throw new Error('it is enrolled');
  const lines = new DeskLines();
  await lines.join({ url, desks: [...readers, slow] });
  await lines.pause({ desk: slow.desk, isPaused: true });

  // Resolves only once every desk that reads has each entry, whole and following the one before it.
  const written = await lines.paced({ rate: ENTRIES, seconds: 1, bytes: BYTES, warmUpSeconds: 0 });
  expect([written.writes, written.deliveries]).toEqual([ENTRIES, ENTRIES * readers.length]);

  // It still tells that it lives: that it does not read is what ends its line.
  const joined = async () => {
    const metrics = await (await fetch(`${force.force.url}/metrics`)).text();
    return /^holdfast_desks_joined (\d+)$/m.exec(metrics)?.[1];
  };
  while ((await joined()) !== String(readers.length)) await new Promise(setImmediate);
  await lines.pause({ desk: slow.desk, isPaused: false });
  const { at } = await lines.lost(slow.desk);
  const { least } = await lines.now();
  expect(at.seq).toBeLessThan(least.seq);

  // From where it was, it gets the rest.
  await lines.join({ url, desks: [slow], from: at });
  const { least: after, lost } = await lines.now();
  expect([after, lost.map(({ desk }) => desk)]).toEqual([least, [slow.desk]]);
  await lines.leave();
});
