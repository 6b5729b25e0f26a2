import { expect, test } from 'vitest';
import type { TrayRow } from '#protocol/view.ts';
import { createActions } from './actions.ts';
import { fakeDesk } from './fake-desk.suite.ts';
import { rows, trayRow } from './rows.suite.ts';

function tray(...all: readonly TrayRow[]) {
  const { store, line, ports, join } = fakeDesk({ tray: rows(...all) });
  const { sentUp } = join();
  const actions = createActions(store, line, ports);
  const settled = () => sentUp('settle-tray').map(({ commandId }) => commandId);
  const notice = () => store.getState().notices[0]?.text;
  return { ...actions, settled, notice };
}

test('the only item of the tray is meant without being chosen', () => {
  const { settleTray, settled } = tray(trayRow('t1'));
  void settleTray();
  expect(settled()).toEqual(['t1']);
});

test('of several items one has to be chosen, and that one is dealt with', () => {
  const { settleTray, select, settled, notice } = tray(trayRow('t1'), trayRow('t2'));
  void settleTray();
  expect([settled(), notice()]).toEqual([
    [],
    '2 need attention: choose one with the arrow keys, then Del',
  ]);
  select('tray', 't2');
  void settleTray();
  expect(settled()).toEqual(['t2']);
});

test('an empty tray has nothing to be dealt with', () => {
  const { settleTray, settled, notice } = tray();
  void settleTray();
  expect([settled(), notice()]).toEqual([[], undefined]);
});
