import { useWindow } from '../app/window-store.ts';

/** The two places that a screen reader reads out by itself. Nothing else on screen is live. */
export function Announcer() {
  const { urgent, polite } = useWindow(({ said }) => said);
  return (
    <div className="for-listeners">
      <p role="alert" aria-live="assertive" data-testid="said-at-once">
        {urgent}
      </p>
      <p role="status" aria-live="polite" data-testid="said">
        {polite}
      </p>
    </div>
  );
}
