import { isWithin, type Box } from '#domain/lib/geo.ts';
import {
  crimeIdentity,
  recordedCrime,
  type RecordedCrime,
  type SkipReason,
} from '#domain/recorded-crime.ts';
import {
  readStagedFile,
  stageBytes,
  stageFile,
  type FileKind,
  type ReadRow,
  type RefusedFile,
  type StagedFile,
  type StagedRow,
  type StagingOptions,
} from './stage-file.ts';

// Reads the street-level CSV of data.police.uk.

const HEADER = [
  'Crime ID',
  'Month',
  'Reported by',
  'Falls within',
  'Longitude',
  'Latitude',
  'Location',
  'LSOA code',
  'LSOA name',
  'Crime type',
  'Last outcome category',
  'Context',
] as const;

export interface StageOptions extends StagingOptions {
  /** A row with a position outside is skipped. */
  readonly area: Box;
}

export type StagedCrimes = StagedFile<RecordedCrime, SkipReason>;

/** Stages a file of recorded crimes from disk. Throws where it cannot be read at all. */
export const stageCrimeFile = (
  file: string,
  { area, ...options }: StageOptions,
  signal?: AbortSignal,
): Promise<StagedCrimes | RefusedFile> => stageFile(file, crimesOf(area), options, signal);

/** The same from bytes. */
export const stageCrimes = (
  bytes: AsyncIterable<Uint8Array>,
  { area, ...options }: StageOptions,
  signal?: AbortSignal,
): Promise<StagedCrimes | RefusedFile> => stageBytes(bytes, crimesOf(area), options, signal);

/** Opens what was staged in another thread or process. */
export const readStaged = (stagingFile: string) => readStagedFile(stagingFile, kept);

interface CrimeRow {
  readonly crimeId: string | null;
  readonly month: string;
  readonly lat: number;
  readonly lon: number;
  readonly location: string;
  readonly crimeType: string;
  readonly outcome: string | null;
  readonly lsoaCode: string | null;
  readonly lsoaName: string | null;
}

/** The files of one area. */
export const crimesOf = (area: Box): FileKind<CrimeRow, RecordedCrime, SkipReason> => ({
  what: 'recorded crimes',
  headers: [HEADER],
  read: (fields) => readRow(fields, area),
  kept,
});

function kept(row: CrimeRow, { fileDigest, likeness, ordinal }: StagedRow): RecordedCrime {
  const { crimeId, month, lat, lon, location, crimeType } = row;
  return recordedCrime.parse({
    ...(crimeId === null
      ? {
          identity: crimeIdentity({ fileDigest, likeness: likeness ?? '', ordinal: ordinal ?? 0 }),
          likeness,
        }
      : { identity: crimeIdentity({ crimeId }), crimeId }),
    month,
    lat,
    lon,
    location,
    crimeType,
    ...(row.outcome !== null && { outcome: row.outcome }),
    ...(row.lsoaCode !== null && { lsoaCode: row.lsoaCode }),
    ...(row.lsoaName !== null && { lsoaName: row.lsoaName }),
  });
}

const { crimeId: crimeIdText, month: monthText, location: wordsText } = recordedCrime.shape;
const isA = (schema: { safeParse(value: unknown): { success: boolean } }, value: string | null) =>
  schema.safeParse(value).success;
const DEGREES = /^-?\d{1,3}(\.\d{1,12})?$/;

/** The row as it is kept, or why it is not. */
function readRow(fields: readonly string[], area: Box): ReadRow<CrimeRow> | SkipReason {
  const [id = '', month = '', , , lonText = '', latText = '', location = ''] = fields;
  const [, , , , , , , lsoaCode = '', lsoaName = '', crimeType = '', outcome = ''] = fields;
  if (!isA(monthText, month)) return 'bad-month';
  if (lonText === '' || latText === '') return 'no-position';
  if (!DEGREES.test(lonText) || !DEGREES.test(latText)) return 'bad-position';
  const [lat, lon] = [Number(latText), Number(lonText)];
  if (Math.abs(lat) > 90 || Math.abs(lon) > 180) return 'bad-position';
  if (!isWithin(area, { lat, lon })) return 'outside-area';
  const row = {
    crimeId: id || null,
    month,
    lat,
    lon,
    location,
    crimeType,
    outcome: outcome || null,
    lsoaCode: lsoaCode || null,
    lsoaName: lsoaName || null,
  };
  const optional = [row.outcome, row.lsoaCode, row.lsoaName].filter((text) => text !== null);
  const isSound =
    (row.crimeId === null || isA(crimeIdText, row.crimeId)) &&
    [location, crimeType, ...optional].every((text) => isA(wordsText, text));
  return isSound ? { key: row.crimeId, period: month, row } : 'bad-text';
}
