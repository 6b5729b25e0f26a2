import type { HandoverRow } from '#protocol/view.ts';
import { numberOf } from '../../app/line-grammar.ts';
import { selectHandovers } from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { Countdown } from '../../ui/Clock.tsx';
import { GradeBadge } from '../../ui/GradeBadge.tsx';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { Mark } from '../../ui/Mark.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { useDispatchActions } from './dispatch-actions.ts';

function What({ row }: { readonly row: HandoverRow }) {
  const incident = useWindow(({ incidents }) => incidents.get(row.incidentId));
  return incident ? (
    <>
      <b className="mono">{incident.openingCode}</b> {incident.place.text}
    </>
  ) : null;
}

const columns: readonly Column<HandoverRow>[] = [
  { name: 'Gr', cell: ({ grade }) => <GradeBadge grade={grade} /> },
  {
    name: 'Accept in',
    cell: ({ deadlineAt }) => <Countdown to={deadlineAt} label="Accept in" />,
  },
  { name: 'No.', cell: ({ incidentId }) => <b className="mono">{numberOf(incidentId)}</b> },
  { name: 'What, where', cell: (row) => <What row={row} /> },
  {
    name: 'From',
    cell: ({ from, escalatedAt }) => (
      <>
        {from.desk}
        {escalatedAt !== undefined && <em className="is-warning">, supervisor</em>}
      </>
    ),
  },
  { name: '', cell: ({ mark }) => <Mark mark={mark} isShort /> },
];

/** What nobody has accepted, each with its clock. Past its deadline a row is inverse, steady, and sounds. */
export function HandoverPanel() {
  const { accept, acceptOldest } = useDispatchActions();
  const rows = useWindow(selectHandovers);
  const late = useWindow(({ now }) =>
    rows
      .filter(({ deadlineAt }) => now > deadlineAt)
      .map(({ id }) => id)
      .join(' '),
  );
  const isLate = new Set(late.split(' '));
  return (
    <Panel
      title="Hand-overs to accept"
      count={rows.length}
      className={late === '' ? 'handovers' : 'handovers is-loud'}
      keys={
        <>
          <KeyCap keys="Alt+2" />
          <ActionKey
            keys="F1"
            label="Accept the first"
            onPress={acceptOldest}
            isMain={rows.length > 0}
          />
        </>
      }
    >
      <RowList
        list="handovers"
        label="Hand-overs to accept"
        rows={rows}
        columns={columns}
        empty="Every incident has been accepted"
        rowProps={({ id, grade }) => ({
          'data-testid': `handover-${id}`,
          'data-late': isLate.has(id),
          className: `bar-${grade}${isLate.has(id) ? ' is-late' : ''}`,
        })}
        onEnter={({ id }) => accept(id)}
      />
    </Panel>
  );
}
