import * as z from 'zod';
import { epochMs, userId } from '#domain/ids.ts';
import type { Role } from '#domain/facts.ts';

const refusal = z.object({ reason: z.string(), message: z.string() });
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

/** The server has refused something, in its own words. */
export class TurnedAway extends Error {
  override readonly name = 'TurnedAway';
  readonly reason: string;
  constructor(path: string, reason: string, message: string) {
    super(`${path}: ${message} (${reason})`);
    this.reason = reason;
  }
}

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
    { body, token }: { readonly body?: object; readonly token?: string },
  ): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      let response: Response;
      try {
        response = await fetch(new URL(path, this.#server), {
          method,
          headers: {
            ...(body && { 'content-type': 'application/json' }),
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
          ...(body && { body: JSON.stringify(body) }),
        });
      } catch (cause) {
        throw new Error(`the server ${this.#server} does not answer`, { cause });
      }
      if (response.status === 204) return undefined;
      const answer: unknown = await response.json();
      if (response.ok) return answer;
      const { reason, message } = refusal.parse(answer);
      const isPassing = response.status === 503 || response.status === 429;
      if (!isPassing || tries >= BUSY_TRIES) throw new TurnedAway(path, reason, message);
      await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
    }
  }
}
