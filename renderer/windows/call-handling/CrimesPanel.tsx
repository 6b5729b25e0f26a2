import type { CrimeNear } from '#protocol/query.ts';
import { monthName } from '../../app/clock.ts';
import { useWindow } from '../../app/window-store.ts';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';

type CrimeRow = CrimeNear & { readonly id: string };

const columns: readonly Column<CrimeRow>[] = [
  { name: 'Month', cell: ({ month }) => monthName(month) },
  { name: 'Away', cell: ({ metres }) => <span className="figures">{Math.round(metres)} m</span> },
  { name: 'Recorded as', cell: ({ crimeType }) => crimeType },
  {
    name: 'On or near, outcome',
    cell: ({ location, outcome }) => (
      <>
        {location.replace(/^On or near /, '')}{' '}
        {outcome !== undefined && <span className="muted">{outcome}</span>}
      </>
    ),
  },
];

/** Crimes recorded around the place that was picked. The month is all that is published: no time is invented. */
export function CrimesPanel() {
  const crimes = useWindow((state) => state.crimes);
  const rows =
    crimes?.rows.map((row, index) => ({ ...row, id: `${index}-${row.month}-${row.location}` })) ??
    [];
  const empty = {
    none: 'Pick a place to see what was recorded around it',
    asking: 'Looking…',
    answered: 'Nothing recorded within 500 m',
    failed: crimes?.state === 'failed' ? crimes.message : '',
  }[crimes?.state ?? 'none'];
  return (
    <Panel
      title="Recorded crime near here"
      count={crimes?.state === 'answered' ? rows.length : undefined}
      className="crimes"
      testId="crimes"
      keys={
        <>
          <span className="muted">month only, nearest first</span>
          <KeyCap keys="Alt+3" />
        </>
      }
    >
      <RowList
        list="crimes"
        label="Recorded crime near the place, month only"
        rows={rows}
        columns={columns}
        empty={empty}
      />
    </Panel>
  );
}
