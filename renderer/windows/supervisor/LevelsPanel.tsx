import type { ServiceLevelRow } from '#domain/service-levels.ts';
import { useWindow } from '../../app/window-store.ts';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { levelColumns, shownLevels } from './level-table.ts';
import { LevelsChart } from './LevelsChart.tsx';
import { useSupervisorActions } from './supervisor-actions.ts';

const columns: readonly Column<ServiceLevelRow>[] = levelColumns.map(({ name, text }) => ({
  name,
  cell: (row) => (row.isTotal ? <b>{text(row)}</b> : text(row)),
}));

const none: readonly ServiceLevelRow[] = [];
/** How the calls of a day were answered: the chart, and every figure of it in the table beside. */
export function LevelsPanel() {
  const { stepDay, saveLevels } = useSupervisorActions();
  const levels = useWindow((state) => state.levels);
  const rows = levels?.rows ?? none;
  const [first] = rows;
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => stepDay(-1),
    ArrowRight: () => stepDay(1),
  };
  return (
    <Panel
      title={`Service levels ${first?.day ?? ''}`}
      className="levels"
      testId="levels"
      keys={
        <>
          <span className="muted">abandoned counts as late</span>
          <KeyCap keys="Alt+7" />
          <ActionKey keys="←" label="Day before" onPress={() => stepDay(-1)} />
          <ActionKey keys="→" label="after" onPress={() => stepDay(1)} />
          <ActionKey keys="Alt+C" label="Save CSV" onPress={saveLevels} />
        </>
      }
    >
      {levels?.state === 'failed' && (
        <p className="problem" role="status">
          {levels.message}
        </p>
      )}
      <div className="levels-body">
        <LevelsChart rows={rows} />
        <RowList
          list="levels"
          label="How calls were answered, by quarter of an hour, the newest first"
          rows={shownLevels(rows)}
          columns={columns}
          empty={levels === undefined ? 'Fetching the figures…' : 'No call that day'}
          rowProps={({ id, isTotal }) => ({
            'data-testid': `level-${id}`,
            className: isTotal ? 'is-total' : '',
          })}
          onKey={(key) => {
            keys[key]?.();
            return key in keys;
          }}
        />
      </div>
    </Panel>
  );
}
