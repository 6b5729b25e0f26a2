import { Fragment, memo } from 'react';
import type { Line } from '#protocol/view.ts';
import { hhmmss, when } from '../app/clock.ts';
import { selectUnstoredEntries } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';
import { Mark } from './Mark.tsx';

interface Props {
  readonly label: string;
  readonly about: string | undefined;
}

const LATE_MS = 60_000; // keyed this much after it happened, a line shows both times

/** The running log, newest at the bottom; it stays at the bottom unless the operator has scrolled up. */
export function LogLines({ label, about }: Props) {
  const lines = useWindow(({ logs }) => logs.get(about ?? ''));
  const unstored = useWindow(selectUnstoredEntries(about));
  const today = useWindow(({ now }) => now - (now % 60_000));
  return (
    <div className="log" data-testid="lines" role="log" aria-label={label} aria-live="off">
      {/* The box is turned round by the style sheet, so that it stays at its newest line by itself. */}
      <ol>
        {lines?.map((line) => (
          <LogLine key={line.id} line={line} today={today} />
        ))}
        {unstored.map(({ id, body, at, mark }) => (
          <li key={id} className="line" data-testid="line">
            <time className="line-time">{hhmmss(at)}</time>
            <Mark mark={mark} isShort />
            <span className="line-text">
              <span className="line-who">waits for this desk</span>
              {String(body['text'])}
            </span>
          </li>
        ))}
      </ol>
      {lines === undefined && about !== undefined && <p className="muted">Fetching the log…</p>}
    </div>
  );
}

/** Of the hundreds that are shown one is drawn anew at a time. */
const LogLine = memo(({ line, today }: { readonly line: Line; readonly today: number }) => {
  const { at, enteredAt, who, text, mark, type } = line;
  return (
    <li className={`line line-${type.split('.')[1] ?? 'other'}`} data-testid="line">
      <time className="line-time">{when(at, today)}</time>
      <Mark mark={mark} isShort />
      <span className="line-text">
        <span className="line-who">
          {who.name} {who.desk}
        </span>
        {enteredAt !== undefined && enteredAt - at > LATE_MS && (
          <Fragment>
            <em className="late">late, keyed {when(enteredAt, today)}</em>{' '}
          </Fragment>
        )}
        {text}
      </span>
    </li>
  );
});
