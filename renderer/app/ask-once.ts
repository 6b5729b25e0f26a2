import type { Result } from '#protocol/query.ts';

type Outcome = Result['outcome'];

const WAIT_MS = 16_000; // longer than a desk waits for its server

const notKnown: Outcome = {
  kind: 'refused',
  reason: 'not-known',
  message: 'The line was lost before the answer: not known whether it was done. Look at the list.',
};

/**
 * What has an effect at the server and is asked once. A question is asked again on the next line; this is
 * not: where its answer is lost it is neither done nor failed, and whoever asked is told so.
 */
export class AskOnce {
  readonly #after: (ms: number, work: () => void) => void;
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();

  constructor(after: (ms: number, work: () => void) => void) {
    this.#after = after;
  }

  /** Always answers. */
  ask(id: string, send: () => void): Promise<Outcome> {
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        // The same may have been asked again under its id: the time that is up is this one's alone.
        if (this.#waiting.get(id) !== settle) return;
        this.#waiting.delete(id);
        resolve(outcome);
      };
      this.#waiting.set(id, settle);
      send();
      this.#after(WAIT_MS, () => settle(notKnown));
    });
  }

  /** Whether it was an answer to something of this kind. */
  hear(id: string, outcome: Outcome): boolean {
    const settle = this.#waiting.get(id);
    settle?.(outcome);
    return settle !== undefined;
  }

  lost(): void {
    for (const settle of this.#waiting.values()) settle(notKnown);
  }
}
