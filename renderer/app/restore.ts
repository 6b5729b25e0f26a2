import type { WindowStore } from './window-store.ts';

interface Places {
  /** Goes to what a kept draft was about and puts the caret back; false where it is not this window's. */
  readonly restore: (draftId: string) => boolean;
  /** Goes to where work begins. */
  readonly begin: () => void;
}

/**
 * A window that comes back puts the caret where it was: once, and before the first touch. From then on
 * the caret is the operator's.
 */
export function restoreOnce(
  page: Window,
  store: WindowStore,
  { restore, begin }: Places,
  signal: AbortSignal,
): void {
  const done = new AbortController();
  const ended = AbortSignal.any([signal, done.signal]);
  const isSeated = () => store.getState().seat?.user !== undefined;
  let hasBegun = false;
  let tried = '';
  const tryNow = () => {
    if (!isSeated()) {
      hasBegun = false; // whoever sits down next begins where work begins
      return;
    }
    const { lastDraft, contacts, incidents } = store.getState();
    if (!hasBegun) {
      hasBegun = true;
      begin();
    }
    if (!lastDraft) return;
    // A draft leads somewhere only once its record is here: each new state of the lists is one try.
    const attempt = `${lastDraft.draftId} ${contacts.size} ${incidents.size}`;
    if (attempt === tried) return;
    tried = attempt;
    if (restore(lastDraft.draftId)) done.abort();
  };
  const touched = () => isSeated() && done.abort();
  for (const touch of ['keydown', 'pointerdown'] as const)
    page.addEventListener(touch, touched, { signal: ended, capture: true });
  const leave = store.subscribe(tryNow);
  ended.addEventListener('abort', leave, { once: true });
}
