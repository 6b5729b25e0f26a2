import { expect, test } from 'vitest';
import type { ContactRow, SeatRow } from '#protocol/view.ts';
import { contact, incident, rows, who } from './rows.suite.ts';
import {
  progressOf,
  selectCall,
  selectJustTaken,
  selectNextOffered,
  selectOpenIncidents,
  selectQueue,
  selectReadiness,
  selectStaleSince,
  step,
} from './selectors.ts';
import { newPad } from './pad.ts';
import { createWindowStore, READINESS_ID } from './window-store.ts';

const seat = {
  user: { id: 'u1', name: 'aprice', displayName: 'A. Price', role: 'call-handler' },
  mode: 'online',
  asAt: 40,
} as SeatRow;
const stateOf = (contacts: readonly ContactRow[], formAbout = 'new') =>
  createWindowStore({
    seat,
    formAbout,
    contacts: rows(...contacts),
  }).getState();

const queue = stateOf([
  contact('old-101', { channel: '101', offeredAt: 1 }),
  contact('late-999', { offeredAt: 9 }),
  contact('early-999', { offeredAt: 3 }),
  contact('lost-999', { state: 'abandoned', offeredAt: 0 }),
  contact('mine-done', { state: 'finished', owner: who }),
  contact('mine', { state: 'answered', owner: who }),
  contact('theirs', { state: 'held', owner: { ...who, user: 'u2' } }),
  contact('their-done', { state: 'finished', owner: { ...who, user: 'u2' } }),
]);

test('the queue shows what waits, then mine with the recently finished, then who else has something', () => {
  expect(selectQueue(queue).map(({ id }) => id)).toEqual([
    'early-999',
    'late-999',
    'old-101',
    'lost-999',
    'mine',
    'mine-done',
    'theirs',
  ]);
});

test('the next to take is the 999 call that has waited longest, never an abandoned one', () => {
  expect(selectNextOffered(queue)?.id).toBe('early-999');
  expect(selectNextOffered(stateOf([contact('lost', { state: 'abandoned' })]))).toBeUndefined();
});

test('whoever presses a moment later is told who was quicker', () => {
  const theirs = contact('theirs', {
    state: 'answered',
    answeredAt: 1_000,
    owner: { ...who, user: 'u2', desk: 'CH2' },
  });
  const mine = contact('mine', { state: 'answered', answeredAt: 2_000, owner: who });
  const state = { ...stateOf([theirs, mine]), now: 6_000 };
  expect([
    selectJustTaken(state)?.owner?.desk,
    selectJustTaken({ ...state, now: 6_001 })?.owner?.desk,
  ]).toEqual(['CH2', undefined]);
});

test('the telephone keys speak to the call in the form, else to the one in hand', () => {
  const held = contact('held', { state: 'held', owner: who });
  const live = contact('live', { state: 'answered', owner: who });
  expect(selectCall(stateOf([held, live], 'held'))?.id).toBe('held');
  expect(selectCall(stateOf([held, live]))?.id).toBe('live');
});

test('a call that ends is wrapped up until the operator says ready', () => {
  const pad = (state: string, since: number) =>
    new Map([[READINESS_ID, newPad(READINESS_ID, '', { state, since: String(since) })]]);
  const at = (contacts: readonly ContactRow[], said?: ReturnType<typeof pad>, now = 100) =>
    selectReadiness({ ...stateOf(contacts), now, ...(said && { pads: said }) });
  const ended = contact('c', { state: 'ended', owner: who, endedAt: 50 });
  const live = contact('c', { state: 'held', owner: who, answeredAt: 20 });
  expect([
    at([]),
    at([], pad('ready', 40)),
    at([live], pad('ready', 10)),
    at([ended], pad('ready', 10)),
    at([ended], pad('ready', 60)),
    at([], pad('wrap-up', 60)),
    // A letter that was answered is no call, and a colleague's call is not mine.
    at([{ ...live, channel: 'email' }, contact('d', { state: 'answered' })], pad('ready', 40)),
    // What was said in another shift is not said of this one.
    at([ended], pad('ready', 60), 13 * 3_600_000),
  ]).toEqual([
    { state: 'not-ready' },
    { state: 'ready', since: 40 },
    { state: 'on-call', since: 20 },
    { state: 'wrap-up', since: 50 },
    { state: 'ready', since: 60 },
    { state: 'wrap-up', since: 60 },
    { state: 'ready', since: 40 },
    { state: 'not-ready' },
  ]);
});

test('open incidents stand by grade, then by the clock that runs out first', () => {
  const all = [
    incident('g2', { grade: 2, attendBy: 5 }),
    incident('g1-late', { attendBy: 90 }),
    incident('g1-soon', { attendBy: 20 }),
    incident('g1-none', {}),
    incident('closed', { closedAt: 1 }),
  ];
  const state = createWindowStore({ incidents: rows(...all) });
  expect(selectOpenIncidents(state.getState()).map(({ id }) => id)).toEqual([
    'g1-soon',
    'g1-late',
    'g1-none',
    'g2',
  ]);
});

test('an incident is as far as its foremost unit', () => {
  const units = (...codes: number[]) =>
    incident('i', { units: codes.map((statusCode) => ({ id: `H${statusCode}`, statusCode })) });
  expect([units(), units(2), units(2, 5), units(5, 6)].map(progressOf)).toEqual([
    'Awaiting dispatch',
    'Assigned',
    'En route',
    'At scene',
  ]);
});

test('what is shown is old from the moment the desk or the server went', () => {
  const state = stateOf([]);
  expect([
    selectStaleSince({ ...state, link: 'open' }),
    selectStaleSince({ ...state, link: 'open', seat: { ...seat, mode: 'alone' } }),
    selectStaleSince({ ...state, link: 'restarting', linkSince: 70 }),
    selectStaleSince({
      ...state,
      link: 'restarting',
      linkSince: 70,
      seat: { ...seat, mode: 'alone' },
    }),
  ]).toEqual([undefined, 40, 70, 40]);
});

test('a selection is kept by id and steps within the list', () => {
  const ids = ['a', 'b', 'c'];
  expect([
    step(ids, 'a', 1),
    step(ids, 'c', 1),
    step(ids, 'b', -10),
    step(ids, 'b', 'first'),
    step(ids, 'b', 'last'),
    step([], 'a', 1),
  ]).toEqual(['b', 'c', 'a', 'a', 'c', undefined]);
});

test('with nothing chosen a list is entered from its top, and by a step up from its bottom', () => {
  const ids = ['a', 'b', 'c'];
  for (const chosen of [undefined, 'gone'])
    expect(([1, 10, 'first', -1, 'last'] as const).map((by) => step(ids, chosen, by))).toEqual([
      'a',
      'a',
      'a',
      'c',
      'c',
    ]);
  expect((['first', 'last', 1, -1] as const).map((by) => step([], undefined, by))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
