import { expect, test } from 'vitest';
import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { signals as signalsFrame, type Signals } from '#protocol/signal.ts';
import { Presence } from './presence.ts';
import { HandTimers } from './running.suite.ts';

const [d1, ch1] = ['D1', 'CH1'] as DeskId[] as [DeskId, DeskId];
const user = 'u-d1' as UserId;
const at = (about: string) => ({
  frame: 'desk-signal' as const,
  user,
  presence: { about, isTyping: false },
});

function open() {
  const timers = new HandTimers(1_000);
  const told: Signals[] = [];
  const now = () => timers.now as EpochMs;
  const presence = new Presence({ timers, now, tell: (signals) => void told.push(signals) });
  return { timers, told, presence };
}

test('of many changes the latest is told, once', () => {
  const { timers, told, presence } = open();
  for (const n of [1, 2, 3]) presence.heard(d1, at(`incident/${n}`));
  expect(told).toEqual([]);
  timers.pass(250);
  expect(told).toEqual([
    {
      frame: 'signals',
      latest: [{ desk: d1, user, at: 1_000, presence: { about: 'incident/3', isTyping: false } }],
      gone: [],
    },
  ]);
  timers.pass(10_000);
  expect(told).toHaveLength(1);
});

test('a desk that hangs up is told as gone, and is not told to who joins later', () => {
  const { timers, told, presence } = open();
  presence.heard(d1, at('incident/1'));
  presence.heard(ch1, at('incident/1'));
  presence.gone(d1);
  timers.pass(250);
  expect(told).toMatchObject([{ latest: [{ desk: ch1 }], gone: [d1] }]);
  expect(presence.all().flatMap(({ latest }) => latest.map(({ desk }) => desk))).toEqual([ch1]);
});

test('a force of more desks than a frame may hold is told in several, each of which a desk can read', () => {
  const { timers, told, presence } = open();
  const desks = Array.from({ length: 1_200 }, (_none, n) => `D${n}` as DeskId);
  for (const desk of desks) presence.heard(desk, at('incident/1'));
  timers.pass(250);
  const all = presence.all();
  for (const desk of desks) presence.gone(desk);
  timers.pass(250);
  expect([...told, ...all].map((it) => signalsFrame.safeParse(it).success)).toEqual(
    Array<boolean>(9).fill(true),
  );
  expect(all.flatMap(({ latest }) => latest.map(({ desk }) => desk))).toEqual(desks);
  expect(told.flatMap(({ gone }) => gone)).toEqual(desks);
});
