import { expect, test } from 'vitest';
import type { IncidentId, UserId } from '#domain/ids.ts';
import type { ContactRow, PresenceRow, TrayRow } from '#protocol/view.ts';
import { OneDesk } from '../support/one-desk.ts';
import { raise } from '../support/room.ts';
import { toldBy } from '../support/window-client.ts';

const STORM = 1_300; // contacts whose rows together are more than one frame, or one line, may hold

/** One desk with somebody at it, and the incident that they have raised. */
async function seated(room: OneDesk) {
  const window = await room.startDesk();
  for (const view of ['drafts', 'presence'] as const) window.follow(view);
  await room.signIn(window);
  const raised = window.ask(raise());
  const answer = await window.answerTo(raised);
  const incidentId = (answer as { readonly reference?: IncidentId }).reference as IncidentId; // just raised
  return { window, incidentId, user: window.seat?.user?.id as UserId }; // just signed in
}

test('a command that the line cannot carry is refused at once, and holds up nothing behind it', async () => {
  await using room = await OneDesk.start();
  const { window, incidentId } = await seated(room);
  const entry = (text: string) => window.ask({ type: 'add-log-entry', body: { incidentId, text } });
  // The row of the command trims before it measures, so the desk can be asked this.
  const long = entry(`x${' '.repeat(65_200)}`);
  expect(await window.answerTo(long)).toEqual({
    state: 'refused',
    refusal: { reason: 'too-long' },
  });
  const next = entry('the door is open now');
  await window.until('it is recorded', () =>
    window.acks.get(next)?.some(({ state }) => state === 'recorded'),
  );
  expect((await room.compare(toldBy([window]))).broken).toEqual([]);
});

test('a draft begun anew takes the place of the one before it, and an older revision is not called stored', async () => {
  await using room = await OneDesk.start();
  const { window, user } = await seated(room);
  const atServer = () => room.server?.draftsOf(user).map(({ revision }) => revision);
  window.type('pad', 40, { narrative: 'the call before' });
  await window.until('the copy', () => atServer()?.join() === '40');
  window.dropDraft('pad');
  window.type('pad', 1, { narrative: 'this call' });
  await window.until('the new copy', () => atServer()?.join() === '1');

  // Two windows of one desk: what the desk did not keep it does not say that it has.
  window.type('pad', 10, { narrative: 'from the first' });
  window.type('pad', 3, { narrative: 'from the second' });
  await window.keepDraft('after it', 'so that both are answered');
  expect(window.storedRevisions('pad')).toEqual([40, 1, 10]);
});

test('who has signed out has nothing in front of them any more', async () => {
  await using room = await OneDesk.start();
  const { window, incidentId } = await seated(room);
  const here = () => window.rows<PresenceRow>('presence').map(({ about }) => about);
  window.signal({ about: `incident/${incidentId}`, isTyping: true });
  await window.until('it is seen', () => here().join() === `incident/${incidentId}`);
  // Nobody is shown the room here now: the line tells what the server is told.
  const told = Promise.withResolvers<unknown>();
  room.line.pass = (frame) => {
    if (frame.frame === 'signals') told.resolve(frame.latest.map(({ presence }) => presence));
    return frame;
  };
  window.signOut();
  expect(await told.promise).toEqual([{ about: '', isTyping: false }]);
});

test('a window that opens in a storm of contacts is shown every one', async () => {
  await using room = await OneDesk.start();
  const { window: first } = await seated(room);
  await room.stopDesk();
  await room.stopServer();
  const details = { narrative: 'x'.repeat(4_000) };
  const contact = { type: 'offer-contact', body: { channel: 'online', details } } as const;
  await room.record(Array.from({ length: STORM }, () => contact));
  await room.startServer();
  const window = await room.startDesk();
  const shown = () => window.rows<ContactRow>('contacts').length;
  await window.until('all of them', () => shown() === STORM);
  await room.stopDesk();
  // And all at once, in a window that comes to a desk that has them.
  const again = await room.startDesk();
  const all = await again.until('all of them', () => {
    const { length } = again.rows<ContactRow>('contacts');
    return length === STORM && length;
  });
  expect(all).toBe(STORM);
  expect((await room.compare(toldBy([first]))).broken).toEqual([]);
});

test('what the server refused stands in the tray with every word that was said', async () => {
  await using room = await OneDesk.start();
  const { window, user } = await seated(room);
  room.server?.accounts.disable(user);
  const id = window.ask(
    raise({
      narrative: 'he has a knife',
      details: { informant: 'Mrs Lane', callbackNumber: '07700 900142' },
    }),
  );
  const row = await window.until('the tray', () =>
    window.rows<TrayRow>('tray').find((it) => it.id === id),
  );
  expect(row.what).toContain(
    'DOM, grade 1, 12 High Street, “he has a knife”, Mrs Lane, 07700 900142',
  );
  expect((await room.compare(toldBy([window]))).broken).toEqual([]);
});

test('a second process on the folder of a desk is turned away and disturbs nothing', async () => {
  await using room = await OneDesk.start();
  const { window } = await seated(room);
  await expect(room.startDesk()).rejects.toThrow('another Holdfast process uses this folder');
  const asked = window.ask({ type: 'open-contact', body: { channel: '101' } });
  await window.until('it is recorded', () =>
    window.acks.get(asked)?.some(({ state }) => state === 'recorded'),
  );
  expect(window.seat?.mode).toBe('online');
  expect((await room.compare(toldBy([window]))).broken).toEqual([]);
});

test('a desk whose key was taken back says so, and keeps what it has', async () => {
  await using room = await OneDesk.start();
  const { window } = await seated(room);
  room.server?.revokeDesk('CH1');
  await window.until('the reason', () => window.seat?.reason.includes('does not let this desk in'));
  const asked = window.ask({ type: 'open-contact', body: { channel: '101' } });
  expect(await window.answerTo(asked)).toEqual({ state: 'stored-here' });
});
