import type { SessionRow } from '#protocol/administer.ts';
import { ActionKey } from '../../ui/KeyCap.tsx';
import type { Column } from '../../ui/RowList.tsx';
import { useAdminActions } from './admin-actions.ts';
import { AdminList, At } from './AdminList.tsx';

const columns: readonly Column<SessionRow>[] = [
  {
    name: 'Who',
    cell: ({ user }) => (
      <>
        <b className="mono">{user.name}</b> {user.displayName}
      </>
    ),
  },
  { name: 'Where', cell: ({ desk }) => <b>{desk === 'browser' ? 'no desk' : desk}</b> },
  {
    // A desk does not say when somebody signs out: it is what they may do, and not where they are.
    name: 'What they may do',
    cell: ({ signIn }) =>
      signIn === 'online' ? 'Work there' : <span className="muted">Sign in while server away</span>,
  },
  { name: 'Since', cell: ({ since }) => <At at={since} otherwise="" /> },
  { name: 'Until', cell: ({ until }) => <At at={until} otherwise="" /> },
];

/** What lets somebody work now, or come in at their desk while the server is away. */
export function SessionsPanel() {
  const { takeBack, takeAllBack } = useAdminActions();
  return (
    <AdminList
      panel="sessions"
      title="Sessions"
      columns={columns}
      empty="Nobody is signed in anywhere."
      stateOf={({ signIn }) => signIn}
      testIdOf={({ user, desk, signIn }) => `session-${user.name}-${desk}-${signIn}`}
    >
      <ActionKey keys="X" label="Sign out there" onPress={takeBack} />
      <ActionKey keys="A" label="Sign this person out everywhere" onPress={takeAllBack} />
    </AdminList>
  );
}
