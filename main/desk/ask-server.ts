import * as z from 'zod';

const ANSWERS_WITHIN_MS = 8_000; // somebody is waiting to sign in

const refusal = z.object({ reason: z.string(), message: z.string() });

export type Asked =
  | { readonly outcome: 'answered'; readonly body: unknown }
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string }
  /** Nobody answers there, or nobody who is able to. */
  | { readonly outcome: 'away' };

/** Asks the server once, over HTTP; never throws. */
export async function askServer(server: string, path: string, body: object): Promise<Asked> {
  try {
    const response = await fetch(`${server}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    });
    const answer: unknown = await response.json();
    if (response.ok) return { outcome: 'answered', body: answer };
    const { reason, message } = refusal.parse(answer);
    // A server that cannot store anything cannot sign anybody in either; one that is busy soon can.
    if (response.status >= 500 && reason !== 'busy') return { outcome: 'away' };
    return { outcome: 'refused', reason, message };
  } catch {
    return { outcome: 'away' }; // what then, the desk decides by what it knows
  }
}
