import { useWindow } from '../app/window-store.ts';

/** What is wrong with this desk's own files, in the words of the desk. It stays until the desk starts again. */
export function DeskTrouble() {
  const trouble = useWindow(({ seat }) => seat?.trouble);
  if (trouble === undefined) return null;
  return (
    <p className="desk-trouble is-warning" role="status" data-testid="desk-trouble">
      ! {trouble}
    </p>
  );
}
