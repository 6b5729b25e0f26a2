import { expect, test } from 'vitest';
import { parseMonitors } from './read-displays.ts';

test('monitors are read with their places, also one left of the primary', () => {
  const listing = `Monitors: 2
 0: +*DP-1 2560/597x1440/336+0+0  DP-1
 1: +HDMI-1 1920/530x1080/300+-1920+120  HDMI-1
`;
  const one = { x: 0, y: 0, width: 2560, height: 1440 };
  const two = { x: -1920, y: 120, width: 1920, height: 1080 };
  expect(parseMonitors(listing)).toEqual([
    { id: '0', label: 'DP-1', bounds: one, workArea: one, isPrimary: true },
    { id: '1', label: 'HDMI-1', bounds: two, workArea: two, isPrimary: false },
  ]);
});
