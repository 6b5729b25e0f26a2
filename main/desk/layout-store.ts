import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { SavedPlace } from './layout.ts';
import { windowRoles, type Display, type Rectangle, type WindowRole } from './shell.ts';

const LAYOUTS_MAX = 200; // a watch of thirty, each with some sets of monitors; the oldest goes first
const WINDOWS_MAX = 32; // six screens, and some
const DISPLAYS_MAX = 16;
const FILE_MAX_CHARS = 8_000_000; // LAYOUTS_MAX of the largest are below it
const ID_MAX = 64;
const LABEL_MAX = 256;
const PIXELS_MAX = 100_000; // a wall of screens is a fifth of it

const pixels = z.int().min(-PIXELS_MAX).max(PIXELS_MAX);
const rectangle = z.strictObject({
  x: pixels,
  y: pixels,
  width: z.int().min(1).max(PIXELS_MAX),
  height: z.int().min(1).max(PIXELS_MAX),
});
const display = z.strictObject({
  id: z.string().max(ID_MAX),
  label: z.string().max(LABEL_MAX),
  bounds: rectangle,
});
const place = z.strictObject({
  role: z.enum(windowRoles),
  /** Which of the windows of that role. */
  nth: z.int().min(0).max(WINDOWS_MAX),
  display,
  bounds: rectangle,
});
const layout = z.strictObject({
  /** Whose it is; empty for the desk's own, which is for whoever has none. */
  user: z.string().max(128),
  displays: z.array(display).max(DISPLAYS_MAX),
  places: z.array(place).max(WINDOWS_MAX),
});
const file = z.strictObject({ version: z.literal(1), layouts: z.array(layout).max(LAYOUTS_MAX) });

type Layout = z.infer<typeof layout>;

/** Where one window of a layout stood, and which it was. */
export interface WindowPlace extends SavedPlace {
  readonly role: WindowRole;
  readonly nth: number;
}

const DESK_ITSELF = '';

/** The monitors by what stays the same over a re-plug; ids do not. */
const nameOf = (displays: readonly Pick<Display, 'label' | 'bounds'>[]) =>
  displays
    .map(({ label, bounds: { x, y, width, height } }) => `${label} ${x},${y} ${width}x${height}`)
    .toSorted()
    .join('; ');

/** Whether these are the same monitors in the same places. */
export const areSameDisplays = (
  one: readonly Pick<Display, 'label' | 'bounds'>[],
  other: readonly Pick<Display, 'label' | 'bounds'>[],
) => nameOf(one) === nameOf(other);

/**
 * Where each person's windows stood at this desk, for each set of monitors: what stood on two screens
 * while the third was away does not replace what stood on three. Kept in a file of the desk's folder,
 * written whole or not at all. A file that cannot be read is told, and windows stand where they do at first.
 */
export class LayoutStore {
  readonly #path: string;
  readonly #failed: (error: Error) => void;
  /** The newest first. */
  #layouts: readonly Layout[];

  constructor(path: string, failed: (error: Error) => void) {
    this.#path = path;
    this.#failed = failed;
    this.#layouts = this.#read();
  }

  /** The places to begin from: this person's, else the desk's; on these monitors, else on as many, else the last. */
  find(user: string | undefined, displays: readonly Display[]): readonly WindowPlace[] {
    const of = (whose: string) => this.#layouts.filter((it) => it.user === whose);
    const own = user === undefined ? [] : of(user);
    const candidates = own.length > 0 ? own : of(DESK_ITSELF);
    const found =
      candidates.find((it) => areSameDisplays(it.displays, displays)) ??
      candidates.find((it) => it.displays.length === displays.length) ??
      candidates[0];
    return found?.places ?? [];
  }

  /** Keeps where this person's windows stand now, and that the desk's stand so too. */
  keep(user: string | undefined, on: readonly Display[], places: readonly WindowPlace[]): void {
    const displays = on.slice(0, DISPLAYS_MAX).map(plain);
    const made = places.slice(0, WINDOWS_MAX).map(({ role, nth, display: at, bounds }) => ({
      role,
      nth,
      display: plain(at),
      bounds: whole(bounds),
    }));
    const whose = user === undefined ? [DESK_ITSELF] : [user, DESK_ITSELF];
    const fresh = whose.map((it) => ({ user: it, displays, places: made }));
    const isReplaced = (old: Layout) =>
      whose.includes(old.user) && areSameDisplays(old.displays, displays);
    const others = this.#layouts.filter((it) => !isReplaced(it));
    const layouts = [...fresh, ...others].slice(0, LAYOUTS_MAX);
    const before = JSON.stringify(this.#layouts);
    this.#layouts = layouts;
    if (JSON.stringify(layouts) !== before) this.#write();
  }

  #read(): readonly Layout[] {
    try {
      const text = readFileSync(this.#path, 'utf8');
      if (text.length > FILE_MAX_CHARS) throw new Error(`it is over ${FILE_MAX_CHARS} characters`);
      return file.parse(JSON.parse(text)).layouts;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []; // the first start
      const why = cause instanceof z.ZodError ? wordsOf(cause) : String(cause);
      this.#failed(new Error(`${this.#path} cannot be read (${why}): windows stand as at first`));
      return [];
    }
  }

  #write(): void {
    const draft = `${this.#path}.new`;
    try {
      writeFileSync(draft, JSON.stringify({ version: 1, layouts: this.#layouts }), { mode: 0o600 });
      const descriptor = openSync(draft, 'r+');
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(draft, this.#path);
    } catch (cause) {
      // Where windows stand is worth a line in the log, and nobody's work.
      this.#failed(new Error(`keeping where the windows stand in ${this.#path}`, { cause }));
    }
  }
}

/** As it is read again: what a monitor says of itself has no limit of its own. */
const plain = ({ id, label, bounds }: Pick<Display, 'id' | 'label' | 'bounds'>) => ({
  id: id.slice(0, ID_MAX),
  label: label.slice(0, LABEL_MAX),
  bounds: whole(bounds),
});

const whole = ({ x, y, width, height }: Rectangle): Rectangle => ({
  x: Math.round(x),
  y: Math.round(y),
  width: Math.round(width),
  height: Math.round(height),
});

function wordsOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.join('.') || 'the whole'}: ${issue.message}` : 'not understood';
}
