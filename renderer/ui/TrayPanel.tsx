import type { TrayRow } from '#protocol/view.ts';
import { useActions } from '../app/actions.ts';
import { hhmmss } from '../app/clock.ts';
import { refusalIn, refusalText } from '../app/refusal-text.ts';
import { selectTray } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';
import { ActionKey, KeyCap } from './KeyCap.tsx';
import { Mark } from './Mark.tsx';
import { Panel } from './Panel.tsx';
import { RowList } from './RowList.tsx';

const columns = [
  {
    name: 'Refused after it was stored here',
    cell: (row: TrayRow) => (
      <>
        <Mark mark="refused" isShort /> <span className="figures">{hhmmss(row.at)}</span> {row.what}
        <span className="tray-reason">{refusalIn(row.reason, row.message)}</span>
        {row.dependents.length > 0 && (
          <ul className="tray-dependents" aria-label="And what rested on it">
            {row.dependents.map(({ id, what, reason }) => (
              <li key={id}>
                {what}: {refusalText({ reason })}
              </li>
            ))}
          </ul>
        )}
      </>
    ),
  },
];

/** What the server refused after this desk had stored it. It stays until somebody has dealt with it. */
export function TrayPanel({ keys }: { readonly keys: string }) {
  const rows = useWindow(selectTray);
  const { settleTray } = useActions();
  const settle = () => {
    void settleTray();
    return true;
  };
  return (
    <Panel
      title="Needs attention"
      count={rows.length}
      className={rows.length > 0 ? 'tray has-items' : 'tray is-empty'}
      testId="tray"
      keys={
        <>
          <KeyCap keys={keys} />
          {rows.length > 0 && <ActionKey keys="Del" label="Dealt with" onPress={settle} />}
        </>
      }
    >
      <RowList
        list="tray"
        label="Needs attention"
        rows={rows}
        columns={columns}
        empty="Nothing was refused"
        onEnter={settle}
        onKey={(key) => key === 'Delete' && settle()}
      />
    </Panel>
  );
}
