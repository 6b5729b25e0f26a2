import { expect, test } from 'vitest';
import { AskOnce } from './ask-once.ts';

/** On a clock of its own. */
function askOnce() {
  const timers: { at: number; work: () => void }[] = [];
  let now = 0;
  const once = new AskOnce((ms, work) => void timers.push({ at: now + ms, work }));
  const pass = (ms: number) => {
    now += ms;
    for (const { at, work } of timers) if (at <= now) work();
  };
  let sent = 0;
  const ask = () => once.ask('id', () => void (sent += 1));
  return { once, pass, ask, sent: () => sent };
}

const done: Parameters<AskOnce['hear']>[1] = { kind: 'rows', rows: [], asAt: 1 };

test('it is sent once, and whoever asked hears the answer or that it is not known', async () => {
  const { once, pass, ask, sent } = askOnce();
  const first = ask();
  expect([once.hear('other', done), once.hear('id', done), once.hear('id', done)]).toEqual([
    false,
    true,
    false,
  ]);
  expect(await first).toBe(done);
  const second = ask();
  pass(16_000);
  expect(await second).toMatchObject({ reason: 'not-known' });
  expect(sent()).toBe(2);
});

test('what is asked again after a line was lost has a time of its own', async () => {
  const { once, pass, ask } = askOnce();
  const first = ask();
  once.lost();
  expect(await first).toMatchObject({ reason: 'not-known' });
  pass(10_000);
  const again = ask();
  pass(6_000); // the time of the first one is up
  expect(once.hear('id', done)).toBe(true);
  expect(await again).toBe(done);
});
