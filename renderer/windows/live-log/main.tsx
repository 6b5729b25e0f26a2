import '../../app/no-eval.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { listenKeys, type KeyTable } from '../../app/keys.ts';
import { createLook, LookContext, lookOfPage, showLook } from '../../app/look.ts';
import { createLiveActions, LiveActionsContext } from './live-actions.ts';
import { LiveLine } from './live-line.ts';
import { createLiveStore, LiveContext } from './live-store.ts';
import { lineId } from './LiveLines.tsx';
import { LiveLog } from './LiveLog.tsx';

// The live log has no desk: its line goes to the server itself, and nothing of it is kept here. So it is
// put together by itself and not by `startWindow`, which is for windows of a desk.

const TICK_MS = 250; // a second on the wall is a second here, within a quarter
const FRAMES_MAX = 10; // what has just been asked for is on screen in one or two

const living = new AbortController();
const { signal } = living;
const now = () => Date.now();
const after = (ms: number, work: () => void) => void window.setTimeout(work, ms);
const store = createLiveStore(now());
const line = new LiveLine(store, { now, after });

/** Tries again at each of the next frames until it is done: what is asked for may not be drawn yet. */
function once(attempt: () => boolean, framesLeft = FRAMES_MAX): void {
  if (attempt() || framesLeft === 0) return;
  requestAnimationFrame(() => once(attempt, framesLeft - 1));
}
const fieldOf = (name: string) => document.querySelector<HTMLElement>(`[data-field="${name}"]`);

const actions = createLiveActions(store, line, {
  focus: (name) =>
    once(() => {
      const field = fieldOf(name);
      field?.focus();
      return field !== null && document.activeElement === field;
    }),
  toEnd: () => {
    const log = fieldOf('log');
    if (log) log.scrollTop = log.scrollHeight;
    store.setState({ isAtEnd: true });
    actions.scrolled(true);
  },
  toLine: (id) => document.getElementById(lineId(id))?.scrollIntoView({ block: 'center' }),
  print: () => once(() => store.getState().print !== undefined && (window.print(), true)),
});

const keeper = lookOfPage();
const look = createLook(keeper, 'live-log');
showLook(window, keeper, 'live-log', signal);

const keys = (): KeyTable => {
  const { session, followed, asking } = store.getState();
  if (!session) return look.keys;
  return {
    ...look.keys,
    F7: actions.goToFind,
    '/': actions.goToFind,
    'Ctrl+f': actions.goToFind,
    'Alt+q': actions.signOut,
    ...(followed &&
      !asking && {
        p: actions.print,
        // The browser's own print would be on no record.
        'Ctrl+p': actions.print,
        x: actions.leave,
        l: actions.goToLog,
        n: actions.toUnread,
        e: actions.toEnd,
      }),
  };
};
listenKeys(window, keys, signal);
for (const doing of ['keydown', 'pointerdown', 'wheel'] as const)
  window.addEventListener(doing, () => line.touch(), { signal, passive: true });
window.addEventListener('afterprint', () => actions.printed(), { signal });
// A page that is put aside and shown again would show what it had: it begins anew.
window.addEventListener('pageshow', ({ persisted }) => persisted && window.location.reload());
window.setInterval(() => {
  const second = Math.floor(now() / 1_000);
  if (second !== Math.floor(store.getState().now / 1_000)) store.setState({ now: now() });
}, TICK_MS);

const place = document.querySelector('#window');
if (!place) throw new Error('the page has no place for its window');
createRoot(place).render(
  <StrictMode>
    <LiveContext value={store}>
      <LiveActionsContext value={actions}>
        <LookContext value={look}>
          <LiveLog />
        </LookContext>
      </LiveActionsContext>
    </LiveContext>
  </StrictMode>,
);
void line.begin();
