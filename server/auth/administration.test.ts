import { expect, test } from 'vitest';
import type { CommandId, DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { openStore } from '#store/open-store.ts';
import { accountMigrations } from './account-migrations.ts';
import { Accounts } from './accounts.ts';
import { Administration, type By } from './administration.ts';
import { DueRecords } from './due.ts';

const [adm, bea] = ['u-adm' as UserId, 'u-bea' as UserId];
const by = (user: UserId, doing?: CommandId): By => ({ user, desk: 'CH1' as DeskId, doing });

/** Two administrators, both let through the door already. */
async function two(asked: () => void = () => {}) {
  const db = openStore(':memory:', accountMigrations);
  const now = () => {
    asked();
    return 1_795_471_080_000 as EpochMs;
  };
  const accounts = new Accounts(db, now, 16);
  const never = () => Promise.reject(new Error('nothing is brought to a log here'));
  const due = new DueRecords(db, { record: never, consulted: never }, () => {});
  for (const [id, name] of [
    [adm, 'adm'],
    [bea, 'bea'],
  ] as const)
    await accounts.add({ id, name, displayName: name, role: 'administrator' }, 'a password', false);
  return { administration: new Administration({ db, now, accounts, due }), accounts, due };
}

const outcomeOf = (done: { readonly outcome: string; readonly reason?: string }) =>
  done.reason ?? done.outcome;

test('of two administrators who take each other out at the same moment one is left', async () => {
  const both = async (
    what: (it: Administration, name: string, by: By) => object | Promise<object>,
  ) => {
    const { administration, due } = await two();
    const done = await Promise.all([
      what(administration, 'bea', by(adm)),
      what(administration, 'adm', by(bea)),
    ]);
    expect(due.isEmpty).toBe(false);
    return done.map((it) => outcomeOf(it as { outcome: string }));
  };
  expect([
    await both((it, name, who) => it.reset(name, who)),
    await both((it, name, who) => it.close(name, who)),
    await both((it, name, who) => it.setRole(name, 'dispatcher', who)),
  ]).toEqual([1, 2, 3].map(() => ['done', 'last-administrator']));
});

test('what is refused changes nothing, and nothing is due of it', async () => {
  const { administration, due } = await two();
  const before = administration.users();
  const done = [
    administration.close('bea', by(bea)),
    await administration.reset('bea', by(bea)),
    administration.unlock('nobody', by(adm)),
    administration.revokeSession('no such grant', by(adm)),
    administration.revokeDesk('CH1', by(adm)),
  ];
  expect(done.map(outcomeOf)).toEqual([
    'own-account',
    'own-account',
    'no-such-user',
    'no-such-session',
    'no-such-desk',
  ]);
  expect([administration.users(), due.isEmpty]).toEqual([before, true]);
});

test('a password that is being changed while the account is closed, or while it is changed, opens nothing', async () => {
  const body = { name: 'bea', password: 'a password' };
  // The clock is asked once before the old password is checked, and once before the new one is sealed.
  const asked: (() => void)[] = [];
  const { administration, accounts } = await two(() => asked.shift()?.());
  const again = await two();
  asked.push(
    () => {},
    () => void administration.close('bea', by(adm)),
  );
  const closed = await accounts.signIn({ ...body, newPassword: 'one of her own' });
  const both = await Promise.all(
    ['one of her own', 'and another one'].map((newPassword) =>
      again.accounts.signIn({ ...body, newPassword }),
    ),
  );
  expect([outcomeOf(closed), both.map(outcomeOf).toSorted()]).toEqual([
    'disabled',
    ['signed-in', 'wrong-name-or-password'],
  ]);
});
