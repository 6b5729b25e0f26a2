/** How fast the made-up force lives: `speed` virtual seconds a second. */
export const SPEED_MAX = 1_000;

/** The virtual clock of a training room. All that robots wait for, they wait for here. */
export class Pace {
  readonly #speed: number;
  readonly #startedAt: number;
  readonly #startMs: number;
  readonly #waiting = new Set<() => void>();
  #isHurried = false;

  /** `startMs` is the virtual time of now, in milliseconds from a Monday's midnight. */
  constructor(speed: number, startMs: number) {
    this.#speed = speed;
    this.#startMs = startMs;
    this.#startedAt = performance.now();
  }

  get now(): number {
    return this.#startMs + (performance.now() - this.#startedAt) * this.#speed;
  }

  /** Whether nobody waits any more, because the training ends. */
  get isHurried(): boolean {
    return this.#isHurried;
  }

  /** Resolves after so many virtual milliseconds, or at once where the training ends. */
  wait(ms: number): Promise<void> {
    if (this.#isHurried || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms / this.#speed);
      this.#waiting.add(done);
    });
  }

  /** From now on nothing is waited for: what is in hand is brought to its end. */
  hurry(): void {
    this.#isHurried = true;
    for (const done of this.#waiting) done();
  }
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

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
