import type { RosterRow } from '#protocol/view.ts';
import { when } from '../../app/clock.ts';
import { useWindow } from '../../app/window-store.ts';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { Mark } from '../../ui/Mark.tsx';
import { availabilityWords } from '../../ui/OnDuty.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { roleWords } from '../../ui/SeatBar.tsx';

function Availability({ desk }: { readonly desk: string }) {
  const now = useWindow(({ presence }) => presence.get(desk)?.availability);
  return now === undefined ? null : availabilityWords[now];
}

/** With the day where it is not today's: nobody is to be on duty since yesterday. */
function Since({ at }: { readonly at: number }) {
  const text = useWindow(({ now }) => when(at, now));
  return <span className="figures">{text}</span>;
}

const columns: readonly Column<RosterRow>[] = [
  { name: 'Desk', cell: ({ desk }) => <b>{desk}</b> },
  { name: 'Person', cell: ({ name }) => name },
  { name: 'As', cell: ({ role }) => (role === undefined ? '' : roleWords[role]) },
  { name: 'Since', cell: ({ since }) => <Since at={since} /> },
  { name: 'Now', cell: ({ desk }) => <Availability desk={desk} /> },
  { name: '', cell: ({ mark }) => <Mark mark={mark} isShort /> },
];

/** Who is on duty where, and in which role. */
export function DutyPanel() {
  const rows = useWindow(({ roster }) =>
    [...roster.values()].toSorted((left, right) =>
      left.desk.localeCompare(right.desk, 'en', { numeric: true }),
    ),
  );
  return (
    <Panel
      title="On duty"
      count={rows.length}
      className="duty"
      testId="duty"
      keys={<KeyCap keys="Alt+6" />}
    >
      <RowList
        list="duty"
        label="On duty, by desk"
        rows={rows}
        columns={columns}
        empty="Nobody is on duty"
        rowProps={({ desk }) => ({ 'data-testid': `duty-${desk}` })}
      />
    </Panel>
  );
}
