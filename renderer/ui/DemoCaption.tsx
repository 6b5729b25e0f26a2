import { useActions } from '../app/actions.ts';
import { useWindow } from '../app/window-store.ts';
import { ActionKey } from './KeyCap.tsx';

/**
 * What a demo that plays a story says of it, above everything else and unlike anything that a room shows. It
 * has its line from the beginning, so that nothing moves when the words change, and no reader announces it.
 */
export function DemoCaption() {
  const { toggleCaption } = useActions();
  const caption = useWindow(({ seat }) => seat?.caption);
  const isHidden = useWindow((state) => state.isCaptionHidden);
  if (caption === undefined || isHidden) return null;
  return (
    <aside className="demo-caption" aria-label="Caption of the demo" data-testid="demo-caption">
      <strong>DEMO</strong>
      <span className="demo-caption-words" title={caption}>
        {caption}
      </span>
      <ActionKey keys="Alt+B" label="Hide or show" onPress={toggleCaption} />
    </aside>
  );
}
