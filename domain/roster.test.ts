import { expect, test } from 'vitest';
import { recordedOf } from '#store/event-log.ts';
import { newWriter, request } from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { userStream, type DeskId, type UserId } from './ids.ts';
import { OpenRoom } from './room.ts';

const ash = 'u-ash' as UserId;
const add: Asked = {
  type: 'add-user',
  body: { userId: ash, name: 'ash', displayName: 'Ash Lane', role: 'dispatcher' },
};
const close: Asked = { type: 'disable-user', body: { userId: ash } };
const reopen: Asked = { type: 'reopen-user', body: { userId: ash } };
const setRole = (role: 'dispatcher' | 'supervisor'): Asked => ({
  type: 'set-user-role',
  body: { userId: ash, role },
});

/** Asks one after another, and gives the answers and what is known of Ash at the end. */
function force(...asked: readonly Asked[]) {
  const { settled, events } = newWriter().recordGroup(
    asked.map((it, n) => request(n + 1, it, { actor: ash, desk: 'server' as DeskId })),
  );
  const room = OpenRoom.of(() => undefined);
  for (const event of events) room.apply(recordedOf(event));
  const { entity } = room.get(userStream(ash));
  return {
    answers: settled.map((it) =>
      it.outcome === 'answered' && it.answer.state === 'refused'
        ? it.answer.refusal.reason
        : it.outcome === 'answered' && it.answer.state,
    ),
    ash: entity.kind === 'user' && `${entity.role} ${entity.isDisabled ? 'closed' : 'open'}`,
  };
}

test('an account is closed and opened again, and each of the two only where it is not so yet', () => {
  expect(force(add, reopen, close, close, reopen, reopen)).toEqual({
    answers: [
      'recorded',
      'not-disabled',
      'recorded',
      'already-disabled',
      'recorded',
      'not-disabled',
    ],
    ash: 'dispatcher open',
  });
});

test('a person has the role that was set last, and setting it again is no change', () => {
  expect(force(add, setRole('dispatcher'), setRole('supervisor'), close)).toEqual({
    answers: ['recorded', 'same-role', 'recorded', 'recorded'],
    ash: 'supervisor closed',
  });
});

test('of somebody who is not known nothing is changed', () => {
  expect(force(close, reopen, setRole('supervisor')).answers).toEqual(
    Array(3).fill('no-such-user'),
  );
});
