import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EpochMs, UserId } from '#domain/ids.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { startedAt } from '../../tests/support/room.ts';
import { OfflineSignIn, SCRYPT_COST } from './offline-sign-in.ts';
import { outboxMigrations } from './outbox.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PASSWORD = 'a made-up password';
const who = (name: string) => ({
  id: `u-${name}` as UserId,
  name,
  displayName: `Made-up ${name}`,
  role: 'call-handler' as const,
});
const leave = (id: string, at: number = startedAt) => ({
  id,
  signInUntil: (at + 14 * DAY) as EpochMs,
  notAfter: (at + 14 * DAY + 12 * HOUR) as EpochMs,
});

/** A desk at which ash has signed in with the server's word. */
async function atDesk(db: Store = openStore(':memory:', outboxMigrations)) {
  let now: number = startedAt;
  const disabled = new Set<UserId>();
  const open = () =>
    new OfflineSignIn(db, {
      now: () => now as EpochMs,
      isDisabled: (user) => disabled.has(user),
      cost: 16,
    });
  const offline = open();
  await offline.remember(who('ash'), PASSWORD, leave('g-ash'));
  const reason = async (password = PASSWORD, name = 'ash', it = offline) => {
    const result = await it.signIn(name, password);
    return result.outcome === 'refused' ? result.reason : result.outcome;
  };
  return { offline, reason, open, disabled, pass: (ms: number) => (now += ms) };
}

test('who has signed in here can sign in alone for fourteen days, a shift at a time', async () => {
  const { offline, reason, pass } = await atDesk();
  expect(await offline.signIn('ASH', PASSWORD)).toEqual({
    outcome: 'signed-in',
    seat: { user: who('ash'), grant: { id: 'g-ash', notAfter: startedAt + 12 * HOUR } },
  });
  pass(14 * DAY - 1);
  expect(await offline.signIn('ash', PASSWORD)).toMatchObject({
    seat: { grant: { notAfter: startedAt + 14 * DAY + 12 * HOUR - 1 } },
  });
  pass(1);
  expect(await reason()).toBe('not-known-here');
});

test('who has not is told what to do, in words that fit a frame', async () => {
  const { offline, reason } = await atDesk();
  const result = await offline.signIn('ben', PASSWORD);
  expect(result).toMatchObject({ outcome: 'refused', reason: 'not-known-here' });
  const message = result.outcome === 'refused' ? result.message : '';
  expect(message).toContain('Sign in at a desk where you have worked');
  expect(message.length).toBeLessThan(400);
  expect(await reason('')).toBe('wrong-name-or-password');
});

test('five wrong tries lock a name at this desk for a quarter of an hour, also over a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-offline-'));
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const key = randomBytes(32);
  const file = () => openStore(join(folder, 'outbox.db'), outboxMigrations, { key });
  const db = file();
  const { offline, reason } = await atDesk(db);
  await offline.remember(who('ben'), PASSWORD, leave('g-ben'));
  const reasons = [];
  for (let n = 0; n < 5; n += 1) reasons.push(await reason('wrong'));
  expect(reasons).toEqual([...Array<string>(4).fill('wrong-name-or-password'), 'locked-here']);
  expect([await reason(), await reason(PASSWORD, 'ben')]).toEqual(['locked-here', 'signed-in']);
  await offline.close();
  db.close();

  const again = file();
  let now: number = startedAt + 15 * MINUTE - 1;
  const restarted = new OfflineSignIn(again, {
    now: () => now as EpochMs,
    isDisabled: () => false,
    cost: 16,
  });
  expect(await reason(PASSWORD, 'ash', restarted)).toBe('locked-here');
  now += 1;
  expect(await reason(PASSWORD, 'ash', restarted)).toBe('signed-in');
  again.close();
  const bytes = readFileSync(join(folder, 'outbox.db')).toString('latin1');
  expect(['g-ash', 'Made-up', PASSWORD].filter((it) => bytes.includes(it))).toEqual([]);
});

test('four wrong tries are forgotten after a good one, and tries are kept over a restart', async () => {
  const { reason, open } = await atDesk();
  for (let n = 0; n < 4; n += 1) await reason('wrong');
  expect(await reason()).toBe('signed-in');
  for (let n = 0; n < 4; n += 1) expect(await reason('wrong')).toBe('wrong-name-or-password');
  expect(await reason('wrong', 'ash', open())).toBe('locked-here');
});

test('tries at the same moment are counted one by one', async () => {
  const { reason } = await atDesk();
  const reasons = await Promise.all(Array.from({ length: 7 }, () => reason('wrong')));
  expect(reasons.filter((it) => it === 'wrong-name-or-password')).toHaveLength(4);
  expect(await reason()).toBe('locked-here');
});

test('more tries at once than a desk has memory for wait or are put off', async () => {
  const { reason } = await atDesk();
  const reasons = await Promise.all(Array.from({ length: 12 }, () => reason()));
  expect(Object.groupBy(reasons, (it) => it)).toMatchObject({
    'signed-in': Array<string>(8).fill('signed-in'),
    busy: Array<string>(4).fill('busy'),
  });
});

test('the next sign-in with the word of the server is the one that counts, and ends a lock', async () => {
  const { offline, reason } = await atDesk();
  for (let n = 0; n < 5; n += 1) await reason('wrong');
  await offline.remember(who('ash'), 'another made-up one', leave('g-new'));
  expect([await reason('another made-up one'), await reason()]).toEqual([
    'signed-in',
    'wrong-name-or-password',
  ]);
  expect(offline.grants).toEqual(['g-new']);
});

test('what the desk has heard counts: a grant taken back, an account closed, or closed in the log', async () => {
  const { offline, reason, disabled } = await atDesk();
  for (const name of ['ben', 'cat'])
    await offline.remember(who(name), PASSWORD, leave(`g-${name}`));
  offline.withdraw(['g-ash', 'no-such']);
  offline.forget('BEN');
  expect(await reason('wrong', 'cat')).toBe('wrong-name-or-password');
  disabled.add('u-cat' as UserId);
  const names = ['ash', 'ben', 'cat'];
  const reasons = [];
  for (const name of names) reasons.push(await reason(PASSWORD, name));
  expect(reasons).toEqual(names.map(() => 'not-known-here'));
  expect(offline.grants).toEqual([]);
});

test('a grant that is taken back while the password is being checked lets nobody in', async () => {
  const { offline, reason } = await atDesk();
  const trying = reason();
  offline.withdraw(['g-ash']);
  expect(await trying).toBe('not-known-here');
});

test('a desk remembers those who came last, and nobody longer than they may come', async () => {
  const { offline, pass } = await atDesk();
  for (let n = 0; n < 301; n += 1)
    await offline.remember(who(`p${n}`), PASSWORD, leave(`g-${n}`, startedAt + n + 1));
  expect([offline.grants.length, offline.grants.includes('g-ash')]).toEqual([300, false]);
  pass(15 * DAY);
  await offline.remember(who('ash'), PASSWORD, leave('g-late', startedAt + 15 * DAY));
  expect(offline.grants).toEqual(['g-late']);
});

test('no password stands in the file, and its cost is the one that is approved', async () => {
  const db = openStore(':memory:', outboxMigrations);
  await atDesk(db);
  expect(db.serialize().toString('latin1')).not.toContain(PASSWORD);
  expect(SCRYPT_COST).toBe(131_072);
});

test('an outbox of the first release is brought up to date with what is in it', () => {
  const old = openStore(':memory:', outboxMigrations.slice(0, 1));
  old.exec('INSERT INTO reference_block VALUES (1, 20, 5)');
  for (const sql of outboxMigrations.slice(1)) old.exec(sql);
  expect(old.prepare<[], number>('SELECT next FROM reference_block').pluck().get()).toBe(5);
});
