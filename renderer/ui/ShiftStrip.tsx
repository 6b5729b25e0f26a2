import { useState, type KeyboardEvent } from 'react';
import type { ShiftHandoverRow } from '#protocol/view.ts';
import { useActions } from '../app/actions.ts';
import { hhmmss } from '../app/clock.ts';
import {
  countsOf,
  selectEndedShift,
  selectIncomingShift,
  selectOwned,
  selectOwnShift,
} from '../app/shift.ts';
import { useWindow } from '../app/window-store.ts';
import { Countdown } from './Clock.tsx';
import { ActionKey, KeyCap } from './KeyCap.tsx';
import { Mark } from './Mark.tsx';

/** What the change of a shift asks of this person, in one line each. It takes no focus by itself. */
export function ShiftStrip() {
  const { acceptShift, openDecline, withdrawShift } = useActions();
  const incoming = useWindow(selectIncomingShift);
  const own = useWindow(selectOwnShift);
  const ended = useWindow(selectEndedShift);
  const asks = useWindow(({ seatAsk }) => seatAsk?.is);
  return (
    <>
      {asks === 'sign-out' && <SignOutAsk />}
      {incoming && (
        <div className="shift-strip is-asking" data-testid="shift-incoming" role="status">
          <b>
            {incoming.from.name} {incoming.from.desk} hands over{' '}
            {countsOf(incoming.items.filter(({ keptBack }) => keptBack === undefined))}
          </b>
          <span className="shift-items">{itemsOf(incoming)}</span>
          <Countdown to={incoming.deadlineAt} label="Accept in" />
          {asks === 'decline' ? (
            <Decline />
          ) : (
            <>
              <ActionKey keys="Alt+Y" label="Accept" onPress={acceptShift} isMain />
              <ActionKey keys="Alt+U" label="Send back" onPress={openDecline} />
            </>
          )}
        </div>
      )}
      {own && (
        <div className="shift-strip" data-testid="shift-own" role="status">
          <Mark mark={own.mark} />
          <b>
            Offered to {receiverOf(own)}: {countsOf(own.items)}
          </b>
          <span>yours until it is accepted</span>
          {own.escalatedAt === undefined ? (
            <Countdown to={own.deadlineAt} label="To the supervisor in" />
          ) : (
            <b className="is-warning">with the supervisor too</b>
          )}
          <ActionKey keys="Alt+W" label="Take back" onPress={withdrawShift} />
        </div>
      )}
      {ended?.ended && (
        <div className="shift-strip" data-testid="shift-ended" role="status">
          <Mark mark={ended.mark} />
          <b>{endedWords(ended)}</b>
          <span className="shift-items">{itemsOf(ended)}</span>
        </div>
      )}
    </>
  );
}

const receiverOf = ({ to }: ShiftHandoverRow) =>
  to.kind === 'person' ? to.name : `whoever is ${to.role.replace('-', ' ')} next`;

const itemsOf = ({ items }: ShiftHandoverRow) =>
  items
    .map(({ id, kind, what, keptBack }) => {
      const name = kind === 'contact' ? what : id;
      return keptBack === undefined ? name : `${name} (left out: ${keptBack.replaceAll('-', ' ')})`;
    })
    .join(', ');

function endedWords({ state, ended, items }: ShiftHandoverRow): string {
  if (!ended) return '';
  const who = `${ended.by.name} ${ended.by.desk}`;
  const at = hhmmss(ended.at);
  if (state === 'declined') return `${who} sent the shift hand-over back at ${at}: ${ended.reason}`;
  if (state === 'withdrawn') return `${who} took the shift hand-over back at ${at}`;
  const passed = items.filter(({ keptBack }) => keptBack === undefined);
  return `${who} accepted at ${at}: ${countsOf(passed) || 'nothing was left to pass'}`;
}

/** The reason, written in place; Enter sends it, Esc goes back. */
function Decline() {
  const { declineShift, closeSeatAsk } = useActions();
  const [reason, setReason] = useState('');
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter') declineShift(reason);
    else if (event.key === 'Escape') closeSeatAsk();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <label className="shift-reason">
      Why it goes back
      <input
        // Asked for by the operator's own key.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        data-testid="shift-reason"
        maxLength={4_000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={press}
      />
      <KeyCap keys="Enter" /> <KeyCap keys="Esc" />
    </label>
  );
}

function SignOutAsk() {
  const { maySignOut, signOut, openShift, closeSeatAsk } = useActions();
  const counts = useWindow((state) => countsOf(selectOwned(state)));
  return (
    <div className="shift-strip is-asking" data-testid="sign-out-ask" role="status">
      <b>You own {counts}.</b>
      <ActionKey keys="Alt+G" label="Hand over first" onPress={openShift} isMain />
      <ActionKey
        keys="Alt+Q"
        label="Sign out and leave it with the floor"
        onPress={() => maySignOut() && void signOut()}
      />
      <ActionKey keys="Esc" label="Go on working" onPress={closeSeatAsk} />
    </div>
  );
}
