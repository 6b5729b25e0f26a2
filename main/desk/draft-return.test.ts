import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openStore } from '#store/open-store.ts';
import { startedAt } from '../../tests/support/room.ts';
import { returnDrafts } from './draft-return.ts';
import { Outbox, outboxMigrations } from './outbox.ts';

const content = (narrative: string) => ({ about: 'pad', fields: { narrative } });
const draft = (id: string, revision: number, narrative: string) => ({
  id,
  revision,
  content: content(narrative),
});

/** A desk with two drafts of its own, and what becomes of it once the server has answered. */
async function fetched(
  status: number,
  body: string,
  abort = new AbortController(),
  meanwhile: (outbox: Outbox) => void = () => {},
) {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    asked.push([request.method, request.url, request.headers.authorization]);
    meanwhile(outbox);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const outbox = new Outbox(openStore(':memory:', outboxMigrations), {
    now: () => startedAt,
    uuid: () => '8c8e5a40-2f5a-4a57-9d0c-0f6a1c7b1f11',
    soon: (work) => work(),
  });
  outbox.putDraft('u-ash', 'higher here', 5, content('ours'));
  outbox.putDraft('u-ash', 'the same', 3, content('ours'));
  outbox.putDraft('u-ash', 'lower here', 1, content('ours'));
  let returned = 0;
  const failures: Error[] = [];
  const { port } = server.address() as AddressInfo; // it listens on TCP
  await returnDrafts(
    {
      server: `http://127.0.0.1:${port}`,
      token: 'the-token-of-ash',
      user: 'u-ash',
      outbox,
      returned: () => (returned += 1),
      failed: (error) => failures.push(error),
    },
    abort.signal,
  );
  server.close();
  const rows = outbox
    .drafts('u-ash')
    .map(({ id, revision, content: { fields } }) => [id, revision, fields['narrative']]);
  return { asked, rows: new Set(rows), returned, failures: failures.length };
}

const ours = [
  ['higher here', 5, 'ours'],
  ['the same', 3, 'ours'],
  ['lower here', 1, 'ours'],
];

test('drafts come back where this desk has none, or an older one; what it has is never lost', async () => {
  const drafts = [
    draft('higher here', 4, 'theirs'),
    draft('the same', 3, 'theirs'),
    draft('lower here', 2, 'theirs'),
    draft('new here', 0, 'theirs'),
  ];
  expect(await fetched(200, JSON.stringify({ drafts }))).toEqual({
    asked: [['GET', '/api/drafts', 'Bearer the-token-of-ash']],
    rows: new Set([
      ['higher here', 5, 'ours'],
      ['the same', 3, 'ours'],
      ['lower here', 2, 'theirs'],
      ['new here', 0, 'theirs'],
    ]),
    returned: 1,
    failures: 0,
  });
});

test.each([
  [200, '{"drafts":[]}', 0],
  [200, '{"drafts":[{"id":"x","revision":-1}]}', 1],
  [200, 'no JSON', 1],
  [503, '{"reason":"not-stored","message":"no"}', 1],
])('an answer of %s %s changes nothing', async (status, body, failures) => {
  expect(await fetched(status, body)).toMatchObject({
    rows: new Set(ours),
    returned: 0,
    failures,
  });
});

test('a desk that is closed meanwhile is left alone', async () => {
  const abort = new AbortController();
  abort.abort();
  const body = JSON.stringify({ drafts: [draft('new here', 0, 'theirs')] });
  expect(await fetched(200, body, abort)).toMatchObject({
    rows: new Set(ours),
    returned: 0,
    failures: 0,
  });
});

test('what is typed or dropped while the answer is on its way is newer than all that comes', async () => {
  const drafts = [
    draft('new here', 40, 'theirs'),
    draft('lower here', 40, 'theirs'),
    draft('the same', 40, 'theirs'),
  ];
  const meanwhile = (outbox: Outbox) => {
    outbox.putDraft('u-ash', 'new here', 1, content('ours'));
    outbox.putDraft('u-ash', 'lower here', 2, content('ours, and more'));
    outbox.dropDraft('u-ash', 'the same');
  };
  expect(
    await fetched(200, JSON.stringify({ drafts }), new AbortController(), meanwhile),
  ).toMatchObject({
    rows: new Set([
      ['higher here', 5, 'ours'],
      ['lower here', 2, 'ours, and more'],
      ['new here', 1, 'ours'],
    ]),
    returned: 0,
  });
});
