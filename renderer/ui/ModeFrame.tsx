import type { ReactNode } from 'react';
import { useWindow } from '../app/window-store.ts';
import { selectModeName } from './SeatBar.tsx';

/** The frame around the window: striped while it works alone. Its width is always kept, so nothing jumps. */
export function ModeFrame({ children }: { readonly children: ReactNode }) {
  const mode = useWindow(selectModeName);
  return <div className={`frame frame-${mode}`}>{children}</div>;
}
