import * as z from 'zod';

const refusal = z.object({ reason: z.string(), message: z.string() });

/** The server has refused something, in its own words. */
export class TurnedAway extends Error {
  override readonly name = 'TurnedAway';
  readonly reason: string;
  readonly status: number;

  constructor(status: number, reason: string, words: string) {
    super(words);
    this.status = status;
    this.reason = reason;
  }
}

/** One request in JSON, as any outside program makes it. Throws `TurnedAway`, or that nobody answers. */
export async function askServer(
  server: string,
  method: string,
  path: string,
  { body, token }: { readonly body?: object | undefined; readonly token?: string | undefined },
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(path, server), {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new Error(`the server ${server} does not answer`, { cause });
  }
  if (response.status === 204) return undefined;
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  const { reason, message } = refusal.parse(answer);
  throw new TurnedAway(response.status, reason, `${message} (${reason})`);
}
