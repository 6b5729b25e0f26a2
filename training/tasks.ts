/** Work that goes on side by side and has one owner: what fails in it is told, and it can be waited for. */
export class Tasks {
  readonly #running = new Set<Promise<void>>();
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get size(): number {
    return this.#running.size;
  }

  run(work: () => Promise<void>): void {
    const task: Promise<void> = work()
      .catch(this.#failed)
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  /** Resolves once nothing runs any more, what was begun meanwhile included. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
