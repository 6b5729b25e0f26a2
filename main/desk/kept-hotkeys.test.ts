import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { HotkeyRow } from '#protocol/hotkey.ts';
import { HotkeyMaps } from './hotkey-map.ts';
import { HotkeysHere } from './hotkeys-here.ts';
import { KeptHotkeys } from './kept-hotkeys.ts';

type Reach = 'desktop' | 'asked-for' | 'own-windows';

interface Choice {
  readonly reach?: Reach;
  /** Held by another program. */
  readonly elsewhere?: readonly string[];
  readonly path?: string;
}

function desk({ reach = 'desktop', elsewhere = [], path = '' }: Choice = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-hotkeys-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const held = new Map<string, () => void>();
  const pressed: string[] = [];
  const said: string[] = [];
  let shown: readonly HotkeyRow[] = [];
  let times = 0;
  const keys = new KeptHotkeys({
    shell: {
      registerHotkey: async (chord, action) => {
        if (elsewhere.includes(chord) || held.has(chord))
          return { outcome: 'refused', reason: 'taken' };
        held.set(chord, action);
        return reach === 'own-windows'
          ? { outcome: 'registered', reach, statement: 'only here' }
          : { outcome: 'registered', reach };
      },
      releaseHotkey: async (chord) => void held.delete(chord),
    },
    maps: new HotkeyMaps(join(folder, path, 'hotkeys.json')),
    show: (rows) => {
      shown = rows;
      times += 1;
    },
    pressed: (action) => pressed.push(action),
    say: (line) => said.push(line),
  });
  /** Until everything that was asked so far is done. */
  const done = async () => {
    for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
  };
  const sat = async (user: string | undefined) => {
    keys.sat(user);
    await done();
  };
  const set = async (user: string, action: HotkeyRow['id'], chord: string) => {
    keys.set(user, action, chord);
    await done();
    return row(action);
  };
  const row = (action: HotkeyRow['id']) => shown.find(({ id }) => id === action);
  return { keys, held, pressed, said, sat, set, row, shown: () => shown, times: () => times };
}

const everywhere = { reach: 'desktop', words: 'works on the whole desktop' };

test('the keys are taken when somebody signs in, do what they are for, and are given back when they leave', async () => {
  const { held, pressed, sat, shown, keys } = desk();
  await sat(undefined);
  expect([held.size, shown()]).toEqual([0, []]);
  await sat('ann');
  expect(shown()).toEqual([
    { id: 'take-next', keys: 'Ctrl+Shift+F1', ...everywhere },
    { id: 'hold', keys: 'Ctrl+Shift+F2', ...everywhere },
    { id: 'end', keys: 'Ctrl+Shift+F3', ...everywhere },
    { id: 'wrap-up', keys: 'Ctrl+Shift+F4', ...everywhere },
    { id: 'ready', keys: 'Ctrl+Shift+F5', ...everywhere },
  ]);
  for (const press of held.values()) press();
  expect(pressed).toEqual(['take-next', 'hold', 'end', 'wrap-up', 'ready']);
  await sat(undefined);
  expect([held.size, shown()]).toEqual([0, []]);
  await sat('ann');
  await keys.close();
  expect(held.size).toBe(0);
});

test('a key that another program holds is said in words, and the others work', async () => {
  const { sat, row, held } = desk({ elsewhere: ['Ctrl+Shift+F2'] });
  await sat('ann');
  expect(row('hold')).toEqual({
    id: 'hold',
    keys: 'Ctrl+Shift+F2',
    reach: 'nowhere',
    words: 'does not work',
    problem: 'Hold or resume: Ctrl+Shift+F2 is held by another program: choose another key',
  });
  expect(held.size).toBe(4);
});

test('a person gives an action another key, which stays theirs; the old one goes back to the desktop', async () => {
  const { sat, set, held } = desk();
  await sat('ann');
  expect(await set('ann', 'hold', 'Shift+Control+F9')).toEqual({
    id: 'hold',
    keys: 'Ctrl+Shift+F9',
    ...everywhere,
  });
  expect([held.has('Ctrl+Shift+F2'), held.has('Ctrl+Shift+F9')]).toEqual([false, true]);
  await sat('bob');
  expect(held.has('Ctrl+Shift+F2')).toBe(true);
  await sat('ann');
  expect(held.has('Ctrl+Shift+F9')).toBe(true);
});

test('a key that is not to be had leaves the old one, and says why; a good one makes the problem go', async () => {
  const { sat, set, held } = desk({ elsewhere: ['F13'] });
  await sat('ann');
  const good = { id: 'hold', keys: 'Ctrl+Shift+F2', ...everywhere };
  for (const [chord, why] of [
    ['F13', 'Hold or resume: F13 is held by another program: choose another key'],
    ['Ctrl+Shift+F1', 'Hold or resume: Ctrl+Shift+F1 is the key of “Take next” already'],
    ['Ctrl+C', 'Hold or resume: Ctrl+C is a key of the windows or of typing'],
  ] as const) {
    const row = await set('ann', 'hold', chord);
    expect(row).toMatchObject(good);
    expect(row?.problem).toContain(why);
    expect(row?.problem).toContain('; Ctrl+Shift+F2 stays');
  }
  expect([...held.keys()]).toHaveLength(5);
  expect(await set('ann', 'hold', 'Ctrl+Shift+F2')).toEqual(good);
  expect(await set('bob', 'hold', 'F14')).toEqual(good); // who is not here changes nothing
});

test('where a press alone shows that a key works, it is said so until it was pressed', async () => {
  const { sat, row, held } = desk({ reach: 'asked-for' });
  await sat('ann');
  expect(row('end')).toMatchObject({ reach: 'asked-for', words: expect.stringContaining('press') });
  held.get('Ctrl+Shift+F3')?.();
  expect([row('end'), row('hold')?.reach]).toEqual([
    { id: 'end', keys: 'Ctrl+Shift+F3', ...everywhere },
    'asked-for',
  ]);
});

test('keys that reach only our own windows say so', async () => {
  const { sat, row } = desk({ reach: 'own-windows' });
  await sat('ann');
  expect(row('end')).toMatchObject({
    reach: 'own-windows',
    words: 'works in Holdfast windows only',
  });
});

test('a choice that cannot be kept works until its person leaves, and they are told', async () => {
  const { sat, set } = desk({ path: 'no such folder' });
  await sat('ann');
  expect(await set('ann', 'hold', 'F13')).toMatchObject({
    keys: 'F13',
    reach: 'desktop',
    problem: expect.stringContaining('F13 could not be kept and is as before the next time'),
  });
});

test('a desk that was started again is told the keys again', async () => {
  const { sat, times, shown } = desk();
  await sat('ann');
  const before = times();
  await sat('ann');
  expect([times(), shown().length]).toEqual([before + 1, 5]);
});

test('a press acts in one call handling window, the last that came, and in no other', () => {
  const here = new HotkeysHere();
  const got: string[] = [];
  const joined = (role: 'call-handling' | 'dispatch', name: string) =>
    here.windowJoined(role, (frame) => got.push(`${name} ${JSON.stringify(frame)}`));
  here.pressed('hold');
  joined('dispatch', 'board');
  joined('call-handling', 'first');
  const leave = joined('call-handling', 'second');
  here.pressed('hold');
  leave();
  here.pressed('end');
  expect(got).toEqual([
    'second {"frame":"hotkey","action":"hold"}',
    'first {"frame":"hotkey","action":"end"}',
  ]);
});
