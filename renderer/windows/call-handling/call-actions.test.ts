import { expect, test } from 'vitest';
import type { SeatRow } from '#protocol/view.ts';
import { fakeDesk } from '../../app/fake-desk.suite.ts';
import { contact, reference, rows, who } from '../../app/rows.suite.ts';
import { selectReadiness } from '../../app/selectors.ts';
import type { WindowState } from '../../app/window-store.ts';
import { createCallActions } from './call-actions.ts';

const seat = {
  user: { id: who.user, name: 'aprice', displayName: who.name, role: 'call-handler' },
  mode: 'online',
} as SeatRow;

function handler(initial: Partial<WindowState> = {}) {
  const desk = fakeDesk({ seat, reference, ...initial });
  const actions = createCallActions(desk.store, desk.line, desk.ports);
  const line = desk.join();
  const stored = () => {
    for (const { id } of line.sentUp('command'))
      line.down({ frame: 'ack', commandId: id, answer: { state: 'stored-here' } });
  };
  const readiness = () => selectReadiness(desk.store.getState());
  return { ...desk, ...actions, desk: line, stored, readiness };
}

test('a call that was finished leaves the queue and not the wrap-up; one key says ready', () => {
  const call = contact('c1', { state: 'answered', owner: who, answeredAt: 900 });
  const { store, finish, stored, readyOrWrapUp, readiness, pass } = handler({
    contacts: rows(call),
    formAbout: 'c1',
  });
  readyOrWrapUp();
  const onCall = readiness();
  finish('e');
  stored();
  store.setState({ contacts: new Map() });
  pass(5_000);
  const after = readiness();
  readyOrWrapUp();
  const ready = readiness();
  readyOrWrapUp();
  expect([onCall, after, ready, readiness()]).toEqual([
    { state: 'on-call', since: 900 },
    { state: 'wrap-up', since: 1_000 },
    { state: 'ready', since: 6_000 },
    { state: 'wrap-up', since: 6_000 },
  ]);
});

test('ready is kept by the desk, comes back after a reload, and takes the caret nowhere', () => {
  const before = handler();
  before.desk.seats('u1'); // the desk says who sits there
  before.readyOrWrapUp();
  before.pass(500);
  const [draft] = before.desk.sentUp('draft');
  const again = handler();
  again.desk.down({
    frame: 'view',
    sub: 'drafts',
    reset: true,
    upsert: [
      {
        id: draft?.['draftId'],
        revision: draft?.['revision'],
        savedAt: 9,
        content: draft?.['content'],
      },
    ],
    remove: [],
  });
  expect([again.readiness(), again.store.getState().lastDraft]).toEqual([
    { state: 'ready', since: 1_000 },
    undefined,
  ]);
});

test('whoever is wrapping up takes the next call by hand all the same', () => {
  const { takeNext, desk, readiness } = handler({
    contacts: rows(contact('waits'), contact('done', { state: 'ended', owner: who, endedAt: 900 })),
  });
  expect(readiness()).toEqual({ state: 'wrap-up', since: 900 });
  takeNext();
  expect(desk.commands()).toEqual([{ type: 'take-contact', body: { contactId: 'waits' } }]);
});

test('whoever signs in next is not ready because somebody else was', () => {
  const { readyOrWrapUp, signOut, readiness, desk } = handler();
  readyOrWrapUp();
  void signOut();
  expect([readiness(), desk.sentUp('drop-draft').length]).toEqual([{ state: 'not-ready' }, 1]);
});

const highStreet = {
  text: '12 High Street, Southsea',
  lat: 50.78,
  lon: -1.09,
  source: 'gazetteer',
};
const caret = { start: 0, end: 0 };

test('a place is looked up for a pause in typing, picked, and the crimes around it are asked for', async () => {
  const { store, desk, pass, typeForm, pickPlace } = handler();
  const asked = () => desk.sentUp('query').map(({ query, params }) => [query, params]);
  for (const text of ['1', '12', '12 ', '12 H']) typeForm('place', text, caret);
  pass(120);
  expect(asked()).toEqual([['places', { text: '12 H' }]]);
  const searching = store.getState().places?.state;
  await desk.answer([highStreet]);
  const { places } = store.getState();
  pickPlace(highStreet);
  expect([searching, places?.rows, store.getState().places, asked().at(-1)]).toEqual([
    'asking',
    [highStreet],
    undefined,
    ['crimes-near', { lat: 50.78, lon: -1.09, metres: 500 }],
  ]);
});

test('a place that is edited after it was picked is not verified, and no crimes stand beside it', async () => {
  const { store, desk, pass, typeForm, pickPlace } = handler();
  pickPlace(highStreet);
  await desk.answer([{ month: '2026-03', crimeType: 'Burglary', location: 'On', metres: 40 }]);
  const shown = store.getState().crimes?.rows.length;
  typeForm('place', '12 High Street, Southse', caret);
  const afterEdit = store.getState().crimes;
  pass(120);
  const query = desk.sentUp('query').at(-1)?.['query'];
  // Typed again to the letter it is the same place again, and nothing is looked for.
  typeForm('place', highStreet.text, caret);
  pass(120);
  expect([shown, afterEdit, query, desk.sentUp('query').at(-1)?.['query']]).toEqual([
    1,
    undefined,
    'places',
    'crimes-near',
  ]);
});

test('an answer that comes after the place was left opens nothing', async () => {
  const { store, desk, pass, typeForm, forgetPlaces } = handler();
  typeForm('place', '12 High', caret);
  pass(120);
  forgetPlaces();
  await desk.answer([highStreet]);
  expect(store.getState().places).toBeUndefined();
});

test('two places of one name are two, and a look-up that failed is tried again', async () => {
  const { desk, pickPlace } = handler();
  pickPlace(highStreet);
  pickPlace({ ...highStreet, lat: 51 });
  const id = desk.sentUp('query').at(-1)?.['id'];
  desk.down({
    frame: 'result',
    id,
    outcome: { kind: 'refused', reason: 'no-answer', message: '' },
  });
  await Promise.resolve();
  await Promise.resolve();
  pickPlace({ ...highStreet, lat: 51 });
  expect(desk.sentUp('query').map(({ params }) => params)).toEqual([
    { lat: 50.78, lon: -1.09, metres: 500 },
    { lat: 51, lon: -1.09, metres: 500 },
    { lat: 51, lon: -1.09, metres: 500 },
  ]);
});

test('a telephone key of the desktop does what its key in the window does, and nothing for an empty chair', () => {
  const call = contact('c1', { state: 'answered', owner: who, answeredAt: 900 });
  const at = handler({ contacts: rows(call), formAbout: 'c1' });
  const press = (action: string) => at.desk.down({ frame: 'hotkey', action });
  press('hold');
  press('end');
  press('wrap-up');
  expect(at.desk.commands()).toEqual([
    { type: 'hold-contact', body: { contactId: 'c1' } },
    { type: 'end-contact', body: { contactId: 'c1', by: 'handler' } },
  ]);
  expect(at.store.getState().prompt).toBe('outcome');
  at.store.setState({ contacts: rows(contact('c2', { state: 'offered' })) });
  press('take-next');
  expect(at.desk.commands().at(-1)).toEqual({ type: 'take-contact', body: { contactId: 'c2' } });
  at.store.setState({ contacts: new Map() });
  press('ready');
  expect(at.readiness().state).toBe('ready');

  const empty = handler({ seat: undefined, contacts: rows(call) });
  empty.desk.down({ frame: 'hotkey', action: 'end' });
  expect(empty.desk.commands()).toEqual([]);
});

test('a telephone key that another program holds is said once, and another one is asked of the desk', () => {
  const at = handler();
  const rowOf = (problem?: string) => ({
    id: 'hold',
    keys: 'Ctrl+Shift+F2',
    reach: 'nowhere',
    words: 'does not work',
    ...(problem !== undefined && { problem }),
  });
  const show = (problem?: string) =>
    at.desk.down({
      frame: 'view',
      sub: 'hotkeys',
      reset: false,
      upsert: [rowOf(problem)],
      remove: [],
    });
  const notices = () => at.store.getState().notices.map(({ text, tone }) => [tone, text]);
  show('Hold or resume: Ctrl+Shift+F2 is held by another program');
  show('Hold or resume: Ctrl+Shift+F2 is held by another program');
  expect(notices()).toEqual([
    ['bad', 'Hold or resume: Ctrl+Shift+F2 is held by another program (Alt+K)'],
  ]);
  at.showHotkeys();
  expect(at.store.getState().prompt).toBe('hotkeys');
  void at.setHotkey('hold', 'Ctrl+Shift+F9');
  expect(at.desk.sentUp('set-hotkey')).toMatchObject([{ action: 'hold', keys: 'Ctrl+Shift+F9' }]);
  show();
  expect(at.store.getState().hotkeys.get('hold')).toEqual(rowOf());
  expect(notices()).toHaveLength(1);
});
