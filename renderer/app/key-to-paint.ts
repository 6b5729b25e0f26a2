import type { DeskLine } from './desk-line.ts';

const SAY_EVERY_MS = 5_000;
const KEPT_MAX = 200; // nobody types forty keys a second
const HUNG_MS = 60_000; // what took longer is a machine that slept
const BARE = new Set(['Shift', 'Control', 'Alt', 'Meta', 'CapsLock']); // shows nothing by itself

/**
 * Measures from each key, as the system gave it, to the end of the frame that shows what came of it, and tells
 * the desk every few seconds. It listens and changes nothing; a window that is not in sight paints nothing and
 * measures nothing.
 */
export function measureKeys(
  page: Window & typeof globalThis,
  line: Pick<DeskLine, 'painted'>,
  signal: AbortSignal,
): void {
  let taken: number[] = [];
  let pressed: number[] = [];
  const painted = new page.MessageChannel();
  // The message is heard when the frame has been handed over: what comes after it is the screen's own time.
  painted.port1.addEventListener('message', () => {
    const now = page.performance.now();
    taken.push(...pressed.map((at) => now - at).filter((ms) => ms >= 0 && ms < HUNG_MS));
    pressed = [];
    taken = taken.slice(-KEPT_MAX);
  });
  painted.port1.start();

  page.addEventListener(
    'keydown',
    (event) => {
      if (BARE.has(event.key) || page.document.hidden) return;
      pressed.push(event.timeStamp);
      if (pressed.length === 1)
        page.requestAnimationFrame(() => painted.port2.postMessage(undefined));
    },
    { capture: true, signal },
  );
  // A window that goes out of sight gets no frame until it is back: that is no slow key.
  page.document.addEventListener('visibilitychange', () => (pressed = []), { signal });

  const saying = page.setInterval(() => {
    if (taken.length === 0) return;
    line.painted(taken.map((ms) => Math.round(ms * 10) / 10));
    taken = [];
  }, SAY_EVERY_MS);
  signal.addEventListener(
    'abort',
    () => {
      page.clearInterval(saying);
      painted.port1.close();
    },
    { once: true },
  );
}
