import { contentSecurityPolicy, type Assets } from '#protocol/page.ts';

/** The one origin of every window. It is no address of the network, and nothing else has it. */
export const SCHEME = 'app';
export const ORIGIN = `${SCHEME}://console`;

/** Whether this is our origin, as Electron's handlers give it: with or without a slash at its end. */
export const isOurOrigin = (origin: string) => origin.replace(/\/$/, '') === ORIGIN;

/** Whether an address is one of ours. */
export const isOurUrl = (url: string) => url.startsWith(`${ORIGIN}/`);

/** What `protocol.registerSchemesAsPrivileged` is given before `ready`. */
export const privileges = { standard: true, secure: true, supportFetchAPI: true } as const;

const headers = {
  'content-security-policy': contentSecurityPolicy(),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/**
 * Answers a request of a page: an exact path of the manifest, or nothing. No path is joined, decoded or
 * looked up on the disk.
 */
export function serveAsset(
  assets: Assets,
  request: { readonly method: string; readonly url: string },
) {
  const { host, pathname } = new URL(request.url);
  const isOurs = `${SCHEME}://${host}` === ORIGIN && request.method === 'GET';
  const asset = isOurs ? assets.get(pathname) : undefined;
  const type = asset?.type ?? 'text/plain';
  // A Uint8Array of the file system is a body to every runtime; the types of Node and the web differ.
  const body = (asset?.body ?? 'There is nothing here.') as string;
  return new Response(body, {
    status: asset ? 200 : 404,
    headers: { ...headers, 'content-type': type },
  });
}
