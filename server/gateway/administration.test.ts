import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Role } from '#domain/facts.ts';
import type { EpochMs } from '#domain/ids.ts';
import { openStore } from '#store/open-store.ts';
import { accountMigrations } from '../auth/account-migrations.ts';
import { callIn, PASSWORD, Running, type SignedIn } from './running.suite.ts';

const NOW = 1_795_471_080_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A force of one administrator; time passes by hand. */
async function force(...people: readonly (readonly [string, Role])[]) {
  let now = NOW;
  const running = await Running.start({ now: () => now as EpochMs });
  const pass = (ms: number) => void (now += ms);
  await running.addUser('adm', 'administrator');
  for (const [name, role] of people) await running.addUser(name, role);
  const admin = await running.signIn('adm');
  const ask = async (method: string, path: string, body?: object, as: SignedIn = admin) => {
    const headers = { authorization: `Bearer ${as.token}` };
    const answer = await running.ask(method, `/api/${path}`, body, headers);
    return { status: answer.status, ...(answer.body as Record<string, unknown>) };
  };
  const post = (path: string, body: object, as?: SignedIn) => ask('POST', path, body, as);
  const users = async () =>
    (await ask('GET', 'users'))['users' as never] as readonly Record<string, unknown>[];
  const user = async (name: string) => (await users()).find((it) => it['name'] === name);
  const lastEvents = (n: number) =>
    running.server.recorder
      .readAfter(running.server.recorder.head().seq - n, n)
      .map(({ header }) => `${header.type} by ${header.actor}`);
  return { running, pass, admin, ask, post, users, user, lastEvents };
}

const string = expect.any(String) as string;

test('an administrator sees every account, its state and its last sign-in, and no verifier', async () => {
  const { running, pass, ask, post, users } = await force(['ash', 'call-handler']);
  await using _ = running;
  await running.signIn('ash');
  await running.addUser('bea', 'dispatcher', true);
  await running.addUser('cal', 'auditor');
  await post('users/disable', { name: 'cal' });
  await running.addUser('dan', 'supervisor');
  for (let n = 0; n < 5; n += 1)
    await running.ask('POST', '/api/session', { name: 'dan', password: 'wrong' });
  const who = (name: string, role: Role) => ({
    id: string,
    name,
    displayName: `Made-up ${name}`,
    role,
  });
  expect(await users()).toEqual([
    { ...who('adm', 'administrator'), lastSignInAt: NOW, state: 'active' },
    { ...who('ash', 'call-handler'), lastSignInAt: NOW, state: 'active' },
    { ...who('bea', 'dispatcher'), state: 'password-change-needed' },
    { ...who('cal', 'auditor'), state: 'closed', closedAt: NOW },
    { ...who('dan', 'supervisor'), state: 'locked', lockedUntil: NOW + 15 * MINUTE },
  ]);
  pass(15 * MINUTE);
  expect((await users()).at(-1)).toMatchObject({ name: 'dan', state: 'active' });
  expect(JSON.stringify(await ask('GET', 'users'))).not.toMatch(/salt|verifier|hash/);
  const rows = (await running.audit()).filter(({ what }) => what === 'list-users');
  expect(rows.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual(
    Array(3).fill('consultation 5 shown'),
  );
});

test('another role counts at once, in a session and at a desk, and for what was made since', async () => {
  const { running, pass, admin, ask, post, user, lastEvents } = await force([
    'ash',
    'call-handler',
  ]);
  await using _ = running;
  running.enrol('CH1');
  const line = await running.join('CH1');
  const ash = await running.signIn('ash', 'CH1');
  const answerTo = async (occurredAt: number) => {
    line.ask(ash, callIn(), { occurredAt: occurredAt as EpochMs });
    const { answer } = await line.next('ack');
    return answer.state === 'refused' ? answer.refusal.reason : answer.state;
  };
  expect(await answerTo(NOW)).toBe('recorded');
  pass(SECOND);
  const set = { name: 'ash', role: 'auditor' };
  expect([
    await post('users/role', set),
    lastEvents(1),
    (await ask('GET', 'events', undefined, ash)).status,
    // Made before it, and come after it: judged by the role they had, and looked at by somebody.
    await answerTo(NOW + SECOND - 1),
    await answerTo(NOW + SECOND),
    // Who does not work at desks in the new role signs in at none alone.
    (await line.next('grants-withdrawn')).grants.length,
    await post('users/role', set),
    await user('ash'),
  ]).toMatchObject([
    { status: 200, isChanged: true, user: { name: 'ash', role: 'auditor' } },
    [`user.role-set by ${admin.user.id}`],
    200,
    'recorded',
    'not-permitted',
    1,
    { status: 200, isChanged: false },
    { role: 'auditor' },
  ]);
  expect(
    (await running.audit())
      .filter(({ what, outcome }) => what === 'set-user-role' || outcome === 'role-since-changed')
      .map(({ actor, operation, outcome }) => [actor, operation, outcome]),
  ).toEqual([
    [admin.user.id, 'alteration', expect.stringMatching(/^recorded/)],
    [ash.user.id, 'security', 'role-since-changed'],
    [admin.user.id, 'alteration', 'refused same-role'],
  ]);
});

test('who is closed is signed out at the desk at once, and signs in again only when it is open again', async () => {
  const { running, post, lastEvents } = await force(['ash', 'call-handler']);
  await using _ = running;
  running.enrol('CH1');
  const line = await running.join('CH1');
  const ash = await running.signIn('ash', 'CH1');
  const signIn = async () =>
    (await running.ask('POST', '/api/session', { name: 'ash', password: PASSWORD })).status;
  const closed = await post('users/disable', { name: 'ash' });
  const heard = await line.next('grants-withdrawn');
  expect([
    closed,
    heard.grants.includes(ash.grant.id),
    heard.grants.length,
    await signIn(),
  ]).toEqual([
    { status: 200, isChanged: true, user: expect.objectContaining({ state: 'closed' }) as object },
    true,
    2,
    403,
  ]);
  expect([
    await post('users/disable', { name: 'ash' }),
    await post('users/reset', { name: 'ash' }),
    await post('users/reopen', { name: 'ash' }),
    await post('users/reopen', { name: 'ASH' }),
    await signIn(),
    lastEvents(2).map((it) => it.split(' ')[0]),
  ]).toMatchObject([
    { status: 200, isChanged: false, user: { state: 'closed' } },
    { status: 409, reason: 'account-closed' },
    { status: 200, isChanged: true, user: { state: 'active' } },
    { status: 200, isChanged: false },
    200,
    ['user.disabled', 'user.reopened'],
  ]);
  // What was taken back stays taken back.
  expect(running.server.accounts.withdrawn('CH1', [ash.grant.id])).toEqual([ash.grant.id]);
});

test('a password that was forgotten is reset: the old one and all that was given under it are out', async () => {
  const { running, post, user } = await force(['ash', 'call-handler']);
  await using _ = running;
  running.enrol('CH1');
  const ash = await running.signIn('ash', 'CH1');
  for (let n = 0; n < 5; n += 1)
    await running.ask('POST', '/api/session', { name: 'ash', password: 'forgotten' });
  const reset = await post('users/reset', { name: 'ash' });
  const signIn = async (password: unknown, newPassword?: string) =>
    (await running.ask('POST', '/api/session', { name: 'ash', password, newPassword })).status;
  expect([
    reset,
    (await post('users/role', { name: 'x1', role: 'auditor' }, ash)).status,
    running.server.accounts.withdrawn('CH1', [ash.grant.id]),
    await signIn(PASSWORD),
    await signIn(reset['password' as never]),
    await signIn(reset['password' as never], 'one of her own again'),
    (await user('ash'))?.['state'],
  ]).toEqual([
    {
      status: 200,
      user: expect.objectContaining({ name: 'ash', state: 'password-change-needed' }) as object,
      password: expect.stringMatching(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/) as string,
    },
    401,
    [ash.grant.id],
    401,
    403,
    200,
    'active',
  ]);
  expect(await running.audit()).toContainEqual(
    expect.objectContaining({
      what: 'reset-password',
      outcome: 'reset',
      operation: 'administration',
    }),
  );
});

test('a locked account is unlocked, and one that is not is left as it is', async () => {
  const { running, post } = await force(['ash', 'call-handler']);
  await using _ = running;
  for (let n = 0; n < 5; n += 1)
    await running.ask('POST', '/api/session', { name: 'ash', password: 'wrong' });
  const signIn = async () =>
    (await running.ask('POST', '/api/session', { name: 'ash', password: PASSWORD })).status;
  expect([
    await signIn(),
    await post('users/unlock', { name: 'ash' }),
    await signIn(),
    await post('users/unlock', { name: 'ash' }),
    await post('users/unlock', { name: 'nobody' }),
  ]).toMatchObject([
    423,
    { status: 200, isChanged: true, user: { state: 'active' } },
    200,
    { status: 200, isChanged: false },
    { status: 404, reason: 'no-such-user' },
  ]);
});

test('no administrator closes, demotes or locks out the last one who could do it', async () => {
  const { running, post, user } = await force();
  await using _ = running;
  const asAdm = { name: 'adm' };
  // One who has never signed in is nobody to rely on.
  await running.addUser('bea', 'administrator', true);
  expect([
    await post('users/role', { ...asAdm, role: 'auditor' }),
    await post('users/disable', asAdm),
    await post('users/reset', asAdm),
  ]).toMatchObject([
    { status: 409, reason: 'last-administrator' },
    { status: 409, reason: 'own-account' },
    { status: 409, reason: 'own-account' },
  ]);
  expect(await user('adm')).toMatchObject({ role: 'administrator', state: 'active' });
  const body = { name: 'bea', password: PASSWORD, newPassword: 'one of her own' };
  const bea = (await running.ask('POST', '/api/session', body)).body as SignedIn;
  // Now somebody else could, and then nobody else again.
  expect(await post('users/reset', asAdm, bea)).toMatchObject({ status: 200 });
  expect(await post('users/role', { name: 'bea', role: 'auditor' }, bea)).toMatchObject({
    reason: 'last-administrator',
  });
});

test('live sessions are listed, and one, or all of a person, are taken back at the desk at once', async () => {
  const { running, pass, admin, ask, post } = await force(['ash', 'call-handler']);
  await using _ = running;
  running.enrol('CH1');
  const line = await running.join('CH1');
  await running.signIn('ash', 'CH1');
  pass(SECOND);
  const ash = await running.signIn('ash', 'CH1');
  const browser = await running.signIn('ash');
  const list = async () =>
    (await ask('GET', 'sessions'))['sessions' as never] as readonly {
      id: string;
      user: { name: string };
      desk: string;
      signIn: string;
      since: number;
      until: number;
    }[];
  const short = async () =>
    (await list()).map(({ user, desk, signIn, since, until }) =>
      [user.name, desk, signIn, (since - NOW) / SECOND, (until - since) / (60 * MINUTE)].join(' '),
    );
  // Of the two that the desk may use alone, the later.
  expect((await short()).toSorted()).toEqual([
    'adm browser online 0 12',
    'ash CH1 offline 1 348',
    'ash CH1 online 0 12',
    'ash CH1 online 1 12',
    'ash browser online 1 12',
  ]);
  const revoke = (body: object) => post('sessions/revoke', body);
  expect(await revoke({ session: ash.grant.id })).toEqual({ status: 200, revoked: 1 });
  expect((await line.next('grants-withdrawn')).grants).toEqual([ash.grant.id]);
  expect([
    (await ask('GET', 'drafts', undefined, ash)).status,
    (await ask('GET', 'drafts', undefined, browser)).status,
    await revoke({ session: ash.grant.id }),
    await revoke({ session: '00000000-0000-4000-8000-000000000000' }),
    await revoke({}),
  ]).toMatchObject([
    401,
    200,
    { status: 200, revoked: 0 },
    { status: 404, reason: 'no-such-session' },
    { status: 400, reason: 'malformed' },
  ]);
  const offline = (await list()).find(({ signIn }) => signIn === 'offline');
  expect(await revoke({ session: offline?.id })).toEqual({ status: 200, revoked: 2 });
  expect(await revoke({ name: 'ash' })).toEqual({ status: 200, revoked: 2 });
  expect((await ask('GET', 'drafts', undefined, browser)).status).toBe(401);
  expect(await short()).toEqual(['adm browser online 0 12']);
  // An administrator may end all of their own, which is no lock-out: the password still opens.
  expect(await revoke({ name: 'adm' })).toEqual({ status: 200, revoked: 1 });
  expect((await ask('GET', 'sessions', undefined, admin)).status).toBe(401);
  await running.signIn('adm');
});

test('desks are listed: joined, away or revoked, since when, and when they were last seen', async () => {
  const { running, pass, ask, post } = await force();
  await using _ = running;
  for (const desk of ['CH1', 'CH2', 'CH3']) running.enrol(desk);
  await running.join('CH1');
  const second = await running.join('CH2');
  second.socket.terminate();
  await second.closed;
  await post('desks/revoke', { desk: 'CH3' });
  pass(SECOND);
  const list = async () => (await ask('GET', 'desks'))['desks' as never] as readonly object[];
  await expect.poll(async () => (await list())[1]).toMatchObject({ state: 'away' });
  // What is kept of them is kept together, once a minute.
  expect(await list()).toEqual([
    { desk: 'CH1', state: 'joined', enrolledAt: NOW, lastSeenAt: NOW + SECOND },
    { desk: 'CH2', state: 'away', enrolledAt: NOW },
    { desk: 'CH3', state: 'revoked', enrolledAt: NOW, revokedAt: NOW },
  ]);
});

test('when a desk was last seen is kept over a restart', async () => {
  const { running, pass } = await force();
  const { dataDir, server } = running;
  running.enrol('CH1');
  await running.join('CH1');
  pass(SECOND);
  await server.stop();
  const again = await Running.start({ dataDir, now: () => (NOW + MINUTE) as EpochMs });
  await using _ = again;
  const { token } = await again.signIn('adm');
  const answer = await again.ask('GET', '/api/desks', undefined, {
    authorization: `Bearer ${token}`,
  });
  expect(answer.body).toEqual({
    desks: [{ desk: 'CH1', state: 'away', enrolledAt: NOW, lastSeenAt: NOW + SECOND }],
  });
});

test('what was done when the log could take nothing is brought to it by the next server, once', async () => {
  const { running, admin, post } = await force(['ash', 'call-handler'], ['bea', 'dispatcher']);
  const { dataDir, server } = running;
  await server.recorder.close();
  expect([
    await post('users/disable', { name: 'ash' }),
    await post('users/unlock', { name: 'bea' }),
  ]).toMatchObject([
    { status: 503, reason: 'not-recorded' },
    { status: 503, reason: 'not-recorded' },
  ]);
  await server.stop();
  const again = await Running.start({ dataDir });
  await using _ = again;
  await expect
    .poll(async () =>
      (await again.audit())
        .filter(({ what }) => ['disable-user', 'unlock-user'].includes(what))
        .map(({ actor, what }) => `${what} ${actor}`),
    )
    .toEqual([`disable-user ${admin.user.id}`, `unlock-user ${admin.user.id}`]);
  const { recorder } = again.server;
  expect(recorder.readAfter(recorder.head().seq - 1, 1)[0]?.header.type).toBe('user.disabled');
  const file = openStore(join(dataDir, 'accounts.db'), accountMigrations);
  await expect.poll(() => file.prepare('SELECT count(*) FROM due').pluck().get()).toBe(0);
  file.close();
});
