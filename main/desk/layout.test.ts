import { expect, test } from 'vitest';
import { placeOn, spreadOver } from './layout.ts';
import type { Display } from './shell.ts';

const display = (id: string, label: string, x: number, isPrimary = false): Display => {
  const bounds = { x, y: 0, width: 1920, height: 1080 };
  return { id, label, bounds, workArea: { ...bounds, height: 1040 }, isPrimary };
};
const left = display('1', 'left', -1920);
const middle = display('2', 'middle', 0, true);

test('a window comes back to its monitor, though the monitor has moved and its id is new', () => {
  const bounds = { x: -1820, y: 50, width: 800, height: 600 };
  const moved = display('2', 'left', 1920);
  expect(placeOn([display('1', 'middle', 0, true), moved], { display: left, bounds })).toEqual({
    ...bounds,
    x: 2020,
  });
});

test('a window whose monitor is gone stands on the primary one, wholly on screen', () => {
  const saved = { display: left, bounds: { x: -1920, y: 900, width: 2400, height: 600 } };
  const small: Display = { ...middle, bounds: { ...middle.bounds, width: 1280, height: 800 } };
  const workArea = { x: 0, y: 0, width: 1280, height: 760 };
  expect(placeOn([{ ...small, workArea }], saved)).toEqual({
    x: 0,
    y: 160,
    width: 1280,
    height: 600,
  });
  expect(placeOn([], saved)).toBeUndefined();
});

test('windows without a place get a display each, the primary first, and then share', () => {
  expect(spreadOver([left, middle], ['dispatch', 'map', 'inbox'])).toEqual([
    { role: 'dispatch', bounds: { ...middle.workArea, width: 960 } },
    { role: 'map', bounds: left.workArea },
    { role: 'inbox', bounds: { ...middle.workArea, x: middle.workArea.x + 960, width: 960 } },
  ]);
});

test('the desks of a demo share the displays: two side by side, more of them each within reach', () => {
  const bounds = { x: 0, y: 0, width: 2_000, height: 1_000 };
  const one = { id: 'a', label: '', bounds, workArea: bounds, isPrimary: true };
  const right = { ...bounds, x: 2_000 };
  const two = [one, { ...one, id: 'b', bounds: right, workArea: right, isPrimary: false }];
  const at = (displays: typeof two, first: number, all: number) =>
    spreadOver(displays, ['dispatch'], { first, all })[0]?.bounds;
  expect([0, 1].map((first) => at(two, first, 2))).toEqual([bounds, right]);
  expect([0, 2].map((first) => at(two, first, 4))).toEqual([
    { ...bounds, width: 1_000 },
    { ...bounds, x: 1_000, width: 1_000 },
  ]);
  expect([0, 3].map((first) => at([one], first, 4))).toEqual([
    { x: 0, y: 0, width: 1_700, height: 850 },
    { x: 300, y: 150, width: 1_700, height: 850 },
  ]);
});
