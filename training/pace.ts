import { DAY_MS } from './arrivals.ts';

/** How fast the made-up force lives: `speed` virtual seconds a second. */
export const SPEED_MAX = 1_000;

/**
 * The virtual clock of a training room. All that robots wait for, they wait for here.
 *
 * The server and the desks know nothing of it: they stamp by the clock on the wall. At speed 60 a caller who waits
 * a minute for an answer has waited one second on record, and the 30 s that an immediate hand-over may stand are
 * half an hour of the made-up force. So a figure that the product shows at speed is of the machine's own time, and
 * flatters the robots; what it would be for the made-up public are the lengths on record times the speed, or, which
 * is the same, the targets divided by it. Only at speed 1 are the two one.
 */
export class Pace {
  readonly speed: number;
  readonly #startMs: number;
  readonly #waiting = new Set<() => void>();
  #startedAt = performance.now();
  readonly #ending = new AbortController();

  /** `startMs` is the virtual time of now, in milliseconds from a Monday's midnight. */
  constructor(speed: number, startMs: number) {
    this.speed = speed;
    this.#startMs = startMs;
  }

  /** From now on time passes. Letting a force in takes a while, in which nobody is there to answer. */
  begin(): void {
    this.#startedAt = performance.now();
  }

  get now(): number {
    return this.#startMs + (performance.now() - this.#startedAt) * this.speed;
  }

  /** Whether nobody waits any more, because the training ends. */
  get isHurried(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Aborted once the training ends, for who waits for something else than time. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Resolves after so many virtual milliseconds, or at once where the training ends. */
  wait(ms: number): Promise<void> {
    if (this.isHurried || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms / this.speed);
      this.#waiting.add(done);
    });
  }

  /** From now on nothing is waited for: what is in hand is brought to its end. */
  hurry(): void {
    this.#ending.abort();
    for (const done of this.#waiting) done();
  }
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/**
 * Reads when a training begins, such as `22:00` or `fri-22:00`: in milliseconds from a Monday's midnight, on the
 * day of `now` where none is named. Undefined where it is no such time.
 */
export function weekTimeFrom(written: string, now: number): number | undefined {
  const [, name, hour, minute] =
    /^(?:([a-z]{3})-)?([01]\d|2[0-3]):([0-5]\d)$/.exec(written.toLowerCase()) ?? [];
  if (hour === undefined || minute === undefined) return undefined;
  const day =
    name === undefined
      ? Math.floor(now / DAY_MS)
      : weekdays.findIndex((it) => it.toLowerCase() === name);
  return day < 0 ? undefined : day * DAY_MS + (Number(hour) * 60 + Number(minute)) * 60_000;
}

/** Milliseconds since Monday's midnight by the local clock of a force. */
export function weekTimeOf(now: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: string) => parts.find((it) => it.type === type)?.value ?? '';
  const hours = weekdays.indexOf(part('weekday')) * 24 + Number(part('hour'));
  return ((hours * 60 + Number(part('minute'))) * 60 + Number(part('second'))) * 1_000;
}
