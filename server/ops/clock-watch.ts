import type { DeskId } from '#domain/ids.ts';
import type { Notices } from './notices.ts';

const TOLD_FOR_MS = 3_600_000; // times before and after a jump stand in one log: an hour of it is on screen
const ABOUT = 'clock';

export interface ClockWatchPorts {
  /** The clock that people read. */
  readonly now: () => number;
  /** Milliseconds since some moment, which nobody can set. */
  readonly elapsedMs: () => number;
  readonly notices: Notices;
  readonly told: (line: string) => void;
  /** From how much on it is told. */
  readonly warnMs: number;
  /** Each joined desk's clock less ours, as its last pong said. */
  readonly desks?: () => ReadonlyMap<DeskId, number>;
}

const seconds = (ms: number) => (Math.abs(ms) / 1_000).toFixed(1);

/**
 * Sees a clock that was set: it went otherwise than the time that nobody can set. A clock that is drawn
 * right slowly, as NTP does it, is no jump. And tells which desks have another time than the server.
 */
export class ClockWatch {
  readonly #ports: ClockWatchPorts;
  #last: { readonly now: number; readonly elapsedMs: number };
  #jumpedMs = 0;
  #toldAt: number | undefined;
  readonly #off = new Set<DeskId>();

  constructor(ports: ClockWatchPorts) {
    this.#ports = ports;
    this.#last = this.#read();
  }

  /** By how much the clock has jumped since the start, all jumps together. */
  get jumpedMs(): number {
    return this.#jumpedMs;
  }

  look(): void {
    const { notices, warnMs } = this.#ports;
    const here = this.#read();
    const byMs = here.now - this.#last.now - (here.elapsedMs - this.#last.elapsedMs);
    this.#last = here;
    if (Math.abs(byMs) >= warnMs) {
      this.#jumpedMs += byMs;
      this.#toldAt = here.elapsedMs;
      // In two steps: a second jump of the same size is another one, with a time of its own.
      notices.set(ABOUT, undefined);
      notices.set(ABOUT, {
        level: 'warning',
        text: `The server's clock is ${seconds(byMs)} s ${byMs > 0 ? 'ahead of' : 'behind'} its own earlier times`,
      });
    } else if (this.#toldAt !== undefined && here.elapsedMs - this.#toldAt >= TOLD_FOR_MS) {
      this.#toldAt = undefined;
      notices.set(ABOUT, undefined);
    }
    this.#lookAtDesks();
  }

  /** Their own window tells the people there; the technical log tells whoever has to set it right. */
  #lookAtDesks(): void {
    const { desks, told, warnMs } = this.#ports;
    const offsets = desks?.() ?? new Map<DeskId, number>();
    for (const [desk, offsetMs] of offsets) {
      const isOff = Math.abs(offsetMs) >= warnMs * (this.#off.has(desk) ? 0.75 : 1);
      if (isOff === this.#off.has(desk)) continue;
      if (isOff) this.#off.add(desk);
      else this.#off.delete(desk);
      const side = offsetMs > 0 ? 'ahead of' : 'behind';
      told(
        isOff
          ? `warning: the clock of ${desk} is ${seconds(offsetMs)} s ${side} the server's`
          : `over: the clock of ${desk} is right again`,
      );
    }
    for (const desk of this.#off) if (!offsets.has(desk)) this.#off.delete(desk);
  }

  #read() {
    return { now: this.#ports.now(), elapsedMs: this.#ports.elapsedMs() };
  }
}
