import * as z from 'zod';
import type { Brand } from './lib/brand.ts';
import type { Box } from './lib/geo.ts';

export type CrimeIdentity = Brand<string, 'CrimeIdentity'>;

const text = z.string().min(1).max(200); // the longest published text is below 80

/** A published crime or anti-social behaviour. The month is all that is known of when; nothing makes it a time. */
export const recordedCrime = z.strictObject({
  /** What makes it the same crime in another import; see `crimeIdentity`. */
  identity: z.string().regex(/^(crime|row):[\w.:-]{1,128}$/) as unknown as z.ZodType<CrimeIdentity>, // made here: it gives our brand
  crimeId: z
    .string()
    .regex(/^[\w.-]{1,120}$/)
    .optional(),
  /** Where there is no Crime ID: the same for rows that read the same, in whatever file. */
  likeness: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  month: z.string().regex(/^(19|20)\d\d-(0[1-9]|1[0-2])$/, 'a month such as 2017-02'),
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  /** As published: `On or near STREET`. The position is that of the street, not of the crime. */
  location: text,
  crimeType: text,
  outcome: text.optional(),
  lsoaCode: text.optional(),
  lsoaName: text.optional(),
});
export type RecordedCrime = Readonly<z.infer<typeof recordedCrime>>;

/**
 * A Crime ID is the crime's own. A row without one is known by its file and by its place among the
 * rows of that file which read the same: the same file again makes the same identities.
 */
export function crimeIdentity(
  row:
    | { readonly crimeId: string }
    | { readonly fileDigest: string; readonly likeness: string; readonly ordinal: number },
): CrimeIdentity {
  const words =
    'crimeId' in row
      ? `crime:${row.crimeId}`
      : `row:${row.fileDigest.slice(0, 32)}:${row.likeness}:${row.ordinal}`;
  return words as CrimeIdentity; // as the schema above reads it
}

/** Why a row of a sound file is not kept. */
export const skipReasons = [
  'bad-month',
  'no-position',
  'bad-position',
  'outside-area',
  'bad-text',
] as const;
export type SkipReason = (typeof skipReasons)[number];

// Boxes with a margin of some kilometres: crimes are snapped to streets just over the border.
export const HAMPSHIRE_AND_ISLE_OF_WIGHT: Box = {
  south: 50.5,
  west: -2,
  north: 51.45,
  east: -0.68,
};
export const HAMPSHIRE_ISLE_OF_WIGHT_AND_THAMES_VALLEY: Box = {
  south: 50.5,
  west: -2,
  north: 52.25,
  east: -0.42,
};
