import '../../app/no-eval.ts';
import type { ActionPorts } from '../../app/actions.ts';
import { ActionsContext } from '../../app/actions.ts';
import { soundAlarms } from '../../app/alarm.ts';
import { isTyping, type KeyTable } from '../../app/keys.ts';
import { isWritingIn } from '../../app/presence.ts';
import { restoreOnce } from '../../app/restore.ts';
import { seatKeys } from '../../app/seat-keys.ts';
import { startWindow } from '../../app/start-window.tsx';
import type { WindowStore } from '../../app/window-store.ts';
import {
  createDispatchActions,
  DispatchContext,
  type DispatchActions,
} from './dispatch-actions.ts';
import { Dispatch } from './Dispatch.tsx';

const keys = (actions: DispatchActions, store: WindowStore, { focus }: ActionPorts): KeyTable => {
  const { seat } = store.getState();
  if (seat?.user === undefined || seat.lockedAt !== undefined) return {};
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
    'Alt+1': () => focus('list', 'incidents'),
    'Alt+2': () => focus('list', 'handovers'),
    'Alt+3': () => focus('list', 'units'),
    'Alt+4': () => focus('list', 'tray'),
    'Alt+5': () => {
      const unit = [...store.getState().units.values()].find(({ emergency }) => emergency);
      if (unit?.incidentId !== undefined) actions.select('incidents', unit.incidentId);
    },
    'Alt+x': actions.readNotices,
    ...seatKeys(actions),
    'Alt+b': () => actions.toggleCaption(),
    Escape: () => actions.closeSeatAsk() || focus('list', 'incidents'),
  };
};

startWindow(window, {
  name: 'dispatch',
  makeActions: createDispatchActions,
  wanted: ({ selected }) => ({ incident: selected.incidents }),
  presence: (state) => {
    const id = state.selected.incidents;
    return {
      about: id === undefined ? '' : `incident/${id}`,
      isTyping: id !== undefined && isWritingIn(state, id),
    };
  },
  keys,
  also: (store, actions, signal) => {
    restoreOnce(window, store, { restore: actions.restore, begin: actions.closeFind }, signal);
    soundAlarms(store, signal);
  },
  view: (actions) => (
    <ActionsContext value={actions}>
      <DispatchContext value={actions}>
        <Dispatch />
      </DispatchContext>
    </ActionsContext>
  ),
});
