import { expect, test } from 'vitest';
import type { AccountRow, Doing } from '#protocol/administer.ts';
import type { Result } from '#protocol/query.ts';
import { BadLine, type LineFault } from '../support/bad-line.ts';
import { freshCommandId } from '../support/fresh.ts';
import { PASSWORD } from '../support/new-force.ts';
import { RealRoom } from '../support/real-room.ts';
import type { WindowClient } from '../support/window-client.ts';

const ben = (name: string): Doing => ({
  what: 'add-user',
  name,
  displayName: 'Ben Ford',
  role: 'dispatcher',
});

const answerIn = (outcome: Result['outcome']): Record<string, unknown> =>
  outcome.kind === 'rows' ? (outcome.rows[0] as Record<string, unknown>) : outcome;

/** The accounts of that name, as the window's list has them. */
async function named(window: WindowClient, name: string): Promise<readonly AccountRow[]> {
  const list = answerIn(await window.administer({ what: 'list-users', from: 0 }));
  return (list as unknown as { rows: readonly AccountRow[] }).rows.filter((it) => it.name === name);
}

const inMode = (window: WindowClient, mode: 'online' | 'alone') =>
  window.until(`the desk is ${mode}`, () => window.seat?.mode === mode);

test('on a line that is cut nothing an administrator does is shown as done or failed, and a repeat adds nobody twice', async () => {
  await using room = await RealRoom.start();
  await using line = await BadLine.to(room.force.url);
  await room.force.addUser('adm', 'administrator');
  const desk = await room.startDesk('CH1', { server: line.url });
  const { window } = desk;
  expect(await window.signIn('adm', PASSWORD)).toMatchObject({ kind: 'rows' });

  /** What was asked while a line broke, and what the same asked again came to. */
  const through = async (fault: LineFault, name: string) => {
    const id = freshCommandId();
    await inMode(window, 'online');
    line.break(fault);
    const first = answerIn(await window.administer(ben(name), id));
    line.heal();
    await inMode(window, 'alone');
    await inMode(window, 'online');
    const inList = (await named(window, name)).length;
    const again = answerIn(await window.administer(ben(name), id));
    const other = answerIn(await window.administer(ben(name)));
    return [
      first['reason'],
      inList,
      again['reason'] ?? typeof again['password'],
      other['reason'],
      (await named(window, name)).length,
    ];
  };
  // Its answer was lost on the way down: it is in the list, and the repeat says that it is done.
  expect(await through('down-lost', 'ben')).toEqual([
    'not-known',
    1,
    'already-done',
    'name-taken',
    1,
  ]);
  // It was lost on the way up: it is not in the list, and the repeat does it.
  expect(await through('up-lost', 'bea')).toEqual(['not-known', 0, 'string', 'name-taken', 1]);

  line.break('dropped');
  await inMode(window, 'alone');
  expect(await window.administer(ben('bob'))).toEqual({
    kind: 'refused',
    reason: 'server-away',
    message: 'Administration needs the server; nothing was done.',
  });
  line.heal();
  await inMode(window, 'online');
  expect(await named(window, 'bob')).toEqual([]);

  const { password } = answerIn(await window.administer({ what: 'reset-password', name: 'ben' }));
  expect(typeof password).toBe('string');
  const told = [desk.shell.told, desk.shell.line, room.force.server.told].join('\n');
  expect(told.includes(password as string)).toBe(false);
});

test('a desk that is enrolled by a code of the window is in its list, and has no line once it is revoked there', async () => {
  await using room = await RealRoom.start();
  await room.force.addUser('adm', 'administrator');
  const { window } = await room.startDesk('CH1');
  expect(await window.signIn('adm', PASSWORD)).toMatchObject({ kind: 'rows' });
  const desks = async () => {
    const list = answerIn(await window.administer({ what: 'list-desks', from: 0 }));
    return (list as unknown as { rows: readonly { desk: string; state: string }[] }).rows.map(
      ({ desk, state }) => `${desk} ${state}`,
    );
  };
  const other = await room.startDesk('CH2');
  expect(await desks()).toEqual(['CH1 joined', 'CH2 joined']);
  await window.administer({ what: 'revoke-desk', desk: 'CH2' as never });
  await inMode(other.window, 'alone');
  expect(await desks()).toEqual(['CH1 joined', 'CH2 revoked']);

  // An answer is for who asked: whoever has signed out meanwhile is told no secret.
  const asking = window.administer({ what: 'reset-password', name: 'ch2' });
  window.signOut();
  expect(await asking).toMatchObject({ kind: 'refused', reason: 'not-known' });
  expect(await window.administer({ what: 'list-users', from: 0 })).toMatchObject({
    kind: 'refused',
    reason: 'not-signed-in',
  });
});
