import { existsSync } from 'node:fs';
import * as z from 'zod';
import { assert } from '#domain/lib/assert.ts';
import type { Store } from '#store/open-store.ts';
import { allRows, foldImages, type Image, type Rows } from '#store/row-images.ts';
import { readFrames, SealedFrames } from '#store/sealed-frames.ts';

/** The table of the outbox's file that says how far it has come; no part of what is kept twice. */
export const ACCOUNT = 'second_copy';

const BASE_ROWS = 64; // in a frame of the base: what a damaged one takes with it

/** What a frame says: which line it is of, after which change, by which migrations, and the rows. */
const frame = z.object({
  line: z.string(),
  n: z.int().nonnegative(),
  version: z.int().positive(),
  rows: z.array(
    z.tuple([
      z.string(),
      z.int(),
      z
        .record(
          z.string(),
          z.union([z.string(), z.number(), z.null(), z.object({ bytes: z.string() })]),
        )
        .nullable(),
    ]),
  ),
  /** In the first one: how many frames the base has, which is all rows as they were then. */
  base: z.int().positive().optional(),
});
type Frame = z.infer<typeof frame>;

/** Where a second copy stands: its line, the change it has come to, and the migrations that its rows are of. */
export interface CopyPlace {
  readonly line: string;
  /** Counts the changes of one line. */
  readonly n: number;
  readonly version: number;
}

export type CopyFound =
  | { readonly state: 'none' }
  | ({ readonly state: 'whole'; readonly rows: Rows } & CopyPlace)
  /** Some of it is not what was written. `place` is that of the last frame that is, if there is one. */
  | {
      readonly state: 'damaged';
      readonly rows: Rows;
      readonly place: CopyPlace | undefined;
    };

/** Reads what there is of a second copy. Never throws for what stands in it, or because it cannot be read. */
export function readCopy(path: string, key: Uint8Array): CopyFound {
  if (!existsSync(path)) return { state: 'none' };
  try {
    const { bodies, isWhole } = readFrames(path, key);
    const frames = bodies.map((body) => frame.parse(JSON.parse(body.toString('utf8'))));
    const rows = foldImages(frames.flatMap((it) => it.rows));
    const last = frames.at(-1);
    const place = last && { line: last.line, n: last.n, version: last.version };
    const base = frames[0]?.base;
    if (isWhole && place && base !== undefined && frames.length >= base)
      return { state: 'whole', rows, ...place };
    return { state: 'damaged', rows, place };
  } catch {
    // Its disk does not give it back, or nothing in it is ours: there is no copy to be had of it.
    return { state: 'damaged', rows: new Map(), place: undefined };
  }
}

const bodyOf = (it: Frame) => Buffer.from(JSON.stringify(it), 'utf8');

/** The second copy that is being kept: sealed frames of rows as they are after each change. */
export class OutboxCopy implements Disposable {
  readonly #frames: SealedFrames;
  readonly #place: Omit<CopyPlace, 'n'>;
  readonly baseBytes: number;

  private constructor(frames: SealedFrames, place: Omit<CopyPlace, 'n'>) {
    this.#frames = frames;
    this.#place = place;
    this.baseBytes = frames.bytes;
  }

  /** Makes the copy anew of all rows of `db`, in the place of the one before. Throws what the disk says. */
  static of(db: Store, path: string, key: Uint8Array, { line, n, version }: CopyPlace): OutboxCopy {
    const images = [...allRows(db, ACCOUNT)];
    const base = Math.max(1, Math.ceil(images.length / BASE_ROWS));
    const bodies = Array.from({ length: base }, (_none, at) =>
      bodyOf({
        line,
        n,
        version,
        rows: images.slice(at * BASE_ROWS, (at + 1) * BASE_ROWS).map(rowOf),
        ...(at === 0 && { base }),
      }),
    );
    return new OutboxCopy(SealedFrames.replace(path, key, bodies), { line, version });
  }

  get isInPlace(): boolean {
    return this.#frames.isInPlace;
  }

  get bytes(): number {
    return this.#frames.bytes;
  }

  /** Adds change `n`. It is on the disk when this returns. Throws what the disk says; then this copy is done with. */
  append(n: number, images: readonly Image[]): void {
    assert(images.length > 0, 'a change has rows');
    this.#frames.append(bodyOf({ ...this.#place, n, rows: images.map(rowOf) }));
  }

  [Symbol.dispose](): void {
    this.#frames[Symbol.dispose]();
  }
}

const rowOf = ([table, rowid, row]: Image): Frame['rows'][number] => [
  table,
  rowid,
  row && { ...row },
];
