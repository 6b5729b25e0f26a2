import { createContext, use } from 'react';
import {
  changedLook,
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

/** What a person can do about how windows look, from any window, by key; also before anybody signs in. */
export function createLook(store: WindowStore, line: Pick<DeskLine, 'setLook'>, window: string) {
  const look = () => selectLook(store.getState());
  /** Shown by what the desk says of it, in all windows at once; nothing while the desk is away. */
  const ask = (change: LookChange) => {
    if (JSON.stringify(changedLook(look(), change)) !== JSON.stringify(look()))
      line.setLook(change);
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
  const show = () => store.setState(({ isLookShown }) => ({ isLookShown: !isLookShown }));
  const keys: KeyTable = {
    'Alt+v': show,
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
  return { window, keys, show, nextTheme, nextRows, larger, smaller };
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
  store: WindowStore,
  window: string,
  signal: AbortSignal,
): void {
  const root = page.document.documentElement;
  const prefersLight = page.matchMedia('(prefers-color-scheme: light)');
  const show = () => {
    const look = selectLook(store.getState());
    const ofSystem = prefersLight.matches ? 'light' : 'dark';
    const theme = look.theme === 'system' ? ofSystem : look.theme;
    if (root.dataset['theme'] !== theme) root.dataset['theme'] = theme;
    if (root.dataset['rows'] !== look.rows) root.dataset['rows'] = look.rows;
    root.style.setProperty('--zoom', String(zoomOf(look, window) / 100));
  };
  show();
  let before = store.getState().seat;
  const leave = store.subscribe(({ seat }) => {
    if (seat === before) return;
    before = seat;
    show();
  });
  prefersLight.addEventListener('change', show, { signal });
  signal.addEventListener('abort', leave, { once: true });
}
