import type { AccountRow } from '#protocol/administer.ts';
import { useWindow } from '../../app/window-store.ts';
import { ActionKey } from '../../ui/KeyCap.tsx';
import type { Column } from '../../ui/RowList.tsx';
import { useAdminActions } from './admin-actions.ts';
import { AdminList, At } from './AdminList.tsx';
import { roleWords, stateWords } from './admin-words.ts';

function State({ row }: { readonly row: AccountRow }) {
  const text = useWindow(({ now }) => stateWords(row, now));
  const tone = { active: '', closed: 'muted', locked: 'is-warning' };
  const known: Readonly<Record<string, string>> = tone;
  return <span className={known[row.state] ?? 'is-warning'}>{text}</span>;
}

const columns: readonly Column<AccountRow>[] = [
  { name: 'Signs in as', cell: ({ name }) => <b className="mono">{name}</b> },
  { name: 'Shown as', cell: ({ displayName }) => displayName },
  { name: 'Role', cell: ({ role }) => roleWords[role] },
  { name: 'Account', cell: (row) => <State row={row} /> },
  {
    name: 'Last sign-in',
    cell: ({ lastSignInAt }) => <At at={lastSignInAt} otherwise="never" />,
  },
];

/** Every account, open or closed: nobody is ever taken off the record. */
export function PeoplePanel() {
  const { add, changeRole, takeBack, openAgain, resetPassword, unlock } = useAdminActions();
  return (
    <AdminList
      panel="people"
      title="People"
      columns={columns}
      empty="There is no account. N adds one."
      stateOf={({ state }) => state}
      testIdOf={({ name }) => `person-${name}`}
    >
      <ActionKey keys="N" label="Add" onPress={add} />
      <ActionKey keys="R" label="Role" onPress={changeRole} />
      <ActionKey keys="P" label="Reset password" onPress={resetPassword} />
      <ActionKey keys="U" label="Unlock" onPress={unlock} />
      <ActionKey keys="X" label="Close account" onPress={takeBack} />
      <ActionKey keys="O" label="Open again" onPress={openAgain} />
    </AdminList>
  );
}
