import { expect, test } from 'vitest';
import type { AccountRow } from '#protocol/administer.ts';
import type { SeatRow } from '#protocol/view.ts';
import { fakeDesk } from '../../app/fake-desk.suite.ts';
import { createAdminActions } from './admin-actions.ts';
import { createAdminStore, selectRows } from './admin-store.ts';

const person = (name: string, more: Partial<AccountRow> = {}): AccountRow => ({
  id: `u-${name}`,
  name,
  displayName: `It is ${name}`,
  role: 'dispatcher',
  state: 'active',
  ...more,
});

const turns = async () => {
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
};

/** The window of an administrator who sits there, with its list of people read. */
async function atWork(names: readonly string[] = ['adm', 'ash', 'bea']) {
  const fake = fakeDesk();
  const own = createAdminStore();
  const actions = createAdminActions(fake.store, fake.line, fake.ports, own);
  const sit = (id: string | undefined) => {
    const user = id === undefined ? undefined : { id, role: 'administrator' };
    fake.store.setState({ seat: { id: 'seat', desk: 'CH1', user } as unknown as SeatRow });
    actions.tick(true);
  };
  const wire = { now: fake.join() };
  const asked = () => wire.now.sentUp('administer');
  const last = () => asked().at(-1) as unknown as { id: string; doing: Record<string, unknown> };
  const answer = async (row: object, { id } = last()) => {
    wire.now.down({ frame: 'result', id, outcome: { kind: 'rows', rows: [row], asAt: 5 } });
    await turns();
  };
  const refuse = async (reason: string, message = 'words of the server') => {
    const outcome = { kind: 'refused', reason, message };
    wire.now.down({ frame: 'result', id: last().id, outcome });
    await turns();
  };
  const listed = (people: readonly AccountRow[]) =>
    answer({ rows: people, digest: JSON.stringify(people), isMore: false });
  sit('u-adm');
  await listed(names.map((name) => person(name)));
  const choose = (name: string) => actions.select('people', `u-${name}`);
  const doings = () => asked().filter(({ doing }) => !('from' in (doing as object)));
  const shown = () => selectRows(own.getState(), 'people').map(({ name }) => name);
  return { ...fake, own, actions, sit, wire, last, answer, refuse, listed, choose, doings, shown };
}

test('a list that changes by itself moves neither what is chosen nor the filter nor the keys', async () => {
  const { own, store, actions, pass, listed, choose, shown, focused } = await atWork();
  choose('bea');
  actions.filter('It is');
  const before = focused.length;
  pass(5_000);
  actions.tick(true);
  await listed(['adm', 'anna', 'ash', 'bea'].map((name) => person(name)));
  expect([shown(), store.getState().selected.people, own.getState().filter]).toEqual([
    ['adm', 'anna', 'ash', 'bea'],
    'u-bea',
    'It is',
  ]);
  expect(focused.length).toBe(before);
});

test('a list out of sight, and one that was read a moment ago, is not read again', async () => {
  const { actions, pass, wire } = await atWork();
  const asked = () => wire.now.sentUp('administer').length;
  const before = asked();
  pass(4_000);
  actions.tick(true);
  pass(60_000);
  actions.tick(false);
  expect(asked()).toBe(before);
  actions.tick(true);
  expect(asked()).toBe(before + 1);
});

test('a list that is as it was keeps its rows, and one that cannot be read says so and keeps them too', async () => {
  const { own, actions, pass, answer, refuse, last, shown } = await atWork();
  const { rows } = own.getState().lists.people;
  pass(5_000);
  actions.tick(true);
  expect(last().doing['known']).toBeTypeOf('string');
  await answer({ isUnchanged: true });
  expect(own.getState().lists.people.rows).toBe(rows);
  pass(5_000);
  actions.tick(true);
  await refuse('server-away');
  expect([own.getState().lists.people.problem, shown()]).toEqual([
    'the server does not answer',
    ['adm', 'ash', 'bea'],
  ]);
});

test('a list of many pages is read to its end, and what stands on two of them is one', async () => {
  const { own, actions, pass, answer, last } = await atWork();
  pass(5_000);
  actions.tick(true);
  await answer({ rows: [person('ash'), person('bea')], digest: 'one', isMore: true });
  expect(last().doing).toEqual({ what: 'list-users', from: 500 });
  await answer({ rows: [person('bea'), person('cal')], digest: 'two', isMore: false });
  expect(own.getState().lists.people.rows.map(({ name }) => name)).toEqual(['ash', 'bea', 'cal']);
});

test('what takes something from somebody is done by the second press alone, and another row or Esc lets go of it', async () => {
  const { own, actions, pass, choose, doings, answer, listed } = await atWork();
  const words = () => own.getState().confirming?.words;
  choose('ash');
  actions.takeBack();
  expect(words()).toBe('Press X again to close the account of It is ash, Esc to leave');
  choose('bea');
  expect(words()).toBeUndefined();
  actions.takeBack();
  actions.leave();
  actions.takeBack();
  actions.resetPassword(); // another key is another question
  expect(words()).toMatch(/^Press P again to give It is bea a one-time password/);
  pass(15_001);
  actions.resetPassword(); // too late to be the second one
  expect(doings()).toEqual([]);
  actions.takeBack();
  actions.takeBack();
  expect(doings().map(({ doing }) => doing)).toEqual([{ what: 'disable-user', name: 'bea' }]);
  await answer({ user: person('bea', { state: 'closed' }), isChanged: true }, doings()[0] as never);
  await listed([person('bea', { state: 'closed' })]);
  expect(own.getState().said.get('u-bea')?.text).toBe(
    'bea can no longer sign in, and is signed out everywhere',
  );
});

test('what was sent on a line that is lost is not known, and asked again it goes under the id it had', async () => {
  const { own, actions, line, wire, join, choose, doings, refuse, listed } = await atWork();
  choose('ash');
  actions.unlock();
  actions.unlock(); // on its way already
  const first = doings()[0]?.['id'];
  expect(doings()).toHaveLength(1);
  line.lost('dropped');
  await turns();
  expect(own.getState().said.get('u-ash')).toMatchObject({
    tone: 'plain',
    text: expect.stringMatching(/not known whether it was done\. Look at the list/) as string,
  });
  wire.now = join();
  expect(doings()).toEqual([]); // nothing is sent again by itself
  actions.unlock();
  expect(doings().map(({ id }) => id)).toEqual([first]);
  await refuse('already-asked', 'This is on its way already');
  await listed([person('ash')]);
  actions.unlock();
  expect(doings().at(-1)?.['id']).toBe(first);
  await refuse('already-done', 'It was done when it was first asked');
  expect(own.getState().said.get('u-ash')).toMatchObject({ tone: 'plain' });
  await listed([person('ash')]);
  actions.unlock();
  expect(doings().at(-1)?.['id']).not.toBe(first);
});

test('without a line to the desk nothing is sent, and that is said', async () => {
  const { own, actions, line, choose } = await atWork();
  choose('ash');
  line.lost('dropped');
  actions.unlock();
  await turns();
  expect(own.getState().said.get('u-ash')).toMatchObject({
    tone: 'bad',
    text: 'This window has no line to its desk; nothing was done',
  });
});

/** Somebody has been given a one-time password, which is on screen. */
async function withSecret() {
  const at = await atWork();
  at.choose('ash');
  at.actions.resetPassword();
  at.actions.resetPassword();
  await at.answer({ user: person('ash'), password: 'told-once' }, at.doings()[0] as never);
  expect(at.own.getState().secret).toMatchObject({ secret: 'told-once' });
  const isAnywhere = () =>
    [...Object.values(at.own.getState()), ...Object.values(at.store.getState())].some((value) =>
      JSON.stringify(value instanceof Map ? [...value] : (value ?? null)).includes('told-once'),
    );
  return { ...at, isAnywhere };
}

test('what is told once is in memory until it is put away, its list is left, or somebody else sits there', async () => {
  const away = [
    ({ actions }: Awaited<ReturnType<typeof withSecret>>) => actions.leave(),
    ({ actions }: Awaited<ReturnType<typeof withSecret>>) => actions.goTo('desks'),
    ({ sit }: Awaited<ReturnType<typeof withSecret>>) => sit(undefined),
    ({ sit }: Awaited<ReturnType<typeof withSecret>>) => sit('u-other'),
  ];
  for (const put of away) {
    const at = await withSecret();
    expect(at.isAnywhere()).toBe(true);
    put(at);
    expect(at.isAnywhere()).toBe(false);
  }
});

test('a code is put away when its time is up, and that is said', async () => {
  const { own, actions, pass, store, doings, answer } = await atWork();
  actions.goTo('desks');
  actions.add();
  const asking = actions.submit('make-desk-code');
  const notAfter = store.getState().now + 60_000;
  await answer({ code: 'abc', notAfter }, doings()[0] as never);
  await asking;
  expect(own.getState().secret).toMatchObject({ secret: 'abc', notAfter });
  pass(60_001);
  actions.tick(false);
  expect([own.getState().secret, own.getState().lastSaid?.text]).toEqual([
    undefined,
    'Code for one new desk: its time is up. Make another.',
  ]);
});

test('an answer that comes when somebody else sits there is shown to nobody', async () => {
  const { own, actions, sit, choose, doings, answer } = await atWork();
  choose('ash');
  actions.resetPassword();
  actions.resetPassword();
  const asked = doings()[0] as never;
  sit('u-other');
  await answer({ user: person('ash'), password: 'not-for-them' }, asked);
  expect([own.getState().secret, own.getState().lastSaid]).toEqual([undefined, undefined]);
  expect(JSON.stringify([...own.getState().said])).not.toContain('ash');
});

test('a form says what it lacks and sends nothing, and keeps what is typed until it is done', async () => {
  const { own, store, actions, doings, refuse, answer, last } = await atWork();
  const typed = () => store.getState().pads.get('administration/add-user')?.fields;
  actions.add();
  actions.setField('add-user', 'name', 'a b');
  await actions.submit('add-user');
  expect([own.getState().problem?.field, doings()]).toEqual(['name', []]);
  actions.setField('add-user', 'name', 'cal');
  expect(own.getState().problem).toBeUndefined();
  actions.setField('add-user', 'displayName', ' Cal Reed ');
  await actions.submit('add-user');
  expect(own.getState().problem?.field).toBe('role');
  actions.setField('add-user', 'role', 'dispatcher');
  const refused = actions.submit('add-user');
  await refuse('name-taken');
  await refused;
  expect([own.getState().form, typed()]).toMatchObject(['add-user', { name: 'cal' }]);
  await answer({ isUnchanged: true }, last());
  const added = actions.submit('add-user');
  const asked = doings().at(-1) as never;
  expect((asked as { doing: object }).doing).toEqual({
    what: 'add-user',
    name: 'cal',
    displayName: 'Cal Reed',
    role: 'dispatcher',
  });
  await answer({ user: person('cal'), password: 'first-password' }, asked);
  await added;
  expect([own.getState().form, typed(), own.getState().secret?.title]).toEqual([
    undefined,
    undefined,
    'First password of cal',
  ]);
});
