import { useWindow } from '../app/window-store.ts';

/** How much has nobody on duty who has it in hand: in every window of a supervisor. */
export function UnownedCount() {
  const isSupervisor = useWindow(({ seat }) => seat?.user?.role === 'supervisor');
  const count = useWindow(({ unowned }) => unowned.size);
  if (!isSupervisor) return null;
  return (
    <span className={count > 0 ? 'fact is-warning' : 'fact'} data-testid="unowned-count">
      unowned <b>{count}</b>
    </span>
  );
}
