import { expect, test } from 'vitest';
import { roles } from '#domain/facts.ts';
import type { EpochMs } from '#domain/ids.ts';
import { ways, wayTo } from '../auth/policy.ts';
import { createHttp } from './http.ts';
import { createLogger } from './logger.ts';
import { HandTimers, PASSWORD, Running, until } from './running.suite.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function withAdmin(more: Parameters<typeof Running.start>[0] = {}) {
  const running = await Running.start(more);
  await running.addUser('adm', 'administrator');
  const { token, user } = await running.signIn('adm');
  const post = async (path: string, body: object, as = token) => {
    const answer = await running.ask('POST', path, body, bearer(as));
    return { status: answer.status, body: answer.body as Record<string, string> };
  };
  return { running, post, user };
}

test('an administrator adds a user, whose first password opens nothing until it is changed', async () => {
  const { running, post, user } = await withAdmin();
  await using _ = running;
  const asha = { name: 'ash', displayName: 'Asha Lane', role: 'call-handler' };
  const added = await post('/api/users', asha);
  expect(added).toEqual({
    status: 201,
    body: {
      user: { id: expect.stringMatching(/^u-[0-9a-f]{12}$/) as string, ...asha },
      password: expect.stringMatching(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/) as string,
    },
  });
  const first = { name: 'ash', password: added.body['password'] };
  const newPassword = 'one of her own';
  expect([
    (await running.ask('POST', '/api/session', first)).status,
    (await running.ask('POST', '/api/session', { ...first, newPassword })).status,
    (await post('/api/users', { ...asha, name: 'ASH' })).body['reason'],
    (await post('/api/users', { ...asha, name: 'a space' })).body['reason'],
    (await post('/api/users', { ...asha, name: 'ben', role: 'chief' })).body['reason'],
  ]).toEqual([403, 200, 'name-taken', 'malformed', 'malformed']);
  const [event] = running.server.recorder.readAfter(running.server.recorder.head().seq - 1, 1);
  expect(event?.header).toMatchObject({ type: 'user.added', actor: user.id });
  // Who did it stands in the audit, in the transaction of its event.
  const { seq } = event?.header ?? { seq: 0 };
  expect(await running.audit()).toContainEqual({
    actor: user.id,
    desk: 'server',
    operation: 'alteration',
    what: 'add-user',
    outcome: `recorded ${seq}-${seq}`,
  });
});

test('two that are added under one name at the same moment are one, and the other is told so', async () => {
  const { running, post } = await withAdmin();
  await using _ = running;
  const before = running.server.recorder.head().seq;
  const answers = await Promise.all(
    ['ben', 'Ben', 'BEN'].map((name) =>
      post('/api/users', { name, displayName: 'Ben Ford', role: 'dispatcher' }),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
  expect(running.server.recorder.head().seq).toBe(before + 1);
});

test('a person who is disabled has no session and no sign-in, and nobody disables themselves', async () => {
  const { running, post } = await withAdmin();
  await using _ = running;
  await running.addUser('aud', 'auditor');
  const { token } = await running.signIn('aud');
  expect([
    (await post('/api/users/disable', { name: 'aud' })).status,
    (await running.ask('GET', '/api/events', undefined, bearer(token))).status,
    (await running.ask('POST', '/api/session', { name: 'aud', password: PASSWORD })).body,
    (await post('/api/users/disable', { name: 'nobody' })).body['reason'],
    (await post('/api/users/disable', { name: 'adm' })).body['reason'],
  ]).toEqual([
    200,
    401,
    { reason: 'disabled', message: expect.any(String) as string },
    'no-such-user',
    'own-account',
  ]);
});

test('a desk is enrolled with a code that was made for it, and a revoked one is out at once', async () => {
  // No time passes: nothing but the revocation itself can end the line.
  const { running, post } = await withAdmin({ timers: new HandTimers(Date.now()) });
  await using _ = running;
  running.enrol('CH1');
  const line = await running.join('CH1');
  const code = await post('/api/desks/codes', { desk: 'CH1' });
  expect(code).toEqual({
    status: 201,
    body: {
      code: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      notAfter: expect.any(Number) as number,
      desk: 'CH1',
    },
  });
  expect((await post('/api/desks/codes', { desk: 'server' })).body['reason']).toBe(
    'name-not-allowed',
  );
  expect((await post('/api/desks/codes', {})).status).toBe(201);
  expect((await post('/api/desks/revoke', { desk: 'CH1' })).body).toEqual({ desk: 'CH1' });
  expect(await line.closed).toEqual({ code: 4401 });
  expect((await post('/api/desks/revoke', { desk: 'CH1' })).body['reason']).toBe('no-such-desk');
});

test('an API key is told once and opens the door for a system; its name is taken for good', async () => {
  const { running, post } = await withAdmin();
  await using _ = running;
  const made = await post('/api/api-keys', { name: 'telephony' });
  expect(made.status).toBe(201);
  const contact = { externalId: 'x', channel: '999' };
  expect((await post('/api/contacts', contact, made.body['key'])).status).toBe(201);
  expect((await post('/api/api-keys', { name: 'telephony' })).body['reason']).toBe('name-taken');
});

test('an API key that is taken back opens nothing from the next request on, and who did it is on record', async () => {
  let now = 1_795_471_080_000;
  const { running, post, user } = await withAdmin({ now: () => now as EpochMs });
  await using _ = running;
  const keys = async () => {
    const { token } = await running.signIn('adm');
    return (await running.ask('GET', '/api/api-keys', undefined, bearer(token))).body;
  };
  const madeAt = now;
  const made = await post('/api/api-keys', { name: 'telephony' });
  expect(await keys()).toEqual({ keys: [{ name: 'telephony', madeAt }] });
  const lastUsedAt = (now += 1_000);
  const contact = { externalId: 'x', channel: '999' };
  expect((await post('/api/contacts', contact, made.body['key'])).status).toBe(201);
  expect(await keys()).toEqual({ keys: [{ name: 'telephony', madeAt, lastUsedAt }] });
  const revokedAt = (now += 1_000);
  expect([
    (await post('/api/api-keys/revoke', { name: 'telephony' })).body,
    (await post('/api/contacts', contact, made.body['key'])).body['reason'],
    (await post('/api/api-keys/revoke', { name: 'telephony' })).body,
    (await post('/api/api-keys/revoke', { name: 'radio' })).body['reason'],
    await keys(),
    (await post('/api/api-keys', { name: 'telephony' })).body['reason'],
  ]).toEqual([
    { name: 'telephony', isChanged: true },
    'unknown-key',
    { name: 'telephony', isChanged: false },
    'no-such-key',
    { keys: [{ name: 'telephony', madeAt, lastUsedAt, revokedAt }] },
    'name-taken',
  ]);
  const rows = (await running.audit()).filter(({ what }) => what === 'revoke-api-key');
  expect(rows.map(({ actor, outcome }) => [actor, outcome])).toEqual([
    [user.id, 'revoked'],
    [user.id, 'was revoked'],
    [user.id, 'refused no-such-key'],
  ]);
});

test('when a key was last used is known after a restart too', async () => {
  const { running, post } = await withAdmin();
  const made = await post('/api/api-keys', { name: 'telephony' });
  await post('/api/contacts', { externalId: 'x', channel: '999' }, made.body['key']);
  await running.server.stop();
  await using again = await Running.start({ dataDir: running.dataDir });
  const { token } = await again.signIn('adm');
  const { body } = await again.ask('GET', '/api/api-keys', undefined, bearer(token));
  expect(body).toMatchObject({ keys: [{ name: 'telephony', lastUsedAt: expect.any(Number) }] });
});

test('a secret that could not be audited is told to nobody', async () => {
  const { running, post } = await withAdmin();
  await using _ = running;
  await running.server.recorder.close();
  for (const path of ['/api/desks/codes', '/api/api-keys']) {
    const answer = await post(path, path.endsWith('keys') ? { name: 'cad' } : {});
    expect([answer.status, Object.keys(answer.body)]).toEqual([503, ['reason', 'message']]);
  }
});

const forPeople = Object.entries(ways).flatMap(([route, way]) =>
  way.by === 'people' ? [{ route, way }] : [],
);

test('every address against every role: the table decides, and each refusal is on record once', async () => {
  const running = await Running.start();
  await using _ = running;
  for (const role of roles) await running.addUser(role, role);
  const refused: string[] = [];
  const due: string[] = [];
  for (const role of roles) {
    const { token } = await running.signIn(role);
    for (const { route, way } of forPeople) {
      const [method = '', path = ''] = route.split(' ');
      if (route === 'DELETE /api/session' || 'isOpenHere' in way) continue;
      const body = method === 'POST' ? {} : undefined;
      const answer = await running.ask(method, path, body, bearer(token));
      const isLetIn = (way.roles as readonly string[]).includes(role);
      if (!isLetIn) due.push(`${role} ${way.what}`);
      if (answer.status === 403) refused.push(`${role} ${way.what}`);
    }
  }
  expect(refused).toEqual(due);
  const rows = (await running.audit()).filter(({ outcome }) => outcome === 'refused not-permitted');
  expect(rows).toHaveLength(due.length);
});

test('an address without a row in the table is refused to everybody', async () => {
  const running = await Running.start();
  await using _ = running;
  await running.addUser('adm', 'administrator');
  const { token } = await running.signIn('adm');
  const { recorder, accounts } = running.server;
  const app = createHttp({
    recorder,
    accounts,
    now: () => Date.now() as never,
    hosts: () => new Set(['localhost:80']),
    joined: () => [],
    lagMax: () => 0,
    unowned: () => ({}),
    keyGone: () => {},
    draftsOf: () => [],
    administering: {} as never, // no address of this test comes so far
    force: 'HC',
    forceName: 'Harbour Constabulary',
    logger: createLogger(() => {}),
  });
  app.get('/api/unruled', async () => ({ secret: 'told' }));
  const answer = await app.inject({ url: '/api/unruled', headers: bearer(token) });
  expect([answer.statusCode, answer.json()]).toMatchObject([403, { reason: 'not-permitted' }]);
  expect(['GET /toString', 'GET constructor', '__proto__'].map(wayTo)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await app.close();
});

test('the technical log names nobody who is added, and tells no secret that is made', async () => {
  const lines: string[] = [];
  const { running, post } = await withAdmin({ logger: createLogger((line) => lines.push(line)) });
  await using _ = running;
  const person = { name: 'canary-name', displayName: 'canary display', role: 'auditor' };
  const added = await post('/api/users', person);
  await post('/api/users', person);
  await post('/api/users/disable', { name: 'canary-name' });
  const key = await post('/api/api-keys', { name: 'canary system' });
  const code = await post('/api/desks/codes', {});
  await until(() => lines.length >= 6);
  const all = lines.join('\n');
  expect(all).toContain('"route":"POST /api/users","status":409');
  const secrets = ['canary', added.body['password'], key.body['key'], code.body['code']];
  expect(secrets.filter((secret) => all.includes(secret ?? ''))).toEqual([]);
});
