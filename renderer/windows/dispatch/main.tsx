import '../../app/no-eval.ts';
import type { ActionPorts } from '../../app/actions.ts';
import { ActionsContext } from '../../app/actions.ts';
import { soundAlarms } from '../../app/alarm.ts';
import type { KeyTable } from '../../app/keys.ts';
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
import { dispatchKeys } from './dispatch-keys.ts';

const keys = (actions: DispatchActions, store: WindowStore, ports: ActionPorts): KeyTable => {
  const { focus } = ports;
  const { seat } = store.getState();
  if (seat?.user === undefined || seat.lockedAt !== undefined) return {};
  return {
    ...dispatchKeys(actions, store, ports),
    'Alt+1': () => focus('list', 'incidents'),
    'Alt+3': () => focus('list', 'units'),
    'Alt+5': () => {
      const unit = [...store.getState().units.values()].find(({ emergency }) => emergency);
      if (unit?.incidentId !== undefined) actions.select('incidents', unit.incidentId);
    },
    ...seatKeys(actions),
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
