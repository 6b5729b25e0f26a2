import { expect, test } from 'vitest';
import { followWanted } from './follow.ts';
import { createWindowStore } from './window-store.ts';

test('a window follows the record it shows, and lets go of the one before', () => {
  const store = createWindowStore();
  const said: string[] = [];
  const line = {
    follow: (view: string, key: string) => void said.push(`follow ${view} ${key}`),
    unfollow: (view: string, key: string) => void said.push(`unfollow ${view} ${key}`),
  };
  const leaving = new AbortController();
  followWanted(store, line, ({ selected }) => ({ incident: selected.incidents }), leaving.signal);
  store.setState({ selected: { incidents: 'i1' } });
  store.setState({ now: 5 });
  store.setState({ selected: { incidents: 'i2' } });
  leaving.abort();
  store.setState({ selected: {} });
  expect(said).toEqual(['follow incident i1', 'unfollow incident i1', 'follow incident i2']);
});
