import type { DeskRow } from '#protocol/view.ts';
import { span } from '../../app/clock.ts';
import { useWindow } from '../../app/window-store.ts';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import {
  byTrouble,
  clockWords,
  hasLeft,
  shapes,
  sinceWords,
  spreadWords,
  standpointOf,
  stateOf,
} from './desk-state.ts';

const NOTHING = '–';

/** A number that is nothing to look at while it is none. */
const Count = ({ of }: { readonly of: number | undefined }) =>
  of === undefined ? NOTHING : of === 0 ? <span className="muted">0</span> : <b>{of}</b>;

/** How long ago, by the clock of this window; what has no moment has nothing to say. */
function Ago({ at }: { readonly at: number | undefined }) {
  const text = useWindow(({ now }) => (at === undefined ? NOTHING : span(now - at)));
  return <span className={at === undefined ? 'muted' : ''}>{text}</span>;
}

function State({ row }: { readonly row: DeskRow }) {
  const words = useWindow((window) => {
    const from = standpointOf(window);
    const state = stateOf(row, from);
    return [
      String(state.level),
      shapes[state.level],
      state.word,
      sinceWords(row, state, from.now),
      state.troubles.join(', '),
    ].join('\n');
  });
  const isOfNow = useWindow(
    (window) => row.line === 'here' || (row.line === 'joined' && standpointOf(window).isLive),
  );
  const [level = '', shape, word, since, troubles] = words.split('\n');
  return (
    <>
      <b
        className={`desk-level-${level}${isOfNow ? '' : ' is-old'}`}
        data-testid={`desk-state-${row.id}`}
      >
        <span aria-hidden="true">{shape}</span> {word}
      </b>{' '}
      {troubles !== '' && <b className="is-warning">{troubles} </b>}
      <span className="muted">{since}</span>
    </>
  );
}

const columns: readonly Column<DeskRow>[] = [
  { name: 'Desk', cell: ({ id }) => <b>{id}</b> },
  {
    name: 'Person',
    cell: ({ person }) => person ?? <span className="muted">nobody</span>,
  },
  { name: 'State, and what is wrong', cell: (row) => <State row={row} /> },
  { name: 'Unsent', cell: ({ report }) => <Count of={report?.waiting} /> },
  { name: 'oldest', cell: ({ report }) => <Ago at={report?.oldestWaitingAt} /> },
  { name: 'Tray', cell: ({ report }) => <Count of={report?.tray} /> },
  { name: 'Drafts', cell: ({ report }) => <Count of={report?.drafts} /> },
  { name: 'oldest', cell: ({ report }) => <Ago at={report?.oldestDraftAt} /> },
  { name: 'Keys ms', cell: ({ report }) => spreadWords(report?.keyToPaint) },
  { name: 'Saves ms', cell: ({ report }) => spreadWords(report?.saveToRecord) },
  {
    name: 'Clock',
    cell: ({ report }) => (report ? clockWords(report.offsetMs) : NOTHING),
  },
  { name: 'Release', cell: ({ report }) => report?.version ?? NOTHING },
];

/** Every desk by what is wrong with it: what it says of itself, and what it said last where it has gone. */
export function DesksPanel() {
  const rows = useWindow((state) => byTrouble(state.desks.values(), standpointOf(state)));
  const troubled = useWindow((state) => {
    const from = standpointOf(state);
    return [...state.desks.values()].filter((row) => stateOf(row, from).level > 0).length;
  });
  return (
    <Panel
      title="Desks"
      count={rows.length}
      className="desks"
      testId="desks"
      keys={
        <>
          <KeyCap keys="Alt+1" />
          <span className={troubled > 0 ? 'is-warning' : 'muted'} data-testid="desks-troubled">
            {troubled === 0 ? '● all well' : `△ ${troubled} to look at`}
          </span>
          <span className="muted">keys and saves: half within / 19 of 20 within</span>
        </>
      }
    >
      <RowList
        list="desks"
        label="Desks, what is wrong first"
        rows={rows}
        columns={columns}
        empty="No desk is known yet"
        rowProps={(row) => ({
          'data-testid': `desk-${row.id}`,
          'data-line': row.line,
          className: hasLeft(row) ? 'is-off' : '',
        })}
      />
    </Panel>
  );
}
