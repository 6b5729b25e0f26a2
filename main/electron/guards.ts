import type * as Main from 'electron/main';
import { isOurOrigin, isOurUrl, ORIGIN } from './app-origin.ts';

/** What a window is made with. The golden test holds it; each line that is not a default says why. */
export const webPreferences = (preload: string) =>
  ({
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    nodeIntegrationInWorker: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    plugins: false,
    navigateOnDragDrop: false,
    devTools: false,
    disableDialogs: true, // a modal box of a page would hold up a call
    spellcheck: false, // the dictionary would be fetched from outside
    backgroundThrottling: false, // a covered window still ticks its deadlines
    autoplayPolicy: 'no-user-gesture-required', // the alarm sounds before the first click
  }) as const satisfies Main.WebPreferences;

/** What a page of ours may have; everything else is refused, and everything to everybody else. */
const allowed: ReadonlySet<string> = new Set([
  'notifications',
  'fullscreen',
  'clipboard-sanitized-write',
]);

/** What a page may load: our own files, and what it has made or been given in itself. */
const isAllowed = (url: string) =>
  isOurUrl(url) || url.startsWith(`blob:${ORIGIN}/`) || url.startsWith('data:');

/** Refuses a session's pages whatever they do not need. */
export function guardSession(session: Main.Session): void {
  session.setPermissionRequestHandler((_page, permission, answer, { isMainFrame, requestingUrl }) =>
    answer(allowed.has(permission) && isMainFrame && isOurUrl(requestingUrl)),
  );
  // Most web APIs check first and ask only when refused, so both handlers are needed.
  session.setPermissionCheckHandler(
    (_page, permission, from, { isMainFrame }) =>
      allowed.has(permission) && isMainFrame && isOurOrigin(from),
  );
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, answer) => answer(null));
  // Without a filter: everything that is not known is cancelled, whatever its scheme.
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isAllowed(url) }));
  session.on('will-download', (event) => event.preventDefault());
}

/** Keeps a page where it is, whoever made it: no other address, no window of its own, no embedded page. */
export function guardPage(page: Main.WebContents): void {
  page.setWindowOpenHandler(() => ({ action: 'deny' }));
  page.on('will-navigate', (event) => event.preventDefault());
  page.on('will-frame-navigate', (event) => event.preventDefault());
  page.on('will-redirect', (event) => event.preventDefault());
  page.on('will-attach-webview', (event) => event.preventDefault());
}
