import { hhmmss } from '../app/clock.ts';
import { useActions } from '../app/actions.ts';
import { useLook } from '../app/look.ts';
import { useWindow } from '../app/window-store.ts';
import { ActionKey } from './KeyCap.tsx';
import { ModeWords } from './SeatBar.tsx';

/** The mode, and the last word of what happened with how many are behind it. It takes no focus and covers nothing. */
export function NoticeStrip() {
  const { readNotices } = useActions();
  const { show } = useLook();
  const latest = useWindow(({ notices }) => notices[0]);
  const second = useWindow(({ notices }) => notices[1]);
  const count = useWindow(({ notices }) => notices.length);
  return (
    <div className="strip">
      <ModeWords />
      <div className="strip-lines" data-testid="notices">
        {[latest, second].map(
          (notice, index) =>
            notice && (
              <span key={notice.id} className={`notice notice-${notice.tone} notice-${index}`}>
                <time>{hhmmss(notice.at)}</time> {notice.text}
              </span>
            ),
        )}
      </div>
      {count > 2 && <span className="count">{count}</span>}
      {count > 0 && <ActionKey keys="Alt+X" label="Read" onPress={readNotices} />}
      <ActionKey keys="Alt+V" label="Look" onPress={show} />
    </div>
  );
}
