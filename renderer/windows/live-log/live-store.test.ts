import { expect, test } from 'vitest';
import type { IncidentDetail, Line } from '#protocol/view.ts';
import { createLiveStore, readEnd, takeRows, type LiveState } from './live-store.ts';

const reason = { code: 'review', text: 'a complaint about it' } as const;
const line = (id: string, at: number): Line => ({
  id,
  logOf: 'HC-1',
  at,
  order: at,
  who: { user: 'u', name: 'Asha Lane', desk: 'CH1' },
  type: 'incident.entry-added',
  text: id,
  mark: 'recorded',
});
const change = (...upsert: readonly (IncidentDetail | Line)[]) => ({
  reset: false,
  upsert,
  remove: [],
});

/** A seat that has been shown three lines, and where its reader is. */
function reading(isAtEnd: boolean): LiveState {
  const followed = { incident: 'HC-1', reason, isShown: false };
  const state = { ...createLiveStore(0).getState(), followed };
  const shown = takeRows(state, {
    ...change(line('a', 1), line('b', 2), line('c', 3)),
    reset: true,
  });
  return { ...state, ...shown, isAtEnd };
}
const after = (state: LiveState, more: Partial<LiveState>): LiveState => ({ ...state, ...more });

test('what is shown first is not new, and neither is what comes under the eyes of a reader at the end', () => {
  const state = reading(true);
  const next = after(state, takeRows(state, change(line('d', 4))));
  expect([state.unread, next.unread, next.lines.map(({ id }) => id)]).toEqual([
    [],
    [],
    ['a', 'b', 'c', 'd'],
  ]);
});

test('a line that happened earlier is new also to a reader at the end: it stands further up', () => {
  const state = reading(true);
  const next = after(state, takeRows(state, change(line('late', 1.5))));
  expect([next.unread, readEnd(next, true)]).toEqual([['late'], { isAtEnd: true }]);
});

test('a reader who has gone up has new lines until the end is reached; what is further up stays new', () => {
  const state = reading(false);
  const next = after(state, takeRows(state, change(line('d', 4), line('late', 1.5), line('e', 5))));
  expect(next.unread).toEqual(['late', 'd', 'e']);
  expect(readEnd(next, true)).toEqual({ isAtEnd: true, unread: ['late'] });
});

test('after a lost line everything comes anew, and only what is new is told as new', () => {
  const state = reading(false);
  const again = takeRows(state, {
    ...change(line('a', 1), line('b', 2), line('c', 3), line('d', 4)),
    reset: true,
  });
  expect([again.unread, again.lines?.length]).toEqual([['d'], 4]);
});

test('rows of what was let go are not shown', () => {
  expect(takeRows({ ...reading(true), followed: undefined }, change(line('x', 9)))).toEqual({});
});
