import { expect, test } from 'vitest';
import { changedLook, type Look, type LookChange } from '#protocol/look.ts';
import type { SeatRow } from '#protocol/view.ts';
import { createLook, lookAtDesk, lookOfPage } from './look.ts';
import { createWindowStore } from './window-store.ts';

/** A desk that keeps what it is asked for and says so at once. */
function atDesk(look?: unknown) {
  const store = createWindowStore({ seat: { look } as SeatRow });
  const asked: LookChange[] = [];
  const setLook = (change: LookChange) => {
    asked.push(change);
    const before = store.getState().seat;
    if (!before) throw new Error('nobody sits here');
    store.setState({ seat: { ...before, look: changedLook(before.look, change) } });
  };
  return { actions: createLook(lookAtDesk(store, { setLook }), 'dispatch'), asked, store };
}
const first: Look = { theme: 'dark', rows: 'compact', zoom: {} };

test('the theme and the rows go round, one press each', () => {
  const { actions, asked } = atDesk(first);
  for (let n = 0; n < 4; n += 1) actions.nextTheme();
  for (let n = 0; n < 3; n += 1) actions.nextRows();
  expect(asked).toEqual([
    { theme: 'light' },
    { theme: 'dim' },
    { theme: 'system' },
    { theme: 'dark' },
    { rows: 'normal' },
    { rows: 'roomy' },
    { rows: 'compact' },
  ]);
});

test('a window grows to 200 and shrinks to 90, and no further; the others keep their size', () => {
  const { actions, asked, store } = atDesk({ ...first, zoom: { 'call-handling': 125 } });
  for (let n = 0; n < 9; n += 1) actions.larger();
  for (let n = 0; n < 9; n += 1) actions.smaller();
  const sizes = asked.map((it) => ('zoom' in it ? [it.zoom.window, it.zoom.percent] : it));
  expect(sizes).toEqual(
    [110, 125, 150, 175, 200, 175, 150, 125, 110, 100, 90].map((size) => ['dispatch', size]),
  );
  expect(store.getState().seat?.look.zoom).toEqual({ 'call-handling': 125, dispatch: 90 });
});

test('a look that this release does not know, or none, begins with the first one', () => {
  for (const look of [undefined, { theme: 'sepia', rows: 3, zoom: { dispatch: 1_000 } }]) {
    const { actions, asked } = atDesk(look);
    actions.nextTheme();
    actions.larger();
    expect(asked).toEqual([{ theme: 'light' }, { zoom: { window: 'dispatch', percent: 110 } }]);
  }
});

test('a page without a desk keeps its look for itself, and tells whoever shows it', () => {
  const keeper = lookOfPage();
  const told: Look[] = [];
  const stop = keeper.onChanged(() => told.push(keeper.look()));
  const { nextTheme, larger, keys } = createLook(keeper, 'live-log');
  nextTheme();
  larger();
  stop();
  nextTheme();
  expect(told).toEqual([
    { ...first, theme: 'light' },
    { ...first, theme: 'light', zoom: { 'live-log': 110 } },
  ]);
  expect(keys['Alt+v']).toBeUndefined(); // its keys are always shown
});
