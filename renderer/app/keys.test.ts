import { expect, test } from 'vitest';
import { keyOf } from './keys.ts';

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
