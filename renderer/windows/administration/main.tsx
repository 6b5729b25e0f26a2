import '../../app/no-eval.ts';
import { ActionsContext } from '../../app/actions.ts';
import type { KeyTable } from '../../app/keys.ts';
import { startWindow } from '../../app/start-window.tsx';
import type { WindowStore } from '../../app/window-store.ts';
import {
  AdminContext,
  createAdminActions,
  selectIsAdministrator,
  type AdminActions,
} from './admin-actions.ts';
import { AdminStoreContext, createAdminStore, panels } from './admin-store.ts';
import { roleChoices } from './admin-words.ts';
import { Administration } from './Administration.tsx';

const own = createAdminStore();

const keys = (actions: AdminActions, store: WindowStore): KeyTable => {
  if (store.getState().seat?.lockedAt !== undefined) return {};
  const signOut = {
    'Alt+l': () => actions.lock(),
    'Alt+q': () => void actions.signOut(),
    'Alt+x': actions.readNotices,
  };
  if (!selectIsAdministrator(store.getState())) return signOut;
  return {
    ...signOut,
    F7: actions.openFilter,
    'Ctrl+f': actions.openFilter,
    '/': actions.openFilter,
    ...Object.fromEntries(panels.map((panel, n) => [`Alt+${n + 1}`, () => actions.goTo(panel)])),
    ...Object.fromEntries(
      roleChoices.map((role, n) => [String(n + 1), () => actions.setRole(role)]),
    ),
    // While a form is open, a letter that falls beside its fields does nothing to a row.
    ...(own.getState().form === undefined && {
      n: actions.add,
      r: actions.changeRole,
      p: actions.resetPassword,
      u: actions.unlock,
      o: actions.openAgain,
      x: actions.takeBack,
      a: actions.takeAllBack,
      m: actions.codeForDesk,
    }),
    Escape: actions.leave,
  };
};

startWindow(window, {
  name: 'administration',
  makeActions: (store, line, ports) => createAdminActions(store, line, ports, own),
  wanted: () => ({}),
  presence: () => ({ about: '', isTyping: false }),
  keys,
  also: (store, actions, signal) => {
    const tick = () => actions.tick(window.document.visibilityState === 'visible');
    signal.addEventListener('abort', store.subscribe(tick), { once: true });
    window.document.addEventListener('visibilitychange', tick, { signal });
  },
  view: (actions) => (
    <ActionsContext value={actions}>
      <AdminContext value={actions}>
        <AdminStoreContext value={own}>
          <Administration />
        </AdminStoreContext>
      </AdminContext>
    </ActionsContext>
  ),
});
