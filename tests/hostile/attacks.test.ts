import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DeskId, EpochMs } from '#domain/ids.ts';
import { limits } from '#protocol/limits.ts';
import { subprotocol } from '#protocol/version.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import {
  callIn,
  newId,
  rawStatus,
  Running,
  until,
  type SignedIn,
  type TestDesk,
} from '#server/gateway/running.suite.ts';
import { upgrade } from '../support/hostile.ts';
import { OneDesk } from '../support/one-desk.ts';
import { verifyServer } from '../support/verify-server.ts';

/*
 * Who tries what they may not: each is refused, and has exactly one row in the audit. What is not in
 * this table is in the tests of its own module: every address against every role
 * (`server/gateway/admin-routes.test.ts`), every command against every actor (`server/auth/policy.test.ts`).
 */
interface Scene {
  readonly running: Running;
  readonly pass: (ms: number) => void;
  readonly now: () => EpochMs;
  /** A call handler who sits at CH1, and its line. */
  readonly ash: SignedIn;
  readonly ch1: TestDesk;
}
type Row = readonly [actor: string, what: string, outcome: string];

const HOUR_MS = 3_600_000;
const SOME_KEY = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const refusalOf = async (desk: TestDesk) => {
  const { answer } = await desk.next('ack');
  return answer.state === 'refused' ? answer.refusal.reason : answer.state;
};
const status = async (asked: ReturnType<Running['ask']>) => (await asked).status;

const attacks: readonly {
  readonly title: string;
  /** Does it, and gives what the attacker is told. */
  readonly attempt: (scene: Scene) => Promise<unknown>;
  readonly told: unknown;
  readonly row: Row;
}[] = [
  {
    title: 'a web site opens a socket',
    attempt: ({ running: { url } }) =>
      rawStatus(`${url}/sync`, upgrade(new URL(url).host, { origin: 'https://evil.example' })),
    told: 403,
    row: ['unknown', 'connect', 'refused foreign-origin'],
  },
  {
    title: 'a name that was bound again opens a socket',
    attempt: ({ running: { url } }) => rawStatus(`${url}/sync`, upgrade('evil.example')),
    told: 421,
    row: ['unknown', 'connect', 'refused wrong-host'],
  },
  {
    title: 'a socket of another protocol',
    attempt: ({ running: { url } }) =>
      rawStatus(`${url}/sync`, upgrade(new URL(url).host, { 'sec-websocket-protocol': 'mqtt' })),
    told: 400,
    row: ['unknown', 'connect', 'refused wrong-protocol'],
  },
  {
    title: 'a web site asks over HTTP',
    attempt: ({ running }) => status(running.ask('GET', '/metrics', undefined, { origin: 'null' })),
    told: 403,
    row: ['unknown', 'request', 'refused foreign-origin'],
  },
  {
    title: 'a name that was bound again asks over HTTP',
    attempt: ({ running: { url } }) => rawStatus(`${url}/metrics`, { host: 'evil.example' }),
    told: 421,
    row: ['unknown', 'request', 'refused wrong-host'],
  },
  {
    title: 'a made-up session',
    attempt: ({ running }) =>
      status(running.ask('GET', '/api/drafts', undefined, bearer('x'.repeat(43)))),
    told: 401,
    row: ['unknown', 'read drafts', 'refused not-signed-in'],
  },
  {
    title: 'a session that has run out',
    attempt: ({ running, ash, pass }) => {
      pass(12 * HOUR_MS + 1);
      return status(running.ask('GET', '/api/drafts', undefined, bearer(ash.token)));
    },
    told: 401,
    row: ['unknown', 'read drafts', 'refused not-signed-in'],
  },
  {
    title: "a person asks for what is only an auditor's",
    attempt: ({ running, ash }) =>
      status(running.ask('GET', '/api/events', undefined, bearer(ash.token))),
    told: 403,
    row: ['ASH', 'read events', 'refused not-permitted'],
  },
  {
    title: 'an API key that was taken back',
    attempt: ({ running }) => {
      const key = running.server.accounts.addApiKey('old');
      running.server.accounts.revokeApiKey('old');
      return status(running.ask('POST', '/api/contacts', {}, bearer(key)));
    },
    told: 401,
    row: ['outside', 'POST /api/contacts', 'refused unknown-key'],
  },
  {
    title: 'a code that has enrolled a desk already',
    attempt: ({ running }) => {
      const code = running.server.accounts.addEnrolmentCode();
      running.server.accounts.enrol(code, 'CH7', SOME_KEY);
      const body = { code, desk: 'CH8', publicKey: SOME_KEY };
      return status(running.ask('POST', '/api/desks/enrol', body));
    },
    told: 403,
    row: ['desk', 'enrol', 'refused code-not-valid'],
  },
  {
    title: 'a code that has run out',
    attempt: ({ running, pass }) => {
      const code = running.server.accounts.addEnrolmentCode();
      pass(HOUR_MS);
      const body = { code, desk: 'CH8', publicKey: SOME_KEY };
      return status(running.ask('POST', '/api/desks/enrol', body));
    },
    told: 403,
    row: ['desk', 'enrol', 'refused code-not-valid'],
  },
  {
    title: 'a hello that was heard on another line',
    attempt: async ({ running }) => {
      const [first, second] = [await running.connect('CH2'), await running.connect('CH2')];
      const heard = new Promise<object>((resolve) => {
        first.send = (frame) => resolve(frame);
      });
      first.hello();
      second.send(await heard);
      return second.closed;
    },
    told: { code: 4401 },
    row: ['desk', 'hello', 'refused not-enrolled'],
  },
  {
    title: 'a desk whose key was revoked',
    attempt: async ({ running }) => {
      running.server.revokeDesk('CH2');
      const desk = await running.connect('CH2');
      desk.hello();
      return desk.closed;
    },
    told: { code: 4401 },
    row: ['desk', 'hello', 'refused not-enrolled'],
  },
  {
    title: 'work before a hello',
    attempt: async ({ running, ash }) => {
      const desk = await running.connect('CH2');
      desk.ask(ash, callIn());
      return desk.closed;
    },
    told: { code: 4400 },
    row: ['desk', 'stamped-command', 'refused no-hello'],
  },
  {
    title: 'a second hello',
    attempt: async ({ ch1 }) => {
      ch1.hello();
      return ch1.closed;
    },
    told: { code: 4400 },
    row: ['desk', 'hello', 'refused hello-twice'],
  },
  {
    title: 'a desk of another release',
    attempt: async ({ running }) => {
      const desk = await running.connect('CH2');
      desk.hello({ protocol: { min: 99, max: 99 } });
      return desk.closed;
    },
    told: { code: 4406 },
    row: ['desk', 'hello', 'refused other-release'],
  },
  {
    title: 'a role without the right',
    attempt: ({ ash, ch1 }) => {
      ch1.ask(ash, { type: 'book-off-unit', body: { unitId: 'HT21' as never } });
      return refusalOf(ch1);
    },
    told: 'not-permitted',
    row: ['ASH', 'book-off-unit', 'refused not-permitted'],
  },
  {
    title: 'a command that only the server may ask',
    attempt: ({ ash, ch1 }) => {
      ch1.ask(ash, { type: 'reserve-references', body: { desk: 'CH1', count: 100 } });
      return refusalOf(ch1);
    },
    told: 'not-permitted',
    row: ['ASH', 'reserve-references', 'refused not-permitted'],
  },
  {
    title: 'a grant that has run out',
    attempt: ({ ash, ch1, pass, now }) => {
      pass(13 * HOUR_MS);
      ch1.ask(ash, callIn(), { occurredAt: now() });
      return refusalOf(ch1);
    },
    told: 'grant-expired',
    row: ['ASH', 'open-contact', 'refused grant-expired'],
  },
  {
    title: "a desk that works under another person's grant",
    attempt: async ({ running, ash, ch1 }) => {
      await running.addUser('ben', 'supervisor');
      const ben = await running.signIn('ben', 'CH2');
      ch1.ask({ ...ash, grant: ben.grant }, callIn());
      return refusalOf(ch1);
    },
    told: 'wrong-desk',
    row: ['ASH', 'open-contact', 'refused wrong-desk'],
  },
  {
    title: 'a frame of one desk that is sent again by another',
    attempt: async ({ running, ash, ch1 }) => {
      const other = await running.join('CH2');
      other.ask(ash, callIn(), { desk: 'CH1' as DeskId, outboxId: ch1.outboxId, deskSeq: 1 });
      return refusalOf(other);
    },
    told: 'wrong-desk',
    row: ['ASH', 'open-contact', 'refused wrong-desk'],
  },
  {
    title: 'a time that no clock can show',
    attempt: ({ ash, ch1 }) => {
      ch1.ask(ash, callIn(), { enteredAt: Number.MAX_SAFE_INTEGER as EpochMs });
      return refusalOf(ch1);
    },
    told: 'malformed',
    row: ['ASH', 'open-contact', 'refused malformed'],
  },
  {
    title: 'drafts of somebody who has never sat at the desk',
    attempt: async ({ running, ch1 }) => {
      await running.addUser('ben', 'supervisor');
      const ben = await running.signIn('ben', 'CH2');
      const content = { about: 'c-1', fields: { narrative: 'not theirs' } };
      ch1.send({ frame: 'draft-copy', user: ben.user.id, draftId: 'pad', revision: 9, content });
      const { reason } = await ch1.next('refused');
      return [reason, running.server.draftsOf(ben.user.id)];
    },
    told: ['not-theirs', []],
    row: ['desk', 'draft-copy', 'refused not-theirs'],
  },
  {
    title: 'bytes instead of text',
    attempt: async ({ ch1 }) => {
      ch1.socket.send(Buffer.from([1, 2, 3]));
      return (await ch1.next('refused')).reason;
    },
    told: 'malformed',
    row: ['desk', 'frame', 'refused malformed'],
  },
  {
    title: 'a frame over the limit',
    attempt: ({ ch1 }) => {
      ch1.socket.send('x'.repeat(limits.frameMaxBytes + 1));
      return ch1.closed;
    },
    told: { code: 1009 },
    row: ['desk', 'frame', 'refused broken-frame'],
  },
];

test.each(attacks)('$title: refused, with one row in the audit', async ({ attempt, told, row }) => {
  let ahead = 0;
  const now = () => (Date.now() + ahead) as EpochMs;
  const running = await Running.start({ now });
  await using _ = running;
  for (const desk of ['CH1', 'CH2']) running.enrol(desk);
  await running.addUser('ash', 'call-handler');
  const ash = await running.signIn('ash', 'CH1');
  const ch1 = await running.join('CH1');
  const before = (await running.audit()).length;
  const pass = (ms: number) => void (ahead += ms);
  expect(await attempt({ running, pass, now, ash, ch1 })).toEqual(told);
  const refusals = async () =>
    (await running.audit())
      .slice(before)
      .filter(({ outcome }) => outcome.startsWith('refused'))
      .map(({ actor, what, outcome }) => [actor === ash.user.id ? 'ASH' : actor, what, outcome]);
  await expect.poll(async () => (await refusals()).length).toBeGreaterThan(0);
  await running.server.stop();
  expect(await refusals()).toEqual([row]);
  expect(verifyServer(running.dataDir).faults).toEqual([]);
});

test('a command that is sent again is neither recorded nor audited a second time', async () => {
  const running = await Running.start();
  await using _ = running;
  running.enrol('CH1');
  await running.addUser('ash', 'call-handler');
  const ash = await running.signIn('ash', 'CH1');
  const desk = await running.join('CH1');
  const command = { frame: 'command', id: newId(), ...callIn() } as const;
  for (let n = 0; n < 5; n += 1) {
    desk.ask(ash, callIn(), { command, deskSeq: 1 });
    expect((await desk.next('ack')).answer).toEqual({ state: 'recorded', firstSeq: 2, lastSeq: 3 });
  }
  expect((await running.audit()).filter(({ what }) => what === 'open-contact')).toHaveLength(1);
});

test('half a letter in what a desk says does not break the chain of the audit', async () => {
  const running = await Running.start();
  await using _ = running;
  running.enrol('CH1');
  const desk = await running.join('CH1');
  const row = { at: 1, actor: 'u-1', what: 'fi\udc00', subject: '\ud800 x', shown: 1, times: 1 };
  desk.send({ frame: 'consulted', outboxId: randomUUID(), rows: [{ n: 1, ...row }] });
  await desk.next('consulted-kept');
  desk.send({ frame: 'draft-copy', user: 'u\ud800', draftId: 'x', revision: 1, content: null });
  await desk.next('refused');
  await running.server.stop();
  const { faults, audit } = verifyServer(running.dataDir);
  expect([faults, audit.filter(({ desk: at }) => at === 'CH1')]).toMatchObject([
    [],
    [{ what: 'fi\ufffd', subject: '\ufffd x' }, { subject: 'u\ufffd' }],
  ]);
});

/** What a browser is told that knocks at a desk's own port. */
const knock = (url: string, headers: Record<string, string>) =>
  new Promise<number | undefined>((resolve, reject) => {
    request(url.replace('ws', 'http'), { headers })
      .on('upgrade', (response, socket) => (socket.destroy(), resolve(response.statusCode)))
      .on('response', ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end();
  });

test("what is refused at a desk's own door and to its windows stands in the server's audit", async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  const { url } = room.admit('a');
  const { host, origin } = new URL(url.replace('ws', 'http'));
  const at = (token: string, more: Record<string, string> = {}) =>
    knock(url, {
      ...upgrade(host),
      origin,
      'sec-websocket-protocol': `${subprotocol}, ${token}`,
      ...more,
    });
  const fresh = () => room.admit('b').token;

  // Nobody sits here yet: who asks is told to sign in.
  window.find('07700 900142').catch(() => {}); // refused without an answer of its own
  const used = fresh();
  expect([
    await at(used),
    await at(used),
    await at(used),
    await at('x'.repeat(43)),
    await at(fresh(), { origin: 'https://evil.example' }),
    await at(fresh(), { host: 'evil.example' }),
    await at(fresh(), { 'sec-websocket-protocol': 'mqtt' }),
    await knock(`${url}/x`, { ...upgrade(host), origin }),
  ]).toEqual([101, 401, 401, 401, 401, 401, 401, 401]);
  const answer = await fetch(`${origin}/dispatch`, { headers: { host: 'evil.example' } });
  expect(answer.status).toBe(404);

  await room.signIn(window);
  // A supervisor may do much, but not what only the server does.
  const asked = window.ask({ type: 'reserve-references', body: { desk: 'CH1', count: 5 } });
  expect(await window.answerTo(asked)).toMatchObject({ refusal: { reason: 'not-permitted' } });

  const log = openStore(join(room.serverFolder, 'log.db'), logMigrations);
  const rows = log.prepare<[], { who: string; what: string; outcome: string }>(
    `SELECT CASE WHEN actor LIKE 'u-%' THEN 'who sits there' ELSE actor END AS who, what, outcome
     FROM audit WHERE desk = 'CH1' AND operation = 'security' ORDER BY what, outcome`,
  );
  const due = [
    ['desk', 'connect', 'refused foreign-origin'],
    ['desk', 'connect', 'refused unknown-token'],
    ['desk', 'connect', 'refused used-token, 2 times'],
    ['desk', 'connect', 'refused wrong-host'],
    ['desk', 'connect', 'refused wrong-path'],
    ['desk', 'connect', 'refused wrong-protocol'],
    ['desk', 'query', 'refused not-signed-in'],
    ['who sits there', 'reserve-references', 'refused not-permitted'],
  ];
  const seen = () => rows.all().map(({ who, what, outcome }) => [who, what, outcome]);
  await until(() => seen().length >= due.length);
  expect(seen()).toEqual(due);
  log.close();
  await room.stopDesk();
  await room.stopServer();
  expect(verifyServer(room.serverFolder).faults).toEqual([]);
});

test("a window asks for another's data: a token opens its own window only, and drafts are those of who sits there", async () => {
  const running = await Running.start();
  await using _ = running;
  running.enrol('CH1');
  for (const name of ['ash', 'ben']) await running.addUser(name, 'call-handler');
  const [ash, ben] = [await running.signIn('ash', 'CH1'), await running.signIn('ben', 'CH1')];
  const desk = await running.join('CH1');
  const content = { about: 'c-1', fields: { narrative: 'of ben' } };
  desk.send({ frame: 'draft-copy', user: ben.user.id, draftId: 'pad', revision: 1, content });
  desk.send({ frame: 'ping', t0: 1 });
  await desk.next('pong');
  const read = async (token: string) => {
    const path = `/api/drafts?user=${ben.user.id}`;
    return (await running.ask('GET', path, undefined, bearer(token))).body;
  };
  expect([await read(ash.token), await read(ben.token)]).toEqual([
    { drafts: [] },
    { drafts: [{ id: 'pad', revision: 1, content }] },
  ]);
});
