import { expect, test } from 'vitest';
import type { DraftRow } from '#protocol/view.ts';
import { NewForce, PASSWORD } from '../support/new-force.ts';
import type { WindowClient } from '../support/window-client.ts';

const padIn = (window: WindowClient) =>
  window.rows<DraftRow>('drafts').find(({ id }) => id === 'pad');

test('what was typed at a PC that dies is there at the next desk, though the server was killed between', async () => {
  await using force = await NewForce.start();
  const token = await force.addUser('ash', 'call-handler');
  const other = await force.addUser('ben', 'call-handler');
  const kept = async (as = token) =>
    (await force.ask('GET', '/api/drafts', undefined, as)).answer['drafts'] as DraftRow[];
  const untilKept = async (revision: number) => {
    while ((await kept())[0]?.revision !== revision) await force.ask('GET', '/healthz');
  };

  const first = await force.startDesk('CH1');
  const ash = await first.openWindow();
  await ash.until('CH1 is online', () => ash.seat?.mode === 'online');
  expect(await ash.signIn('ash', PASSWORD)).toMatchObject({ kind: 'rows' });
  ash.type('pad', 7, { narrative: 'she says the door is loc' });
  await untilKept(7);
  await force.stopServer('SIGKILL');
  await first.close(); // and never comes back
  await force.startServer();
  const pad = { about: 'pad', fields: { narrative: 'she says the door is loc' } };
  expect(await kept()).toEqual([{ id: 'pad', revision: 7, content: pad }]);
  expect(await kept(other)).toEqual([]);

  const second = await force.startDesk('CH2');
  const again = await second.openWindow();
  await again.until('CH2 is online', () => again.seat?.mode === 'online');
  expect(await again.signIn('ben', PASSWORD)).toMatchObject({ kind: 'rows' });
  expect(await again.signIn('ash', PASSWORD)).toMatchObject({ kind: 'rows' });
  const row = await again.until('the pad is back', () => padIn(again));
  expect(row).toMatchObject({ revision: 7, content: pad });

  // She goes on where she was, and it is hers: nobody else at this desk sees it.
  again.type('pad', 8, { narrative: 'she says the door is locked' });
  await untilKept(8);
  expect(await again.signIn('ben', PASSWORD)).toMatchObject({ kind: 'rows' });
  await again.until('nothing of hers', () => padIn(again) === undefined);
});
