import { expect, test } from 'vitest';
import type { TrayRow } from '#protocol/view.ts';
import { createActions } from './actions.ts';
import { fakeDesk } from './fake-desk.suite.ts';
import { rows, trayRow } from './rows.suite.ts';
import { entryDraftId } from './window-store.ts';

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

const about = { kind: 'incident', id: 'HC-20261123-0412' } as const;
const draftId = entryDraftId(about.id);

/** A line that was written into a log, and the desk's word on it. */
function entry() {
  const { store, line, ports, join } = fakeDesk();
  const { down, sentUp } = join();
  const { addEntry, typeAll } = createActions(store, line, ports);
  const write = (text: string) => typeAll(draftId, about.id, {}, { entry: text });
  write('she says he is back');
  addEntry(about);
  const answer = (state: object) =>
    down({ frame: 'ack', commandId: sentUp('command')[0]?.['id'], answer: state });
  const field = () => store.getState().pads.get(draftId)?.fields['entry'];
  return { write, answer, field };
}
const refused = { state: 'refused', refusal: { reason: 'grant-expired' } };

test('a line that the desk did not store comes back into its field, before what was typed since', () => {
  const { write, answer, field } = entry();
  expect(field()).toBeUndefined();
  write('door broken');
  answer(refused);
  expect(field()).toBe('she says he is back door broken');
});

test('a line that was stored and refused later is in the tray, not in the field', () => {
  const { answer, field } = entry();
  answer({ state: 'stored-here' });
  answer(refused);
  expect(field()).toBeUndefined();
});
