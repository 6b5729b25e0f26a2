import { expect, test } from 'vitest';
import type { ContactRow, SeatRow, UnitRow } from '#protocol/view.ts';
import { announce } from './announce.ts';
import { fakeDesk } from './fake-desk.suite.ts';

const seat = (mode: 'online' | 'alone') => ({ mode, user: { id: 'u1' } }) as SeatRow;
const inDanger = { id: 'HT22', isOnDuty: true, emergency: { at: 1 } } as UnitRow;
const owned = { ...inDanger, emergency: { at: 1, owner: { user: 'u', name: 'Dev', desk: 'SUP' } } };

/** A window in which each text that is read out is written down. */
function listening() {
  const { store, ports, pass } = fakeDesk({ link: 'open', seat: seat('online') });
  const heard: string[] = [];
  let before = store.getState().said;
  store.subscribe(({ said }) => {
    if (said.urgent !== before.urgent) heard.push(`at once: ${said.urgent}`);
    if (said.polite !== before.polite) heard.push(said.polite);
    before = said;
  });
  const living = new AbortController();
  announce(store, ports, living.signal);
  const notice = (text: string) =>
    store.setState(({ notices, now }) => ({
      notices: [{ id: text, at: now, tone: 'plain', text }, ...notices],
    }));
  return { store, pass, heard, notice, living };
}

test('an emergency is said at once, and again when somebody owns it', () => {
  const { store, heard, pass } = listening();
  store.setState({ units: new Map([['HT22', inDanger]]) });
  pass(1_000);
  store.setState({ units: new Map([['HT22', owned as UnitRow]]) });
  expect(heard).toEqual([
    'at once: Emergency HT22, nobody owns it',
    'at once: Emergency HT22, owned by Dev',
  ]);
});

test('everything else is said at most once in three seconds, and nothing is left out', () => {
  const { heard, notice, pass } = listening();
  notice('one');
  pass(0);
  notice('two');
  pass(1_000);
  notice('three');
  pass(1_999);
  expect(heard).toEqual(['one']);
  pass(1);
  expect(heard).toEqual(['one', 'two. three']);
  pass(60_000);
  notice('four');
  pass(0);
  expect(heard).toEqual(['one', 'two. three', 'four']);
});

test('the mode and the next contact are said when they change, and not as they grow older', () => {
  const { store, heard, pass } = listening();
  const offered = { id: 'c1', state: 'offered', channel: '999', offeredAt: 1 } as ContactRow;
  store.setState({ seat: seat('alone'), contacts: new Map([['c1', offered]]) });
  pass(0);
  for (let second = 0; second < 20; second += 1) {
    store.setState({
      seat: { ...seat('alone'), asAt: second },
      contacts: new Map([['c1', offered]]),
    });
    pass(1_000);
  }
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatch(/^Alone, keep working\. 999 call waiting, /);
});

test('a window that goes away says nothing any more', () => {
  const { heard, notice, pass, living } = listening();
  notice('one');
  living.abort();
  pass(10_000);
  notice('two');
  pass(10_000);
  expect(heard).toEqual([]);
});
