import type { Display, Rectangle } from './shell.ts';

/** Where a window last stood, and enough about the monitor to know it again. */
export interface SavedPlace {
  readonly display: Pick<Display, 'id' | 'label' | 'bounds'>;
  readonly bounds: Rectangle;
}

/** Whether both cover the same pixels. */
export const isSameRectangle = (a: Rectangle, b: Rectangle | undefined) =>
  a.x === b?.x && a.y === b.y && a.width === b.width && a.height === b.height;

/** How many pixels both cover. */
export const overlap = (a: Rectangle, b: Rectangle) =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) *
  Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));

/** Same label and size beats the same place, which beats a bare id: ids are reused after a re-plug. */
function likeness(saved: SavedPlace['display'], found: Display): number {
  const isSameSize =
    saved.bounds.width === found.bounds.width && saved.bounds.height === found.bounds.height;
  return (
    (saved.label !== '' && saved.label === found.label ? 4 : 0) +
    (isSameRectangle(saved.bounds, found.bounds) ? 3 : isSameSize ? 1 : 0) +
    (saved.id === found.id ? 2 : 0)
  );
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(value, high));

/** The bounds to open at: on the monitor it came from, else the primary one; always wholly on screen. */
export function placeOn(displays: readonly Display[], saved: SavedPlace): Rectangle | undefined {
  const ranked = displays
    .map((display) => ({ display, score: likeness(saved.display, display) }))
    .toSorted(
      (a, b) => b.score - a.score || Number(b.display.isPrimary) - Number(a.display.isPrimary),
    );
  const target = ranked[0]?.display;
  if (!target) return undefined;
  const { workArea } = target;
  const width = Math.min(saved.bounds.width, workArea.width);
  const height = Math.min(saved.bounds.height, workArea.height);
  const offsetX = saved.bounds.x - saved.display.bounds.x;
  const offsetY = saved.bounds.y - saved.display.bounds.y;
  const x = clamp(target.bounds.x + offsetX, workArea.x, workArea.x + workArea.width - width);
  const y = clamp(target.bounds.y + offsetY, workArea.y, workArea.y + workArea.height - height);
  return { x, y, width, height };
}

/** Which of all the windows on these displays these are: the desks of a demo share one machine. */
export interface Among {
  readonly first: number;
  readonly all: number;
}

/** Where windows stand that have no place yet: one a display, the primary first; then round again. */
export function spreadOver<Role>(
  displays: readonly Display[],
  roles: readonly Role[],
  { first, all }: Among = { first: 0, all: roles.length },
): readonly { readonly role: Role; readonly bounds: Rectangle }[] {
  const ordered = displays.toSorted((a, b) => Number(b.isPrimary) - Number(a.isPrimary));
  return roles.map((role, at) => {
    const index = first + at;
    const number = index % ordered.length;
    const display = ordered[number];
    if (!display) throw new Error('no display to open a window on');
    const slot = Math.floor(index / ordered.length);
    const sharing = Math.ceil((all - number) / ordered.length);
    return { role, bounds: shareOf(display.workArea, slot, sharing) };
  });
}

const STEP = 0.05; // of the display: a title bar's worth, so that each window can be clicked

/** Alone the whole display, two side by side, more of them like cards that can each be picked up. */
function shareOf(area: Rectangle, slot: number, sharing: number): Rectangle {
  if (sharing <= 1) return area;
  if (sharing === 2) {
    const width = Math.floor(area.width / 2);
    return { ...area, x: area.x + slot * width, width };
  }
  const size = 1 - STEP * (sharing - 1);
  return {
    x: area.x + Math.round(area.width * STEP * slot),
    y: area.y + Math.round(area.height * STEP * slot),
    width: Math.round(area.width * size),
    height: Math.round(area.height * size),
  };
}
