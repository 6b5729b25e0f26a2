import { areSameDisplays, type LayoutStore, type WindowPlace } from './layout-store.ts';
import { isSameRectangle, overlap, placeOn, spreadOver, type Among } from './layout.ts';
import type {
  Display,
  Rectangle,
  Shell,
  ShellWindow,
  WindowEvent,
  WindowId,
  WindowRole,
} from './shell.ts';

const RELOADS_MAX = 3; // in a minute; a page that crashes faster is left as it is and told
const RELOADS_WITHIN_MS = 60_000;
const MOVED_QUIET_MS = 500; // a window that is dragged says so many times
const SETTLES_WITHIN_MS = 2_000; // what a system does to a window that was just placed is no wish either
const FRAME_MAX = 64; // pixels: a title bar and a frame, on a screen of twice the density
const TYPING_MS = 3_000; // since the last copy of a draft: from here on a hand has left the keys

export interface KeptWindowsOptions {
  readonly shell: Pick<Shell, 'displays' | 'open' | 'notify'>;
  /** One window each; a role may come twice. */
  readonly roles: readonly WindowRole[];
  readonly among?: Among | undefined;
  readonly layouts: LayoutStore;
  readonly now: () => number;
  readonly after: (ms: number, work: () => void) => Disposable;
  /** What a person who looks after the desk should know, in words. */
  readonly say: (line: string) => void;
}

interface Kept {
  readonly window: ShellWindow;
  readonly nth: number;
  /** Where it was asked to stand. */
  asked: Rectangle;
  /** Where it stood then: a few pixels beside it on some systems, which must not add up. */
  stood: Rectangle;
  placedAt: number;
}

/**
 * A desk's windows under either shell: each where this person last had it, brought back when a monitor
 * comes back, never off every screen, loaded again when its page crashes. A window is not moved while
 * somebody types at this desk, unless nobody can see it.
 */
export class KeptWindows {
  readonly #options: KeptWindowsOptions;
  readonly #windows = new Map<WindowId, Kept>();
  readonly #crashes = new Map<WindowId, readonly number[]>();
  #user: string | undefined;
  #typedAt = Number.NEGATIVE_INFINITY;
  /** The monitors that the windows were last placed on: nothing is kept while there are others. */
  #placedOn: readonly Display[] = [];
  #moved: Disposable | undefined;
  #waiting: Disposable | undefined;
  #isClosing = false;
  #last: Promise<void> = Promise.resolve();

  constructor(options: KeptWindowsOptions) {
    this.#options = options;
  }

  /** Opens what is not open: all at first, later what somebody closed. */
  async open(): Promise<readonly ShellWindow[]> {
    await this.#inTurn('opening windows', () => this.#openAll(), { mustDo: true });
    return this.windows;
  }

  get windows(): readonly ShellWindow[] {
    return [...this.#windows.values()].map(({ window }) => window);
  }

  /** What the shell says of a window. */
  windowChanged(role: WindowRole, id: WindowId, event: WindowEvent): void {
    if (this.#isClosing) return;
    if (event.type === 'moved') return this.#keepSoon();
    if (event.type === 'closed') this.#windows.delete(id);
    this.#options.say(`window ${role}: ${event.type === 'crashed' ? event.cause : event.type}`);
    if (event.type === 'crashed') this.#bringBack(role, id);
  }

  /** The monitors have changed, and have been quiet since. */
  displaysChanged(): void {
    this.#restoreSoon();
  }

  /** Somebody signed in or out: their windows stand as they last had them here. */
  sat(user: string | undefined): void {
    if (user === this.#user) return;
    const left = this.#user;
    this.#user = user;
    if (left !== undefined) void this.#inTurn('keeping a layout', () => this.#keep(left));
    if (user !== undefined && this.#windows.size > 0) this.#restoreSoon();
  }

  /** Something is being written at this desk. */
  typed(): void {
    this.#typedAt = this.#options.now();
  }

  /** Keeps where the windows stand. Windows are not closed by it. */
  async close(): Promise<void> {
    if (this.#isClosing) return this.#last;
    this.#isClosing = true;
    this.#moved?.[Symbol.dispose]();
    this.#waiting?.[Symbol.dispose]();
    await this.#inTurn('keeping a layout', () => this.#keep(this.#user));
  }

  async #openAll(): Promise<void> {
    const { shell, roles, among, layouts, now } = this.#options;
    const displays = await shell.displays();
    const places = layouts.find(this.#user, displays);
    const standard = spreadOver(displays, roles, among);
    this.#placedOn = displays;
    const counted = new Map<WindowRole, number>();
    for (const [at, role] of roles.entries()) {
      const nth = counted.get(role) ?? 0;
      counted.set(role, nth + 1);
      if (this.#find(role, nth)) continue;
      const bounds = placed(places, role, nth, displays) ?? standard[at]?.bounds;
      if (!bounds) continue; // spreadOver has thrown: there is a place for each role
      // One after the other: windows that appear in an order can be told apart.
      // oxlint-disable-next-line no-await-in-loop
      const window = await shell.open(role, bounds);
      // oxlint-disable-next-line no-await-in-loop
      const stood = await window.bounds();
      this.#windows.set(window.id, { window, nth, asked: bounds, stood, placedAt: now() });
      // Before anybody knew it: nothing else would load it again.
      if (this.#crashes.has(window.id)) this.#bringBack(role, window.id);
    }
  }

  #find(role: WindowRole, nth: number): Kept | undefined {
    return [...this.#windows.values()].find((it) => it.window.role === role && it.nth === nth);
  }

  #restoreSoon(): void {
    if (this.#isClosing) return;
    this.#waiting?.[Symbol.dispose]();
    const waitMs = this.#typedAt + TYPING_MS - this.#options.now();
    if (waitMs > 0) this.#waiting = this.#options.after(waitMs, () => this.#restoreSoon());
    const isTyping = waitMs > 0;
    void this.#inTurn('placing windows', () => this.#restore(isTyping));
  }

  async #restore(isTyping: boolean): Promise<void> {
    const { shell, layouts, now } = this.#options;
    const displays = await shell.displays();
    if (displays.length === 0) return; // all are off: whatever comes back is announced
    const places = layouts.find(this.#user, displays);
    for (const kept of this.#windows.values()) {
      const { window, nth } = kept;
      // oxlint-disable-next-line no-await-in-loop -- one window after the other
      const stands = await window.bounds();
      const isSeen = displays.some(({ bounds }) => overlap(stands, bounds) > 0);
      if (isTyping && isSeen) continue;
      const target =
        placed(places, window.role, nth, displays) ??
        placeOn(displays, { display: displayOf(stands, this.#placedOn, displays), bounds: stands });
      if (!target || isSameRectangle(stands, target)) continue;
      if (isSameRectangle(stands, kept.stood) && isSameRectangle(target, kept.asked)) continue;
      // oxlint-disable-next-line no-await-in-loop
      await window.place(target);
      kept.asked = target;
      // oxlint-disable-next-line no-await-in-loop
      kept.stood = await window.bounds();
      kept.placedAt = now();
    }
    if (!isTyping) this.#placedOn = displays;
  }

  #keepSoon(): void {
    this.#moved?.[Symbol.dispose]();
    this.#moved = this.#options.after(MOVED_QUIET_MS, () => {
      void this.#inTurn('keeping a layout', () => this.#keep(this.#user));
    });
  }

  async #keep(user: string | undefined): Promise<void> {
    const displays = await this.#options.shell.displays();
    // What the system did with the windows of a monitor that went away is nobody's wish.
    if (displays.length === 0 || !areSameDisplays(displays, this.#placedOn)) return;
    const places: WindowPlace[] = [];
    for (const kept of this.#windows.values()) {
      const { window, nth, asked, placedAt } = kept;
      // oxlint-disable-next-line no-await-in-loop -- one window after the other
      const stands = await window.bounds();
      const isSettling = this.#options.now() - placedAt < SETTLES_WITHIN_MS;
      if (isSettling && isNear(stands, asked)) kept.stood = stands;
      const bounds = isSameRectangle(stands, kept.stood) ? asked : stands;
      const display = displayOf(bounds, displays, displays);
      places.push({ role: window.role, nth, display, bounds });
    }
    if (places.length === 0) return;
    // What is closed at the moment has a place all the same.
    const closed = this.#options.layouts
      .find(user, displays)
      .filter(({ role, nth }) => !this.#find(role, nth));
    this.#options.layouts.keep(user, displays, [...places, ...closed]);
  }

  #bringBack(role: WindowRole, id: WindowId): void {
    const { now, say, shell } = this.#options;
    const since = now() - RELOADS_WITHIN_MS;
    const recent = [...(this.#crashes.get(id) ?? []).filter((at) => at > since), now()];
    this.#crashes.set(id, recent);
    const kept = this.#windows.get(id);
    if (!kept) return; // its whole browser went, or it was closed
    if (recent.length <= RELOADS_MAX) {
      kept.window.reload().catch((error: unknown) => say(`window ${role}: ${String(error)}`));
      return;
    }
    const words = `The ${role} window failed ${recent.length} times in a minute and is left as it is. Start Holdfast again, or work at another desk. What was typed is kept.`;
    say(words);
    shell.notify('Holdfast', words).catch((error: unknown) => say(String(error)));
  }

  /** One piece of work at a time, each on what the one before it left. */
  #inTurn(what: string, work: () => Promise<void>, { mustDo = false } = {}): Promise<void> {
    const done = this.#last.then(work);
    // A window may have gone meanwhile, which is told by itself; whoever must know hears it.
    this.#last = done.catch((error: unknown) => {
      if (!mustDo && !this.#isClosing) this.#options.say(`${what}: ${String(error)}`);
    });
    return mustDo ? done : this.#last;
  }
}

const isNear = (a: Rectangle, b: Rectangle) =>
  [a.x - b.x, a.y - b.y, a.width - b.width, a.height - b.height].every(
    (difference) => Math.abs(difference) <= FRAME_MAX,
  );

function placed(
  places: readonly WindowPlace[],
  role: WindowRole,
  nth: number,
  displays: readonly Display[],
): Rectangle | undefined {
  const saved = places.find((it) => it.role === role && it.nth === nth);
  return saved && placeOn(displays, saved);
}

/** The monitor that most of it is on: of those that it was placed on, else of those that there are. */
function displayOf(
  bounds: Rectangle,
  before: readonly Display[],
  now: readonly Display[],
): Display {
  const [first = now[0]] = before.toSorted(
    (a, b) => overlap(bounds, b.bounds) - overlap(bounds, a.bounds),
  );
  if (!first) throw new Error('there is no monitor');
  return first;
}
