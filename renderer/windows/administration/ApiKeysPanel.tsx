import type { ApiKeyRow } from '#protocol/administer.ts';
import { ActionKey } from '../../ui/KeyCap.tsx';
import type { Column } from '../../ui/RowList.tsx';
import { useAdminActions } from './admin-actions.ts';
import { AdminList, At } from './AdminList.tsx';
import type { Row } from './admin-store.ts';

const columns: readonly Column<Row<ApiKeyRow>>[] = [
  { name: 'System', cell: ({ name }) => <b>{name}</b> },
  {
    name: 'Key',
    cell: ({ revokedAt }) =>
      revokedAt === undefined ? 'Good' : <span className="muted">Taken back</span>,
  },
  { name: 'Made', cell: ({ madeAt }) => <At at={madeAt} otherwise="not kept" /> },
  { name: 'Last used', cell: ({ lastUsedAt }) => <At at={lastUsedAt} otherwise="never" /> },
  {
    name: 'Taken back',
    cell: ({ revokedAt }) => (revokedAt === undefined ? '' : <At at={revokedAt} otherwise="" />),
  },
];

/** The outside systems that may hand in contacts and statuses, or once could. */
export function ApiKeysPanel() {
  const { add, takeBack } = useAdminActions();
  return (
    <AdminList
      panel="api-keys"
      title="API keys"
      columns={columns}
      empty="No outside system has a key. N makes one."
      stateOf={({ revokedAt }) => (revokedAt === undefined ? 'good' : 'revoked')}
      testIdOf={({ name }) => `api-key-${name}`}
    >
      <ActionKey keys="N" label="Make a key" onPress={add} />
      <ActionKey keys="X" label="Take the key back" onPress={takeBack} />
    </AdminList>
  );
}
