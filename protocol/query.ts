import * as z from 'zod';
import { epochMs } from '#domain/ids.ts';

const lat = z.number().min(-90).max(90);
const lon = z.number().min(-180).max(180);

/** What a window may look up, each by name; what it consults is audited. */
export const queries = {
  /** Contacts and incidents by telephone number, reference or words of the place. */
  find: z.strictObject({ text: z.string().min(1).max(200) }),
  /** Places by name, for the place field. */
  places: z.strictObject({ text: z.string().min(2).max(200) }),
  /** Recorded crimes around a position, nearest first. */
  'crimes-near': z.strictObject({ lat, lon, metres: z.number().positive().max(5_000) }),
  /**
   * How calls were answered that were offered from `from` until before `to`. Without `from` from the beginning of
   * the force's local day that `to` ends in, or of today; without `to` to the end of the day of `from`.
   */
  'service-levels': z.strictObject({ from: epochMs.optional(), to: epochMs.optional() }),
} as const;
export type QueryName = keyof typeof queries;
export type QueryParams<Name extends QueryName> = z.infer<(typeof queries)[Name]>;

/** Sent by a window; the answer is a `result` with the same id. */
export const query = z.strictObject({
  frame: z.literal('query'),
  id: z.string().min(1).max(64),
  query: z.enum(Object.keys(queries) as [QueryName, ...QueryName[]]), // the table is never empty
  params: z.record(z.string(), z.unknown()),
});
export type Query = z.infer<typeof query>;

/** The answer to a query, a sign-in, the settling of a tray item or an administrator's doing: rows, or the reason there are none. */
export const result = z.strictObject({
  frame: z.literal('result'),
  id: z.string().min(1).max(64),
  outcome: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('rows'),
      rows: z.array(z.unknown()).max(1_000),
      /** When what is shown was last known to be true. */
      asAt: z.number().nonnegative(),
    }),
    z.strictObject({
      kind: z.literal('refused'),
      reason: z.string().min(1).max(64),
      message: z.string().max(400),
    }),
  ]),
});
export type Result = z.infer<typeof result>;

/** A row of `find`. */
export interface Found {
  readonly kind: 'contact' | 'incident';
  readonly id: string;
  readonly title: string;
  readonly place: string;
  readonly at: number;
  readonly isOpen: boolean;
  readonly why: string;
}
/** A row of `places`. */
export interface FoundPlace {
  readonly text: string;
  readonly lat: number;
  readonly lon: number;
  readonly source: string;
}
/** A row of `crimes-near`. The month is all that is known of when. */
export interface CrimeNear {
  readonly month: string;
  readonly crimeType: string;
  readonly location: string;
  readonly metres: number;
  readonly outcome?: string | undefined;
}
