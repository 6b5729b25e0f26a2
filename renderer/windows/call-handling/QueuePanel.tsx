import type { ContactRow } from '#protocol/view.ts';
import { span } from '../../app/clock.ts';
import { callerText, channelWords } from '../../app/form.ts';
import { me, sectionOf, selectNextOffered, selectQueue } from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { Since } from '../../ui/Clock.tsx';
import { ActionKey } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RowList, type Column } from '../../ui/RowList.tsx';
import { useCallActions } from './call-actions.ts';

const stateWords = {
  offered: 'Ringing',
  answered: 'Live',
  held: 'On hold',
  ended: 'Wrap-up',
  abandoned: 'Abandoned',
  finished: 'Finished',
} as const satisfies Record<ContactRow['state'], string>;

const stateSigns = {
  offered: '●',
  answered: '▶',
  held: '‖',
  ended: '◆',
  abandoned: '✕',
  finished: '✓',
} as const satisfies Record<ContactRow['state'], string>;

const sections = {
  waiting: 'Waiting',
  mine: 'Mine, with what I finished lately',
  elsewhere: 'In other hands',
} as const;

/** Text channels do not ring. */
const stateWord = ({ state, channel }: ContactRow) =>
  state === 'offered' && !['999', '101'].includes(channel) ? 'New' : stateWords[state];

const clockFrom = (row: ContactRow) =>
  row.state === 'offered' || row.state === 'abandoned'
    ? row.offeredAt
    : (row.endedAt ?? row.answeredAt ?? row.offeredAt);

const columns: readonly Column<ContactRow>[] = [
  {
    name: 'State',
    cell: (row) => (
      <>
        <span className="sign" aria-hidden="true">
          {stateSigns[row.state]}
        </span>
        {stateWord(row)}
      </>
    ),
  },
  {
    name: 'Channel',
    cell: ({ channel }) => (
      <span className={`channel channel-${channel}`}>
        {channel === '999' || channel === '101' ? channel : channelWords[channel]}
      </span>
    ),
  },
  { name: 'Number', cell: (row) => <span className="figures">{callerText(row)}</span> },
  { name: 'For', cell: (row) => <Since at={clockFrom(row)} /> },
  {
    name: 'Place, who',
    cell: ({ details, owner, state }) => (
      <>
        {details.place?.text ?? ''}
        {owner && state !== 'offered' && <span className="muted"> {owner.desk}</span>}
      </>
    ),
  },
];

/** The queue over all channels. What arrives is counted on top and moves nothing that is selected. */
export function QueuePanel() {
  const { choose, takeNext, openForm } = useCallActions();
  const rows = useWindow(selectQueue);
  const user = useWindow(me);
  const current = useWindow((state) => state.formAbout);
  const next = useWindow(selectNextOffered);
  const waiting = rows.filter((row) => sectionOf(row, user) === 'waiting').length;
  const oldest = useWindow(({ now }) => (next === undefined ? '' : span(now - next.offeredAt)));
  return (
    <Panel
      title="Contacts"
      count={waiting}
      className="queue"
      keys={<kbd className="key">Alt+1</kbd>}
    >
      <div className={next ? 'next is-waiting' : 'next'} data-testid="next">
        {next ? (
          <>
            <span>
              <b>{channelWords[next.channel]}</b> {callerText(next)}{' '}
              <span className="figures">{oldest}</span>
            </span>
            <ActionKey keys="F1" label="Take next" onPress={takeNext} isMain />
          </>
        ) : (
          <span className="muted">Nothing is ringing</span>
        )}
      </div>
      <RowList
        list="contacts"
        label="Contacts over all channels"
        rows={rows}
        columns={columns}
        empty="No contact is open. New ones appear here by themselves."
        sectionOf={(row) => sections[sectionOf(row, user) ?? 'elsewhere']}
        rowProps={(row) => ({
          'data-testid': `contact-${row.id}`,
          'data-state': row.state,
          className: `contact-${row.state}${row.id === current ? ' is-current' : ''}`,
        })}
        onEnter={({ id }) => choose(id)}
      />
      <p className="panel-foot muted">
        <kbd className="key">↑↓</kbd> choose <kbd className="key">Enter</kbd> take or open{' '}
        <ActionKey keys="Alt+N" label="Note" onPress={() => openForm('new')} />
      </p>
    </Panel>
  );
}
