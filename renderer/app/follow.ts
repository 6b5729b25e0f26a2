import type { DeskLine } from './desk-line.ts';
import type { WindowState, WindowStore } from './window-store.ts';

/** The records whose whole log a window shows now. */
export interface Wanted {
  readonly contact?: string | undefined;
  readonly incident?: string | undefined;
}

/** Follows what is wanted and lets go of what is not, whenever the operator goes somewhere else. */
export function followWanted(
  store: WindowStore,
  line: Pick<DeskLine, 'follow' | 'unfollow'>,
  wantedNow: (state: WindowState) => Wanted,
  signal: AbortSignal,
): void {
  let followed: Wanted = {};
  const update = () => {
    const wanted = wantedNow(store.getState());
    for (const view of ['contact', 'incident'] as const) {
      const before = followed[view];
      const after = wanted[view];
      if (before === after) continue;
      if (before !== undefined) line.unfollow(view, before);
      if (after !== undefined) line.follow(view, after);
    }
    followed = wanted;
  };
  signal.addEventListener('abort', store.subscribe(update), { once: true });
  update();
}
