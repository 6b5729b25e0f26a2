import { KeyCap } from '../../ui/KeyCap.tsx';
import { SeatFrame } from '../../ui/SeatFrame.tsx';
import { selectIsAdministrator, useAdminActions } from './admin-actions.ts';
import { panels, useAdmin, type PanelName } from './admin-store.ts';
import { ApiKeysPanel } from './ApiKeysPanel.tsx';
import { DesksPanel } from './DesksPanel.tsx';
import { PeoplePanel } from './PeoplePanel.tsx';
import { SessionsPanel } from './SessionsPanel.tsx';
import { SidePanel } from './SidePanel.tsx';

const names: Readonly<Record<PanelName, string>> = {
  people: 'People',
  sessions: 'Sessions',
  desks: 'Desks',
  'api-keys': 'API keys',
};

/** The administrator's window: who may come in, who is in, which desks and systems have a key. */
export function Administration() {
  return (
    <SeatFrame title="Administration" isFor={selectIsAdministrator} otherwise={<NotForYou />}>
      <main className="work work-admin">
        <Tabs />
        <List />
        <SidePanel />
      </main>
    </SeatFrame>
  );
}

/** One list at a time, each behind its key. */
function Tabs() {
  const { goTo } = useAdminActions();
  const here = useAdmin(({ panel }) => panel);
  return (
    <nav className="admin-tabs" aria-label="Lists">
      {panels.map((panel, n) => (
        <button
          key={panel}
          type="button"
          tabIndex={-1}
          className={panel === here ? 'action is-main' : 'action'}
          aria-current={panel === here ? 'page' : undefined}
          aria-keyshortcuts={`Alt+${n + 1}`}
          data-testid={`tab-${panel}`}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => goTo(panel)}
        >
          <KeyCap keys={`Alt+${n + 1}`} />
          {names[panel]}
        </button>
      ))}
    </nav>
  );
}

function List() {
  const panel = useAdmin((state) => state.panel);
  switch (panel) {
    case 'people':
      return <PeoplePanel />;
    case 'sessions':
      return <SessionsPanel />;
    case 'desks':
      return <DesksPanel />;
    case 'api-keys':
      return <ApiKeysPanel />;
    default:
      return panel satisfies never;
  }
}

/** For who signs in without being an administrator. */
function NotForYou() {
  return (
    <main className="sign-in">
      <p role="status" data-testid="not-an-administrator">
        This window is the administrators’. Sign out with <b>Alt+Q</b>, or open the window of your
        own work at this desk.
      </p>
    </main>
  );
}
