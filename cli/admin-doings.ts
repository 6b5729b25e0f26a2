import { role } from '#domain/facts.ts';
import type { AccountRow, ApiKeyRow, DeskKeyRow, SessionRow } from '#protocol/administer.ts';
import type { RunAdmin } from './admin.ts';
import { REFERENCE_USAGE, referenceDoingOf } from './reference-doings.ts';

/** One request, and what it has done in words. */
export interface Doing {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object | undefined;
  readonly done: (answer: never) => string;
}

interface Changed {
  readonly user: AccountRow;
  readonly isChanged: boolean;
}

const USAGE =
  'admin password | users | add-user NAME | set-role NAME | disable-user NAME | reopen-user NAME | ' +
  'reset-password NAME | unlock-user NAME | sessions | revoke-session ID | revoke-sessions NAME | ' +
  'desks | desk-code [DESK] | revoke-desk DESK | keys | api-key NAME | revoke-key NAME | ' +
  REFERENCE_USAGE;

/** What the words ask for; what cannot be understood is told with how to ask. */
export function doingOf(asked: RunAdmin): Doing | 'password' {
  const { words, displayName, role: wanted, usage } = asked;
  const [what, subject = '', ...rest] = words;
  if (rest.length > 0) throw usage(`"${rest.join(' ')}" is too much`);
  const need = (kind: string) => {
    if (subject === '') throw usage(`admin ${what} needs ${kind}`);
    return subject;
  };
  const ofReference = referenceDoingOf(asked);
  if (ofReference) return ofReference;
  const needRole = () => {
    const known = role.safeParse(wanted);
    if (!known.success)
      throw usage(`admin ${what} needs --role, one of: ${role.options.join(', ')}`);
    return known.data;
  };
  const list = (path: string, done: Doing['done']): Doing => {
    if (subject !== '') throw usage(`"${subject}" is too much`);
    return { method: 'GET', path, done };
  };
  const post = (path: string, body: object, done: Doing['done']): Doing => ({
    method: 'POST',
    path,
    body,
    done,
  });
  switch (what) {
    case 'password':
      return 'password';
    case 'users':
      return list('/api/users', ({ users }: { users: readonly AccountRow[] }) =>
        users.map(accountLine).join('\n'),
      );
    case 'add-user': {
      const body = { name: need('a NAME to sign in with'), role: needRole() };
      if (displayName === undefined)
        throw usage('admin add-user needs --display-name, as others are to see it');
      return post(
        '/api/users',
        { ...body, displayName },
        ({ password }: { password: string }) =>
          `${subject} is added. First password, told only now and to be changed at the first sign-in: ${password}`,
      );
    }
    case 'set-role':
      return post(
        '/api/users/role',
        { name: need('a NAME'), role: needRole() },
        ({ user, isChanged }: Changed) =>
          isChanged
            ? `${user.name} is ${user.role} from now on, also where they are signed in`
            : `${user.name} was ${user.role} already; nothing was changed`,
      );
    case 'disable-user':
      return post('/api/users/disable', { name: need('a NAME') }, ({ isChanged }: Changed) =>
        isChanged
          ? `${subject} can no longer sign in, and is signed out everywhere`
          : `the account of ${subject} was closed already; nothing was changed`,
      );
    case 'reopen-user':
      return post('/api/users/reopen', { name: need('a NAME') }, ({ isChanged }: Changed) =>
        isChanged
          ? `${subject} can sign in again, with the password they had`
          : `the account of ${subject} was open already; nothing was changed`,
      );
    case 'reset-password':
      return post(
        '/api/users/reset',
        { name: need('a NAME') },
        ({ password }: { password: string }) =>
          `${subject} is signed out everywhere. One-time password, told only now and to be changed at the next sign-in: ${password}`,
      );
    case 'unlock-user':
      return post('/api/users/unlock', { name: need('a NAME') }, ({ user, isChanged }: Changed) =>
        isChanged
          ? `${subject} can try again at once; where a desk itself has locked the name, that ends after 15 minutes`
          : `${subject} was not locked (${stateOf(user)}); nothing was changed`,
      );
    case 'sessions':
      return list('/api/sessions', ({ sessions }: { sessions: readonly SessionRow[] }) =>
        sessions.map(sessionLine).join('\n'),
      );
    case 'revoke-session':
      return post(
        '/api/sessions/revoke',
        { session: need('the ID of a session') },
        revokedWords('that session'),
      );
    case 'revoke-sessions':
      return post(
        '/api/sessions/revoke',
        { name: need('a NAME') },
        revokedWords(`${subject}, who can sign in again with the password`),
      );
    case 'desks':
      return list('/api/desks', ({ desks }: { desks: readonly DeskKeyRow[] }) =>
        desks.length === 0 ? 'no desk is enrolled' : desks.map(deskLine).join('\n'),
      );
    case 'desk-code':
      return post(
        '/api/desks/codes',
        subject === '' ? {} : { desk: subject },
        ({ code, notAfter }: { code: string; notAfter: number }) =>
          `code for ${subject || 'one new desk'}, good once and until ${at(notAfter)}: ${code}`,
      );
    case 'revoke-desk':
      return post(
        '/api/desks/revoke',
        { desk: need('a DESK') },
        () => `the key of desk ${subject} is taken back and its line has ended`,
      );
    case 'api-key':
      return post(
        '/api/api-keys',
        { name: need('the NAME of a system') },
        ({ key }: { key: string }) => `API key of ${subject}, told only now: ${key}`,
      );
    case 'keys':
      return list('/api/api-keys', ({ keys }: { keys: readonly ApiKeyRow[] }) =>
        keys.length === 0 ? 'no system has a key' : keys.map(keyLine).join('\n'),
      );
    case 'revoke-key':
      return post(
        '/api/api-keys/revoke',
        { name: need('the NAME of a system') },
        ({ isChanged }: { isChanged: boolean }) =>
          isChanged
            ? `the key of ${subject} is taken back: its next request is refused`
            : `the key of ${subject} was taken back already; nothing was changed`,
      );
    default:
      throw usage(USAGE);
  }
}

const at = (instant: number) => new Date(instant).toISOString();

const revokedWords =
  (whose: string) =>
  ({ revoked }: { revoked: number }) =>
    revoked === 0
      ? `nothing was open any more of ${whose}; nothing was changed`
      : `taken back from ${whose}: ${revoked} sign-in${revoked === 1 ? '' : 's'}, online and offline`;

function stateOf({ state, lockedUntil, closedAt }: AccountRow): string {
  if (closedAt !== undefined) return `closed since ${at(closedAt)}`;
  if (lockedUntil !== undefined) return `locked until ${at(lockedUntil)}`;
  return state === 'password-change-needed' ? 'must change the password' : state;
}

const accountLine = (account: AccountRow) => {
  const { name, displayName, role: has, lastSignInAt } = account;
  const last = lastSignInAt === undefined ? 'never' : at(lastSignInAt);
  return `${name} (${displayName}): ${has}, ${stateOf(account)}, last sign-in: ${last}`;
};

const sessionLine = ({ id, user, desk, since, until, signIn }: SessionRow) => {
  const what = signIn === 'online' ? 'signed in' : 'may sign in while the server is away';
  return `${id}: ${user.name} (${user.displayName}) at ${desk}, ${what}, since ${at(since)} until ${at(until)}`;
};

const deskLine = ({ desk, state, enrolledAt, lastSeenAt, revokedAt }: DeskKeyRow) => {
  const since = revokedAt === undefined ? state : `revoked ${at(revokedAt)}`;
  const enrolled = enrolledAt === undefined ? 'before it was kept' : at(enrolledAt);
  const seen = lastSeenAt === undefined ? 'never' : at(lastSeenAt);
  return `${desk}: ${since}, enrolled: ${enrolled}, last seen: ${seen}`;
};

const keyLine = ({ name, madeAt, lastUsedAt, revokedAt }: ApiKeyRow) => {
  const state = revokedAt === undefined ? 'good' : `revoked ${at(revokedAt)}`;
  const made = madeAt === undefined ? 'before it was kept' : at(madeAt);
  const used = lastUsedAt === undefined ? 'never, or before it was kept' : at(lastUsedAt);
  return `${name}: ${state}, made: ${made}, last used: ${used}`;
};
