import * as z from 'zod';

const point = z.strictObject({
  logId: z.string().min(1).max(64),
  seq: z.int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
/** What a desk has seen of the log: the hash of the event at a place. It says nothing of anybody. */
export type WitnessPoint = z.infer<typeof point>;

export type Testimony =
  | { readonly outcome: 'agrees'; readonly points: number; readonly upTo: number }
  | {
      readonly outcome: 'differs';
      /** The first event of the witness that is not in the log as it was seen. */
      readonly seq: number;
      /** The last one before it that is; what happened, happened between the two. */
      readonly agreesUpTo: number;
      readonly why: 'missing' | 'other';
    };

/** Reads what a desk has printed, a line of JSON each. Throws with the line that is none. */
export const readWitness = (text: string): readonly WitnessPoint[] =>
  text
    .split('\n')
    .map((line, at) => ({ line: line.trim(), at: at + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, at }) => {
      try {
        return point.parse(JSON.parse(line));
      } catch (cause) {
        throw new Error(`line ${at} of the witness is not { "logId", "seq", "hash" }`, { cause });
      }
    });

/**
 * Compares a log with what a desk has seen of it. A chain alone cannot show that its end was cut, or that
 * it was written anew from some event on; a desk is out of the reach of whoever holds the log.
 */
export function hearWitness(
  log: { readonly logId: string; hashAt(seq: number): string | undefined },
  points: readonly WitnessPoint[],
): Testimony {
  let agreesUpTo = 0;
  for (const { logId, seq, hash } of points.toSorted((a, b) => a.seq - b.seq)) {
    if (logId !== log.logId) throw new Error(`the witness saw the log ${logId}, not ${log.logId}`);
    const here = log.hashAt(seq);
    if (here !== hash)
      return { outcome: 'differs', seq, agreesUpTo, why: here === undefined ? 'missing' : 'other' };
    agreesUpTo = seq;
  }
  return { outcome: 'agrees', points: points.length, upTo: agreesUpTo };
}
