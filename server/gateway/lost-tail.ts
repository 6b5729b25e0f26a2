import type { Hello } from '#protocol/hello.ts';
import { TAIL_MAX, type SendTail, type Tail } from '#protocol/tail.ts';
import { verifyChain } from '#store/chain.ts';
import { outOfJson, type StoredEvent } from '#store/event-log.ts';
import type { Recorder } from '../log/recorder-port.ts';

/** What is asked of this log to know what it has lost. */
export type LogAsked = Pick<
  Recorder,
  'logId' | 'epoch' | 'head' | 'hashAt' | 'lastOfEpoch' | 'awaitsTails'
>;

/**
 * Whether a desk has of this very epoch what the log has not, or has otherwise: what was told as recorded is
 * lost, with the end of a file that its disk gave up, or was rewritten. Nobody can say from here what it
 * was, and a copy made anew would take away the last that there is. A restored log is another matter: it is of a
 * later epoch, and asks for what it lacks.
 */
export function isCutShort(
  log: LogAsked,
  hello: Pick<Hello, 'logId' | 'epoch' | 'cursor' | 'cursorEpoch' | 'chainHash' | 'shown'>,
): boolean {
  const { logId, cursor, cursorEpoch, chainHash } = hello.shown ?? hello;
  const isOfNow = logId === log.logId && cursorEpoch === log.epoch && hello.epoch === log.epoch;
  return cursor > 0 && isOfNow && log.hashAt(cursor) !== chainHash;
}

/**
 * What a desk has on record beyond a log that was restored from a back-up, part by part.
 *
 *     back-up ends at H       desk:  … H  H+1 … C        its tail: H+1 … C
 *     while it awaits tails   adopted as they were, so that every desk's chain goes on
 *     later                   the log has its own H+1: asked from the end of the desk's epoch
 *
 * A back-up that is restored twice has two logs after it. Whoever has the one that was not adopted is asked
 * further and further back, until what it has follows on what is here.
 */
export class LostTail {
  readonly #log: LogAsked;
  #from: { readonly seq: number; readonly hash: string };
  #step = TAIL_MAX;

  readonly #upTo: number;

  private constructor(
    log: LogAsked,
    from: { readonly seq: number; readonly hash: string },
    upTo: number,
  ) {
    this.#log = log;
    this.#from = from;
    this.#upTo = upTo;
  }

  /** What this desk is to be asked for; undefined where it has nothing that the log lacks. */
  static of(
    log: LogAsked,
    hello: Pick<Hello, 'logId' | 'epoch' | 'cursor' | 'chainHash' | 'shown'>,
  ): LostTail | undefined {
    const { epoch } = hello;
    const { logId, cursor, chainHash } = hello.shown ?? hello;
    // A desk that has seen a later epoch knows a newer server than this one, and gives it nothing.
    if (cursor === 0 || logId !== log.logId || epoch > log.epoch) return undefined;
    if (log.awaitsTails()) {
      const { seq, hash } = log.head();
      return cursor > seq ? new LostTail(log, { seq, hash }, cursor) : undefined;
    }
    if (epoch === log.epoch || log.hashAt(cursor) === chainHash) return undefined;
    const seq = Math.min(log.lastOfEpoch(epoch), cursor - 1);
    const hash = log.hashAt(seq);
    return hash === undefined ? undefined : new LostTail(log, { seq, hash }, cursor);
  }

  get asked(): SendTail {
    return { frame: 'send-tail', after: this.#from.seq };
  }

  /**
   * The commands of the part that was asked for, checked hash by hash; the next part is asked for after
   * them. Undefined where they are not what this log would go on with.
   */
  commandsOf({ after, events }: Tail): readonly (readonly StoredEvent[])[] | undefined {
    const stored = events.map(outOfJson);
    const verdict = verifyChain(stored, this.#from);
    if (after !== this.#from.seq || verdict.outcome === 'broken') return undefined;
    this.#from = { seq: verdict.seq, hash: verdict.hash };
    this.#step = 0; // from here on each part follows on the one before
    return [...Map.groupBy(stored, ({ header }) => header.commandId).values()];
  }

  /** Not all that the desk said it has was given: a page of its copy cannot be read, say. */
  get isShort(): boolean {
    return this.#from.seq < this.#upTo;
  }

  /**
   * Whether such a part is to be asked for again from further back: it is of a log that has parted from
   * this one before that place. While the log awaits tails it can adopt one of the two only.
   */
  goesFurtherBack({ after, events }: Tail): boolean {
    const { seq, hash } = this.#from;
    const first = events[0]?.header;
    if (this.#log.awaitsTails() || this.#step === 0 || seq === 0 || after !== seq) return false;
    if (first?.seq !== seq + 1 || first.prevHash === hash) return false;
    const earlier = Math.max(0, seq - this.#step);
    const earlierHash = this.#log.hashAt(earlier);
    if (earlierHash === undefined) return false;
    this.#from = { seq: earlier, hash: earlierHash };
    this.#step *= 2;
    return true;
  }
}
