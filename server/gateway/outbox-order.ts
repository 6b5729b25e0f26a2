/** A place in the outbox of a desk. */
export interface OutboxPlace {
  readonly outboxId: string;
  readonly deskSeq: number;
}

/**
 * The order of a desk's commands over one connection. A desk begins with the first that it has no
 * answer to, and goes on in order; what it leaves out is answered; what it sent it may send again.
 *
 *     begins at 4    4 5 6 . 8 9    6 again          7 is answered: the desk left it out
 *                                   3 or 7 now       they should have come before: out of order
 *
 * A frame that overtook another, or took the place of one that was lost, shows as a number that should
 * have come after one without an answer. Recording it would decide it before what it rests on.
 */
export class OutboxOrder {
  readonly #isAnswered: (place: OutboxPlace) => boolean;
  readonly #areAnswered: (outboxId: string, from: number, to: number) => boolean;
  #outboxId: string | undefined;
  #first = 0;
  #last = 0;

  /** `areAnswered` is for all of `from` to `to`: a leap is looked at in one go, however far it is. */
  constructor(
    isAnswered: (place: OutboxPlace) => boolean,
    areAnswered = (outboxId: string, from: number, to: number) => {
      for (let deskSeq = from; deskSeq <= to; deskSeq += 1)
        if (!isAnswered({ outboxId, deskSeq })) return false;
      return true;
    },
  ) {
    this.#isAnswered = isAnswered;
    this.#areAnswered = areAnswered;
  }

  /** Takes the next frame's place; says whether it may be recorded now. One that may not is not taken. */
  take({ outboxId, deskSeq }: OutboxPlace): 'in-order' | 'out-of-order' {
    if (outboxId !== this.#outboxId) {
      this.#outboxId = outboxId;
      this.#first = this.#last = deskSeq;
      return 'in-order';
    }
    if (deskSeq < this.#first)
      return this.#isAnswered({ outboxId, deskSeq }) ? 'in-order' : 'out-of-order';
    const [from, to] = [this.#last + 1, deskSeq - 1];
    if (from <= to && !this.#areAnswered(outboxId, from, to)) return 'out-of-order';
    this.#last = Math.max(this.#last, deskSeq);
    return 'in-order';
  }
}
