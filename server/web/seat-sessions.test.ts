import { expect, test } from 'vitest';
import type { EpochMs, UserId } from '#domain/ids.ts';
import { openStore } from '#store/open-store.ts';
import { accountMigrations } from '../auth/account-migrations.ts';
import { Accounts } from '../auth/accounts.ts';
import { PASSWORD } from '../gateway/running.suite.ts';
import { ABSOLUTE_MS, IDLE_MS, SeatSessions, type SeatEnd } from './seat-sessions.ts';

/** An investigator at a seat, with a clock that stands still unless it is moved. */
async function seated() {
  let now = 1_000 as EpochMs;
  const accounts = new Accounts(openStore(':memory:', accountMigrations), () => now, 16);
  const person = {
    id: 'u-inv' as UserId,
    name: 'inv',
    displayName: 'Inv',
    role: 'investigator',
  } as const;
  await accounts.add(person, PASSWORD, false);
  const signedIn = await accounts.signIn({ name: 'inv', password: PASSWORD });
  if (signedIn.outcome !== 'signed-in') throw new Error(signedIn.reason);
  const { token } = signedIn;
  const sessions = new SeatSessions(accounts, () => now);
  const ended: SeatEnd[] = [];
  sessions.of(token)?.lines.add({ end: (why) => void ended.push(why) });
  const pass = (ms: number) => {
    now = (now + ms) as EpochMs;
    sessions.look();
  };
  return { accounts, sessions, token, ended, pass, now: () => now };
}

test('a seat that nobody touches is left after a quarter of an hour, and its session is over everywhere', async () => {
  const { accounts, sessions, token, ended, pass } = await seated();
  pass(IDLE_MS - 1);
  sessions.touch(token);
  pass(IDLE_MS - 1);
  expect(ended).toEqual([]);
  pass(1);
  expect([ended, sessions.of(token), accounts.personOf(token)]).toEqual([
    ['idle'],
    undefined,
    undefined,
  ]);
});

test('a seat is left after eight hours however much it is touched, and a restart does not begin them anew', async () => {
  const { accounts, sessions, token, ended, pass, now } = await seated();
  for (let passed = 0; passed < ABSOLUTE_MS - IDLE_MS; passed += IDLE_MS / 2) {
    sessions.touch(token);
    pass(IDLE_MS / 2);
  }
  const restarted = new SeatSessions(accounts, now);
  expect(restarted.of(token)?.until).toBe(1_000 + ABSOLUTE_MS);
  sessions.touch(token);
  pass(IDLE_MS / 2);
  sessions.touch(token);
  pass(IDLE_MS / 2);
  expect([ended, restarted.of(token)]).toEqual([['too-long'], undefined]);
});

test('the session of a desk is none of a browser seat', async () => {
  const { accounts, sessions } = await seated();
  const desk = accounts.grants.open({ id: 'u-inv' as UserId, role: 'investigator' }, 'CH1');
  const own = accounts.grants.open({ id: 'u-inv' as UserId, role: 'investigator' }, undefined);
  expect([sessions.of(desk.token), sessions.of(own.token)?.grant]).toEqual([
    undefined,
    own.grant.id,
  ]);
});

test('the tickets of one session are few: the oldest goes', async () => {
  const { sessions, token } = await seated();
  const tickets = Array.from({ length: 5 }, () => sessions.ticket(token, 'net') ?? '');
  const spent = tickets.map((it) => typeof sessions.spend(it, { token, network: 'net' }));
  expect(spent).toEqual(['string', 'object', 'object', 'object', 'object']);
  const elsewhere = sessions.ticket(token, 'net') ?? '';
  expect(sessions.spend(elsewhere, { token, network: 'other' })).toBe('other-network');
});
