import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { connect } from 'node:net';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ContactId, EpochMs } from '#domain/ids.ts';
import { TRIES_MAX, TRY_EVERY_MS } from '../auth/sign-in-limit.ts';
import { hostsOf, startServer } from '../main.ts';
import { selfSigned } from '../../tests/support/self-signed.ts';
import { createLogger } from './logger.ts';
import { bySystem, callIn, PASSWORD, rawStatus, Running } from './running.suite.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const withSystem = async (more: Parameters<typeof Running.start>[0] = {}) => {
  const running = await Running.start(more);
  return { running, key: bearer(running.server.accounts.addApiKey('telephony')) };
};

/** The event that stands at `seq`, with its body. */
function recorded(running: Running, seq: number) {
  const [event] = running.server.recorder.readAfter(seq - 1, 1);
  return { ...event?.header, body: JSON.parse(event?.kept?.text ?? 'null') as unknown };
}

test('a sign-in tells who it is and gives a grant; whatever it comes to is in the audit', async () => {
  const running = await Running.start();
  await using _ = running;
  running.enrol('CH1');
  await running.addUser('ash', 'call-handler');
  await running.addUser('new', 'dispatcher', true);
  const ask = async (body: object) => {
    const answer = await running.ask('POST', '/api/session', body);
    return [answer.status, (answer.body as { reason?: string }).reason];
  };
  const good = await running.signIn('ash', 'CH1');
  expect(good).toEqual({
    token: expect.stringMatching(/^[\w-]{43}$/) as string,
    user: { id: good.user.id, name: 'ash', displayName: 'Made-up ash', role: 'call-handler' },
    grant: { id: good.grant.id, notAfter: good.grant.notAfter },
    offlineGrant: {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      signInUntil: good.grant.notAfter + (14 * 24 - 12) * 3_600_000,
      notAfter: good.grant.notAfter + 14 * 24 * 3_600_000,
    },
  });
  const newPassword = 'another made-up one';
  expect([
    await ask({ name: 'ash', password: 'wrong' }),
    await ask({ name: 'nobody', password: PASSWORD }),
    await ask({ name: 'ash', password: PASSWORD, desk: 'CH9' }),
    await ask({ name: 'new', password: PASSWORD }),
    await ask({ name: 'new', password: PASSWORD, newPassword: 'short' }),
    await ask({ name: 'new', password: PASSWORD, newPassword }),
    await ask({ name: 'ash' }),
    await ask({ name: 'ash', password: PASSWORD, remember: true }),
  ]).toEqual([
    [401, 'wrong-name-or-password'],
    [401, 'wrong-name-or-password'],
    [403, 'unknown-desk'],
    [403, 'password-change-needed'],
    [403, 'weak-password'],
    [200, undefined],
    [400, 'malformed'],
    [400, 'malformed'],
  ]);
  for (let n = 0; n < 4; n += 1) await ask({ name: 'ash', password: 'wrong' });
  await ask({ name: 'ash', password: 'wrong' });
  expect(await ask({ name: 'ash', password: PASSWORD })).toEqual([423, 'locked']);
  const rows = (await running.audit()).filter(({ what }) => what === 'sign-in');
  expect(rows.map(({ outcome }) => outcome)).toEqual([
    'signed-in',
    'refused wrong-name-or-password',
    'refused wrong-name-or-password',
    'refused unknown-desk',
    'refused password-change-needed',
    'refused weak-password',
    'signed-in',
    ...Array<string>(4).fill('refused wrong-name-or-password'),
    'refused locked',
    'refused locked',
  ]);
  expect(rows[2]?.actor).toBe('unknown');
});

test('whoever guesses from one address has to wait, and a desk at another signs in meanwhile', async () => {
  let now = Date.now();
  const running = await Running.start({ now: () => now as EpochMs });
  await using _ = running;
  for (const name of ['ash', 'ben']) await running.addUser(name, 'call-handler');
  const from = (localAddress: string, name: string, password: string) =>
    new Promise<readonly [number | undefined, string | undefined]>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      plainRequest(`${running.url}/api/session`, { method: 'POST', localAddress, headers })
        .on('response', (response) => {
          response.resume();
          resolve([response.statusCode, response.headers['retry-after']]);
        })
        .on('error', reject)
        .end(JSON.stringify({ name, password }));
    });
  // Right ones are not counted; wrong ones are, whatever name they are for.
  for (let n = 0; n < 5; n += 1)
    expect(await from('127.0.0.1', 'ben', PASSWORD)).toEqual([200, undefined]);
  for (let n = 0; n < TRIES_MAX; n += 1)
    expect(await from('127.0.0.1', `guess-${n}`, 'a common password')).toEqual([401, undefined]);
  expect(await from('127.0.0.1', 'ash', PASSWORD)).toEqual([429, '15']);
  expect(await from('127.0.0.1', 'ash', PASSWORD)).toEqual([429, '15']);
  expect(await from('127.0.0.2', 'ash', PASSWORD)).toEqual([200, undefined]);
  now += TRY_EVERY_MS;
  expect(await from('127.0.0.1', 'ash', PASSWORD)).toEqual([200, undefined]);
  const rows = (await running.audit()).filter(
    ({ outcome }) => outcome === 'refused too-many-tries',
  );
  expect(rows).toHaveLength(1);
});

test('a desk hears which grants were taken back, if it signs with its own key', async () => {
  const running = await Running.start();
  await using _ = running;
  await running.addUser('ash', 'call-handler');
  const pair = generateKeyPairSync('ed25519');
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const { accounts } = running.server;
  accounts.enrol(accounts.addEnrolmentCode(), 'CH1', spki);
  const { user, grant } = await running.signIn('ash', 'CH1');
  const signed = (text: string) =>
    sign(null, Buffer.from(text), pair.privateKey).toString('base64');
  const ask = async (signature: string, desk = 'CH1') => {
    const body = { desk, grants: [grant.id], signature };
    const answer = await running.ask('POST', '/api/desks/grants', body);
    return [answer.status, answer.body];
  };
  const good = signed(`grants.CH1.${grant.id}`);
  expect(await ask(good)).toEqual([200, { withdrawn: [] }]);
  accounts.disable(user.id);
  expect(await ask(good)).toEqual([200, { withdrawn: [grant.id] }]);
  const refused = [401, { reason: 'not-enrolled', message: expect.any(String) as string }];
  expect(await ask(signed(`grants.CH1.other`))).toEqual(refused);
  expect(await ask(signed(`grants.CH2.${grant.id}`), 'CH2')).toEqual(refused);
  accounts.revokeDesk('CH1');
  expect(await ask(good)).toEqual(refused);
  const rows = (await running.audit()).filter(({ what }) => what === 'ask for grants');
  expect(rows.map(({ outcome }) => outcome)).toEqual(Array<string>(3).fill('refused not-enrolled'));
});

test('a session that was ended is no session', async () => {
  const running = await Running.start();
  await using _ = running;
  await running.addUser('aud', 'auditor');
  const { token } = await running.signIn('aud');
  const statuses = [
    (await running.ask('DELETE', '/api/session', undefined, bearer(token))).status,
    (await running.ask('DELETE', '/api/session', undefined, bearer(token))).status,
    (await running.ask('GET', '/api/events', undefined, bearer(token))).status,
  ];
  expect(statuses).toEqual([204, 401, 401]);
});

test('a contact from outside is recorded, and the same one again gets the same answer', async () => {
  const now = Date.parse('2026-11-23T22:00:00Z');
  const { running, key } = await withSystem({ now: () => now as EpochMs });
  await using _ = running;
  const contact = {
    externalId: 'call-1',
    channel: '999',
    number: '07700 900142',
    place: '12 High Street',
    narrative: 'shouting',
    occurredAt: '2026-11-23T21:58:00Z',
  };
  const first = await running.ask('POST', '/api/contacts', contact, key);
  const again = await running.ask('POST', '/api/contacts', contact, key);
  expect([first.status, first.body]).toEqual([
    201,
    { contactId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, seq: 1 },
  ]);
  expect([again.status, again.body]).toEqual([201, first.body]);
  expect(recorded(running, 1)).toMatchObject({
    type: 'contact.offered',
    occurredAt: Date.parse('2026-11-23T21:58:00Z'),
    desk: 'server',
    body: {
      channel: '999',
      caller: { kind: 'number', number: '+447700900142' },
      details: { place: { text: '12 High Street', isVerified: false }, narrative: 'shouting' },
      source: 'telephony',
      externalId: 'call-1',
    },
  });
  expect(running.server.recorder.head().seq).toBe(1);
});

test('another contact under a key that was used is a conflict, and the first one stays', async () => {
  const { running, key } = await withSystem();
  await using _ = running;
  const other = bearer(running.server.accounts.addApiKey('cad'));
  const ask = async (body: object, headers: Record<string, string>) => {
    const answer = await running.ask('POST', '/api/contacts', body, headers);
    return [answer.status, (answer.body as { reason?: string }).reason];
  };
  const contact = { externalId: 'x', channel: '101' };
  const under = (name: string) => ({ ...key, 'idempotency-key': name });
  expect([
    await ask(contact, key),
    await ask({ ...contact, narrative: 'more' }, key),
    await ask({ ...contact, narrative: 'more' }, under('second')),
    await ask({ ...contact, narrative: 'more' }, under('second')),
    await ask({ ...contact, externalId: 'y' }, under('second')),
    await ask(contact, other),
    await ask(contact, under('k'.repeat(201))),
  ]).toEqual([
    [201, undefined],
    [409, 'key-used-for-another'],
    [201, undefined],
    [201, undefined],
    [409, 'key-used-for-another'],
    [201, undefined],
    [400, 'malformed'],
  ]);
  expect(running.server.recorder.head().seq).toBe(3);
});

test.each<[string, object, object]>([
  ['a withheld number', { withheld: true }, { caller: { kind: 'withheld' } }],
  ['a number that says so itself', { number: 'anonymous' }, { caller: { kind: 'withheld' } }],
  ['a short code', { number: '18000' }, { caller: { kind: 'number', number: '18000' } }],
  [
    'a number nobody can read',
    { number: 'ext. four' },
    { details: { callbackNumber: 'ext. four' } },
  ],
  [
    'a long one nobody can read',
    { number: 'z'.repeat(40), narrative: 'help' },
    { details: { narrative: `Number as received: ${'z'.repeat(40)}\nhelp` } },
  ],
  [
    'a place with its position',
    { place: { text: 'Pier 4', lat: 50.9, lon: -1.4, isVerified: true } },
    { details: { place: { text: 'Pier 4', lat: 50.9, lon: -1.4, isVerified: true } } },
  ],
])('%s is kept', async (_title, more, expected) => {
  const { running, key } = await withSystem();
  await using _ = running;
  const contact = { externalId: 'x', channel: '101', ...more };
  expect((await running.ask('POST', '/api/contacts', contact, key)).status).toBe(201);
  const common = { channel: '101', source: 'telephony', externalId: 'x' };
  expect(recorded(running, 1).body).toEqual({ ...common, ...expected });
});

test.each<[string, unknown, number, string]>([
  ['no JSON', '{"externalId":', 400, 'malformed'],
  ['an unknown field', { externalId: 'x', channel: '101', colour: 'red' }, 400, 'malformed'],
  ['an unknown channel', { externalId: 'x', channel: 'pigeon' }, 400, 'malformed'],
  ['no external id', { channel: '101' }, 400, 'malformed'],
  [
    'a number that is withheld',
    { externalId: 'x', channel: '101', number: '101', withheld: true },
    400,
    'malformed',
  ],
  ['a prototype', '{"__proto__":{"x":1},"externalId":"x","channel":"101"}', 400, 'malformed'],
  ['more than 32 KB', { externalId: 'x'.repeat(32_769), channel: '101' }, 413, 'too-large'],
  [
    'a time in seconds',
    { externalId: 'x', channel: '101', occurredAt: 1_795_471_080 },
    400,
    'malformed',
  ],
  [
    'a time of nowhere',
    { externalId: 'x', channel: '101', occurredAt: '2026-11-23T21:58:00' },
    400,
    'malformed',
  ],
])(
  'a contact with %s is refused with its reason and changes nothing',
  async (_title, body, status, reason) => {
    const { running, key } = await withSystem();
    await using _ = running;
    const answer = await running.ask('POST', '/api/contacts', body, key);
    expect([answer.status, answer.body]).toEqual([
      status,
      { reason, message: expect.any(String) as string },
    ]);
    expect(running.server.recorder.head().seq).toBe(0);
  },
);

test('the longest narrative is taken, in any script and however its letters are escaped', async () => {
  const { running, key } = await withSystem();
  await using _ = running;
  const contact = { externalId: 'x', channel: 'email', narrative: '\u{1f6a8}'.repeat(2_000) };
  const escaped = JSON.stringify(contact).replaceAll(
    /[\u0080-\uffff]/g,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const first = await running.ask('POST', '/api/contacts', escaped, key);
  expect([first.status, recorded(running, 1).body]).toMatchObject([
    201,
    { details: { narrative: contact.narrative } },
  ]);
  const again = await running.ask('POST', '/api/contacts', contact, key);
  expect([again.status, again.body]).toEqual([201, first.body]);
  const longer = { ...contact, externalId: 'y', narrative: 'x'.repeat(4_001) };
  expect((await running.ask('POST', '/api/contacts', longer, key)).status).toBe(400);
});

test('the life of a call is told from outside: abandoned, ended, and each of them once', async () => {
  const { running, key } = await withSystem();
  await using _ = running;
  const offer = async (externalId: string) => {
    const answer = await running.ask('POST', '/api/contacts', { externalId, channel: '999' }, key);
    return (answer.body as { contactId: ContactId }).contactId;
  };
  const [lost, done] = [await offer('1'), await offer('2')];
  const ask = async (path: string, body?: object) => {
    const answer = await running.ask('POST', `/api/contacts/${path}`, body, key);
    return [answer.status, answer.body];
  };
  const user = 'u-ash' as never;
  await running.server.recorder.record(
    bySystem({ type: 'take-contact', body: { contactId: done } }, { actor: user }),
  );
  expect([
    await ask(`${lost}/abandoned`),
    await ask(`${lost}/abandoned`),
    await ask(`${done}/ended`, { by: 'caller' }),
    await ask('no-such/ended', {}),
  ]).toEqual([
    [200, { contactId: lost, seq: 4 }],
    [200, { contactId: lost, seq: 4 }],
    [200, { contactId: done, seq: 5 }],
    [404, { reason: 'no-such-contact', message: 'Not recorded: no-such-contact.' }],
  ]);
});

test('a status feed sets the status of a unit, and an emergency is heard whoever is off duty', async () => {
  const { running, key } = await withSystem();
  await using _ = running;
  const { recorder } = running.server;
  const on = { unitId: 'HT21' as never, officers: [], skills: [] };
  await recorder.record(bySystem({ type: 'book-on-unit', body: on }));
  const ask = async (unit: string, statusCode: number, headers = {}) => {
    const path = `/api/units/${unit}/status`;
    const answer = await running.ask('POST', path, { statusCode }, { ...key, ...headers });
    return [answer.status, (answer.body as { seq?: number; reason?: string }).seq];
  };
  const same = { 'idempotency-key': 'radio-1' };
  expect([
    await ask('HT21', 5),
    await ask('HT21', 6, same),
    await ask('HT21', 6, same),
    await ask('HT99', 5),
    await ask('ht-21', 5),
    await ask('HT21', 17),
    await ask('HT21', 0),
  ]).toEqual([
    [200, 2],
    [200, 3],
    [200, 3],
    [404, undefined],
    [400, undefined],
    [400, undefined],
    [200, 4],
  ]);
});

test('a request without a key that we know is refused and is on record, one row each', async () => {
  const { running } = await withSystem();
  await using _ = running;
  const contact = { externalId: 'x', channel: '999' };
  const statuses = [
    (await running.ask('POST', '/api/contacts', contact)).status,
    (await running.ask('POST', '/api/contacts', contact, bearer('x'.repeat(43)))).status,
    (await running.ask('POST', '/api/units/HT21/status', { statusCode: 0 })).status,
  ];
  expect(statuses).toEqual([401, 401, 401]);
  expect((await running.audit()).map(({ what, outcome }) => [what, outcome])).toEqual([
    ['POST /api/contacts', 'refused unknown-key'],
    ['POST /api/contacts', 'refused unknown-key'],
    ['POST /api/units/:callSign/status', 'refused unknown-key'],
  ]);
});

test('an auditor reads every event with its body, a line each, up to the head; nobody else does', async () => {
  const running = await Running.start();
  await using _ = running;
  for (const name of ['auditor', 'administrator', 'supervisor'] as const)
    await running.addUser(name, name);
  await Promise.all(
    Array.from({ length: 700 }, (_none, n) =>
      running.server.recorder.record(bySystem(callIn(`${n}`))),
    ),
  );
  const { token } = await running.signIn('auditor');
  const read = async (after: string, as: string) => {
    const path = `/api/events${after}`;
    return running.ask('GET', path, undefined, bearer(as));
  };
  const whole = await read('', token);
  const lines = String(whole.body)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(whole.headers.get('content-type')).toBe('application/x-ndjson');
  expect(lines).toHaveLength(1_403);
  expect(lines[0]).toEqual(recorded(running, 1));
  expect(lines.map((line) => (line as { seq: number }).seq)).toEqual(
    lines.map((_none, n) => n + 1),
  );
  expect((await read('?after=1403', token)).body).toBe('');
  const admin = await running.signIn('administrator');
  expect([
    (await read('?after=-1', token)).status,
    (await read('?after=x', token)).status,
    (await read('', admin.token)).status,
    (await read('', 'x'.repeat(43))).status,
  ]).toEqual([400, 400, 403, 401]);
  const rows = (await running.audit()).filter(({ what }) => what === 'read events');
  expect(rows.map(({ operation, outcome }) => [operation, outcome.split(' ')[0]])).toEqual([
    ['disclosure', 'to'],
    ['disclosure', 'to'],
    ['security', 'refused'],
    ['security', 'refused'],
  ]);
});

test('an unknown address, another Host and another kind of body are refused in the same form', async () => {
  const running = await Running.start();
  await using _ = running;
  const { host } = new URL(running.url);
  const unknown = await running.ask('GET', '/api/nothing');
  const text = await running.ask('POST', '/api/session', 'name=x', {
    'content-type': 'text/plain',
  });
  expect([unknown.status, unknown.body]).toEqual([
    404,
    { reason: 'not-found', message: 'There is nothing at this address.' },
  ]);
  expect([text.status, (text.body as { reason: string }).reason]).toEqual([415, 'not-json']);
  expect([
    await rawStatus(`${running.url}/healthz`, { host: 'evil.example' }),
    await rawStatus(`${running.url}/healthz`, { host: `${host}0` }),
    await rawStatus(`${running.url}/healthz`, { host }),
  ]).toEqual([421, 421, 200]);
  const headers = ['cache-control', 'x-content-type-options', 'content-security-policy'];
  expect(headers.map((name) => unknown.headers.get(name))).toEqual([
    'no-store',
    'nosniff',
    "default-src 'none'; frame-ancestors 'none'",
  ]);
  expect(unknown.headers.get('access-control-allow-origin')).toBeNull();
});

test('what is no HTTP is told so, in the same form', async () => {
  const running = await Running.start();
  await using _ = running;
  const socket = connect(Number(new URL(running.url).port), '127.0.0.1', () =>
    socket.write('hm\r\n\r\n'),
  );
  const text = await new Promise<string>((resolve) => {
    let all = '';
    socket.on('data', (data) => (all += String(data))).on('close', () => resolve(all));
  });
  expect(text).toMatch(/^HTTP\/1\.1 400 [^]*"reason":"malformed"/);
});

test('health, readiness through the writer, and figures for this machine', async () => {
  const { running } = await withSystem();
  await using _ = running;
  await running.server.recorder.record(bySystem(callIn()));
  const [health, ready, figures] = [
    await running.ask('GET', '/healthz'),
    await running.ask('GET', '/readyz'),
    await running.ask('GET', '/metrics'),
  ];
  expect([health.body, ready.body]).toEqual([
    { state: 'alive', at: expect.any(Number) as number },
    { state: 'ready', epoch: 1, head: 2, notices: [] },
  ]);
  expect(String(figures.body)).toContain('\nholdfast_log_head 2\n');
});

test('a server whose writer does not answer is not ready', async () => {
  const running = await Running.start();
  await using _ = running;
  await running.server.recorder.close();
  const ready = await running.ask('GET', '/readyz');
  expect([ready.status, (ready.body as { reason: string }).reason]).toEqual([503, 'not-ready']);
  expect((await running.ask('GET', '/healthz')).status).toBe(200);
});

test('the technical log holds routes and codes, and nothing that was said or is secret', async () => {
  const lines: string[] = [];
  const logger = createLogger((line) => lines.push(line));
  const { running, key } = await withSystem({ logger });
  await using _ = running;
  await running.addUser('ash', 'call-handler');
  const { token } = await running.signIn('ash');
  const contact = {
    externalId: 'canary-external',
    channel: '999',
    number: '07700 900142',
    place: 'canary-place',
    narrative: 'canary-narrative',
  };
  await running.ask('POST', '/api/contacts', contact, key);
  await running.ask('POST', '/api/contacts', { ...contact, colour: 'canary-colour' }, key);
  await running.ask('GET', '/api/events?after=canary-query', undefined, bearer(token));
  await running.ask('GET', '/canary-path');
  logger.error({ password: 'canary-password', request: { headers: 'canary-headers' } });
  const all = lines.join('\n');
  expect(all).toContain('"route":"POST /api/contacts","status":201');
  const secrets = ['canary', '900142', PASSWORD, token, key.authorization.slice(7)];
  expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
});

test('an address that others can reach is refused without TLS, in words that say what to do', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-server-'));
  const options = { dataDir, port: 0, force: 'HC', forceName: 'Harbour', log: () => {} };
  for (const host of ['0.0.0.0', '::', '10.0.0.5', 'control.example'])
    await expect(startServer({ ...options, host })).rejects.toThrow('without TLS');
  rmSync(dataDir, { recursive: true });
});

test('over TLS it goes by the names of its certificate', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const { cert, key } = selfSigned('control.example');
  writeFileSync(keyFile, key);
  writeFileSync(certFile, cert);
  const running = await Running.start({ host: '0.0.0.0', tls: { certFile, keyFile } });
  await using _ = running;
  const { port } = new URL(running.url);
  const get = (host: string) =>
    new Promise<readonly [number | undefined, string | undefined]>((resolve, reject) => {
      request(
        {
          host: '127.0.0.1',
          port,
          path: '/healthz',
          headers: { host },
          servername: 'control.example',
          ca: cert,
          agent: false,
        },
        (response) => {
          response.resume();
          const { 'strict-transport-security': strict } = response.headers;
          resolve([response.statusCode, strict]);
        },
      )
        .on('error', reject)
        .end();
    });
  expect([await get(`control.example:${port}`), (await get('other.example'))[0]]).toEqual([
    [200, 'max-age=31536000'],
    421,
  ]);
  rmSync(folder, { recursive: true });
});

test('the port that goes without saying may be left out', () => {
  expect([...hostsOf(['Control.example', '::1'], { port: 443, isTls: true })]).toEqual([
    'control.example:443',
    '[::1]:443',
    'control.example',
    '[::1]',
  ]);
  expect(hostsOf(['a'], { port: 443, isTls: false }).has('a')).toBe(false);
});

test('the first start makes one administrator, whose password has to be changed', async () => {
  const running = await Running.start();
  await using _ = running;
  const first = await running.server.addFirstAdministrator();
  expect(await running.server.addFirstAdministrator()).toBeUndefined();
  const answer = await running.ask('POST', '/api/session', first);
  expect([answer.status, (answer.body as { reason: string }).reason]).toEqual([
    403,
    'password-change-needed',
  ]);
  const { password: _password, ...changed } = { ...first, newPassword: 'a made-up new one' };
  const good = await running.ask('POST', '/api/session', { ...changed, password: first?.password });
  expect(good.status).toBe(200);
  await expect(running.addUser('ADMIN', 'supervisor')).rejects.toThrow('an account of that name');
});

test('nothing has happened in the future, whatever the clock of an outside system says', async () => {
  const now = Date.now();
  const { running, key } = await withSystem({ now: () => now as EpochMs });
  await using _ = running;
  const contact = { externalId: 'x', channel: '101', occurredAt: now + 3_600_000 };
  const first = await running.ask('POST', '/api/contacts', contact, key);
  expect([first.status, recorded(running, 1).occurredAt]).toEqual([201, now]);
  expect((await running.ask('POST', '/api/contacts', contact, key)).status).toBe(201);
});
