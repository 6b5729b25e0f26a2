import { expect, test } from 'vitest';
import { refusalText } from './refusal-text.ts';

test('who was quicker is named by desk', () => {
  expect(refusalText({ reason: 'already-taken', by: 'u1', desk: 'CH1' })).toBe('CH1 has it');
});

test('a reason of a later release is shown and not swallowed', () => {
  expect(refusalText({ reason: 'moon-is-full' })).toBe('Refused: moon is full');
  expect(refusalText({ reason: 'moon-is-full' }, 'The moon is full')).toBe('The moon is full');
});
