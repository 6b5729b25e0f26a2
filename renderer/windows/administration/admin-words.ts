import type { Role } from '#domain/facts.ts';
import type { AccountRow, AdminAnswers, Doing } from '#protocol/administer.ts';
import { when } from '../../app/clock.ts';
import type { Secret } from './admin-store.ts';

/** Every role in words, in the order of their keys. */
export const roleWords = {
  'call-handler': 'Call handler',
  dispatcher: 'Dispatcher',
  supervisor: 'Supervisor',
  investigator: 'Investigator',
  auditor: 'Auditor',
  administrator: 'Administrator',
} as const satisfies Readonly<Record<Role, string>>;
export const roleChoices = Object.keys(roleWords) as readonly Role[]; // the keys of the table itself

/** How an account stands; a word and not a colour alone. */
export function stateWords({ state, lockedUntil, closedAt }: AccountRow, now: number): string {
  switch (state) {
    case 'closed':
      return closedAt === undefined ? 'Closed' : `Closed ${when(closedAt, now)}`;
    case 'locked':
      return lockedUntil === undefined ? 'Locked' : `Locked until ${when(lockedUntil, now)}`;
    case 'password-change-needed':
      return 'Must change password';
    case 'active':
    default:
      return 'Open';
  }
}

const OWN =
  'It opens nothing until they change it at the sign-in, to one of 12 characters or more.';

/** What came of a doing: what to say, and what is told once. */
export interface Came {
  readonly text: string;
  readonly secret?: Secret;
}

type Words = {
  readonly [What in Doing['what']]?: (
    doing: Extract<Doing, { what: What }>,
    // The answer is of the doing's own kind, as the server's schema of it says.
    answer: AdminAnswers[What],
  ) => Came;
};

const words: Words = {
  'add-user': ({ name, displayName }, { password }) => ({
    text: `${displayName} is added as ${name}`,
    secret: { title: `First password of ${name}`, secret: password, words: OWN },
  }),
  'reset-password': ({ name }, { password }) => ({
    text: `${name} is signed out everywhere and has a one-time password`,
    secret: { title: `One-time password of ${name}`, secret: password, words: OWN },
  }),
  'set-user-role': ({ name, role }, { isChanged }) => ({
    text: isChanged
      ? `${name} is ${roleWords[role]} from now on, also where they are signed in`
      : `${name} was ${roleWords[role]} already; nothing was changed`,
  }),
  'disable-user': ({ name }, { isChanged }) => ({
    text: isChanged
      ? `${name} can no longer sign in, and is signed out everywhere`
      : `The account of ${name} was closed already; nothing was changed`,
  }),
  'reopen-user': ({ name }, { isChanged }) => ({
    text: isChanged
      ? `${name} can sign in again, with the password they had`
      : `The account of ${name} was open already; nothing was changed`,
  }),
  'unlock-user': ({ name }, { isChanged }) => ({
    text: isChanged
      ? `${name} can try again at once; where a desk itself has locked the name, that ends after 15 minutes`
      : `${name} was not locked; nothing was changed`,
  }),
  'revoke-session': ({ of }, { revoked }) => ({
    text:
      revoked === 0
        ? 'Nothing was open any more; nothing was changed'
        : 'name' in of
          ? `${of.name} is signed out everywhere; with the password they can sign in again`
          : 'Signed out there; with the password they can sign in again',
  }),
  'make-desk-code': (_doing, { code, notAfter, desk }) => ({
    text: desk === undefined ? 'A code for one new desk is made' : `A code for ${desk} is made`,
    secret: {
      title: desk === undefined ? 'Code for one new desk' : `Code for a new key of ${desk}`,
      secret: code,
      words: `Good once. At the desk: holdfast desk --name ${desk ?? 'NAME'} --enrol CODE, with --server and --data.`,
      notAfter,
    },
  }),
  'revoke-desk': ({ desk }) => ({
    text: `The key of ${desk} is taken back and its line has ended; it works on alone`,
  }),
  'make-api-key': ({ name }, { key }) => ({
    text: `${name} has a key`,
    secret: {
      title: `API key of ${name}`,
      secret: key,
      words: 'The system sends it with each request. Whoever has it can hand in contacts.',
    },
  }),
  'revoke-api-key': ({ name }, { isChanged }) => ({
    text: isChanged
      ? `The key of ${name} is taken back: its next request is refused`
      : `The key of ${name} was taken back already; nothing was changed`,
  }),
};

/** What the server's answer to a doing means, in plain words. */
export function wordsOfDone<What extends Doing['what']>(
  doing: Extract<Doing, { what: What }>,
  answer: AdminAnswers[What],
): Came {
  // The table pairs each doing with the answer of its own kind.
  const say = words[doing.what] as ((doing: Doing, answer: unknown) => Came) | undefined;
  return say?.(doing, answer) ?? { text: 'Done' };
}
