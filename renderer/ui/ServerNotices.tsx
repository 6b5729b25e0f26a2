import type { Notice } from '#protocol/server-notices.ts';
import { sinceWords } from '../app/clock.ts';
import { useWindow } from '../app/window-store.ts';

const SHOWN_MAX = 3; // more than that pushes the work off the screen; the rest is counted
const none: readonly Notice[] = [];

/** What the people here have to know of the machines: of the server's disk, and of clocks. It takes no focus. */
export function ServerNotices() {
  const notices = useWindow(({ seat }) => seat?.notices ?? none);
  const now = useWindow((state) => state.now);
  if (notices.length === 0) return null;
  const more = notices.length - SHOWN_MAX;
  return (
    <ul className="server-notices" aria-label="Notices" data-testid="server-notices">
      {notices.slice(0, SHOWN_MAX).map(({ about, level, text, since }) => (
        <li key={about} className={`is-${level}`} role="status">
          <b>{level === 'urgent' ? '!!' : '!'}</b> {text} since {sinceWords(since, now)}
          {level === 'urgent' && ': tell the people who run it now'}
        </li>
      ))}
      {more > 0 && <li>and {more} more</li>}
    </ul>
  );
}
