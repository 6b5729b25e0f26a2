import { expect, test } from 'vitest';
import type { RosterRow, SeatRow, ShiftHandoverRow } from '#protocol/view.ts';
import { createActions } from './actions.ts';
import { fakeDesk } from './fake-desk.suite.ts';
import { contact, incident, unit } from './rows.suite.ts';
import { countsOf, selectOwned, selectReceivers } from './shift.ts';
import type { WindowState } from './window-store.ts';

const mine = { user: 'u-d1', name: 'Carys', desk: 'D1' };
const rows = <Row extends { readonly id: string }>(...all: readonly Row[]) =>
  new Map(all.map((row) => [row.id, row]));
const onDuty = (id: string, role: RosterRow['role'], desk: string): RosterRow => ({
  id,
  name: `It is ${id}`,
  role,
  desk,
  since: 0,
  mark: 'recorded',
});

const floor = (): Partial<WindowState> => ({
  seat: { id: 'seat', desk: 'D1', user: { id: 'u-d1' } } as unknown as SeatRow,
  incidents: rows(
    incident('HC-20261123-0002', { grade: 3, owner: mine }),
    incident('HC-20261123-0001', { grade: 1, owner: mine }),
    incident('HC-20261123-0003'),
    incident('HC-20261123-0004', { owner: mine, closedAt: 5 }),
  ),
  units: rows(unit('HT21', { emergency: { at: 1, owner: mine } }), unit('HT22')),
  contacts: rows(
    contact('c1', { owner: mine, state: 'held' }),
    contact('c2', { owner: mine, state: 'finished' }),
  ),
  roster: rows(
    onDuty('u-d1', 'dispatcher', 'D1'),
    onDuty('u-sup', 'supervisor', 'SUP'),
    onDuty('u-ch1', 'call-handler', 'CH1'),
  ),
});

function seated(change: Partial<WindowState> = {}) {
  const it = fakeDesk({ ...floor(), ...change });
  const actions = createActions(it.store, it.line, it.ports);
  const desk = it.join();
  desk.seats('u-d1');
  return { ...it, actions, desk };
}

test('what I own is listed with the emergencies first; what is closed, finished or of nobody is not mine', () => {
  const { store } = seated();
  const owned = selectOwned(store.getState());
  expect(owned.map(({ id }) => id)).toEqual([
    'emergency HT21',
    'incident HC-20261123-0001',
    'incident HC-20261123-0002',
    'contact c1',
  ]);
  expect(countsOf(owned)).toBe('1 emergency, 2 incidents, 1 contact');
});

test('it may go to whoever on duty may own it, and to whoever is next in such a role', () => {
  const { store } = seated();
  expect(selectReceivers(store.getState()).map(({ id }) => id)).toEqual([
    'person u-sup',
    'role dispatcher',
    'role supervisor',
  ]);
  store.setState({ incidents: new Map(), units: new Map() });
  expect(selectReceivers(store.getState()).map(({ id }) => id)).toEqual([
    'person u-ch1',
    'person u-sup',
    'role dispatcher',
    'role supervisor',
    'role call-handler',
  ]);
});

test('what is taken off the list stays; the rest is offered', () => {
  const { store, actions, desk } = seated();
  actions.openShift();
  actions.toggleShiftItem('contact c1');
  actions.toggleShiftItem('incident HC-20261123-0002');
  actions.toggleShiftItem('incident HC-20261123-0002');
  const [first] = selectReceivers(store.getState());
  if (first) actions.offerShift(first);
  expect(desk.commands()).toEqual([
    {
      type: 'offer-shift-handover',
      body: {
        to: { kind: 'person', user: 'u-sup' },
        items: [
          { kind: 'emergency', id: 'HT21' },
          { kind: 'incident', id: 'HC-20261123-0001' },
          { kind: 'incident', id: 'HC-20261123-0002' },
        ],
      },
    },
  ]);
  expect(store.getState().seatAsk).toBeUndefined();
});

test('signing out asks once what becomes of what I own, and not at all where I own nothing', () => {
  const { store, actions } = seated();
  expect([actions.maySignOut(), store.getState().seatAsk]).toEqual([false, { is: 'sign-out' }]);
  expect(actions.closeSeatAsk()).toBe(true);
  expect([actions.maySignOut(), actions.maySignOut()]).toEqual([false, true]);
  store.setState({ incidents: new Map(), units: new Map(), contacts: new Map() });
  expect(actions.maySignOut()).toBe(true);
});

test('an offer is answered with one key; it goes back only with a reason', () => {
  const offered = { id: 's1', isForMe: true, state: 'open', offeredAt: 1, items: [] } as unknown;
  const { actions, desk } = seated({ shiftHandovers: rows(offered as ShiftHandoverRow) });
  actions.openDecline();
  actions.declineShift('  ');
  expect(desk.commands()).toEqual([]);
  actions.declineShift('I am off myself');
  actions.acceptShift();
  expect(desk.commands()).toEqual([
    {
      type: 'decline-shift-handover',
      body: { shiftHandoverId: 's1', reason: 'I am off myself' },
    },
    { type: 'accept-shift-handover', body: { shiftHandoverId: 's1' } },
  ]);
});
