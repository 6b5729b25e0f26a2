import { useId, type ReactNode } from 'react';
import { age, hhmmss } from '../app/clock.ts';
import { selectStaleSince } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';

interface Props {
  readonly title: string;
  readonly count?: number | undefined;
  readonly className?: string;
  readonly keys?: ReactNode;
  readonly testId?: string;
  readonly children: ReactNode;
}

/** A part of the window with its name, its count and, where it is not live, its age. */
export function Panel({ title, count, className = '', keys, testId, children }: Props) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id} data-testid={testId}>
      <header className="panel-head">
        <h2 id={id}>
          {title}
          {count !== undefined && <span className="count">{count}</span>}
        </h2>
        <PanelAge />
        {keys !== undefined && <span className="panel-keys">{keys}</span>}
      </header>
      {children}
    </section>
  );
}

/** Nothing while the panel is live; else since when it may be old, in words. */
export function PanelAge() {
  const since = useWindow(selectStaleSince);
  const old = useWindow(({ now }) => (since === undefined ? '' : age(now - since)));
  if (since === undefined || since === 0) return null;
  return (
    <span className="panel-age" data-testid="panel-age">
      as at {hhmmss(since)} ({old})
    </span>
  );
}
