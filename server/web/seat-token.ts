import type { IncomingMessage } from 'node:http';

/**
 * The name of a seat's cookie. Over TLS a browser holds it to this very host; without TLS, which is on
 * this machine only, its name has the port: cookies know no ports, and two servers are not to mix theirs.
 */
export const cookieName = ({ headers }: Pick<IncomingMessage, 'headers'>, isTls: boolean): string =>
  isTls ? '__Host-holdfast-seat' : `holdfast-seat-${/:(\d+)$/.exec(headers.host ?? '')?.[1] ?? 80}`;

/** The token that a request brings in its cookie, or nothing. Two of one name are none: one is forged. */
export function seatToken(request: Pick<IncomingMessage, 'headers'>, isTls: boolean): string {
  const name = cookieName(request, isTls);
  const values = (request.headers.cookie ?? '')
    .split(/;\s*/)
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value = ''] = values;
  return values.length === 1 && /^[\w-]{16,128}$/.test(value) ? value : '';
}

/** How the cookie is set: for the browser's session only, out of reach of scripts and of other sites. */
export const seatCookie = (
  request: Pick<IncomingMessage, 'headers'>,
  { token, isTls }: { readonly token: string; readonly isTls: boolean },
): string =>
  [
    `${cookieName(request, isTls)}=${token}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(isTls ? ['Secure'] : []),
    ...(token === '' ? ['Max-Age=0'] : []),
  ].join('; ');
