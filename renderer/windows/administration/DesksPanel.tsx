import type { DeskKeyRow } from '#protocol/administer.ts';
import { ActionKey } from '../../ui/KeyCap.tsx';
import type { Column } from '../../ui/RowList.tsx';
import { useAdminActions } from './admin-actions.ts';
import { AdminList, At } from './AdminList.tsx';
import type { Row } from './admin-store.ts';

const states = {
  joined: ['Joined', 'is-ok'],
  away: ['Away', ''],
  revoked: ['Key taken back', 'muted'],
} as const;

const columns: readonly Column<Row<DeskKeyRow>>[] = [
  { name: 'Desk', cell: ({ desk }) => <b>{desk}</b> },
  {
    name: 'Now',
    cell: ({ state }) => <span className={states[state][1]}>{states[state][0]}</span>,
  },
  { name: 'Enrolled', cell: ({ enrolledAt }) => <At at={enrolledAt} otherwise="not kept" /> },
  {
    name: 'Last seen',
    cell: ({ state, lastSeenAt }) =>
      state === 'joined' ? 'now' : <At at={lastSeenAt} otherwise="never" />,
  },
  {
    name: 'Taken back',
    cell: ({ revokedAt }) => (revokedAt === undefined ? '' : <At at={revokedAt} otherwise="" />),
  },
];

/** Every desk that has, or had, a key. */
export function DesksPanel() {
  const { add, codeForDesk, takeBack } = useAdminActions();
  return (
    <AdminList
      panel="desks"
      title="Desks"
      columns={columns}
      empty="No desk is enrolled. N makes a code for one."
      stateOf={({ state }) => state}
      testIdOf={({ desk }) => `desk-${desk}`}
    >
      <ActionKey keys="N" label="Code for a new desk" onPress={add} />
      <ActionKey keys="M" label="Code for a new key of this desk" onPress={codeForDesk} />
      <ActionKey keys="X" label="Take its key back" onPress={takeBack} />
    </AdminList>
  );
}
