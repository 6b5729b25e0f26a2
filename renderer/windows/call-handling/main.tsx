import '../../app/no-eval.ts';
import { ActionsContext } from '../../app/actions.ts';
import type { KeyTable } from '../../app/keys.ts';
import { isWritingIn } from '../../app/presence.ts';
import { selectFormIncidentId, selectReadiness } from '../../app/selectors.ts';
import { restoreOnce } from '../../app/restore.ts';
import { seatKeys } from '../../app/seat-keys.ts';
import { startWindow } from '../../app/start-window.tsx';
import type { WindowStore } from '../../app/window-store.ts';
import { CallContext, createCallActions, type CallActions } from './call-actions.ts';
import { CallHandling } from './CallHandling.tsx';

const keys = (
  actions: CallActions,
  store: WindowStore,
  { focus }: { readonly focus: (draftId: string, field: string) => void },
): KeyTable => {
  const { seat } = store.getState();
  if (seat?.user === undefined || seat.lockedAt !== undefined) return {};
  const form = () => {
    actions.openForm(store.getState().formAbout);
    return true;
  };
  return {
    F1: actions.takeNext,
    'Ctrl+Enter': actions.takeNext,
    F2: actions.holdOrResume,
    F3: actions.end,
    F4: actions.wrapUp,
    F5: actions.readyOrWrapUp,
    F6: actions.askChannel,
    F7: actions.openFind,
    'Ctrl+f': actions.openFind,
    F8: actions.raise,
    F9: actions.goToEntry,
    'Ctrl+l': actions.goToEntry,
    'Ctrl+s': actions.saveDetails,
    'Alt+1': () => focus('list', 'contacts'),
    'Alt+2': form,
    'Alt+3': () => focus('list', 'crimes'),
    'Alt+4': () => focus('list', 'tray'),
    'Alt+n': () => actions.openForm('new'),
    'Alt+k': actions.showHotkeys,
    ...seatKeys(actions),
    // Within the form Esc stays where it is; from anywhere else it leads back to the caret.
    Escape: () =>
      actions.closeSeatAsk() ||
      (document.activeElement?.closest('.contact-form') === null && form()),
  };
};

const availabilityOf = {
  'on-call': 'talking',
  'wrap-up': 'wrap-up',
  ready: 'ready',
  'not-ready': 'away',
} as const;

startWindow(window, {
  name: 'call-handling',
  makeActions: createCallActions,
  wanted: (state) => ({
    contact: state.formAbout === 'new' ? undefined : state.formAbout,
    incident: selectFormIncidentId(state),
  }),
  presence: (state) => {
    const incidentId = selectFormIncidentId(state);
    const about = incidentId ?? state.formAbout;
    return {
      about:
        incidentId !== undefined
          ? `incident/${incidentId}`
          : state.formAbout === 'new'
            ? ''
            : `contact/${state.formAbout}`,
      isTyping: isWritingIn(state, about),
      availability: availabilityOf[selectReadiness(state).state],
    };
  },
  keys,
  also: (store, actions, signal) =>
    restoreOnce(
      window,
      store,
      { restore: actions.restore, begin: () => actions.openForm('new') },
      signal,
    ),
  view: (actions) => (
    <ActionsContext value={actions}>
      <CallContext value={actions}>
        <CallHandling />
      </CallContext>
    </ActionsContext>
  ),
});
