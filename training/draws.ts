import { random } from '#domain/lib/random.ts';

/** Draws of one subject: what is drawn for one thing does not depend on what was drawn for another. */
export interface Draws {
  /** Evenly from 0 up to 1, and never 1. */
  readonly share: () => number;
  readonly below: (limit: number) => number;
  readonly chance: (probability: number) => boolean;
  /** One of them, each as likely; of an empty list there is none to draw, which is an error of ours. */
  readonly oneOf: <Item>(items: readonly Item[]) => Item;
  /** One of the rows, as likely as its weight says. */
  readonly weighted: <Item>(rows: readonly (readonly [weight: number, item: Item])[]) => Item;
  /** A time until something that comes at random, such as the next call; with this mean. */
  readonly gap: (mean: number) => number;
  /** A length of work: half of them are shorter than `median`, one in six is longer than `median * spread`. */
  readonly around: (median: number, spread: number) => number;
}

const FINE = 1 << 30; // as finely as the generator tells

/** The draws of a seed for a subject, such as `(7, 'arrivals', 3)`: the same every time. */
export function drawsOf(seed: number, ...subject: readonly (string | number)[]): Draws {
  const { below, chance } = random(hashOf(`${seed}/${subject.join('/')}`));
  const share = () => below(FINE) / FINE;
  return {
    share,
    below,
    chance,
    oneOf: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('drawn from an empty list');
      return item;
    },
    weighted: (rows) => {
      let left = share() * rows.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of rows) {
        left -= weight;
        if (left < 0) return item;
      }
      const last = rows.at(-1); // where rounding leaves a crumb
      if (!last) throw new Error('drawn from an empty table');
      return last[1];
    },
    gap: (mean) => -Math.log(1 - share()) * mean,
    around: (median, spread) => {
      // A normal draw (Box and Muller) on the scale of logarithms: durations of work have a long tail.
      const normal = Math.sqrt(-2 * Math.log(1 - share())) * Math.cos(2 * Math.PI * share());
      return median * spread ** normal;
    },
  };
}

/** FNV-1a over the characters: near subjects get far seeds. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
