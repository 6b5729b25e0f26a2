import { expect, test } from 'vitest';
import { age, countdown, monthName, span } from './clock.ts';

test('a length of time has two units, whatever its size', () => {
  expect([-5, 7_900, 59_999, 725_000, 3_900_000, 90_000_000].map(span)).toEqual([
    '0:00',
    '0:07',
    '0:59',
    '12:05',
    '1 h 05',
    '1 d 1 h',
  ]);
});

test('an age is in words', () => {
  expect([0, 59_000, 61_000, 3_600_000].map(age)).toEqual(['0 s', '59 s', '1 min', '1 h 00']);
});

test('a target that has gone says so in a word', () => {
  expect([countdown(10_000, 0), countdown(0, 0), countdown(0, 130_000)]).toEqual([
    { isPast: false, text: '0:10' },
    { isPast: false, text: '0:00' },
    { isPast: true, text: '2:10 past' },
  ]);
});

test('a month of a recorded crime stays a month', () => {
  expect([monthName('2026-03'), monthName('unknown')]).toEqual(['Mar 2026', 'unknown']);
});
