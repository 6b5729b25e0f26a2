import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { KeptWindows } from './kept-windows.ts';
import { LayoutStore } from './layout-store.ts';
import { overlap } from './layout.ts';
import {
  windowId,
  type Display,
  type Rectangle,
  type ShellWindow,
  type WindowRole,
} from './shell.ts';

const monitor = (label: string, bounds: Rectangle, bar = 40): Display => ({
  id: label,
  label,
  bounds,
  workArea: { ...bounds, height: bounds.height - bar },
  isPrimary: bounds.x === 0,
});
const screen = { x: 0, y: 0, width: 1920, height: 1080 };
const left = monitor('left', screen);
const right = monitor('right', { ...screen, x: 1920 });

interface Desk {
  readonly kept: KeptWindows;
  readonly windows: FakeWindow[];
  readonly said: string[];
  readonly notified: string[];
  readonly pass: (ms: number) => Promise<void>;
  displays: readonly Display[];
}

class FakeWindow {
  readonly role: WindowRole;
  readonly id;
  stands: Rectangle;
  reloads = 0;
  moves: Rectangle[] = [];
  /** A window manager that puts its frame around what was asked for. */
  readonly offset: number;
  constructor(role: WindowRole, number: number, bounds: Rectangle, offset: number) {
    this.role = role;
    this.id = windowId(role, number);
    this.offset = offset;
    this.stands = this.#framed(bounds);
  }
  #framed = (bounds: Rectangle) => ({ ...bounds, x: bounds.x + this.offset });
  bounds = async () => this.stands;
  place = async (bounds: Rectangle) => {
    this.moves.push(bounds);
    this.stands = this.#framed(bounds);
  };
  reload = async () => void (this.reloads += 1);
}

/** A shell whose windows and monitors a test moves about, and a clock that it owns. */
function machine(roles: readonly WindowRole[] = ['dispatch', 'map'], offset = 0) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-kept-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let now = 0;
  let number = 0;
  const start = (displays: readonly Display[], user?: string): Desk => {
    let due: { at: number; work: () => void }[] = [];
    const windows: FakeWindow[] = [];
    const said: string[] = [];
    const notified: string[] = [];
    const settle = async () => {
      for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
    };
    const kept = new KeptWindows({
      shell: {
        displays: async () => desk.displays,
        open: async (role, bounds) => {
          const window = new FakeWindow(role, ++number, bounds, offset);
          windows.push(window);
          return window as unknown as ShellWindow;
        },
        notify: async (_title, body) => {
          notified.push(body);
          return 'handed-over';
        },
      },
      roles,
      layouts: new LayoutStore(join(folder, 'layouts.json'), ({ message }) => said.push(message)),
      now: () => now,
      after: (ms, work) => {
        const timer = { at: now + ms, work };
        due.push(timer);
        return { [Symbol.dispose]: () => void (due = due.filter((it) => it !== timer)) };
      },
      say: (line) => said.push(line),
    });
    const pass = async (ms: number) => {
      await settle();
      const until = now + ms;
      for (;;) {
        const [next] = due.toSorted((a, b) => a.at - b.at);
        if (!next || next.at > until) break;
        now = next.at;
        due = due.filter((it) => it !== next);
        next.work();
        await settle();
      }
      now = until;
      await settle();
    };
    const desk: Desk = { kept, windows, said, notified, pass, displays };
    kept.sat(user);
    return desk;
  };
  return { start };
}

/** A hand drags a window. */
async function drag(desk: Desk, window: FakeWindow | undefined, stands: Partial<Rectangle>) {
  if (!window) throw new Error('there is no such window');
  window.stands = { ...window.stands, ...stands };
  desk.kept.windowChanged(window.role, window.id, { type: 'moved' });
  await desk.pass(500);
}

const change = async (desk: Desk, displays: readonly Display[]) => {
  desk.displays = displays;
  desk.kept.displaysChanged();
  await desk.pass(0);
};

const standing = ({ windows }: Desk) => windows.map(({ stands }) => stands);

test('a person’s windows stand the next time where they stood the last time, and the next person’s elsewhere', async () => {
  const { start } = machine();
  const first = start([left, right], 'ann');
  await first.kept.open();
  expect(standing(first)).toEqual([left.workArea, right.workArea]);
  await drag(first, first.windows[0], { x: 2_000, y: 30, width: 900, height: 700 });
  first.kept.sat(undefined);
  first.kept.sat('bob');
  await first.pass(0);
  await drag(first, first.windows[0], { x: 60, y: 60 });
  await first.kept.close();

  const anns = { x: 2_000, y: 30, width: 900, height: 700 };
  const again = start([left, right], 'ann');
  await again.kept.open();
  expect(standing(again)).toEqual([anns, right.workArea]);
  again.kept.sat('bob');
  await again.pass(0);
  expect(again.windows[0]?.stands).toEqual({ ...anns, x: 60, y: 60 });
  again.kept.sat('ann');
  await again.pass(0);
  expect(again.windows[0]?.stands).toEqual(anns);
});

test('a monitor that is unplugged and back has its windows back, though the system moved them meanwhile', async () => {
  const { start } = machine();
  const desk = start([left, right], 'ann');
  await desk.kept.open();
  await drag(desk, desk.windows[1], { x: 2_500, y: 100, width: 1_000, height: 800 });
  const before = standing(desk);
  // The system throws it onto the other monitor before anybody hears of the change.
  desk.displays = [left];
  await drag(desk, desk.windows[1], { x: 3, y: 3 });
  await change(desk, [left]);
  expect(standing(desk)[1]).toEqual({ x: 580, y: 100, width: 1_000, height: 800 });
  await drag(desk, desk.windows[1], { x: 700 }); // where the person wants it without the monitor
  await change(desk, [left, { ...right, id: 'new after the re-plug' }]);
  expect(standing(desk)).toEqual(before);
  await change(desk, [left]);
  expect(standing(desk)[1]?.x).toBe(700);
});

test('a window that somebody may be typing in is not moved, unless nobody can see it; later it is', async () => {
  const { start } = machine();
  const desk = start([left, right], 'ann');
  await desk.kept.open();
  await drag(desk, desk.windows[0], { x: 100, y: 100, width: 500, height: 500 });
  desk.kept.typed();
  // Everything has moved to the right, the left monitor is gone: `dispatch` is off screen, `map` is not.
  await change(desk, [monitor('right', { ...screen, x: 1920, y: 200 })]);
  const [dispatch, map] = desk.windows;
  expect([dispatch?.moves.length, map?.moves.length]).toEqual([1, 0]);
  expect(overlap(dispatch?.stands ?? screen, { ...screen, x: 1920, y: 200 })).toBe(250_000);
  await desk.pass(2_900);
  desk.kept.typed();
  await desk.pass(2_900);
  expect(map?.moves).toEqual([]);
  await desk.pass(200);
  expect(map?.stands).toEqual({ x: 1920, y: 200, width: 1920, height: 1040 });
});

test('a frame of a few pixels that the system puts around a window does not add up', async () => {
  const { start } = machine(['dispatch'], 7);
  let last = start([left, right], 'ann');
  await last.kept.open();
  await drag(last, last.windows[0], { x: 107, y: 50, width: 800, height: 600 });
  await last.kept.close();
  const places: (number | undefined)[] = [];
  for (let day = 0; day < 5; day += 1) {
    last = start([left, right], 'ann');
    await last.kept.open();
    await change(last, [left]);
    await change(last, [left, right]);
    await last.kept.close();
    places.push(last.windows[0]?.stands.x);
  }
  expect(new Set(places).size).toBe(1);
});

test('a system that shifts a window a moment after it was placed does not make it wander', async () => {
  const { start } = machine(['dispatch']);
  const asked = { x: 100, y: 50, width: 800, height: 600 };
  const first = start([left], 'ann');
  await first.kept.open();
  await first.pass(3_000);
  await drag(first, first.windows[0], asked);
  await first.kept.close();
  for (let day = 0; day < 3; day += 1) {
    const desk = start([left], 'ann');
    await desk.kept.open();
    expect(standing(desk)).toEqual([asked]);
    await drag(desk, desk.windows[0], { x: 104, y: 78 }); // its frame and title bar came late
    await desk.kept.close();
  }
  const last = start([left], 'ann');
  await last.kept.open();
  await last.pass(3_000);
  await drag(last, last.windows[0], { x: 108 }); // a hand, and a few pixels are its wish
  await last.kept.close();
  const after = start([left], 'ann');
  await after.kept.open();
  expect(standing(after)).toEqual([{ ...asked, x: 108 }]);
});

test('a window that fails is loaded again, three times in a minute; then it is left, and said; the next minute is new', async () => {
  const { start } = machine(['dispatch']);
  const desk = start([left], 'ann');
  await desk.kept.open();
  const [window] = desk.windows;
  const crash = () =>
    window && desk.kept.windowChanged(window.role, window.id, { type: 'crashed', cause: 'oom' });
  for (let times = 0; times < 3; times += 1) crash();
  expect([window?.reloads, desk.notified]).toEqual([3, []]);
  crash();
  expect(window?.reloads).toBe(3);
  expect(desk.notified[0]).toContain('The dispatch window failed 4 times in a minute');
  expect(desk.said.at(-1)).toBe(desk.notified[0]);
  await desk.pass(61_000);
  crash();
  expect(window?.reloads).toBe(4);
});

test('a window that fails while it opens is loaded again like any other', async () => {
  const { start } = machine(['dispatch']);
  const desk = start([left], 'ann');
  const opening = desk.kept.open();
  desk.kept.windowChanged('dispatch', windowId('dispatch', 1), { type: 'crashed', cause: 'oom' });
  await opening;
  expect(desk.windows.map(({ reloads }) => reloads)).toEqual([1]);
});

test('a window that was closed keeps its place, and comes back to it when the windows are asked for', async () => {
  const { start } = machine(['dispatch', 'dispatch']);
  const desk = start([left, right], 'ann');
  await desk.kept.open();
  await drag(desk, desk.windows[1], { x: 2_222, y: 22, width: 600, height: 500 });
  const closed = desk.windows[1];
  if (closed) desk.kept.windowChanged(closed.role, closed.id, { type: 'closed' });
  await drag(desk, desk.windows[0], { x: 11, y: 11, width: 600, height: 500 });
  const open = await desk.kept.open();
  expect([open.length, desk.windows.length]).toEqual([2, 3]);
  expect(desk.windows[2]?.stands).toEqual({ x: 2_222, y: 22, width: 600, height: 500 });
});

const rectangles = fc.record({
  x: fc.integer({ min: -6_000, max: 6_000 }),
  y: fc.integer({ min: -3_000, max: 3_000 }),
  width: fc.integer({ min: 200, max: 5_000 }),
  height: fc.integer({ min: 200, max: 3_000 }),
});
const displays = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom('A', 'B', 'C', ''), rectangles, fc.integer({ min: 0, max: 80 }))
    .map(([label, bounds, bar]) => monitor(label, bounds, bar)),
  { minLength: 1, maxLength: 4, selector: ({ bounds }) => `${bounds.x} ${bounds.y}` },
);
const isWithin = (inner: Rectangle, outer: Rectangle) =>
  overlap(inner, outer) === inner.width * inner.height;

test('whatever is plugged and dragged, a window that Holdfast places is wholly on a monitor, and old monitors bring back old places', async () => {
  await fc.assert(
    fc.asyncProperty(
      displays,
      fc.array(fc.tuple(displays, rectangles, fc.boolean()), { maxLength: 6 }),
      rectangles,
      async (home, days, wish) => {
        const { start } = machine(['dispatch', 'map']);
        const desk = start(home, 'ann');
        await desk.kept.open();
        const isOnScreen = () =>
          desk.windows.every(({ stands }) =>
            desk.displays.some(({ workArea }) => isWithin(stands, workArea)),
          );
        expect(isOnScreen()).toBe(true);
        // A hand cannot drag a window off every screen either, or not for long.
        await drag(desk, desk.windows[0], wish);
        await change(desk, home);
        const restored = standing(desk);
        expect(isOnScreen()).toBe(true);
        await desk.pass(500);
        for (const [now, dragged, isTyping] of days) {
          if (isTyping) desk.kept.typed();
          await change(desk, now);
          const seen = desk.windows.every(({ stands }) =>
            now.some(({ bounds }) => overlap(stands, bounds) > 0),
          );
          expect(seen).toBe(true);
          await desk.pass(3_100);
          expect(isOnScreen()).toBe(true);
          // Its own home is not rearranged meanwhile; every other set of monitors is.
          if (JSON.stringify(now) !== JSON.stringify(home))
            await drag(desk, desk.windows[1], dragged);
        }
        await change(desk, home);
        await desk.pass(3_100);
        expect(standing(desk)).toEqual(restored);
        expect(desk.said).toEqual([]);
      },
    ),
    { numRuns: 60, verbose: 1 },
  );
});
