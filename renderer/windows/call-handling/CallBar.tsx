import { useEffect, useRef, type KeyboardEvent } from 'react';
import { channels } from '#domain/facts.ts';
import { callerText, channelWords, outcomes } from '../../app/form.ts';
import { me, selectCall, selectFormContact, selectReadiness } from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { Since } from '../../ui/Clock.tsx';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { Mark } from '../../ui/Mark.tsx';
import { useCallActions } from './call-actions.ts';

const stateWords = {
  offered: 'ringing',
  answered: 'live',
  held: 'on hold',
  ended: 'call ended, to be finished',
  abandoned: 'abandoned: nobody was spoken to',
  finished: 'finished',
} as const;

const readinessWords = {
  'on-call': { sign: '▶', words: 'On a call' },
  'wrap-up': { sign: '◆', words: 'Wrap-up' },
  ready: { sign: '●', words: 'Ready' },
  'not-ready': { sign: '○', words: 'Not ready' },
} as const;

/** Whether this operator can be offered the next call, since when, and the key that changes it. */
function Readiness() {
  const { readyOrWrapUp } = useCallActions();
  const readiness = useWindow(selectReadiness);
  const { sign, words } = readinessWords[readiness.state];
  const since = readiness.state === 'not-ready' ? undefined : readiness.since;
  return (
    <span className="readiness">
      {readiness.state !== 'on-call' && (
        <ActionKey
          keys="F5"
          label={readiness.state === 'ready' ? 'Wrap-up' : 'Ready'}
          onPress={readyOrWrapUp}
        />
      )}
      <span
        className={`readiness-word readiness-${readiness.state}`}
        role="status"
        data-testid="readiness"
        data-state={readiness.state}
      >
        <span aria-hidden="true">{sign}</span> {words}
      </span>
      {since !== undefined && <Since at={since} />}
    </span>
  );
}

/** Whom the form is about, and the telephone keys for the call in hand. */
export function CallBar() {
  const { holdOrResume, end, wrapUp, askChannel, openFind, takeNext } = useCallActions();
  const row = useWindow(selectFormContact);
  const call = useWindow(selectCall);
  const user = useWindow(me);
  const isOthers = row?.owner !== undefined && row.owner.user !== user;
  const isLive = call?.state === 'answered' || call?.state === 'held';
  return (
    <div className={`call-bar${row ? ` call-${row.state}` : ''}`}>
      <div className="call-who">
        {row ? (
          <>
            <span className={`channel channel-${row.channel}`}>{channelWords[row.channel]}</span>
            <b className="call-number">{callerText(row) || 'No number'}</b>
            <span>
              {stateWords[row.state]} <Since at={row.endedAt ?? row.answeredAt ?? row.offeredAt} />
            </span>
            {isOthers && (
              <span className="is-warning">with {row.owner?.desk}: you only add to it</span>
            )}
            {row.outcome !== undefined && row.state === 'finished' && (
              <span className="muted">{row.outcome.replaceAll('-', ' ')}</span>
            )}
            {row.readOnly !== undefined && (
              <span className="is-warning">read-only: update needed</span>
            )}
            <Mark mark={row.mark} />
          </>
        ) : (
          <>
            <b className="call-number">Note</b>
            <span className="muted">on no contact; F6 makes one of it, F8 raises from it</span>
          </>
        )}
      </div>
      <div className="call-keys">
        {!call && <ActionKey keys="F1" label="Take" onPress={takeNext} />}
        {isLive && (
          <>
            <ActionKey
              keys="F2"
              label={call.state === 'held' ? 'Resume' : 'Hold'}
              onPress={holdOrResume}
            />
            <ActionKey keys="F3" label="End" onPress={end} />
          </>
        )}
        <ActionKey keys="F4" label={call ? 'Finish' : 'Done'} onPress={wrapUp} />
        <ActionKey keys="F6" label="New" onPress={askChannel} />
        <ActionKey keys="F7" label="Find" onPress={openFind} />
        <Readiness />
      </div>
    </div>
  );
}

/** What F4 and F6 open in place: one more key chooses, Esc goes back to the caret. */
export function ChoiceStrip({ of }: { readonly of: 'channel' | 'outcome' }) {
  const { openContactByDigit, finish, closePrompt } = useCallActions();
  const strip = useRef<HTMLDivElement>(null);
  useEffect(() => strip.current?.focus(), []);
  const press = ({ nativeEvent: event }: KeyboardEvent) => {
    if (event.key === 'Escape') closePrompt();
    else if (event.ctrlKey || event.altKey || event.key.length > 1) return;
    else if (of === 'channel') openContactByDigit(event.key);
    else finish(event.key.toLowerCase());
    event.preventDefault();
    event.stopPropagation();
  };
  const choices =
    of === 'channel'
      ? channels.map((channel, index) => ({
          key: String(index + 1),
          name: channelWords[channel],
          choose: () => openContactByDigit(String(index + 1)),
        }))
      : outcomes.map(({ key, name }) => ({ key, name, choose: () => finish(key) }));
  return (
    // A toolbar of one-key choices: it has the focus as a whole, so that the next key chooses.
    <div
      ref={strip}
      className="choices"
      role="toolbar"
      aria-label={of === 'channel' ? 'Channel of the new contact' : 'Outcome of the contact'}
      tabIndex={0}
      data-keys="own"
      data-testid={`choose-${of}`}
      onKeyDown={press}
    >
      <b>{of === 'channel' ? 'New contact by' : 'Finish as'}</b>
      {choices.map(({ key, name, choose }) => (
        <ActionKey key={key} keys={key.toUpperCase()} label={name} onPress={choose} />
      ))}
      <span className="muted">
        <KeyCap keys="Esc" /> back
      </span>
    </div>
  );
}
