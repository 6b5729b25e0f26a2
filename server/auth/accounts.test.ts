import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import type { EpochMs, UserId } from '#domain/ids.ts';
import { openStore } from '#store/open-store.ts';
import { accountMigrations } from './account-migrations.ts';
import { Accounts } from './accounts.ts';
import { NO_DESK } from './keys.ts';
import { SCRYPT_COST } from './passwords.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ash = {
  id: 'u-ash' as UserId,
  name: 'ash',
  displayName: 'Asha Lane',
  role: 'call-handler',
} as const;
const PASSWORD = 'a made-up password';

const publicKey = (type: 'ed25519' | 'x25519' = 'ed25519') =>
  // The overloads of node know each type by itself.
  (type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')).publicKey
    .export({ type: 'spki', format: 'der' })
    .toString('base64');

async function withAsh({ mustChange = false } = {}) {
  let now = 1_795_471_080_000;
  const accounts = new Accounts(openStore(':memory:', accountMigrations), () => now as EpochMs, 16);
  await accounts.add(ash, PASSWORD, mustChange);
  const signIn = (password = PASSWORD, more: { newPassword?: string; desk?: string } = {}) =>
    accounts.signIn({ name: 'ash', password, ...more });
  const signedIn = async (desk?: string) => {
    const result = await signIn(PASSWORD, desk === undefined ? {} : { desk });
    if (result.outcome !== 'signed-in') throw new Error(result.reason);
    return result;
  };
  const pass = (ms: number) => (now += ms) as EpochMs;
  return { accounts, signIn, signedIn, pass, now: () => now as EpochMs };
}

const reasonOf = (result: Awaited<ReturnType<Accounts['signIn']>>) =>
  result.outcome === 'refused' ? result.reason : result.outcome;

test('a session lasts twelve hours and not a minute more, and ends when it is ended', async () => {
  const { accounts, signedIn, pass } = await withAsh();
  const first = await signedIn();
  const second = await signedIn();
  expect(accounts.personOf(first.token)).toEqual(ash);
  accounts.endSession(second.token);
  expect(accounts.personOf(second.token)).toBeUndefined();
  pass(12 * HOUR - 1);
  expect(accounts.personOf(first.token)).toEqual(ash);
  pass(1);
  expect(accounts.personOf(first.token)).toBeUndefined();
  expect(accounts.personOf('')).toBeUndefined();
});

test('five wrong tries lock the account for fifteen minutes, against the right password too', async () => {
  const { signIn, pass } = await withAsh();
  const reasons = [];
  for (let n = 0; n < 5; n += 1) reasons.push(reasonOf(await signIn('wrong')));
  expect(reasons).toEqual([...Array<string>(4).fill('wrong-name-or-password'), 'locked']);
  expect(reasonOf(await signIn())).toBe('locked');
  pass(15 * MINUTE - 1);
  expect(reasonOf(await signIn())).toBe('locked');
  pass(1);
  expect(reasonOf(await signIn())).toBe('signed-in');
});

test('tries at the same moment are counted one by one', async () => {
  const { signIn } = await withAsh();
  const results = await Promise.all([...Array(9).keys()].map(() => signIn('wrong')));
  expect(results.map(reasonOf).filter((reason) => reason === 'locked')).toHaveLength(5);
  expect(reasonOf(await signIn())).toBe('locked');
});

test('a good sign-in forgets the wrong tries before it', async () => {
  const { signIn } = await withAsh();
  for (let n = 0; n < 12; n += 1)
    expect(reasonOf(await signIn(n % 4 === 3 ? PASSWORD : 'wrong'))).not.toBe('locked');
});

test('a first password opens nothing until it is changed to a longer, other one', async () => {
  const { accounts, signIn } = await withAsh({ mustChange: true });
  expect([
    reasonOf(await signIn()),
    reasonOf(await signIn(PASSWORD, { newPassword: 'short' })),
    reasonOf(await signIn(PASSWORD, { newPassword: PASSWORD })),
    reasonOf(await signIn(PASSWORD, { newPassword: 'another made-up one' })),
    reasonOf(await signIn()),
    reasonOf(await signIn('another made-up one')),
  ]).toEqual([
    'password-change-needed',
    'weak-password',
    'weak-password',
    'signed-in',
    'wrong-name-or-password',
    'signed-in',
  ]);
  expect(accounts.isEmpty).toBe(false);
});

test('a changed password ends every session that the old one opened', async () => {
  const { accounts, signedIn, signIn } = await withAsh();
  const before = await signedIn();
  await signIn(PASSWORD, { newPassword: 'another made-up one' });
  expect(accounts.personOf(before.token)).toBeUndefined();
});

test('a name that is not there is refused in the words of a wrong password', async () => {
  const { accounts } = await withAsh();
  const result = await accounts.signIn({ name: 'nobody', password: PASSWORD });
  expect(result).toEqual({
    outcome: 'refused',
    reason: 'wrong-name-or-password',
    user: undefined,
  });
});

test('names that differ in capitals only are one name', async () => {
  const { accounts } = await withAsh();
  expect(accounts.has('ASH')).toBe(true);
  const other = { ...ash, id: 'u-other' as UserId, name: 'Ash' };
  await expect(accounts.add(other, PASSWORD, false)).rejects.toThrow('UNIQUE');
});

test('a grant is good to its end, at its desk, also by a slow clock, and one taken back was good before', async () => {
  const { accounts, signedIn, pass, now } = await withAsh();
  accounts.enrol(accounts.addEnrolmentCode(), 'CH1', publicKey());
  const { grant } = await signedIn('CH1');
  const issuedAt = now();
  const at = (ms: number, leewayMs = 0) =>
    accounts.grantAt(grant.id, (issuedAt + ms) as EpochMs, leewayMs).outcome;
  expect([at(-HOUR), at(0), at(12 * HOUR), at(12 * HOUR + 1), at(12 * HOUR + 1, 10)]).toEqual([
    'valid',
    'valid',
    'valid',
    'grant-expired',
    'valid',
  ]);
  pass(HOUR);
  accounts.disable(ash.id);
  expect(accounts.grantAt(grant.id, (issuedAt + HOUR - 1) as EpochMs)).toEqual({
    outcome: 'valid',
    grant: { ...grant, revokedAt: issuedAt + HOUR },
    isSinceRevoked: true,
  });
  expect(at(HOUR)).toBe('grant-revoked');
  expect(accounts.grantAt('no-such', issuedAt).outcome).toBe('unknown-grant');
  expect(grant.desk).toBe('CH1');
});

test('at a desk a sign-in also gives leave to sign in there alone, for fourteen days and a shift', async () => {
  const { accounts, signedIn, now } = await withAsh();
  accounts.enrol(accounts.addEnrolmentCode(), 'CH1', publicKey());
  expect((await signedIn()).offlineGrant).toBeUndefined();
  const { offlineGrant } = await signedIn('CH1');
  const at = now();
  expect(offlineGrant).toEqual({
    id: offlineGrant?.id,
    signInUntil: at + 14 * 24 * HOUR,
    notAfter: at + 14 * 24 * HOUR + 12 * HOUR,
  });
  const id = offlineGrant?.id ?? '';
  expect(accounts.grantAt(id, (at + 14 * 24 * HOUR + 12 * HOUR) as EpochMs)).toMatchObject({
    outcome: 'valid',
    grant: { id, user: ash.id, desk: 'CH1', isOffline: true },
  });
  expect(accounts.grantAt(id, (at + 14 * 24 * HOUR + 12 * HOUR + 1) as EpochMs).outcome).toBe(
    'grant-expired',
  );
  const admin = { ...ash, id: 'u-adm' as UserId, name: 'adm', role: 'administrator' } as const;
  await accounts.add(admin, PASSWORD, false);
  const result = await accounts.signIn({ name: 'adm', password: PASSWORD, desk: 'CH1' });
  expect(result).toMatchObject({ outcome: 'signed-in', offlineGrant: undefined });
});

test('what lets nobody in any more is told to the desk: another password, a closed account, another desk', async () => {
  const { accounts, signedIn, signIn, pass } = await withAsh();
  for (const desk of ['CH1', 'CH2']) accounts.enrol(accounts.addEnrolmentCode(), desk, publicKey());
  const first = await signedIn('CH1');
  const [online, offline] = [first.grant.id, first.offlineGrant?.id ?? ''];
  const told = (desk = 'CH1') => accounts.withdrawn(desk, [online, offline]);
  expect([told(), told('CH2'), accounts.withdrawn('CH1', ['no-such'])]).toEqual([
    [],
    [online, offline],
    ['no-such'],
  ]);
  pass(HOUR);
  const changed = await signIn(PASSWORD, { newPassword: 'another made-up one', desk: 'CH1' });
  // Who sits there goes on; nobody signs in there alone with the old password. What is done is honoured.
  expect(told()).toEqual([offline]);
  const grant = changed.outcome === 'signed-in' ? changed.offlineGrant?.id : undefined;
  expect(accounts.withdrawn('CH1', [grant ?? ''])).toEqual([]);
  expect(accounts.grantAt(offline, pass(HOUR)).outcome).toBe('valid');
  accounts.disable(ash.id);
  expect([told(), accounts.withdrawn('CH1', [grant ?? ''])]).toEqual([[online, offline], [grant]]);
});

test('a closed account opens nothing, and its sessions have ended', async () => {
  const { accounts, signedIn, signIn } = await withAsh();
  const { token } = await signedIn();
  accounts.disable(ash.id);
  expect([accounts.personOf(token), reasonOf(await signIn())]).toEqual([undefined, 'disabled']);
});

test('nobody signs in at a desk that is not enrolled, and without a desk the grant is for none', async () => {
  const { signIn, signedIn } = await withAsh();
  expect(reasonOf(await signIn(PASSWORD, { desk: 'CH9' }))).toBe('unknown-desk');
  expect((await signedIn()).grant.desk).toBe(NO_DESK);
});

test('a code enrols one new desk once; a desk that has a key needs a code of its own', async () => {
  const { accounts, pass } = await withAsh();
  const code = accounts.addEnrolmentCode();
  const [first, second] = [publicKey(), publicKey()];
  const outcomes = [
    accounts.enrol(code, 'CH1', publicKey('x25519')).outcome,
    accounts.enrol(code, 'server', first).outcome,
    accounts.enrol(code, 'CH1', first).outcome,
    accounts.enrol(code, 'CH2', second).outcome,
    accounts.enrol(accounts.addEnrolmentCode(), 'CH1', second).outcome,
    accounts.enrol(accounts.addEnrolmentCode({ desk: 'CH2' }), 'CH1', second).outcome,
  ];
  expect(outcomes).toEqual([
    'not-an-ed25519-key',
    'name-not-allowed',
    'enrolled',
    'code-not-valid',
    'desk-already-enrolled',
    'code-not-valid',
  ]);
  expect(accounts.enrol(accounts.addEnrolmentCode({ desk: 'CH1' }), 'CH1', second)).toEqual({
    outcome: 'enrolled',
    isReplaced: true,
  });
  const late = accounts.addEnrolmentCode();
  pass(15 * MINUTE);
  expect(accounts.enrol(late, 'CH3', first).outcome).toBe('code-not-valid');
});

test('a code can be given after an option: none begins with a dash', async () => {
  const { accounts } = await withAsh();
  const codes = Array.from({ length: 500 }, () => accounts.addEnrolmentCode());
  expect(codes.filter((code) => !/^[0-9a-f]{32}$/.test(code))).toEqual([]);
});

test('a desk whose key was revoked has none; a key in PEM is as good', async () => {
  const { accounts } = await withAsh();
  const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
  accounts.enrol(accounts.addEnrolmentCode(), 'CH1', String(pem));
  expect(accounts.deskKey('CH1')?.asymmetricKeyType).toBe('ed25519');
  accounts.revokeDesk('CH1');
  expect(accounts.deskKey('CH1')).toBeUndefined();
});

test('an outside system is known by its key until it is taken back', async () => {
  const { accounts } = await withAsh();
  const key = accounts.addApiKey('telephony');
  expect([accounts.systemOf(key), accounts.systemOf(`${key}x`)]).toEqual(['telephony', undefined]);
  accounts.revokeApiKey('telephony');
  expect(accounts.systemOf(key)).toBeUndefined();
});

test('no secret stands in the file, and the cost is the one that is approved', async () => {
  const db = openStore(':memory:', accountMigrations);
  const accounts = new Accounts(db, () => 0 as EpochMs, 16);
  await accounts.add(ash, PASSWORD, false);
  const result = await accounts.signIn({ name: 'ash', password: PASSWORD });
  const token = result.outcome === 'signed-in' ? result.token : '';
  const secrets = [PASSWORD, token, accounts.addApiKey('cad'), accounts.addEnrolmentCode()];
  const file = db.serialize().toString('latin1');
  expect(secrets.filter((secret) => secret === '' || file.includes(secret))).toEqual([]);
  expect(SCRYPT_COST).toBe(131_072);
});

test('a file of the first release is brought up to date with what is in it', () => {
  const old = openStore(':memory:', accountMigrations.slice(0, 1));
  old.exec("INSERT INTO desk VALUES ('CH1', 'x', NULL)");
  for (const sql of accountMigrations.slice(1)) old.exec(sql);
  expect(new Accounts(old, () => 0 as EpochMs, 16).isEmpty).toBe(true);
});
