import type { Presence } from '#protocol/signal.ts';
import type { DeskLine } from './desk-line.ts';
import type { WindowState, WindowStore } from './window-store.ts';
import { entryDraftId } from './window-store.ts';

/** Whether something stands in the entry field of a record that is not in its log yet. */
export const isWritingIn = ({ pads }: WindowState, id: string): boolean =>
  (pads.get(entryDraftId(id))?.fields['entry'] ?? '').trim() !== '';

/** Tells the other desks what is in front of this operator, whenever that changes. */
export function sharePresence(
  store: WindowStore,
  line: Pick<DeskLine, 'signal'>,
  presenceOf: (state: WindowState) => Presence,
  signal: AbortSignal,
): void {
  let told = '';
  const update = () => {
    const state = store.getState();
    if (state.seat?.user === undefined) return;
    const presence = presenceOf(state);
    const text = JSON.stringify(presence);
    if (text === told) return;
    told = text;
    line.signal(presence);
  };
  signal.addEventListener('abort', store.subscribe(update), { once: true });
  update();
}
