import type { ReactNode } from 'react';
import { hhmmss, when } from '../../app/clock.ts';
import { useWindow } from '../../app/window-store.ts';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { useAdminActions } from './admin-actions.ts';
import { selectRows, useAdmin, type PanelName, type RowOf } from './admin-store.ts';

interface Props<Name extends PanelName> {
  readonly panel: Name;
  readonly title: string;
  readonly columns: readonly Column<RowOf[Name]>[];
  readonly empty: string;
  readonly stateOf: (row: RowOf[Name]) => string;
  readonly testIdOf: (row: RowOf[Name]) => string;
  readonly children: ReactNode;
}

// More than a force has; a page of thousands would be slow under every key.
const SHOWN_MAX = 300;

/** A list of this window: its filter, its rows with what came of the last doing beside each, its keys. */
export function AdminList<Name extends PanelName>({
  panel,
  title,
  columns,
  empty,
  stateOf,
  testIdOf,
  children,
}: Props<Name>) {
  const rows = useAdmin((state) => selectRows(state, panel));
  const { readAt, problem } = useAdmin(({ lists }) => lists[panel]);
  const isFiltered = useAdmin(({ filter }) => filter.trim() !== '');
  const withSaid: readonly Column<RowOf[Name]>[] = [
    ...columns,
    { name: 'What came of it', cell: saidOf },
  ];
  const nothing =
    readAt === undefined ? 'Reading the list…' : isFiltered ? 'Nothing fits the filter' : empty;
  return (
    <Panel
      title={title}
      count={rows.length}
      className="admin-list"
      keys={
        <span className="muted" data-testid="read-at">
          {readAt === undefined ? '' : `read ${hhmmss(readAt)}`}
        </span>
      }
    >
      <Filter problem={problem} />
      <RowList
        list={panel}
        label={title}
        rows={rows.slice(0, SHOWN_MAX)}
        columns={withSaid}
        empty={nothing}
        rowProps={(row) => ({ 'data-testid': testIdOf(row), 'data-state': stateOf(row) })}
      />
      {rows.length > SHOWN_MAX && (
        <p className="panel-foot" data-testid="more">
          The first {SHOWN_MAX} of {rows.length} are shown: the filter finds the others.
        </p>
      )}
      <LastSaid />
      <p className="panel-foot">{children}</p>
    </Panel>
  );
}

/** What is typed here leaves the rows that hold every word of it. Beside it: why the list is not of now. */
function Filter({ problem }: { readonly problem: string }) {
  const { filter, leaveFilter } = useAdminActions();
  const text = useAdmin((state) => state.filter);
  return (
    <div className="admin-filter">
      <label>
        <span className="field-name">
          Filter <KeyCap keys="/" />
        </span>
        <input
          data-testid="filter"
          data-pad="filter"
          data-field="filter"
          autoComplete="off"
          spellCheck={false}
          maxLength={100}
          value={text}
          onChange={(event) => filter(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' && event.key !== 'ArrowDown') return;
            event.preventDefault();
            leaveFilter();
          }}
        />
      </label>
      <span className="is-warning" role="status" data-testid="list-problem">
        {problem !== '' && `! Not read again: ${problem}`}
      </span>
    </div>
  );
}

/** In place, beside the row: what a second press does, or what came of the last one. */
function SaidOf({ id }: { readonly id: string }) {
  const confirming = useAdmin((state) =>
    state.confirming?.rowId === id ? state.confirming.words : undefined,
  );
  const said = useAdmin((state) => state.said.get(id));
  if (confirming !== undefined)
    return (
      <b className="admin-confirm" data-testid="confirm">
        {confirming}
      </b>
    );
  return said ? <span className={`notice-${said.tone}`}>{said.text}</span> : null;
}

const saidOf = ({ id }: { readonly id: string }) => <SaidOf id={id} />;

/** The last word, also where its row has gone from the list. */
function LastSaid() {
  const said = useAdmin(({ lastSaid }) => lastSaid);
  const confirming = useAdmin((state) => state.confirming?.words);
  return (
    <p className="admin-said" role="status" aria-live="polite" data-testid="said">
      {confirming ??
        (said && (
          <span className={`notice-${said.tone}`}>
            <time>{hhmmss(said.at)}</time> {said.text}
          </span>
        ))}
    </p>
  );
}

/** An instant, with the day where it is not today's; in words where there is none. */
export function At({
  at,
  otherwise,
}: {
  readonly at: number | undefined;
  readonly otherwise: string;
}) {
  const text = useWindow(({ now }) => (at === undefined ? otherwise : when(at, now)));
  return <span className={at === undefined ? 'muted' : 'figures'}>{text}</span>;
}
