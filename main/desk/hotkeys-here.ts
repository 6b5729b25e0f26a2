import type { HotkeyAction, HotkeyRow } from '#protocol/hotkey.ts';
import type { WindowDown } from '#protocol/down.ts';
import type { WindowRole } from './shell.ts';

/** The telephone keys as the desk knows them: how its shell says they are, and which window acts on one. */
export class HotkeysHere {
  #rows: readonly HotkeyRow[] = [];
  readonly #windows = new Set<(frame: WindowDown) => void>();

  get rows(): readonly HotkeyRow[] {
    return this.#rows;
  }

  are(rows: readonly HotkeyRow[]): void {
    this.#rows = rows;
  }

  /** Only call handling windows act on them. The answer is to be called when the window has gone. */
  windowJoined(role: WindowRole, send: (frame: WindowDown) => void): () => void {
    if (role === 'call-handling') this.#windows.add(send);
    return () => void this.#windows.delete(send);
  }

  /** One window acts, the one that came last: two would take two calls. */
  pressed(action: HotkeyAction): void {
    [...this.#windows].at(-1)?.({ frame: 'hotkey', action });
  }
}
