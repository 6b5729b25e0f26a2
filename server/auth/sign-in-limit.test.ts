import { expect, test } from 'vitest';
import type { EpochMs } from '#domain/ids.ts';
import { networkOf, SignInLimit, TRIES_MAX, TRY_EVERY_MS } from './sign-in-limit.ts';

function atNoon() {
  let now = 1_795_471_080_000;
  const limit = new SignInLimit(() => now as EpochMs);
  const take = (count: number, address = '10.0.0.1') =>
    Array.from({ length: count }, () => limit.take(address).outcome);
  return { limit, take, pass: (ms: number) => (now += ms) };
}
const mayTry = (count: number) => Array<string>(count).fill('may-try');

test('an address has its tries and then has to wait, and another one is not hurt', () => {
  const { limit, take, pass } = atNoon();
  expect(take(TRIES_MAX + 1)).toEqual([...mayTry(TRIES_MAX), 'too-many']);
  expect(take(TRIES_MAX, '10.0.0.2')).toEqual(mayTry(TRIES_MAX));
  expect(limit.take('10.0.0.1')).toEqual({
    outcome: 'too-many',
    retryAfterMs: TRY_EVERY_MS,
    isFirst: false,
  });
  pass(TRY_EVERY_MS - 1);
  expect(take(1)).toEqual(['too-many']);
  pass(1);
  expect(take(2)).toEqual(['may-try', 'too-many']);
});

test('good sign-ins cost nothing, however many come from one address', () => {
  const { limit, take } = atNoon();
  for (let n = 0; n < 10 * TRIES_MAX; n += 1) {
    expect(take(1)).toEqual(mayTry(1));
    limit.giveBack('10.0.0.1');
  }
  expect(take(TRIES_MAX + 1)).toEqual([...mayTry(TRIES_MAX), 'too-many']);
});

test('a clock that is set back gives no tries and takes none', () => {
  const { take, pass } = atNoon();
  take(TRIES_MAX - 1);
  pass(-3_600_000);
  expect(take(2)).toEqual(['may-try', 'too-many']);
});

test('the first refusal of a run is told, and of the next run again', () => {
  const { limit, take, pass } = atNoon();
  take(TRIES_MAX);
  const isFirst = () => {
    const taken = limit.take('10.0.0.1');
    return taken.outcome === 'too-many' && taken.isFirst;
  };
  expect([isFirst(), isFirst()]).toEqual([true, false]);
  pass(TRY_EVERY_MS);
  expect([take(1), isFirst()]).toEqual([['may-try'], true]);
});

test('whoever was heard longest ago is forgotten, and the memory has a bound', () => {
  const { limit, take } = atNoon();
  take(TRIES_MAX);
  for (let n = 0; n < 10_000; n += 1) limit.take(`host-${n}`);
  expect(take(1)).toEqual(['may-try']);
});

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
