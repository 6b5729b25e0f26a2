import * as z from 'zod';

export const themes = ['dark', 'light', 'dim', 'system'] as const;
export const rowHeights = ['compact', 'normal', 'roomy'] as const;
/** In hundredths of the size that a display of its kind begins with; a step is one press of a key. */
export const zooms = [90, 100, 110, 125, 150, 175, 200] as const;

export type Theme = (typeof themes)[number];
export type RowHeight = (typeof rowHeights)[number];

/** How a person wants this desk's windows to look: the theme and the rows in all of them, the size in each. */
export interface Look {
  readonly theme: Theme;
  readonly rows: RowHeight;
  /** By the name of the window; one that is not named stands at 100. */
  readonly zoom: Readonly<Record<string, number>>;
}

export const DEFAULT_LOOK: Look = { theme: 'dark', rows: 'compact', zoom: {} };

const windowName = z.string().regex(/^[a-z][a-z-]{0,31}$/);
const zoom = z.literal(zooms);

/**
 * Sent by a window when its operator changes one thing of how windows look. The desk keeps it for this
 * person, or for the empty chair, and every window of the desk hears it with the seat.
 */
export const setLook = z.strictObject({
  frame: z.literal('set-look'),
  change: z.union([
    z.strictObject({ theme: z.enum(themes) }),
    z.strictObject({ rows: z.enum(rowHeights) }),
    z.strictObject({ zoom: z.strictObject({ window: windowName, percent: zoom }) }),
  ]),
});
export type LookChange = z.infer<typeof setLook>['change'];

const WINDOWS_MAX = 16; // more than there are kinds of windows

/** A look with one thing changed. */
export const changedLook = (look: Look, change: LookChange): Look =>
  'zoom' in change
    ? { ...look, zoom: { ...look.zoom, [change.zoom.window]: change.zoom.percent } }
    : { ...look, ...change };

/** A look as it was kept or sent. What this release does not know falls back, each part for itself. */
export function lookOf(kept: unknown): Look {
  const { theme, rows, zoom: sizes } = z.looseObject({}).catch({}).parse(kept);
  const entries = Object.entries(z.looseObject({}).catch({}).parse(sizes)).filter(
    (entry): entry is [string, (typeof zooms)[number]] =>
      windowName.safeParse(entry[0]).success && zoom.safeParse(entry[1]).success,
  );
  return {
    theme: z.enum(themes).catch(DEFAULT_LOOK.theme).parse(theme),
    rows: z.enum(rowHeights).catch(DEFAULT_LOOK.rows).parse(rows),
    zoom: Object.fromEntries(entries.slice(0, WINDOWS_MAX)),
  };
}
