import type { ActionPorts } from '../../app/actions.ts';
import { isTyping, type KeyTable } from '../../app/keys.ts';
import type { WindowStore } from '../../app/window-store.ts';
import type { DispatchActions } from './dispatch-actions.ts';

/** The keys of whoever dispatches, at a dispatcher's window and at a supervisor's. */
export const dispatchKeys = (
  actions: DispatchActions,
  store: WindowStore,
  { focus }: Pick<ActionPorts, 'focus'>,
): KeyTable => {
  const line = () => actions.openLine(store.getState().commandLine.text);
  return {
    F1: () => actions.acceptOldest(),
    F7: actions.openFind,
    'Ctrl+f': actions.openFind,
    F9: actions.goToEntry,
    'Ctrl+l': actions.goToEntry,
    F10: line,
    'Ctrl+k': line,
    F12: actions.ownEmergency,
    'Alt+z': actions.undo,
    // In a text the same key takes typing back, as everywhere.
    'Ctrl+z': ({ target }) => !isTyping(target) && actions.undo(),
    a: actions.assign,
    s: actions.setStatus,
    r: actions.clear,
    u: actions.release,
    x: actions.close,
    g: actions.regrade,
    o: actions.reopen,
    l: actions.link,
    b: actions.book,
    '?': () => actions.openLine('?'),
    'Alt+0': actions.standDown,
    'Alt+2': () => focus('list', 'handovers'),
    'Alt+4': () => focus('list', 'tray'),
  };
};
