import '../../app/no-eval.ts';
import { ActionsContext, type ActionPorts } from '../../app/actions.ts';
import { soundAlarms } from '../../app/alarm.ts';
import { download } from '../../app/download.ts';
import type { KeyTable } from '../../app/keys.ts';
import { isWritingIn } from '../../app/presence.ts';
import { restoreOnce } from '../../app/restore.ts';
import { selectIsOfTheFloor } from '../../app/selectors.ts';
import { seatKeys } from '../../app/seat-keys.ts';
import { startWindow } from '../../app/start-window.tsx';
import type { WindowStore } from '../../app/window-store.ts';
import { DispatchContext } from '../dispatch/dispatch-actions.ts';
import { dispatchKeys } from '../dispatch/dispatch-keys.ts';
import { Supervisor } from './Supervisor.tsx';
import {
  createSupervisorActions,
  selectIsOverseer,
  SupervisorContext,
  type SupervisorActions,
} from './supervisor-actions.ts';

const keys = (actions: SupervisorActions, store: WindowStore, ports: ActionPorts): KeyTable => {
  const { focus } = ports;
  const state = store.getState();
  if (state.seat?.user === undefined || state.seat.lockedAt !== undefined) return {};
  const desks: KeyTable = {
    ...seatKeys(actions),
    'Alt+1': () => focus('list', 'desks'),
    'Alt+7': () => focus('list', 'levels'),
    'Alt+c': actions.saveLevels,
  };
  if (!selectIsOverseer(state) || !selectIsOfTheFloor(state)) return desks;
  return {
    ...desks,
    ...dispatchKeys(actions, store, ports),
    'Alt+3': () => focus('list', 'past-target'),
    'Alt+8': () => focus('list', 'unowned'),
    'Alt+5': () => {
      const unit = [...store.getState().units.values()].find(({ emergency }) => emergency);
      if (unit?.incidentId !== undefined) actions.showIncident(unit.incidentId);
    },
    'Alt+6': () => focus('list', 'duty'),
    Escape: actions.closeIncident,
  };
};

startWindow(window, {
  name: 'supervisor',
  makeActions: (store, line, ports) =>
    createSupervisorActions(store, line, ports, (name, text) => download(window, name, text)),
  follows: ['desks'],
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
    restoreOnce(window, store, { restore: actions.restore, begin: actions.closeIncident }, signal);
    soundAlarms(store, signal);
    signal.addEventListener('abort', store.subscribe(actions.keepLevels), { once: true });
  },
  view: (actions) => (
    <ActionsContext value={actions}>
      <DispatchContext value={actions}>
        <SupervisorContext value={actions}>
          <Supervisor />
        </SupervisorContext>
      </DispatchContext>
    </ActionsContext>
  ),
});
