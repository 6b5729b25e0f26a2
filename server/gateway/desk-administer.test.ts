import { expect, test } from 'vitest';
import { roles } from '#domain/facts.ts';
import type { CommandId, EpochMs } from '#domain/ids.ts';
import { doing, type Doing } from '#protocol/administer.ts';
import { ways } from '../auth/policy.ts';
import { newId, Running, type SignedIn, type TestDesk } from './running.suite.ts';

const string = expect.any(String) as string;

/** A desk with an administrator and somebody else signed in at it. */
async function atADesk(more: Parameters<typeof Running.start>[0] = {}) {
  const running = await Running.start(more);
  running.enrol('CH1');
  await running.addUser('adm', 'administrator');
  await running.addUser('ash', 'dispatcher');
  const adm = await running.signIn('adm', 'CH1');
  const ash = await running.signIn('ash', 'CH1');
  const line = await running.join('CH1');
  return { running, adm, ash, line, ask: asking(line) };
}

const asking =
  (line: TestDesk) =>
  async (
    who: Pick<SignedIn, 'user' | 'grant'>,
    asked: Doing,
    id: CommandId = newId(),
  ): Promise<Record<string, unknown>> => {
    const { id: actor } = who.user;
    line.send({ frame: 'desk-administer', id, doing: asked, actor, grant: who.grant.id });
    const answered = await line.next('administered');
    expect(answered.id).toBe(id);
    return answered.outcome.kind === 'done' ? answered.outcome.answer : answered.outcome;
  };

const ben = { name: 'ben', displayName: 'Ben Ford', role: 'supervisor' } as const;

test('an administrator adds somebody at a desk, and the log and the audit say who and where', async () => {
  const { running, adm, ask } = await atADesk();
  await using _ = running;
  expect(await ask(adm, { what: 'add-user', ...ben })).toEqual({
    user: { id: string, ...ben },
    password: expect.stringMatching(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/) as string,
  });
  await ask(adm, { what: 'unlock-user', name: 'ben' });
  const { recorder } = running.server;
  const [event] = recorder.readAfter(recorder.head().seq - 1, 1);
  expect(event?.header).toMatchObject({ type: 'user.added', actor: adm.user.id, desk: 'CH1' });
  expect(await running.audit()).toContainEqual({
    actor: adm.user.id,
    desk: 'CH1',
    operation: 'administration',
    what: 'unlock-user',
    outcome: 'was not locked',
  });
});

const everyDoing: readonly Doing[] = [
  { what: 'list-users', from: 0 },
  { what: 'add-user', ...ben },
  { what: 'set-user-role', name: 'ash', role: 'administrator' },
  { what: 'disable-user', name: 'adm' },
  { what: 'reopen-user', name: 'adm' },
  { what: 'reset-password', name: 'adm' },
  { what: 'unlock-user', name: 'adm' },
  { what: 'list-sessions', from: 0 },
  { what: 'revoke-session', of: { name: 'adm' } },
  { what: 'list-desks', from: 0 },
  { what: 'make-desk-code' },
  { what: 'revoke-desk', desk: 'CH1' as never },
  { what: 'list-api-keys', from: 0 },
  { what: 'make-api-key', name: 'telephony' },
  { what: 'revoke-api-key', name: 'telephony' },
];

test('whoever is no administrator is refused everything at a desk, and each refusal is on record once', async () => {
  const { running, ask } = await atADesk();
  await using _ = running;
  const others = roles.filter((role) => role !== 'administrator');
  const before = running.server.recorder.head().seq;
  const added = [];
  for (const role of others) {
    await running.addUser(`other-${role}`, role);
    added.push(await running.signIn(`other-${role}`, 'CH1'));
  }
  for (const who of added)
    for (const asked of everyDoing)
      expect(await ask(who, asked)).toMatchObject({ kind: 'refused', reason: 'not-permitted' });
  expect(running.server.recorder.head().seq).toBe(before + others.length);
  const rows = (await running.audit()).filter(({ outcome }) => outcome === 'refused not-permitted');
  expect(rows.map(({ actor, desk, what }) => [actor, desk, what])).toEqual(
    added.flatMap(({ user }) => everyDoing.map(({ what }) => [user.id, 'CH1', what])),
  );
});

test('every doing has a row in the policy table, and stands in the test above', () => {
  const all = doing.options.map(({ shape }) => shape.what.value);
  const ruled = new Set<string>(
    Object.values(ways).flatMap((way) => (way.by === 'people' ? [way.what] : [])),
  );
  expect(all.filter((what) => !ruled.has(what))).toEqual([]);
  expect(all.toSorted()).toEqual(everyDoing.map(({ what }) => what).toSorted());
});

test('a sign-in that is no good now, or another’s, or of another desk, administers nothing', async () => {
  let now = 1_795_471_080_000;
  const { running, adm, ash, line, ask } = await atADesk({ now: () => now as EpochMs });
  await using _ = running;
  running.enrol('CH2');
  const [list, elsewhere] = [{ what: 'list-users', from: 0 } as const, await running.join('CH2')];
  const reasons = [
    await ask({ ...adm, grant: ash.grant }, list),
    await ask({ ...ash, grant: adm.grant }, list),
    await ask({ ...adm, grant: { ...adm.grant, id: 'never-given' } }, list),
    await asking(elsewhere)(adm, list),
  ];
  const again = await running.signIn('adm', 'CH1');
  await ask(again, { what: 'revoke-session', of: { session: adm.grant.id } });
  reasons.push(await ask(adm, list));
  now += 12 * 60 * 60_000 + 1;
  line.send({ frame: 'ping', t0: 0 });
  reasons.push(await ask(again, list));
  expect(reasons.map(({ reason }) => reason)).toEqual([
    'wrong-actor',
    'wrong-actor',
    'unknown-grant',
    'wrong-desk',
    'grant-revoked',
    'grant-expired',
  ]);
  const outcomes = (await running.audit()).filter(({ what }) => what === 'list-users');
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(
    reasons.map(({ reason }) => `refused ${String(reason)}`),
  );
  // A desk speaks for who has sat at it; of others it is not told who they are.
  expect(outcomes[3]?.actor).toBe('unknown');
});

test('somebody whose role was changed a moment ago is judged by the one that they have now', async () => {
  const { running, adm, ash, ask } = await atADesk();
  await using _ = running;
  const list = { what: 'list-users', from: 0 } as const;
  await ask(adm, { what: 'set-user-role', name: 'ash', role: 'administrator' });
  expect(await ask(ash, list)).toMatchObject({ isMore: false });
  await ask(ash, { what: 'set-user-role', name: 'adm', role: 'auditor' });
  expect(await ask(adm, list)).toMatchObject({ reason: 'not-permitted' });
});

test('what is asked again under its id is done once, and no second secret is made', async () => {
  const { running, adm, ask } = await atADesk();
  await using _ = running;
  const again = async (asked: Doing) => {
    const id = newId();
    const first = await ask(adm, asked, id);
    const head = running.server.recorder.head().seq;
    const second = await ask(adm, asked, id);
    expect([second['reason'], running.server.recorder.head().seq]).toEqual(['already-done', head]);
    return first;
  };
  const { password } = await again({ what: 'add-user', ...ben });
  const reset = await again({ what: 'reset-password', name: 'ben' });
  await again({ what: 'make-api-key', name: 'telephony' });
  await again({ what: 'make-desk-code' });
  await again({ what: 'set-user-role', name: 'ben', role: 'auditor' });
  await again({ what: 'disable-user', name: 'ben' });
  // Another person under the same id is another doing.
  const id = newId();
  await ask(adm, { what: 'add-user', ...ben, name: 'bea' }, id);
  expect(await ask(adm, { what: 'add-user', ...ben, name: 'bob' }, id)).toMatchObject({
    user: { name: 'bob' },
  });
  await ask(adm, { what: 'reopen-user', name: 'ben' });
  const signIn = async (secret: unknown) =>
    (await running.ask('POST', '/api/session', { name: 'ben', password: secret })).body;
  expect([await signIn(password), await signIn(reset['password'])]).toMatchObject([
    { reason: 'wrong-name-or-password' },
    { reason: 'password-change-needed' },
  ]);
});

test('somebody whose adding was cut short after the log had it is added whole by the repeat', async () => {
  const { running, adm, ask } = await atADesk();
  await using _ = running;
  const { accounts, recorder } = running.server;
  const id = newId();
  const whole = accounts.add.bind(accounts);
  // The moment of a crash: the log has its event, the accounts have nothing.
  accounts.add = () => Promise.reject(new Error('the power went'));
  expect(await ask(adm, { what: 'add-user', ...ben }, id)).toMatchObject({ reason: 'not-known' });
  accounts.add = whole;
  const head = recorder.head().seq;
  const { user, password } = await ask(adm, { what: 'add-user', ...ben }, id);
  expect([recorder.head().seq, accounts.has('ben')]).toEqual([head, true]);
  const [event] = recorder.readAfter(head - 1, 1);
  expect(event?.header.stream).toBe(`user/${(user as { id: string }).id}`);
  expect((await running.ask('POST', '/api/session', { name: 'ben', password })).body).toMatchObject(
    { reason: 'password-change-needed' },
  );
});

test('a list that is read again and has not changed is not sent again, and the audit says once what was shown', async () => {
  const { running, adm, ask } = await atADesk();
  await using _ = running;
  for (const what of ['list-users', 'list-sessions', 'list-desks', 'list-api-keys'] as const) {
    const { rows, digest } = await ask(adm, { what, from: 0 });
    expect(await ask(adm, { what, from: 0, known: digest as string })).toEqual({
      isUnchanged: true,
    });
    const { rows: second } = await ask(adm, { what, from: 1 });
    expect(second).toEqual((rows as unknown[]).slice(1));
    const shown = (await running.audit()).filter((row) => row.what === what);
    expect(shown).toHaveLength(2);
  }
});

test('a desk whose own key is taken back hears that it is done before its line ends', async () => {
  const { running, adm, line, ask } = await atADesk();
  await using _ = running;
  expect(await ask(adm, { what: 'revoke-desk', desk: 'CH1' as never })).toEqual({ desk: 'CH1' });
  expect(await line.closed).toEqual({ code: 4401 });
});
