import { useActions } from '../app/actions.ts';
import { selectOwned, selectReceivers, type Owned, type Receiver } from '../app/shift.ts';
import { useWindow } from '../app/window-store.ts';
import { ActionKey, KeyCap } from './KeyCap.tsx';
import { Panel } from './Panel.tsx';
import { RowList, type Column } from './RowList.tsx';

const receiverColumns: readonly Column<Receiver>[] = [
  { name: 'To whom', cell: ({ name }) => name },
];

const itemColumns: readonly Column<Owned>[] = [
  { name: 'Goes', cell: ({ id }) => <Goes id={id} /> },
  {
    name: 'Which',
    cell: ({ of, kind }) => <b className="mono">{kind === 'contact' ? '' : of}</b>,
  },
  { name: 'What', cell: ({ what }) => what },
];

function Goes({ id }: { readonly id: string }) {
  const stays = useWindow(({ seatAsk }) => seatAsk?.is === 'shift' && seatAsk.without.has(id));
  return stays ? <span className="muted">stays</span> : <b>✓ goes</b>;
}

/** What this person owns, and to whom: Enter on a name offers what is on the list. Nothing passes before it is accepted. */
export function ShiftPanel() {
  const { offerShift, toggleShiftItem, closeSeatAsk } = useActions();
  const chosen = useWindow(({ selected }) => selected['shift-items']);
  const ask = useWindow(({ seatAsk }) => seatAsk);
  // Read as text: the lists are made anew for each look at the state.
  const owned = JSON.parse(useWindow((state) => JSON.stringify(selectOwned(state)))) as Owned[];
  const receivers = JSON.parse(
    useWindow((state) => JSON.stringify(selectReceivers(state))),
  ) as Receiver[];
  if (ask?.is !== 'shift') return null;
  const { without } = ask;
  const leave = (key: string) => {
    if (key !== 'Escape') return false;
    closeSeatAsk();
    return true;
  };
  return (
    <Panel
      title="Hand over at the change of shift"
      count={owned.length - without.size}
      className="shift-panel"
      testId="shift-panel"
      keys={
        <>
          <KeyCap keys="Enter" /> offers <KeyCap keys="Tab" /> to the list <KeyCap keys="Space" />{' '}
          takes off <ActionKey keys="Esc" label="Go back" onPress={closeSeatAsk} />
        </>
      }
    >
      <div className="shift-lists">
        <RowList
          list="shift-to"
          label="To whom"
          rows={receivers}
          columns={receiverColumns}
          empty="Nobody who may own it is on duty"
          onEnter={offerShift}
          onKey={leave}
        />
        <RowList
          list="shift-items"
          label="What I own"
          rows={owned}
          columns={itemColumns}
          empty="You own nothing any more"
          onEnter={({ id }) => toggleShiftItem(id)}
          onKey={(key) => {
            if (key !== 'Space' || chosen === undefined) return leave(key);
            toggleShiftItem(chosen);
            return true;
          }}
        />
      </div>
    </Panel>
  );
}
