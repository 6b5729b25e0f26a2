import type { Hello } from '#protocol/hello.ts';
import type { SendTail, Tail } from '#protocol/tail.ts';
import { verifyChain } from '#store/chain.ts';
import { outOfJson, type StoredEvent } from '#store/event-log.ts';
import type { Recorder } from '../log/recorder-port.ts';

/** What is asked of this log to know what it has lost. */
export type LogAsked = Pick<
  Recorder,
  'logId' | 'epoch' | 'head' | 'hashAt' | 'lastOfEpoch' | 'awaitsTails'
>;

/**
 * What a desk has on record beyond a log that was restored from a back-up, part by part.
 *
 *     back-up ends at H       desk:  … H  H+1 … C        its tail: H+1 … C
 *     while it awaits tails   adopted as they were, so that every desk's chain goes on
 *     later                   the log has its own H+1: asked from the end of the desk's epoch
 */
export class LostTail {
  #from: { readonly seq: number; readonly hash: string };

  private constructor(from: { readonly seq: number; readonly hash: string }) {
    this.#from = from;
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
      return cursor > seq ? new LostTail({ seq, hash }) : undefined;
    }
    if (epoch === log.epoch || log.hashAt(cursor) === chainHash) return undefined;
    const seq = log.lastOfEpoch(epoch);
    const hash = log.hashAt(seq);
    return cursor > seq && hash !== undefined ? new LostTail({ seq, hash }) : undefined;
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
    return [...Map.groupBy(stored, ({ header }) => header.commandId).values()];
  }
}
