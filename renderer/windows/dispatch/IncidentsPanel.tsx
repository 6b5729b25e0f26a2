import type { IncidentRow } from '#protocol/view.ts';
import { isAttended, progressOf, selectOpenIncidents } from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { Countdown, Since } from '../../ui/Clock.tsx';
import { GradeBadge } from '../../ui/GradeBadge.tsx';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { Mark } from '../../ui/Mark.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { useDispatchActions } from './dispatch-actions.ts';

const columns: readonly Column<IncidentRow>[] = [
  { name: 'Gr', cell: ({ grade }) => <GradeBadge grade={grade} /> },
  {
    name: 'Attend in',
    cell: (row) =>
      isAttended(row) ? (
        <span className="is-ok">attended</span>
      ) : row.attendBy === null ? (
        <span className="muted">no target</span>
      ) : (
        <Countdown to={row.attendBy} label="Attend in" />
      ),
  },
  { name: 'No.', cell: ({ id }) => <b className="mono">{id.slice(id.lastIndexOf('-') + 1)}</b> },
  { name: 'Code', cell: ({ openingCode }) => <span className="mono">{openingCode}</span> },
  {
    name: 'Where, what',
    cell: ({ place, narrative }) => (
      <>
        {place.text}
        {!place.isVerified && <span className="muted"> △</span>}{' '}
        <span className="muted">{narrative}</span>
      </>
    ),
  },
  {
    name: 'State, units',
    cell: (row) => (
      <>
        {row.units.length > 0 ? (
          <b className="mono">{row.units.map(({ id }) => id).join(' ')}</b>
        ) : (
          <span className={row.owner ? '' : 'is-warning'}>
            {row.owner ? progressOf(row).replace(' dispatch', '') : 'No owner'}
          </span>
        )}
      </>
    ),
  },
  { name: 'Age', cell: ({ raisedAt }) => <Since at={raisedAt} /> },
  { name: '', cell: ({ mark }) => <Mark mark={mark} isShort /> },
];

/** What is open, the most urgent on top: by grade, then by the clock that runs out first. */
export function IncidentsPanel() {
  const { goToEntry } = useDispatchActions();
  const rows = useWindow(selectOpenIncidents);
  return (
    <Panel
      title="Open incidents"
      count={rows.length}
      className="incidents"
      keys={
        <>
          <KeyCap keys="Alt+1" />
          <span className="muted">by grade, then clock</span>
        </>
      }
    >
      <RowList
        list="incidents"
        label="Open incidents by grade and clock"
        rows={rows}
        columns={columns}
        empty="No incident is open"
        rowProps={(row) => ({
          'data-testid': `incident-${row.id}`,
          'data-grade': row.grade,
          'data-state': progressOf(row),
          className: `bar-${row.grade}`,
        })}
        onEnter={goToEntry}
      />
    </Panel>
  );
}
