import type { random } from '#domain/lib/random.ts';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

/** What happens when, in true time, which nobody in the simulation can read. */
export class Schedule {
  now: number;
  readonly #heap: Due[] = [];
  #order = 0;

  constructor(now: number) {
    this.now = now;
  }

  /** Of two at the same moment the one that was put here first comes first. */
  at(at: number, work: () => void): void {
    const heap = this.#heap;
    this.#order += 1;
    heap.push({ at, order: this.#order, work });
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child], heap[parent])) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Lets everything happen that is due until then. */
  runUntil(until: number): void {
    for (;;) {
      const [next] = this.#heap;
      if (!next || next.at > until) break;
      this.#pop();
      this.now = Math.max(this.now, next.at);
      next.work();
    }
    this.now = until;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0 || !last) return;
    heap[0] = last;
    for (let parent = 0; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      let first = parent;
      if (isBefore(heap[left], heap[first])) first = left;
      if (isBefore(heap[right], heap[first])) first = right;
      if (first === parent) return;
      this.#swap(first, parent);
      parent = first;
    }
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (!one || !other) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}

const isBefore = (a: Due | undefined, b: Due | undefined) =>
  a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order));

/** `bad` loses, repeats and reorders frames inside a connection; `ordered` is late and is cut, no more. */
export type Manner = 'bad' | 'ordered';

/** The network: how bad it is, and which ways are cut. */
export class Network {
  readonly schedule: Schedule;
  readonly #random: ReturnType<typeof random>;
  readonly #manner: Manner;
  readonly #cutUntil = new Map<string, number>();
  isCalm = false;

  constructor(schedule: Schedule, source: ReturnType<typeof random>, manner: Manner) {
    this.schedule = schedule;
    this.#random = source;
    this.#manner = manner;
  }

  /** Nothing comes through this way until then: it waits in between, as TCP has it. */
  cut(way: string, until: number): void {
    this.#cutUntil.set(way, until);
  }

  heal(): void {
    this.#cutUntil.clear();
    this.isCalm = true;
  }

  isCut(way: string): boolean {
    return (this.#cutUntil.get(way) ?? 0) > this.schedule.now;
  }

  /**
   * One way of a connection, in order, as TCP is. A bad one lets a frame overtake another, come twice or
   * not at all, as a proxy can do it. `end` comes after everything that was sent.
   */
  way<Frame>(name: string, deliver: (frame: Frame) => void, ended: () => void) {
    let lastAt = 0;
    const arrival = () => {
      const { chance, below } = this.#random;
      const delay = !this.isCalm && chance(0.08) ? below(4_000) : below(30);
      return Math.max(this.schedule.now, this.#cutUntil.get(name) ?? 0) + delay;
    };
    return {
      send: (frame: Frame) => {
        const { chance } = this.#random;
        const isBad = !this.isCalm && this.#manner === 'bad';
        const at = isBad && chance(0.02) ? arrival() : Math.max(lastAt, arrival());
        lastAt = Math.max(lastAt, at);
        if (isBad && chance(0.01)) return; // lost on the way
        this.schedule.at(at, () => deliver(frame));
        // Once more, at once or after a while.
        if (isBad && chance(0.02)) this.schedule.at(Math.max(at, arrival()), () => deliver(frame));
      },
      end: () => this.schedule.at(Math.max(lastAt, arrival()), ended),
    };
  }
}
