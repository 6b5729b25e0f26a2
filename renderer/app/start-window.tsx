import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { connect } from './bridge.ts';
import { DeskLine } from './desk-line.ts';
import type { ActionPorts } from './actions.ts';
import { caretBack, createFocus } from './focus.ts';
import { followWanted, type Wanted } from './follow.ts';
import { announce } from './announce.ts';
import { createLook, lookAtDesk, LookContext, showLook } from './look.ts';
import { measureKeys } from './key-to-paint.ts';
import { listenKeys, type KeyTable } from './keys.ts';
import { sharePresence } from './presence.ts';
import { uuidV7 } from '#domain/lib/uuid-v7.ts';
import type { Presence } from '#protocol/signal.ts';
import type { ViewName } from '#protocol/view.ts';
import {
  createWindowStore,
  WindowContext,
  type WindowState,
  type WindowStore,
} from './window-store.ts';

interface Window_<Actions> {
  /** Its name, for what is kept of this window alone. */
  readonly name: string;
  readonly makeActions: (store: WindowStore, line: DeskLine, ports: ActionPorts) => Actions;
  /** The lists that it follows beside those of every window. */
  readonly follows?: readonly ViewName[];
  readonly wanted: (state: WindowState) => Wanted;
  /** What is in front of this operator, for the other desks. */
  readonly presence: (state: WindowState) => Presence;
  readonly keys: (actions: Actions, store: WindowStore, ports: ActionPorts) => KeyTable;
  readonly view: (actions: Actions) => ReactNode;
  /** Anything else that lives as long as the window does. */
  readonly also?: (store: WindowStore, actions: Actions, signal: AbortSignal) => void;
}

const TICK_MS = 250; // a second on the wall is a second here, within a quarter

/** Puts one window together: store, line, clock, keys, picture. The only place that owns a timer. */
export function startWindow<Actions>(
  page: Window & typeof globalThis,
  made: Window_<Actions>,
): void {
  const living = new AbortController();
  const { signal } = living;
  const now = () => Date.now();
  const makeId = () => uuidV7(now(), page.crypto.getRandomValues(new Uint8Array(16)));
  const after = (ms: number, work: () => void) => void page.setTimeout(work, ms);
  const store = createWindowStore({ now: now(), linkSince: now() });
  const report = (what: string, cause: unknown) =>
    void page.dispatchEvent(new CustomEvent('holdfast:report', { detail: { what, cause } }));
  const line = new DeskLine(store, { now, makeId, after, report }, made.follows);
  const ports: ActionPorts = {
    ...createFocus(page, signal),
    whereFocusIs: () => page.document.activeElement,
    caretBack: () => caretBack(page.document.activeElement),
    makeId,
    now,
    after,
  };
  const actions = made.makeActions(store, line, ports);

  page.setInterval(() => {
    const second = Math.floor(now() / 1_000);
    if (second !== Math.floor(store.getState().now / 1_000)) store.setState({ now: now() });
  }, TICK_MS);
  followWanted(store, line, made.wanted, signal);
  sharePresence(store, line, made.presence, signal);
  const keeper = lookAtDesk(store, line);
  const look = createLook(keeper, made.name);
  showLook(page, keeper, made.name, signal);
  announce(store, ports, signal);
  measureKeys(page, line, signal);
  listenKeys(page, () => ({ ...look.keys, ...made.keys(actions, store, ports) }), signal);
  made.also?.(store, actions, signal);

  // A window that goes away says its last words; a crash costs at most what the last 200 ms brought.
  page.addEventListener('pagehide', () => line.flushPads());
  page.document.addEventListener('visibilitychange', () => line.flushPads());
  // Before `load`: the shell hands the way over once.
  connect(page, line, signal).catch((error: unknown) => {
    line.notice('bad', `This window cannot reach its desk: ${String(error)}`);
  });

  const place = page.document.querySelector('#window');
  if (!place) throw new Error('the page has no place for its window');
  createRoot(place).render(
    <StrictMode>
      <WindowContext value={store}>
        <LookContext value={look}>{made.view(actions)}</LookContext>
      </WindowContext>
    </StrictMode>,
  );
}
