import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '#store/open-store.ts';
import { DraftCopies, draftMigrations } from './draft-copies.ts';
import { Running } from './running.suite.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const copy = (user: string, draftId: string, revision: number, narrative: string | null) => ({
  frame: 'draft-copy' as const,
  user,
  draftId,
  revision,
  content: narrative === null ? null : { about: draftId, fields: { narrative } },
});
const newCopies = () => new DraftCopies(openStore(':memory:', draftMigrations));
const texts = (copies: DraftCopies, user = 'u-ash') =>
  copies.of(user).map(({ id, revision, content }) => {
    const { fields } = content as { fields: { narrative: string } };
    return `${id} ${revision} ${fields.narrative}`;
  });

test('the highest revision of a draft is kept, in whatever order the copies come', () => {
  const copies = newCopies();
  for (const revision of [2, 3, 1]) copies.keep(copy('u-ash', 'd1', revision, `r${revision}`));
  expect(texts(copies)).toEqual(['d1 3 r3']);
  copies.keep(copy('u-ash', 'd1', 2, 'r2'));
  expect(texts(copies)).toEqual(['d1 3 r3']);
  copies.keep(copy('u-ash', 'd1', Number.MAX_SAFE_INTEGER, null));
  expect(texts(copies)).toEqual([]);
});

test('a draft that is begun anew right after its end is kept', () => {
  const copies = newCopies();
  copies.keep(copy('u-ash', 'd1', 9, 'first'));
  copies.write();
  copies.keep(copy('u-ash', 'd1', Number.MAX_SAFE_INTEGER, null));
  copies.keep(copy('u-ash', 'd1', 1, 'second'));
  expect(texts(copies)).toEqual(['d1 1 second']);
});

test('of one person the newest two hundred are kept, and nobody else loses any', () => {
  const copies = newCopies();
  copies.keep(copy('u-ben', 'his', 1, 'his'));
  for (let n = 0; n < 205; n += 1) copies.keep(copy('u-ash', `d${n}`, 1, 'x'));
  expect([texts(copies).length, texts(copies, 'u-ben')]).toEqual([200, ['his 1 his']]);
});

test('everybody reads their own drafts and no other, also after a restart, and it is on record', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-drafts-'));
  {
    const running = await Running.start({ dataDir });
    for (const name of ['ash', 'ben']) await running.addUser(name, 'call-handler');
    running.enrol('CH1');
    running.enrol('CH9');
    const desk = await running.join('CH1');
    const stranger = await running.join('CH9');
    for (const name of ['ash', 'ben']) {
      const { user } = await running.signIn(name, 'CH1');
      desk.send(copy(user.id, 'pad', 4, `of ${name}`));
      // Nobody has sat at this one: what it says of their pads is not theirs.
      stranger.send(copy(user.id, 'pad', 5, 'written over'));
    }
    stranger.send({ frame: 'ping', t0: 1 });
    await stranger.next('pong');
    desk.send({ frame: 'ping', t0: 1 });
    await desk.next('pong'); // in order: the copies have been taken
    desk.socket.terminate();
    await running.server.stop();
  }
  const running = await Running.start({ dataDir });
  await using _ = running;
  const { token, user } = await running.signIn('ash');
  const mine = await running.ask('GET', '/api/drafts', undefined, bearer(token));
  expect(mine.body).toEqual({
    drafts: [
      { id: 'pad', revision: 4, content: { about: 'pad', fields: { narrative: 'of ash' } } },
    ],
  });
  expect((await running.ask('GET', '/api/drafts')).status).toBe(401);
  expect((await running.audit()).filter(({ what }) => what === 'read drafts')).toEqual([
    {
      actor: user.id,
      desk: 'server',
      operation: 'consultation',
      what: 'read drafts',
      outcome: '1 drafts',
    },
    {
      actor: 'unknown',
      desk: 'server',
      operation: 'security',
      what: 'read drafts',
      outcome: 'refused not-signed-in',
    },
  ]);
});
