import { expect, test } from 'vitest';
import { parseAccelerator } from './accelerator.ts';

test('two spellings of one chord are one key', () => {
  const spellings = ['CmdOrCtrl+Shift+F9', 'Shift+Control+F9', 'Shift+CommandOrControl+F9'];
  expect(spellings.map(parseAccelerator)).toEqual(spellings.map(() => 'Ctrl+Shift+F9'));
});

test('a key that people type with is not taken from them', () => {
  const refused = [
    'A',
    '7',
    'Space',
    'Enter',
    '',
    'Ctrl+',
    'Ctrl+Ctrl+A',
    'Hyper+A',
    'F25',
    'Ctrl+é',
  ];
  expect(refused.filter(parseAccelerator)).toEqual([]);
  expect(['F1', 'Alt+A', 'Ctrl+Space'].map(parseAccelerator)).toEqual([
    'F1',
    'Alt+A',
    'Ctrl+Space',
  ]);
});
