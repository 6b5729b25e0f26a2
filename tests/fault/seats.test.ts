import { expect, test } from 'vitest';
import type { DraftRow, RosterRow } from '#protocol/view.ts';
import { NewForce, PASSWORD } from '../support/new-force.ts';
import type { WindowClient } from '../support/window-client.ts';

const padIn = (window: WindowClient) =>
  window.rows<DraftRow>('drafts').find(({ id }) => id === 'pad');
const onDuty = (window: WindowClient) =>
  window
    .rows<RosterRow>('roster')
    .map(({ name, desk }) => `${name} ${desk}`)
    .toSorted();

async function sitDown(force: NewForce, desk: string, name: string) {
  const running = await force.startDesk(desk);
  const window = await running.openWindow();
  window.follow('roster');
  await window.until(`${desk} is online`, () => window.seat?.mode === 'online');
  expect(await window.signIn(name, PASSWORD)).toMatchObject({ kind: 'rows' });
  return { running, window };
}

test('a locked desk stays covered, also started again, until the same password is given; alone as well', async () => {
  await using force = await NewForce.start();
  await force.addUser('ash', 'call-handler');
  const first = await sitDown(force, 'CH1', 'ash');
  await first.window.keepDraft('pad', 'half a sent');
  first.window.lock();
  await first.window.until('it is locked', () => first.window.seat?.lockedAt);
  await expect(first.window.find('high street')).rejects.toThrow('This desk is locked.');
  await force.stopServer();
  // Once this desk knows the password it opens by it alone; then it is locked again, and started again.
  while ((await first.window.signIn('ash', PASSWORD)).kind === 'refused');
  await first.window.until('it is open', () => first.window.seat?.lockedAt === undefined);
  first.window.lock();
  const lockedAt = await first.window.until('it is locked', () => first.window.seat?.lockedAt);
  await first.running.close();

  const again = await force.startDesk('CH1');
  const window = await again.openWindow();
  await window.until('who sits there', () => window.seat?.user?.name === 'ash');
  expect(window.seat?.lockedAt).toBe(lockedAt);
  expect(await window.signIn('ash', 'not her password')).toMatchObject({
    reason: 'wrong-name-or-password',
  });
  expect(window.seat?.lockedAt).toBe(lockedAt);
  expect(await window.signIn('ash', PASSWORD)).toMatchObject({ kind: 'rows' });
  await window.until('it is open', () => window.seat && window.seat.lockedAt === undefined);
  expect(padIn(window)?.content.fields).toEqual({ narrative: 'half a sent' });
  await force.startServer();
});

test('whoever changes over at a locked desk begins empty, and what was typed goes where its writer goes', async () => {
  await using force = await NewForce.start();
  const token = await force.addUser('ash', 'call-handler');
  await force.addUser('ben', 'call-handler');
  const { window } = await sitDown(force, 'CH1', 'ash');
  await window.keepDraft('pad', 'half a sent');
  window.lock();
  await window.until('it is locked', () => window.seat?.lockedAt);
  expect(await window.signIn('ben', PASSWORD)).toMatchObject({ kind: 'rows' });
  await window.until('ben sits there', () => window.seat?.user?.name === 'ben');
  expect([window.seat?.lockedAt, window.rows('drafts')]).toEqual([undefined, []]);
  await window.until('ben alone is on duty', () => onDuty(window).join() === 'It is ben CH1');
  const kept = async () =>
    (await force.ask('GET', '/api/drafts', undefined, token)).answer['drafts'] as DraftRow[];
  while ((await kept()).length === 0) await force.ask('GET', '/healthz');
  const second = await sitDown(force, 'CH2', 'ash');
  const row = await second.window.until('her pad is there', () => padIn(second.window));
  expect(row.content.fields).toEqual({ narrative: 'half a sent' });
});

test('who signs in at another desk is signed out at the first one, and both say so', async () => {
  await using force = await NewForce.start();
  await force.addUser('ash', 'dispatcher');
  const first = await sitDown(force, 'D1', 'ash');
  await first.window.until('on duty', () => onDuty(first.window).join() === 'It is ash D1');
  const second = await force.startDesk('D2');
  const window = await second.openWindow();
  window.follow('roster');
  await window.until('D2 is online', () => window.seat?.mode === 'online');
  expect(await window.signIn('ash', PASSWORD)).toMatchObject({ kind: 'rows' });
  await window.until('it is said at D2', () => window.seat?.moved);
  expect(window.seat?.moved).toMatchObject({ how: 'came-from', desk: 'D1' });
  await first.window.until('it is said at D1', () => first.window.seat?.moved);
  expect(first.window.seat?.user).toBeUndefined();
  expect(first.window.seat?.moved).toMatchObject({ how: 'went-to', name: 'It is ash', desk: 'D2' });
  await window.until('one desk', () => onDuty(window).join() === 'It is ash D2');
});

test('a desk that was off hears at its next start that its person sits elsewhere', async () => {
  await using force = await NewForce.start();
  await force.addUser('ash', 'dispatcher');
  const first = await sitDown(force, 'D1', 'ash');
  await first.window.until('on duty', () => onDuty(first.window).join() === 'It is ash D1');
  await first.running.close();
  const second = await sitDown(force, 'D2', 'ash');
  await second.window.until('one desk', () => onDuty(second.window).join() === 'It is ash D2');
  const again = await (await force.startDesk('D1')).openWindow();
  await again.until('they went', () => again.seat?.moved?.how === 'went-to');
  expect(again.seat?.user).toBeUndefined();
});

test('a sign-out with the line cut ends the session once the line is back', async () => {
  await using force = await NewForce.start();
  await force.addUser('ash', 'call-handler');
  const admin = await force.addUser('adm', 'administrator');
  const online = async () => {
    const { answer } = await force.ask('GET', '/api/sessions', undefined, admin);
    const sessions = answer['sessions'] as { desk: string; signIn: string }[];
    return sessions.filter(({ desk, signIn }) => desk === 'CH1' && signIn === 'online').length;
  };
  const { window } = await sitDown(force, 'CH1', 'ash');
  expect(await online()).toBe(1);
  await force.stopServer();
  await window.until('it is alone', () => window.seat?.mode === 'alone');
  window.signOut();
  await window.until('nobody sits there', () => window.seat && window.seat.user === undefined);
  await force.startServer();
  await window.until(
    'all is sent',
    () => window.seat?.mode === 'online' && window.seat.waiting === 0,
  );
  while ((await online()) > 0) await force.ask('GET', '/healthz');
});

test('whose access is taken back, or whose account is closed, leaves the roster', async () => {
  await using force = await NewForce.start();
  await force.addUser('ash', 'dispatcher');
  await force.addUser('ben', 'dispatcher');
  await force.addUser('cat', 'dispatcher');
  const { window } = await sitDown(force, 'D1', 'cat');
  await sitDown(force, 'D2', 'ash');
  await sitDown(force, 'D3', 'ben');
  await window.until('three on duty', () => onDuty(window).length === 3);
  await force.admin('/api/sessions/revoke', { name: 'ash' });
  await force.admin('/api/users/disable', { name: 'ben' });
  await window.until('one is left', () => onDuty(window).length === 1);
  expect(onDuty(window)).toEqual(['It is cat D1']);
});
