import { expect, test } from 'vitest';
import { freshSalts } from './salts.ts';

test('every salt is fresh, has 16 bytes, and is an array of its own', () => {
  const salt = freshSalts();
  const salts = Array.from({ length: 1_000 }, salt);
  expect(new Set(salts.map((it) => Buffer.from(it).toString('hex'))).size).toBe(1_000);
  // A thread that hands one on copies its whole buffer.
  expect(new Set(salts.map(({ buffer }) => buffer.byteLength))).toEqual(new Set([16]));
});
