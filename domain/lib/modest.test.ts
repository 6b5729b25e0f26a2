import { expect, test } from 'vitest';
import { isModest } from './modest.ts';

const nested = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;

test('what a person sends is modest, and thousands of entries or levels are not', () => {
  const entries = (count: number) => Array.from({ length: count }, (_none, n) => n);
  const byName = (count: number) => Object.fromEntries(entries(count).map((n) => [`${n}`, n]));
  expect(
    [null, 'x', 5, entries(500), byName(500), nested(16), { a: [byName(500), entries(500)] }].map(
      isModest,
    ),
  ).toEqual(Array<boolean>(7).fill(true));
  expect(
    [entries(501), byName(501), nested(17), { a: [{ b: byName(501) }] }, nested(30_000)].map(
      isModest,
    ),
  ).toEqual(Array<boolean>(5).fill(false));
});
