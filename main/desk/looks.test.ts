import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_LOOK, lookOf, setLook } from '#protocol/look.ts';
import { Looks } from './looks.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'looks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('each person has a look of their own at a desk, and so has the empty chair; both outlive the desk process', () => {
  const looks = new Looks(folder);
  looks.change('kay', { theme: 'light' });
  looks.change('kay', { zoom: { window: 'dispatch', percent: 150 } });
  looks.change('kay', { zoom: { window: 'call-handling', percent: 90 } });
  looks.change(undefined, { theme: 'dim' });
  const again = new Looks(folder);
  expect([again.of('kay'), again.of(undefined), again.of('lee')]).toEqual([
    { theme: 'light', rows: 'compact', zoom: { dispatch: 150, 'call-handling': 90 } },
    { ...DEFAULT_LOOK, theme: 'dim' },
    DEFAULT_LOOK,
  ]);
  expect(readdirSync(folder)).toEqual(['looks.json']);
});

test('of people two hundred are kept; who changed theirs longest ago is forgotten first', () => {
  const looks = new Looks(folder);
  for (let n = 0; n < 200; n += 1) looks.change(`u${n}`, { theme: 'light' });
  looks.change('u0', { rows: 'roomy' });
  looks.change('u200', { theme: 'light' });
  expect(['u0', 'u1', 'u2', 'u200'].map((user) => looks.of(user).theme)).toEqual([
    'light',
    'dark',
    'light',
    'light',
  ]);
});

test.each([
  ['cut short', '[["kay",{"theme":"li'],
  ['not a list', '{"kay":{"theme":"light"}}'],
  ['binary', '\0\u0001'],
])('a file of looks that is %s costs nobody a start', (_, content) => {
  writeFileSync(join(folder, 'looks.json'), content);
  const looks = new Looks(folder);
  expect(looks.of('kay')).toEqual(DEFAULT_LOOK);
  looks.change('kay', { theme: 'light' });
  expect(new Looks(folder).of('kay').theme).toBe('light');
});

test('what this release does not know of a look falls back, each part for itself', () => {
  expect([
    lookOf({ theme: 'sepia', rows: 'roomy', zoom: { dispatch: 150, map: 3, 'A B': 100 }, more: 1 }),
    lookOf({ theme: 'light', rows: 7, zoom: [] }),
    lookOf('light'),
  ]).toEqual([
    { theme: 'dark', rows: 'roomy', zoom: { dispatch: 150 } },
    { theme: 'light', rows: 'compact', zoom: {} },
    DEFAULT_LOOK,
  ]);
  const hundred = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [`w${'x'.repeat(n % 30)}`, 100]),
  );
  expect(Object.keys(lookOf({ zoom: hundred }).zoom)).toHaveLength(16);
});

test('a window asks for one change, of a kind that there is', () => {
  const isTaken = (change: unknown) => setLook.safeParse({ frame: 'set-look', change }).success;
  expect(
    [
      { theme: 'dim' },
      { rows: 'normal' },
      { zoom: { window: 'dispatch', percent: 200 } },
      { theme: 'sepia' },
      { zoom: { window: 'dispatch', percent: 300 } },
      { zoom: { window: '../dispatch', percent: 100 } },
      { theme: 'dim', rows: 'normal' },
      {},
    ].map(isTaken),
  ).toEqual([true, true, true, false, false, false, false, false]);
});
