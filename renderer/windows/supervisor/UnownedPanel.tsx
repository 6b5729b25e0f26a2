import type { UnownedRow } from '#protocol/view.ts';
import { hhmmss } from '../../app/clock.ts';
import { useWindow } from '../../app/window-store.ts';
import { Since } from '../../ui/Clock.tsx';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { selectUnowned, unownedWords } from './unowned.ts';

const columns: readonly Column<UnownedRow>[] = [
  { name: 'Why', cell: ({ kind }) => <b>{unownedWords(kind)}</b> },
  {
    name: 'Which',
    cell: ({ subject, what }) => (
      <>
        {subject.length <= SUBJECT_SHOWN && <span className="mono">{subject} </span>}
        {what}
      </>
    ),
  },
  {
    name: 'Last with',
    cell: ({ owner }) =>
      owner ? `${owner.name} ${owner.desk}` : <span className="muted">nobody</span>,
  },
  {
    name: 'Since',
    cell: ({ since }) => (
      <>
        <span className="figures">{hhmmss(since)}</span> <Since at={since} />
      </>
    ),
  },
];

const SUBJECT_SHOWN = 20; // a reference or a call sign; the id of a contact tells nobody anything

/** Everything that nobody on duty has in hand or answered in its time. It empties only by being dealt with. */
export function UnownedPanel({
  keys,
  onChoose,
}: {
  readonly keys?: string;
  readonly onChoose?: (row: UnownedRow) => void;
}) {
  const rows = useWindow(selectUnowned);
  return (
    <Panel
      title="Without an owner"
      count={rows.length}
      className={rows.length > 0 ? 'unowned is-loud' : 'unowned'}
      testId="unowned"
      keys={keys !== undefined && <KeyCap keys={keys} />}
    >
      <RowList
        list="unowned"
        label="Without an owner"
        rows={rows}
        columns={columns}
        empty="Everything has somebody on duty who has it in hand"
        rowProps={({ kind, grade }) => ({
          'data-kind': kind,
          ...(grade !== undefined && { className: `bar-${grade}` }),
        })}
        {...(onChoose && { onEnter: onChoose })}
      />
    </Panel>
  );
}
