import type { UnitRow } from '#protocol/view.ts';
import { selectUnits } from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { Since } from '../../ui/Clock.tsx';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { Mark } from '../../ui/Mark.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { StatusChip } from '../../ui/StatusChip.tsx';
import { useDispatchActions } from './dispatch-actions.ts';

function Request({ code }: { readonly code: number }) {
  const name = useWindow(
    ({ reference }) => reference?.unitStatuses.rows.find((row) => row.code === code)?.name ?? '',
  );
  return (
    <em className="is-warning">
      {code} {name}
    </em>
  );
}

const columns: readonly Column<UnitRow>[] = [
  { name: 'Unit', cell: ({ id }) => <b className="mono">{id}</b> },
  {
    name: 'Status',
    cell: ({ statusCode, incidentId, emergency }) =>
      emergency ? (
        <b className="emergency-chip">0 EMERGENCY</b>
      ) : (
        <StatusChip code={statusCode} isAssigned={incidentId !== undefined} />
      ),
  },
  { name: 'For', cell: ({ statusAt }) => <Since at={statusAt} /> },
  {
    name: 'On',
    cell: ({ incidentId }) => (
      <span className="mono">{incidentId?.slice(incidentId.lastIndexOf('-') + 1)}</span>
    ),
  },
  {
    name: 'Officers',
    cell: ({ officers, request }) => (
      <>
        {request && <Request code={request.statusCode} />} {officers.join(', ')}
      </>
    ),
  },
  { name: '', cell: ({ mark }) => <Mark mark={mark} isShort /> },
];

/** Every unit on duty by call sign, with its status and for how long. */
export function UnitsPanel() {
  const { setStatus, book, assign } = useDispatchActions();
  const rows = useWindow(selectUnits);
  const chosen = useWindow(({ units, selected }) => units.get(selected.units ?? ''));
  return (
    <Panel
      title="Units on duty"
      count={rows.length}
      className="units"
      keys={<KeyCap keys="Alt+3" />}
    >
      <RowList
        list="units"
        label="Units on duty"
        rows={rows}
        columns={columns}
        empty="No unit is on duty. B books one on."
        rowProps={({ id, statusCode, emergency }) => ({
          'data-testid': `unit-${id}`,
          'data-status': emergency ? 0 : statusCode,
          className: emergency ? 'has-emergency' : '',
        })}
        onEnter={assign}
      />
      {chosen && (
        <p className="panel-foot" data-testid="unit-chosen">
          <b className="mono">{chosen.id}</b> {chosen.officers.join(', ')}
          {chosen.skills.length > 0 && <span className="muted">{chosen.skills.join(', ')}</span>}
        </p>
      )}
      <p className="panel-foot">
        <ActionKey keys="Enter" label="Assign" onPress={assign} />
        <ActionKey keys="S" label="Status" onPress={setStatus} />
        <ActionKey keys="B" label="Book on or off" onPress={book} />
      </p>
    </Panel>
  );
}
