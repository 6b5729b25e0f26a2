import { lookOf } from '#protocol/look.ts';
import { useLook, zoomOf } from '../app/look.ts';
import { useWindow } from '../app/window-store.ts';
import { ActionKey } from './KeyCap.tsx';

const themeWords = {
  dark: 'dark',
  light: 'light',
  dim: 'dim',
  system: 'as the system',
} as const;

/** How windows look, with the keys that change it; they work also while this is not shown. */
export function LookBar() {
  const { window, nextTheme, nextRows, larger, smaller } = useLook();
  const isShown = useWindow(({ isLookShown }) => isLookShown);
  const kept = useWindow(({ seat }) => seat?.look);
  if (!isShown) return null;
  const look = lookOf(kept);
  return (
    <div className="look-bar" role="toolbar" aria-label="How windows look" data-testid="look">
      <ActionKey keys="Alt+T" label={`Theme: ${themeWords[look.theme]}`} onPress={nextTheme} />
      <ActionKey keys="Alt+H" label={`Rows: ${look.rows}`} onPress={nextRows} />
      <ActionKey keys="Alt+-" label="Smaller" onPress={smaller} />
      <span className="figures" data-testid="zoom">
        {zoomOf(look, window)} %
      </span>
      <ActionKey keys="Alt+=" label="Larger" onPress={larger} />
      <span className="muted">
        The size is this window’s, the rest is for all windows of this desk
      </span>
    </div>
  );
}
