import { memo, useLayoutEffect, useRef, type UIEvent } from 'react';
import type { Line } from '#protocol/view.ts';
import { when } from '../../app/clock.ts';
import { ActionKey } from '../../ui/KeyCap.tsx';
import { Mark } from '../../ui/Mark.tsx';
import { useLiveActions } from './live-actions.ts';
import { useLive } from './live-store.ts';

const END_WITHIN_PX = 4; // fractions of a pixel that a zoomed page is off by

export const lineId = (id: string) => `line-${id}`;

/**
 * The running log with all its times, newest at the bottom. It stays at the bottom where the reader is
 * there, and nowhere else: a reader who has gone up is told how much has come, and nothing moves.
 */
export function LiveLines({ incident }: { readonly incident: string }) {
  const { scrolled } = useLiveActions();
  const lines = useLive((state) => state.lines);
  const unread = useLive((state) => state.unread);
  const isAtEnd = useLive((state) => state.isAtEnd);
  const today = useLive(({ now }) => now - (now % 60_000));
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const it = box.current;
    if (it && isAtEnd && lines.length > 0) it.scrollTop = it.scrollHeight;
  }, [lines, isAtEnd]);
  const scroll = ({ currentTarget: it }: UIEvent) =>
    scrolled(it.scrollHeight - it.scrollTop - it.clientHeight <= END_WITHIN_PX);
  return (
    <>
      <div className="live-line live-line-head" aria-hidden="true">
        <span>Happened</span>
        <span>Keyed later</span>
        <span>Recorded</span>
        <span />
        <span>Who</span>
        <span>What</span>
      </div>
      <div
        ref={box}
        className="live-lines"
        role="log"
        aria-label={`Log of ${incident}`}
        aria-live="off"
        data-field="log"
        data-testid="lines"
        // The keys that scroll are the browser's own; for them it has to have the focus.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={scroll}
      >
        <ol>
          {lines.map((line) => (
            <LiveLogLine
              key={line.id}
              line={line}
              today={today}
              isUnread={unread.includes(line.id)}
            />
          ))}
        </ol>
      </div>
      <Unread />
    </>
  );
}

/** How much has come below or above of where the reader is. */
function Unread() {
  const { toEnd, toUnread } = useLiveActions();
  const count = useLive(({ unread }) => unread.length);
  const isAtEnd = useLive((state) => state.isAtEnd);
  return (
    <div className="panel-foot live-unread" role="status" data-testid="unread" data-count={count}>
      {count > 0 ? (
        <>
          <b className="is-warning">
            {count} new {count === 1 ? 'line' : 'lines'}
          </b>
          <ActionKey keys="N" label="Next new line" onPress={toUnread} />
        </>
      ) : (
        <span className="muted">{isAtEnd ? 'At the newest line' : 'No new lines'}</span>
      )}
      {!isAtEnd && <ActionKey keys="E" label="Go to the end" onPress={toEnd} />}
    </div>
  );
}

interface LineProps {
  readonly line: Line;
  readonly today: number;
  readonly isUnread: boolean;
}

/** Of the hundreds that are shown one is drawn anew at a time. */
const LiveLogLine = memo(({ line, today, isUnread }: LineProps) => {
  const { id, at, enteredAt, recordedAt, who, text, type, mark } = line;
  const isSealed = text.startsWith('Sealed (');
  return (
    <li
      id={lineId(id)}
      className={`live-line live-line-${type.split('.')[1] ?? 'other'}`}
      data-testid="line"
      data-unread={isUnread}
    >
      <time className="line-time">{when(at, today)}</time>
      <time className="late-time">
        {enteredAt !== undefined && (
          <>
            <span className="for-listeners">keyed later, at </span>
            {when(enteredAt, today)}
          </>
        )}
      </time>
      <time className="muted">
        <span className="for-listeners">recorded </span>
        {recordedAt === undefined ? '–' : when(recordedAt, today)}
      </time>
      <Mark mark={mark} isShort />
      <span className="live-who">
        {who.name} <span className="muted">{who.desk}</span>
      </span>
      <span className="live-text">
        {isUnread && <b className="live-new">new</b>}
        {isSealed ? <em className="live-sealed">▩ {text}</em> : text}
      </span>
    </li>
  );
});
