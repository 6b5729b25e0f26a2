import type { ConflictRow, TrayRow } from '#protocol/view.ts';
import { useActions } from '../app/actions.ts';
import { hhmmss } from '../app/clock.ts';
import { refusalIn, refusalText } from '../app/refusal-text.ts';
import { isLateOfOthers, selectTray } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';
import { ActionKey, KeyCap } from './KeyCap.tsx';
import { Mark } from './Mark.tsx';
import { Panel } from './Panel.tsx';
import { RowList, type Column } from './RowList.tsx';

type Row = TrayRow | ConflictRow;

const columns: readonly Column<Row>[] = [
  {
    name: 'Refused after it was stored',
    cell: (row) => (isLateOfOthers(row) ? <Late row={row} /> : <Refused row={row} />),
  },
];

function Refused({ row }: { readonly row: TrayRow }) {
  return (
    <>
      <Mark mark="refused" isShort /> <span className="figures">{hhmmss(row.at)}</span> {row.what}
      <span className="tray-reason">{refusalIn(row.reason, row.message)}</span>
      {row.dependents.length > 0 && (
        <ul className="tray-dependents" aria-label="And what rested on it">
          {row.dependents.map(({ id, what, reason, message }) => (
            <li key={id}>
              {what}: {refusalIn(reason, message)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** What another desk asked while it was away, and what was decided here had come first. */
function Late({ row }: { readonly row: ConflictRow }) {
  return (
    <>
      <Mark mark="refused" isShort /> <span className="figures">{hhmmss(row.askedAt)}</span>{' '}
      {row.by.name} at {row.by.desk}, while away: {row.what} {row.subject}
      <span className="tray-reason">
        It was not done: {refusalText({ reason: row.reason, unitId: row.subject })}. What{' '}
        {row.other} had decided stands; {row.by.desk} may have told somebody otherwise.
      </span>
    </>
  );
}

/** What the server refused after this desk, or another one while it was away, had stored it. It stays until somebody has dealt with it. */
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
