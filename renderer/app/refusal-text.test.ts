import { expect, test } from 'vitest';
import { refusalIn, refusalText } from './refusal-text.ts';

test('who was quicker is named by desk', () => {
  expect(refusalText({ reason: 'already-taken', by: 'u1', desk: 'CH1' })).toBe('CH1 has it');
});

test('a reason of a later release is shown and not swallowed', () => {
  expect(refusalText({ reason: 'moon-is-full' })).toBe('Refused: moon is full');
  expect(refusalText({ reason: 'moon-is-full' }, 'The moon is full')).toBe('The moon is full');
});

test('an item of the tray says its reason as a colleague would, with what it is about', () => {
  expect([
    refusalIn('unit-off-duty', JSON.stringify({ reason: 'unit-off-duty', unitId: 'HT22' })),
    refusalIn('grant-revoked', JSON.stringify({ reason: 'grant-revoked' })),
    refusalIn('moon-is-full', '{"reason":"moon-is-full"}'),
    refusalIn('moon-is-full', 'The moon is full'),
  ]).toEqual([
    'HT22 is off duty; book it on first',
    'This sign-in had been ended by then: a supervisor decides on it',
    'Refused: moon is full',
    'The moon is full',
  ]);
});
