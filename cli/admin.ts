import * as z from 'zod';
import { askServer, TurnedAway } from '#training/ask-server.ts';
import { doingOf } from './admin-doings.ts';
import type { Secrets } from './read-secret.ts';

export interface RunAdmin {
  /** What is to be done, and to whom. */
  readonly words: readonly string[];
  readonly server: string;
  /** The administrator's name. */
  readonly as: string;
  readonly displayName: string | undefined;
  readonly role: string | undefined;
  /** Of a list of reference data: the file it is to hold, why, which revision, and back to which. */
  readonly file: string | undefined;
  readonly note: string | undefined;
  readonly revision: string | undefined;
  readonly to: string | undefined;
  readonly secrets: Secrets;
  readonly say: (words: string, json: object) => void;
  /** Not understood: told with how to ask. */
  readonly usage: (message: string) => Error;
}

const session = z.object({ token: z.string() });

/** What an administrator does from a command line, through the same doors as from anywhere else. */
export async function runAdmin(options: RunAdmin): Promise<void> {
  const { server, as, secrets, say } = options;
  const doing = doingOf(options); // what cannot be understood is told before a password is asked for
  const password = await secrets.next(`Password of ${as}`);
  if (password === undefined) throw new Error('no password was given: type it, or pipe it in');
  const token = await signIn(options, password, doing === 'password');
  if (doing === 'password') {
    await signOut(server, token);
    return say(`the password of ${as} is changed`, { user: as, isChanged: true });
  }
  try {
    const { method, path, body } = doing;
    const answer = await askServer(server, method, path, { token, body });
    say(doing.done(answer as never), answer as object); // the server's answer to this very path
  } finally {
    await signOut(server, token);
  }
}

/** What was done may have ended this very session; then there is nothing left to end. */
async function signOut(server: string, token: string): Promise<void> {
  try {
    await askServer(server, 'DELETE', '/api/session', { token });
  } catch (error) {
    if (!(error instanceof TurnedAway) || error.reason !== 'not-signed-in') throw error;
  }
}

/** Signs in; where the password is a first one, or is to be changed, asks for a new one. */
async function signIn(
  { server, as: name, secrets }: RunAdmin,
  password: string,
  isToChange: boolean,
): Promise<string> {
  const ask = (newPassword?: string) =>
    askServer(server, 'POST', '/api/session', {
      body: { name, password, ...(newPassword !== undefined && { newPassword }) },
    });
  if (!isToChange) {
    try {
      return session.parse(await ask()).token;
    } catch (error) {
      if (!(error instanceof TurnedAway) || error.reason !== 'password-change-needed') throw error;
      if (!secrets.isAsked)
        throw new Error('this is a first password: change it with "holdfast admin password"', {
          cause: error,
        });
    }
  }
  const chosen = await secrets.next('New password, at least 12 characters');
  if (chosen === undefined) throw new Error('no new password was given, on a line of its own');
  if (secrets.isAsked && (await secrets.next('The same again')) !== chosen)
    throw new Error('the two are not the same; nothing was changed');
  return session.parse(await ask(chosen)).token;
}
