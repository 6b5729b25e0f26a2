import { expect, test } from 'vitest';
import type { LookChange } from '#protocol/look.ts';
import { NewForce } from '../support/new-force.ts';
import type { WindowClient } from '../support/window-client.ts';

const PASSWORD = 'a made-up password';

const change = (window: WindowClient, what: LookChange) => {
  window.setLook(what);
};
const themeOf = (window: WindowClient) => window.seat?.look.theme;
const showTheme = (windows: readonly WindowClient[], theme: string) =>
  Promise.all(windows.map((window) => window.until(theme, () => themeOf(window) === theme)));

test('a look that one window asks for is in all windows of the desk, is that person’s there, and outlives the desk', async () => {
  await using force = await NewForce.start();
  for (const name of ['kay', 'lee']) await force.addUser(name, 'dispatcher');
  const desk = await force.startDesk('D1');
  const [left, right] = [await desk.openWindow(), await desk.openWindow()];
  const both = [left, right];

  // Nobody sits here yet: the chair has a look of its own.
  change(left, { theme: 'dim' });
  await showTheme(both, 'dim');

  // Two windows change two things at the same time, and neither takes the other's back.
  await left.signIn('kay', PASSWORD);
  await showTheme(both, 'dark');
  change(left, { theme: 'light' });
  change(right, { zoom: { window: 'dispatch', percent: 150 } });
  const ofKay = { theme: 'light', rows: 'compact', zoom: { dispatch: 150 } };
  for (const window of both)
    await window.until('both changes', () => {
      const { theme, zoom } = window.seat?.look ?? {};
      return theme === 'light' && zoom?.['dispatch'] === 150;
    });
  expect(both.map(({ seat }) => seat?.look)).toEqual([ofKay, ofKay]);

  // The next person begins with the first look, and who comes back finds their own.
  left.signOut();
  await showTheme(both, 'dim');
  await left.signIn('lee', PASSWORD);
  await showTheme(both, 'dark');
  left.signOut();
  await showTheme(both, 'dim');
  await desk.close();
  const again = await force.startDesk('D1');
  const window = await again.openWindow();
  await showTheme([window], 'dim');
  await window.signIn('kay', PASSWORD);
  await showTheme([window], 'light');
  expect(window.seat?.look).toEqual(ofKay);

  // At another desk she has not chosen yet.
  const other = await (await force.startDesk('D2')).openWindow();
  await other.signIn('kay', PASSWORD);
  await other.until('kay at D2', () => other.seat?.user?.name === 'kay');
  expect(themeOf(other)).toBe('dark');
});
