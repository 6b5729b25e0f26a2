import { useWindow } from '../app/window-store.ts';

const kinds: Readonly<Record<number, string>> = {
  1: 'free',
  2: 'free',
  3: 'free',
  5: 'en-route',
  6: 'at-scene',
};

export const useStatusName = (code: number) =>
  useWindow(
    ({ reference }) =>
      reference?.unitStatuses.rows.find((row) => row.code === code)?.name ?? `Status ${code}`,
  );

/** A status by number and word; the colour is the third. */
export function StatusChip({
  code,
  isAssigned = false,
}: {
  readonly code: number;
  readonly isAssigned?: boolean;
}) {
  const name = useStatusName(code);
  const kind = isAssigned && kinds[code] === 'free' ? 'assigned' : (kinds[code] ?? 'busy');
  return (
    <span className={`chip chip-${kind}`} title={name}>
      <span className="for-listeners">Status </span>
      <b>{code}</b> {kind === 'assigned' ? 'Assigned' : name}
    </span>
  );
}
