import { createContext, use } from 'react';
import {
  changedLook,
  DEFAULT_LOOK,
  lookOf,
  rowHeights,
  themes,
  zooms,
  type Look,
  type LookChange,
} from '#protocol/look.ts';
import type { DeskLine } from './desk-line.ts';
import type { KeyTable } from './keys.ts';
import type { WindowState, WindowStore } from './window-store.ts';

const AT_FIRST = 100;

export const selectLook = ({ seat }: Pick<WindowState, 'seat'>): Look => lookOf(seat?.look);

/** The size of this window; where none is kept it is what a display of its kind begins with. */
export const zoomOf = ({ zoom }: Look, window: string): number => zoom[window] ?? AT_FIRST;

const after = <Value>(all: readonly Value[], value: Value): Value =>
  all[(all.indexOf(value) + 1) % all.length] ?? value;

/** Who keeps how a window looks. */
export interface LookKeeper {
  readonly look: () => Look;
  readonly change: (change: LookChange) => void;
  /** Told whenever the look may be another one; returns how to stop listening. */
  readonly onChanged: (listener: () => void) => () => void;
  /** Shows the keys of it, or hides them again; absent where they are always shown. */
  readonly show?: () => void;
}

/** The desk keeps it: shown by what it says of it, in all windows at once; nothing while it is away. */
export const lookAtDesk = (store: WindowStore, line: Pick<DeskLine, 'setLook'>): LookKeeper => ({
  look: () => selectLook(store.getState()),
  change: (change) => line.setLook(change),
  onChanged: (listener) => {
    let before = store.getState().seat;
    return store.subscribe(({ seat }) => {
      if (seat === before) return;
      before = seat;
      listener();
    });
  },
  show: () => store.setState(({ isLookShown }) => ({ isLookShown: !isLookShown })),
});

/** A page without a desk keeps it itself, for as long as it is open. */
export function lookOfPage(): LookKeeper {
  let look = DEFAULT_LOOK;
  const listeners = new Set<() => void>();
  return {
    look: () => look,
    change: (change) => {
      look = changedLook(look, change);
      for (const listener of listeners) listener();
    },
    onChanged: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** What a person can do about how windows look, from any window, by key; also before anybody signs in. */
export function createLook({ look, change, show }: LookKeeper, window: string) {
  const ask = (wanted: LookChange) => {
    if (JSON.stringify(changedLook(look(), wanted)) !== JSON.stringify(look())) change(wanted);
  };
  const resize = (by: 1 | -1) => {
    const now = zooms.findIndex((step) => step >= zoomOf(look(), window));
    const percent = zooms[Math.min(zooms.length - 1, Math.max(0, now + by))];
    if (percent !== undefined) ask({ zoom: { window, percent } });
  };
  const nextTheme = () => ask({ theme: after(themes, look().theme) });
  const nextRows = () => ask({ rows: after(rowHeights, look().rows) });
  const larger = () => resize(1);
  const smaller = () => resize(-1);
  const keys: KeyTable = {
    ...(show && { 'Alt+v': show }),
    'Alt+t': nextTheme,
    'Alt+h': nextRows,
    'Alt+=': larger,
    'Alt++': larger,
    'Alt+-': smaller,
    // The browser's own would grow the window out of its rows; this is what the hand expects of them.
    'Ctrl+=': larger,
    'Ctrl++': larger,
    'Ctrl+-': smaller,
    'Ctrl+0': () => ask({ zoom: { window, percent: AT_FIRST } }),
  };
  return { window, keys, show: () => show?.(), nextTheme, nextRows, larger, smaller };
}

export type LookActions = ReturnType<typeof createLook>;
export const LookContext = createContext<LookActions | undefined>(undefined);

export function useLook(): LookActions {
  const look = use(LookContext);
  if (!look) throw new Error('useLook outside <LookContext>');
  return look;
}

/** Puts the look on the page; the style sheet does the rest. Follows the system where a person chose that. */
export function showLook(
  page: Window,
  keeper: Pick<LookKeeper, 'look' | 'onChanged'>,
  window: string,
  signal: AbortSignal,
): void {
  const root = page.document.documentElement;
  const prefersLight = page.matchMedia('(prefers-color-scheme: light)');
  const show = () => {
    const look = keeper.look();
    const ofSystem = prefersLight.matches ? 'light' : 'dark';
    const theme = look.theme === 'system' ? ofSystem : look.theme;
    if (root.dataset['theme'] !== theme) root.dataset['theme'] = theme;
    if (root.dataset['rows'] !== look.rows) root.dataset['rows'] = look.rows;
    root.style.setProperty('--zoom', String(zoomOf(look, window) / 100));
  };
  show();
  const leave = keeper.onChanged(show);
  prefersLight.addEventListener('change', show, { signal });
  signal.addEventListener('abort', leave, { once: true });
}
