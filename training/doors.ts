import * as z from 'zod';
import { epochMs, userId } from '#domain/ids.ts';
import type { Role } from '#domain/facts.ts';
import { askServer, TurnedAway } from './ask-server.ts';

const signedIn = z.object({
  token: z.string(),
  user: z.object({ id: userId }),
  grant: z.object({ id: z.string(), notAfter: epochMs }),
});
export type SignedIn = z.infer<typeof signedIn>;
const addedUser = z.object({ password: z.string() });
const deskCode = z.object({ code: z.string() });
const apiKey = z.object({ key: z.string() });
const enrolled = z.object({ force: z.string() });
const contactTaken = z.object({ contactId: z.string() });

const listed = z.object({
  users: z.array(z.object({ name: z.string(), state: z.string() })),
  desks: z.array(z.object({ desk: z.string(), state: z.string() })),
  keys: z.array(z.object({ name: z.string(), revokedAt: z.number().optional() })),
});

const BUSY_TRIES = 20;
const BUSY_WAIT_MS = 500;

/** The HTTP doors of a server, as any outside program finds them. */
export class Doors {
  readonly #server: string;

  constructor(server: string) {
    this.#server = server;
  }

  /** Where desks connect. */
  get syncUrl(): string {
    return new URL('/sync', this.#server).href.replace(/^http/, 'ws');
  }

  async signIn(body: {
    readonly name: string;
    readonly password: string;
    readonly newPassword?: string;
    readonly desk?: string;
  }): Promise<SignedIn> {
    return signedIn.parse(await this.#ask('POST', '/api/session', { body }));
  }

  async addUser(
    token: string,
    body: { readonly name: string; readonly displayName: string; readonly role: Role },
  ): Promise<{ readonly password: string }> {
    return addedUser.parse(await this.#ask('POST', '/api/users', { body, token }));
  }

  async disableUser(token: string, name: string): Promise<void> {
    await this.#ask('POST', '/api/users/disable', { body: { name }, token });
  }

  /** Enrols a desk of that name, whose key has this public half; says which force it is of. */
  async enrol(token: string, desk: string, publicKey: string): Promise<{ readonly force: string }> {
    const { code } = deskCode.parse(
      await this.#ask('POST', '/api/desks/codes', { body: {}, token }),
    );
    const body = { code, desk, publicKey };
    return enrolled.parse(await this.#ask('POST', '/api/desks/enrol', { body }));
  }

  async revokeDesk(token: string, desk: string): Promise<void> {
    await this.#ask('POST', '/api/desks/revoke', { body: { desk }, token });
  }

  async revokeApiKey(token: string, name: string): Promise<void> {
    await this.#ask('POST', '/api/api-keys/revoke', { body: { name }, token });
  }

  async users(token: string): Promise<z.infer<typeof listed>['users']> {
    return listed.pick({ users: true }).parse(await this.#ask('GET', '/api/users', { token }))
      .users;
  }

  async desks(token: string): Promise<z.infer<typeof listed>['desks']> {
    return listed.pick({ desks: true }).parse(await this.#ask('GET', '/api/desks', { token }))
      .desks;
  }

  async apiKeys(token: string): Promise<z.infer<typeof listed>['keys']> {
    return listed.pick({ keys: true }).parse(await this.#ask('GET', '/api/api-keys', { token }))
      .keys;
  }

  async apiKey(token: string, name: string): Promise<string> {
    return apiKey.parse(await this.#ask('POST', '/api/api-keys', { body: { name }, token })).key;
  }

  async handIn(key: string, contact: object): Promise<string> {
    const answer = await this.#ask('POST', '/api/contacts', { body: contact, token: key });
    return contactTaken.parse(answer).contactId;
  }

  async abandoned(key: string, contactId: string): Promise<void> {
    await this.#ask('POST', `/api/contacts/${contactId}/abandoned`, { body: {}, token: key });
  }

  async signOut(token: string): Promise<void> {
    await this.#ask('DELETE', '/api/session', { token });
  }

  /** Asks; where the server is busy, again a little later. Everything here may be asked twice. */
  async #ask(
    method: string,
    path: string,
    more: { readonly body?: object; readonly token?: string },
  ): Promise<unknown> {
    for (let tries = 1; ; tries += 1)
      try {
        return await askServer(this.#server, method, path, more);
      } catch (error) {
        if (!(error instanceof TurnedAway)) throw error;
        const { status, reason, message } = error;
        const isPassing = status === 503 || status === 429;
        if (!isPassing || tries >= BUSY_TRIES)
          throw new TurnedAway(status, reason, `${path}: ${message}`);
        await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
      }
  }
}

/** Resolves also where there is none of that name: where a training room failed early, some were never added. */
export async function unlessUnknown(asked: Promise<void>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof TurnedAway && error.reason.startsWith('no-such-'))) throw error;
  }
}
