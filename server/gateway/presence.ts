import type { DeskId, EpochMs } from '#domain/ids.ts';
import type { DeskSignal, Signals } from '#protocol/signal.ts';
import type { Timers } from './timers.ts';

const DESKS_AT_ONCE = 500; // what one frame may hold; a force may have more desks than that
const TELL_EVERY_MS = 250; // a colleague's caret need not be newer

/**
 * What each desk has in front of it: the latest value wins, it is told to all at most a few times a second,
 * and none of it is ever stored.
 */
export class Presence {
  readonly #latest = new Map<DeskId, Signals['latest'][number]>();
  readonly #timers: Timers;
  readonly #now: () => EpochMs;
  readonly #tell: (signals: Signals) => void;
  readonly #changed = new Set<DeskId>();
  #stop: (() => void) | undefined;

  constructor(ports: {
    readonly timers: Timers;
    readonly now: () => EpochMs;
    readonly tell: (signals: Signals) => void;
  }) {
    this.#timers = ports.timers;
    this.#now = ports.now;
    this.#tell = ports.tell;
  }

  /** All there is: for a desk that has just joined. */
  all(): readonly Signals[] {
    return inFrames([...this.#latest.values()], []);
  }

  heard(desk: DeskId, { user, presence }: DeskSignal): void {
    const at = this.#now();
    this.#latest.set(desk, { desk, ...(user !== undefined && { user }), at, presence });
    this.#soon(desk);
  }

  gone(desk: DeskId): void {
    if (this.#latest.delete(desk)) this.#soon(desk);
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #soon(desk: DeskId): void {
    this.#changed.add(desk);
    this.#stop ??= this.#timers.after(TELL_EVERY_MS, () => {
      this.#stop = undefined;
      const latest: Signals['latest'][number][] = [];
      const gone: DeskId[] = [];
      for (const it of this.#changed) {
        const known = this.#latest.get(it);
        if (known) latest.push(known);
        else gone.push(it);
      }
      this.#changed.clear();
      for (const signals of inFrames(latest, gone)) this.#tell(signals);
    });
  }
}

/** In as many frames as they need, and at least one. */
function inFrames(latest: Signals['latest'], gone: Signals['gone']): readonly Signals[] {
  const frames: Signals[] = [];
  for (let at = 0; at === 0 || at < Math.max(latest.length, gone.length); at += DESKS_AT_ONCE) {
    const to = at + DESKS_AT_ONCE;
    frames.push({ frame: 'signals', latest: latest.slice(at, to), gone: gone.slice(at, to) });
  }
  return frames;
}
