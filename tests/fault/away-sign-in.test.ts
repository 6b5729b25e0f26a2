import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ContactRow, TrayRow } from '#protocol/view.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { drained } from '../support/keep-asking.ts';
import { NewForce, PASSWORD } from '../support/new-force.ts';
import { toldBy, type WindowClient } from '../support/window-client.ts';

const isAlone = (window: WindowClient) =>
  window.until('alone', () => window.seat?.mode === 'alone');
const isOnline = (window: WindowClient) =>
  window.until('online', () => window.seat?.mode === 'online');
const reasonOf = async (window: WindowClient, name: string, password = PASSWORD) => {
  const outcome = await window.signIn(name, password);
  return outcome.kind === 'refused' ? outcome.reason : 'signed-in';
};

/** A sign-in with the server's word; resolves once the desk could do without it. */
async function signInOnline(window: WindowClient, name: string) {
  await isOnline(window);
  expect(await reasonOf(window, name)).toBe('signed-in');
}
/** The desk remembers who signed in a moment after it let them in: it is asked until it does. */
async function signInAlone(window: WindowClient, name: string, password = PASSWORD) {
  for (;;) {
    const reason = await reasonOf(window, name, password);
    if (reason !== 'not-known-here') return reason;
  }
}

const outcomesIn = (force: NewForce, subject: string) => {
  const db = openStore(join(force.folder, 'server', 'log.db'), logMigrations);
  const rows = db
    .prepare<[string], string>('SELECT outcome FROM audit WHERE subject = ? ORDER BY seq')
    .pluck()
    .all(subject);
  db.close();
  return rows.toSorted(); // what is flagged and what is recorded are of one commit, in either order
};

test('who has worked at a desk signs in there while the server is dead, and what they do is recorded', async () => {
  await using force = await NewForce.start();
  for (const name of ['ash', 'ben', 'cat']) await force.addUser(name, 'call-handler');
  const desk = await force.startDesk('CH1');
  const window = await desk.openWindow();
  for (const name of ['ash', 'cat']) await signInOnline(window, name);
  window.signOut();
  await window.until('an empty chair', () => window.seat?.user === undefined);
  await force.stopServer('SIGKILL');
  await isAlone(window);

  expect(await signInAlone(window, 'ash', 'not her password')).toBe('wrong-name-or-password');
  expect(await reasonOf(window, 'ash')).toBe('signed-in');
  // Ben never sat here: he is told what to do instead.
  expect(await window.signIn('ben', PASSWORD)).toMatchObject({
    reason: 'not-known-here',
    message: expect.stringContaining('Sign in at a desk where you have worked') as string,
  });
  expect(await window.signIn('ash', PASSWORD, 'one that is new to her')).toMatchObject({
    reason: 'no-new-password-now',
  });
  const opened = window.ask({ type: 'open-contact', body: { channel: '999' } });
  expect(await window.answerTo(opened)).toEqual({ state: 'stored-here' });

  // Whoever guesses at this desk is locked out, and a restart of the desk is no way round it.
  expect(await signInAlone(window, 'cat', 'wrong')).toBe('wrong-name-or-password');
  for (let n = 0; n < 3; n += 1) await reasonOf(window, 'cat', 'wrong');
  expect(await reasonOf(window, 'cat', 'wrong')).toBe('locked-here');
  await desk.close();
  const again = await (await force.startDesk('CH1')).openWindow();
  expect(again.seat).toMatchObject({ mode: 'alone', user: { name: 'ash' } });
  expect(await reasonOf(again, 'cat')).toBe('locked-here');
  expect(await reasonOf(again, 'ash')).toBe('signed-in');

  await force.startServer();
  await isOnline(again);
  await again.until('it is recorded', () =>
    again.rows<ContactRow>('contacts').some(({ id, mark }) => id === opened && mark === 'recorded'),
  );
  expect(again.seat).toMatchObject({ waiting: 0, tray: 0, user: { name: 'ash' } });
  expect(outcomesIn(force, opened)).toEqual([
    'offline-sign-in',
    expect.stringMatching(/^recorded /),
  ]);
  // At that desk only: the server never saw the tries.
  expect(await reasonOf(again, 'cat')).toBe('signed-in');
  await drained(again);
  expect((await force.compare(toldBy([window, again]))).broken).toEqual([]);
});

test('who was disabled is out where the desk has heard of it, and where it has not the server judges', async () => {
  await using force = await NewForce.start();
  await force.addUser('ash', 'call-handler');
  const heard = await (await force.startDesk('CH1')).openWindow();
  await signInOnline(heard, 'ash');
  const other = await force.startDesk('CH2');
  const unheard = await other.openWindow();
  await signInOnline(unheard, 'ash');
  await force.stopServer();
  await Promise.all([isAlone(heard), isAlone(unheard)]);
  for (const window of [heard, unheard]) expect(await signInAlone(window, 'ash')).toBe('signed-in');
  const before = unheard.ask({ type: 'open-contact', body: { channel: '101' } });
  expect(await unheard.answerTo(before)).toEqual({ state: 'stored-here' });
  await other.close();

  await force.startServer();
  await isOnline(heard);
  await force.admin('/api/users/disable', { name: 'ash' });
  await force.stopServer();
  await force.startServer();
  await heard.until('nobody sits there', () => heard.seat?.user === undefined);
  expect(await reasonOf(heard, 'ash')).toBe('disabled');
  await force.stopServer();
  await isAlone(heard);
  expect(await reasonOf(heard, 'ash')).toBe('not-known-here');

  // The other desk was off all the while. What she does there now is kept, and comes back to a person.
  const late = await (await force.startDesk('CH2')).openWindow();
  late.signOut();
  expect(await reasonOf(late, 'ash')).toBe('signed-in');
  const after = late.ask({ type: 'open-contact', body: { channel: '101' } });
  expect(await late.answerTo(after)).toEqual({ state: 'stored-here' });
  await force.startServer();
  await isOnline(late);
  await late.until('nobody sits there', () => late.seat?.user === undefined);
  await late.until('drained', () => late.seat?.waiting === 0 && late.seat.tray === 1);
  expect([outcomesIn(force, before), outcomesIn(force, after)]).toEqual([
    [expect.stringMatching(/^recorded /), 'since-revoked'],
    ['refused grant-revoked'],
  ]);
  await force.addUser('sup', 'supervisor');
  expect(await reasonOf(late, 'sup')).toBe('signed-in');
  const tray = await late.until('the tray', () => late.rows<TrayRow>('tray')[0]);
  expect(tray).toMatchObject({ id: after, reason: 'grant-revoked' });
  const last = await drained(late);
  await heard.until('converged', () => (heard.seat?.cursor ?? 0) >= last);
  expect((await force.compare(toldBy([heard, unheard, late]))).broken).toEqual([]);
});
