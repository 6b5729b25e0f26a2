import { countdown, hhmmss, span } from '../app/clock.ts';
import { useWindow } from '../app/window-store.ts';

/** The time of day. */
export function Clock() {
  const time = useWindow(({ now }) => hhmmss(now));
  return (
    <time className="clock" role="timer" aria-label={`Time of day ${time}`}>
      {time}
    </time>
  );
}

/** How long ago something was. */
export function Since({ at }: { readonly at: number }) {
  const text = useWindow(({ now }) => span(now - at));
  return <span className="figures">{text}</span>;
}

interface CountdownProps {
  readonly to: number;
  /** What is counted, for those who listen. */
  readonly label: string;
}

/** What is left of a deadline; once past it says so in a word and a colour. */
export function Countdown({ to, label }: CountdownProps) {
  const text = useWindow(({ now }) => countdown(to, now).text);
  const isPast = useWindow(({ now }) => countdown(to, now).isPast);
  return (
    <span
      className={isPast ? 'countdown is-past' : 'countdown'}
      data-past={isPast}
      role="timer"
      aria-label={`${label} ${text}`}
    >
      {text}
    </span>
  );
}
