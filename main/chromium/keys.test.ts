import { expect, test } from 'vitest';
import { keyFor, parseKeys } from './keys.ts';

test('a chord holds its modifiers and writes nothing', () => {
  expect(parseKeys('Ctrl+Enter')).toEqual({
    held: [{ key: 'Control', code: 'ControlLeft', windowsVirtualKeyCode: 17 }],
    key: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 },
    modifiers: 2,
  });
});

test('a capital and a sign bring their own Shift, and the plus is a key like another', () => {
  const pressed = ['R', '?', '+', 'Ctrl++'].map((chord) => {
    const { held, key, modifiers } = parseKeys(chord);
    return [key.code, key.text, modifiers, held.map((it) => it.key)];
  });
  expect(pressed).toEqual([
    ['KeyR', 'R', 8, ['Shift']],
    ['Slash', '?', 8, ['Shift']],
    ['Equal', '+', 8, ['Shift']],
    ['Equal', undefined, 10, ['Control', 'Shift']],
  ]);
});

test('every character of the keyboard has its key, and no other has one', () => {
  const ascii = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at));
  expect(ascii.map((it) => keyFor(it)?.key.text)).toEqual(ascii);
  expect(['\n', '\t'].map((it) => keyFor(it)?.key.key)).toEqual(['Enter', 'Tab']);
  expect(['ï', '–', '🚓'].filter(keyFor)).toEqual([]);
});

test('a key that does not exist is an error and not a silent nothing', () => {
  expect(() => parseKeys('Ctrl+Return')).toThrow('no key is called "Return"');
  expect(() => parseKeys('Hyper+A')).toThrow('"Hyper" cannot be held');
});
