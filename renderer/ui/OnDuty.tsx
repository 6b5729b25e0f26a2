import { selectColleagues, selectHasDispatcher } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';

export const availabilityWords = {
  ready: '● ready',
  talking: '▶ on a call',
  'wrap-up': '◆ wrap-up',
  away: '○ not ready',
} as const;

/** Who is at the other desks. With nobody at dispatch it says so, before a hand-over goes unheard. */
export function OnDuty() {
  const colleagues = useWindow(selectColleagues);
  const hasDispatcher = useWindow(selectHasDispatcher);
  const presence = useWindow((state) => state.presence);
  return (
    <ul className="on-duty" aria-label="On duty at the other desks" data-testid="on-duty">
      {!hasDispatcher && <li className="is-warning">△ Nobody is on duty at dispatch</li>}
      {/* Whom the bar has no room for is left out whole: how many there are is said first. */}
      {colleagues.length > 0 && <li className="muted">{colleagues.length} on duty elsewhere</li>}
      {colleagues.map(({ id, desk, name }) => {
        const availability = presence.get(desk)?.availability;
        return (
          <li key={id} data-desk={desk}>
            <b>{desk}</b> {name}
            {availability !== undefined && (
              <span className="muted"> {availabilityWords[availability]}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
