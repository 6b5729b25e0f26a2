import type { IncidentRow } from '#protocol/view.ts';
import { byGradeThenClock, isAttended, progressOf } from '../../app/selectors.ts';
import { numberOf } from '../../app/line-grammar.ts';
import { useWindow, type WindowState } from '../../app/window-store.ts';
import { Countdown } from '../../ui/Clock.tsx';
import { GradeBadge } from '../../ui/GradeBadge.tsx';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { useSupervisorActions } from './supervisor-actions.ts';

/** Open, past the moment by which a unit should be there, and none at scene: the worst first. */
export const selectPastTarget = ({ incidents, now }: WindowState): readonly IncidentRow[] =>
  [...incidents.values()]
    .filter(
      (row) =>
        row.closedAt === undefined &&
        row.attendBy !== null &&
        row.attendBy < now &&
        !isAttended(row),
    )
    .toSorted(byGradeThenClock);

const columns: readonly Column<IncidentRow>[] = [
  { name: 'Gr', cell: ({ grade }) => <GradeBadge grade={grade} /> },
  {
    name: 'Attend in',
    cell: ({ attendBy }) => attendBy !== null && <Countdown to={attendBy} label="Attend in" />,
  },
  { name: 'No.', cell: ({ id }) => <b className="mono">{numberOf(id)}</b> },
  {
    name: 'What, where',
    cell: ({ openingCode, place }) => (
      <>
        <b className="mono">{openingCode}</b> {place.text}
      </>
    ),
  },
  {
    name: 'Units, owner',
    cell: (row) =>
      row.units.length > 0 ? (
        <b className="mono">{row.units.map(({ id }) => id).join(' ')}</b>
      ) : (
        <span className={row.owner ? '' : 'is-warning'}>
          {row.owner
            ? `${progressOf(row).replace(' dispatch', '')}, ${row.owner.desk}`
            : 'No owner'}
        </span>
      ),
  },
];

/** Who has waited for longer than they were to wait. */
export function PastTargetPanel() {
  const { showIncident } = useSupervisorActions();
  const rows = useWindow(selectPastTarget);
  return (
    <Panel
      title="Past target"
      count={rows.length}
      className="past-target"
      testId="past-target"
      keys={
        <>
          <KeyCap keys="Alt+3" />
          <span className="muted">no unit at scene</span>
        </>
      }
    >
      <RowList
        list="past-target"
        label="Incidents past their target, the worst first"
        rows={rows}
        columns={columns}
        empty="Every target is kept"
        rowProps={({ id, grade }) => ({
          'data-testid': `past-${id}`,
          className: `bar-${grade}`,
        })}
        onEnter={({ id }) => showIncident(id)}
      />
    </Panel>
  );
}
