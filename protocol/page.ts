// What a page of ours is served with, by a desk and by the server alike.

/** A window's files: exact path to content. Nothing is ever joined to a folder. */
export type Assets = ReadonlyMap<
  string,
  { readonly type: string; readonly body: string | Uint8Array }
>;

/** `connect` is the address of the desk, beside the page's own origin. */
export const contentSecurityPolicy = (connect = '') =>
  [
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:`,
    `font-src 'self'; worker-src 'self' blob:; connect-src ${["'self'", connect].join(' ').trim()}`,
    `frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'`,
    `frame-ancestors 'none'; require-trusted-types-for 'script'`,
  ].join('; ');
