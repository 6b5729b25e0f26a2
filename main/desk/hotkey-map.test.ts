import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HotkeyMaps, readHotkey } from './hotkey-map.ts';

const shipped = {
  'take-next': 'Ctrl+Shift+F1',
  hold: 'Ctrl+Shift+F2',
  end: 'Ctrl+Shift+F3',
  'wrap-up': 'Ctrl+Shift+F4',
  ready: 'Ctrl+Shift+F5',
};

function maps(text?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-hotkeys-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'hotkeys.json');
  if (text !== undefined) writeFileSync(file, text);
  return { file, open: () => new HotkeyMaps(file) };
}

test('a key that stops people typing, or that the windows have, is refused in words', () => {
  const refused = [
    ['A', 'not a key'],
    ['Ctrl+C', 'of the windows or of typing'],
    ['Alt+1', 'of the windows or of typing'],
    ['F1', 'of the windows or of typing'],
    ['F12', 'of the windows or of typing'],
    ['Shift+F5', 'of the windows or of typing'],
    ['Ctrl+Shift+End', 'a key of typing'],
    ['Ctrl+Alt+E', 'writes a letter on some keyboards'],
    ['Alt+Control+Shift+4', 'writes a letter on some keyboards'],
    ['Ctrl+Shift+ß', 'not a key'],
    ['', 'not a key'],
  ] as const;
  for (const [text, words] of refused)
    expect(readHotkey(text)).toEqual({ problem: expect.stringContaining(words) });
  const taken = ['F13', 'F24', 'CmdOrCtrl+Shift+F9', 'Shift+Ctrl+K', 'Ctrl+Alt+F9', 'Ctrl+Super+1'];
  expect(taken.map(readHotkey)).toEqual(
    ['F13', 'F24', 'Ctrl+Shift+F9', 'Ctrl+Shift+K', 'Ctrl+Alt+F9', 'Ctrl+Meta+1'].map((chord) => ({
      chord,
    })),
  );
  for (const chord of Object.values(shipped)) expect(readHotkey(chord)).toEqual({ chord });
});

test('each person has their own keys at a desk, over a restart; whoever chose none has the desk’s, then ours', () => {
  const { open, file } = maps();
  expect(open().find('ann')).toEqual({ map: shipped, problem: undefined });
  open().keep('ann', 'hold', 'F13');
  open().keep('bob', 'hold', 'F14');
  open().keep('ann', 'end', 'F15');
  expect(open().find('ann').map).toEqual({ ...shipped, hold: 'F13', end: 'F15' });
  expect(open().find('bob').map).toEqual({ ...shipped, hold: 'F14' });
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('"desk": {}', '"desk": { "ready": "F20", "hold": "F21" }'));
  expect(open().find('bob').map).toEqual({ ...shipped, hold: 'F14', ready: 'F20' });
  expect(open().find('__proto__').map).toEqual({ ...shipped, hold: 'F21', ready: 'F20' });
  expect([statSync(file).mode & 0o777, existsSync(`${file}.new`)]).toEqual([0o600, false]);
});

test.each([
  ['{', 'SyntaxError'],
  ['{"desk":{"hold":7}}', 'desk.hold'],
  ['{"people":{"ann":{"take-off":"F13"}}}', 'people.ann'],
  ['{"persons":{}}', 'the whole'],
  [' '.repeat(1_000_001), 'over 1000000 characters'],
])(
  'a file that cannot be read is told with the field, and the keys are as we ship them',
  (text, field) => {
    const { open, file } = maps(text);
    const { map, problem } = open().find('ann');
    expect(map).toEqual(shipped);
    expect(problem).toContain(`${file} cannot be read`);
    expect(problem).toContain(field);
    open().keep('ann', 'hold', 'F13');
    expect(open().find('ann')).toEqual({ map: { ...shipped, hold: 'F13' }, problem: undefined });
  },
);

test('five hundred people are remembered, and who changed a key longest ago is forgotten first', () => {
  const people = Object.fromEntries(
    Array.from({ length: 600 }, (_, n) => [`p${n}`, { hold: 'F13' }]),
  );
  const { open, file } = maps(JSON.stringify({ people }));
  open().keep('p150', 'hold', 'F14');
  const kept = Object.keys(JSON.parse(readFileSync(file, 'utf8')).people as object);
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([500, 'p100', 'p150']);
});
