import { expect, test } from 'vitest';
import type { AccountRow } from '#protocol/administer.ts';
import { readForm, takingBack, type Chosen } from './admin-doings.ts';
import { emptyAdmin, panels, selectRows } from './admin-store.ts';
import { stateWords } from './admin-words.ts';

const ash: AccountRow = {
  id: 'u-ash',
  name: 'ash',
  displayName: 'Asha Lane',
  role: 'dispatcher',
  state: 'active',
};
const chosen: Chosen = {
  people: ash,
  sessions: { id: 'g-1', user: ash, desk: 'CH1', since: 1, until: 2, signIn: 'online' },
  desks: { id: 'CH1', desk: 'CH1', state: 'joined' },
  'api-keys': { id: 'telephony', name: 'telephony' },
};

test('each list takes back what is chosen in it, by its name or id, and nothing where nothing is chosen', () => {
  expect(panels.map((panel) => takingBack(panel, chosen)?.doing)).toEqual([
    { what: 'disable-user', name: 'ash' },
    { what: 'revoke-session', of: { session: 'g-1' } },
    { what: 'revoke-desk', desk: 'CH1' },
    { what: 'revoke-api-key', name: 'telephony' },
  ]);
  expect(panels.map((panel) => takingBack(panel, {}))).toEqual(panels.map(() => undefined));
});

test('a form is read as the server reads it, and what is wrong is told with its field', () => {
  const lacking = (form: Parameters<typeof readForm>[0], fields: Record<string, string>) => {
    const read = readForm(form, fields);
    return read.outcome === 'lacking' ? read.field : read.doing;
  };
  const whole = { name: ' ash ', displayName: ' Asha Lane ', role: 'dispatcher' };
  expect([
    lacking('add-user', whole),
    lacking('add-user', { ...whole, name: 'a space' }),
    lacking('add-user', { ...whole, displayName: ' ' }),
    lacking('add-user', { ...whole, role: '' }),
    lacking('make-desk-code', {}),
    lacking('make-desk-code', { desk: ' CH9 ' }),
    lacking('make-desk-code', { desk: 'C H' }),
    lacking('make-api-key', { name: 'x' }),
  ]).toEqual([
    { what: 'add-user', name: 'ash', displayName: 'Asha Lane', role: 'dispatcher' },
    'name',
    'displayName',
    'role',
    { what: 'make-desk-code' },
    { what: 'make-desk-code', desk: 'CH9' },
    'desk',
    'name',
  ]);
});

test('the filter leaves the rows that hold every word of it, in any order and spelling', () => {
  const bea: AccountRow = { ...ash, id: 'u-bea', name: 'bea', displayName: 'Bea Lane' };
  const empty = emptyAdmin();
  const found = (filter: string) =>
    selectRows(
      {
        ...empty,
        filter,
        lists: { ...empty.lists, people: { rows: [ash, bea], readAt: 1, problem: '' } },
      },
      'people',
    ).map(({ name }) => name);
  expect([found(''), found('LANE bea'), found(' disp '), found('ash bea')]).toEqual([
    ['ash', 'bea'],
    ['bea'],
    ['ash', 'bea'],
    [],
  ]);
});

test('how an account stands is said in words', () => {
  const words = (more: Partial<AccountRow>) => stateWords({ ...ash, ...more }, 0);
  expect([
    words({}),
    words({ state: 'password-change-needed' }),
    words({ state: 'locked', lockedUntil: 60_000 }).replace(/\d/g, '0'),
    words({ state: 'closed', closedAt: 60_000 }).replace(/\d/g, '0'),
  ]).toEqual(['Open', 'Must change password', 'Locked until 00:00:00', 'Closed 00:00:00']);
});
