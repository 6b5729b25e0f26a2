import { expect, test } from 'vitest';
import { chordOf, keyOf } from './keys.ts';

const press = (key: string, held: { ctrlKey?: boolean; shiftKey?: boolean } = {}) =>
  keyOf({ key, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...held });

test('a press has one name, whatever capitals lock says', () => {
  expect([
    press('F8'),
    press('Enter', { ctrlKey: true }),
    press('A', { shiftKey: true }),
    press('Tab', { shiftKey: true }),
    press('?', { shiftKey: true }),
    press('L', { ctrlKey: true }),
  ]).toEqual(['F8', 'Ctrl+Enter', 'a', 'Shift+Tab', '?', 'Ctrl+l']);
});

test('a key of the whole desktop is named by its place, and only once more than modifiers is pressed', () => {
  const held = { ctrlKey: true, shiftKey: true, altKey: false, metaKey: false };
  const codes = ['ControlLeft', 'ShiftRight', 'F9', 'KeyK', 'Digit4', 'MetaLeft', 'AltRight'];
  expect(codes.map((code) => chordOf({ code, ...held }))).toEqual([
    undefined,
    undefined,
    'Ctrl+Shift+F9',
    'Ctrl+Shift+K',
    'Ctrl+Shift+4',
    undefined,
    undefined,
  ]);
  expect(chordOf({ code: 'F13', ...held, ctrlKey: false, shiftKey: false })).toBe('F13');
});
