import { expect, test } from 'vitest';
import { recordedOf } from '#store/event-log.ts';
import { newWriter, request, startedAt } from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { dutyStream, type DeskId, type EpochMs, type UserId } from './ids.ts';
import { OpenRoom } from './room.ts';

const start: Asked = { type: 'start-duty', body: {} };
const end: Asked = { type: 'end-duty', body: {} };
const ash = 'u-ash' as UserId;
const addAsh: Asked = {
  type: 'add-user',
  body: { userId: ash, name: 'ash', displayName: 'Ash Lane', role: 'dispatcher' },
};

/** Asks one after another, each at a desk, and gives the answers and where Ash is on duty at the end. */
function shift(...asked: readonly (readonly [Asked, string])[]) {
  const { settled, events } = newWriter().recordGroup([
    request(900, addAsh),
    ...asked.map(([it, desk], n) => request(n + 1, it, { actor: ash, desk: desk as DeskId })),
  ]);
  const room = OpenRoom.of(() => undefined);
  for (const event of events) room.apply(recordedOf(event));
  const { entity } = room.get(dutyStream(ash));
  return {
    answers: settled
      .slice(1)
      .map((it) =>
        it.outcome === 'answered' && it.answer.state === 'refused'
          ? it.answer.refusal.reason
          : it.outcome === 'answered' && it.answer.state,
      ),
    at: entity.kind === 'duty' ? entity.at : undefined,
  };
}

test('a person is on duty at the desk where they signed in, in their role, until they sign out', () => {
  expect(shift([start, 'D1'])).toMatchObject({
    answers: ['recorded'],
    at: { desk: 'D1', role: 'dispatcher' },
  });
  expect(shift([start, 'D1'], [end, 'D1'])).toEqual({
    answers: ['recorded', 'recorded'],
    at: undefined,
  });
});

test('signing in at another desk moves a person, and the desk they left cannot end their duty', () => {
  expect(shift([start, 'D1'], [start, 'D2'], [end, 'D1'])).toMatchObject({
    answers: ['recorded', 'recorded', 'not-on-duty'],
    at: { desk: 'D2' },
  });
});

test('a second start at the same desk changes nothing', () => {
  expect(shift([start, 'D1'], [start, 'D1']).answers).toEqual(['recorded', 'already-on-duty']);
});

test('in another role a person begins anew at the desk where they sit', () => {
  const promoted: Asked = { type: 'set-user-role', body: { userId: ash, role: 'supervisor' } };
  expect(shift([start, 'D1'], [promoted, 'server'], [start, 'D1'], [start, 'D1'])).toMatchObject({
    answers: ['recorded', 'recorded', 'recorded', 'already-on-duty'],
    at: { desk: 'D1', role: 'supervisor' },
  });
});

test('whose account is closed is nowhere on duty, and whose access was taken back not at that desk', () => {
  const disable: Asked = { type: 'disable-user', body: { userId: ash } };
  const takeOff = (desk: string): Asked => ({
    type: 'take-off-duty',
    body: { userId: ash, desk: desk as DeskId },
  });
  expect(shift([start, 'D1'], [disable, 'server'])).toEqual({
    answers: ['recorded', 'recorded'],
    at: undefined,
  });
  expect(shift([start, 'D1'], [takeOff('D1'), 'server'], [takeOff('D1'), 'server'])).toEqual({
    answers: ['recorded', 'recorded', 'not-on-duty'],
    at: undefined,
  });
  // They have sat down elsewhere meanwhile.
  expect(shift([start, 'D1'], [start, 'D2'], [takeOff('D1'), 'server'])).toMatchObject({
    answers: ['recorded', 'recorded', 'not-on-duty'],
    at: { desk: 'D2' },
  });
});

test('a sign-in that comes late from a desk that was alone does not move who has sat down elsewhere since', () => {
  const writer = newWriter();
  const at = (n: number, desk: string, minutes: number) =>
    request(n, start, {
      actor: ash,
      desk: desk as DeskId,
      occurredAt: (startedAt + minutes * 60_000) as EpochMs,
    });
  const { settled, events } = writer.recordGroup([
    at(1, 'D2', 30),
    at(2, 'D1', 0), // half an hour before: it is of the past
    at(3, 'D3', 26), // within what two clocks may differ by: the last to come counts
  ]);
  expect(settled.map((it) => it.outcome === 'answered' && it.answer)).toMatchObject([
    { state: 'recorded' },
    { state: 'refused', refusal: { reason: 'on-duty-elsewhere-since' } },
    { state: 'recorded' },
  ]);
  expect(events.map(({ header }) => header.desk)).toEqual(['D2', 'D3']);
});
