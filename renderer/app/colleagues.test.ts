import { expect, test } from 'vitest';
import type { Presence } from '#protocol/signal.ts';
import type { ConflictRow, PresenceRow, RosterRow, SeatRow, TrayRow } from '#protocol/view.ts';
import { newPad } from './pad.ts';
import { isWritingIn, sharePresence } from './presence.ts';
import { selectColleagues, selectHasDispatcher, selectOthersAt, selectTray } from './selectors.ts';
import { createWindowStore, entryDraftId } from './window-store.ts';

const seat = { id: 'seat', desk: 'CH1', user: { id: 'u1' } } as SeatRow; // the rest is not looked at
const duty = (id: string, desk: string, role: RosterRow['role']): [string, RosterRow] => [
  id,
  { id, name: id, desk, role, since: 0, mark: 'recorded' },
];
const at = (id: string, about: string, isTyping = false): [string, PresenceRow] => [
  id,
  { id, who: undefined, about, isTyping, availability: undefined, at: 0 },
];

test('colleagues are those at the other desks, dispatch first', () => {
  const roster = new Map([
    duty('ash', 'CH1', 'call-handler'),
    duty('ben', 'CH2', 'call-handler'),
    duty('dev', 'SUP', 'supervisor'),
    duty('cary', 'D1', 'dispatcher'),
  ]);
  const state = createWindowStore({ seat, roster }).getState();
  expect(selectColleagues(state).map(({ desk }) => desk)).toEqual(['D1', 'SUP', 'CH2']);
});

test('an empty dispatch is told once the roster is known, and not before', () => {
  const has = (...rows: [string, RosterRow][]) =>
    selectHasDispatcher(createWindowStore({ seat, roster: new Map(rows) }).getState());
  expect([
    has(),
    has(duty('ash', 'CH1', 'call-handler')),
    has(duty('ash', 'CH1', 'call-handler'), duty('dev', 'SUP', 'supervisor')),
  ]).toEqual([true, false, true]);
});

test('who else has a record open is told without oneself, whoever writes first', () => {
  const presence = new Map([
    at('CH1', 'incident/1'),
    at('D1', 'incident/1'),
    at('SUP', 'incident/1', true),
    at('CH2', 'incident/2'),
  ]);
  const state = createWindowStore({ seat, presence }).getState();
  expect(selectOthersAt('incident/1')(state).map(({ id }) => id)).toEqual(['SUP', 'D1']);
  expect(selectOthersAt(undefined)(state)).toEqual([]);
});

test('what needs attention is what was refused here, then what others asked too late', () => {
  const tray = new Map([['t', { id: 't', refusedAt: 2 } as TrayRow]]); // the rest is not looked at
  const conflicts = new Map([['c', { id: 'c', askedAt: 1, other: 'CH1' } as ConflictRow]]); // the same
  const state = createWindowStore({ seat, tray, conflicts }).getState();
  expect(selectTray(state).map(({ id }) => id)).toEqual(['t', 'c']);
});

test('presence is told when it changes and only then, and only of somebody who is signed in', () => {
  const told: Presence[] = [];
  const store = createWindowStore();
  const living = new AbortController();
  sharePresence(
    store,
    { signal: (presence) => void told.push(presence) },
    (state) => ({ about: state.formAbout, isTyping: isWritingIn(state, state.formAbout) }),
    living.signal,
  );
  store.setState({ formAbout: 'c1' });
  expect(told).toEqual([]);
  store.setState({ seat });
  store.setState({ now: 5 });
  const draftId = entryDraftId('c1');
  store.setState({ pads: new Map([[draftId, newPad(draftId, 'c1', { entry: 'door' })]]) });
  living.abort();
  store.setState({ formAbout: 'c2' });
  expect(told).toEqual([
    { about: 'c1', isTyping: false },
    { about: 'c1', isTyping: true },
  ]);
});
