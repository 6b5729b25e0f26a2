import type { ServiceLevelRow } from '#domain/service-levels.ts';
import { csvOf } from '../../app/csv.ts';

const seconds = (ms: number | null) => (ms === null ? '' : (ms / 1_000).toFixed(1));

/** The columns of the account, as they stand in the table and in the file alike. */
export const levelColumns = [
  { name: 'Channel', text: ({ channel }: ServiceLevelRow) => channel },
  { name: 'From', text: ({ isTotal, time }: ServiceLevelRow) => (isTotal ? 'all day' : time) },
  { name: 'Offered', text: ({ offered }: ServiceLevelRow) => String(offered) },
  { name: 'In time', text: ({ within }: ServiceLevelRow) => String(within) },
  {
    name: '%',
    text: ({ percent }: ServiceLevelRow) => (percent === null ? '' : percent.toFixed(1)),
  },
  { name: 'Abandoned', text: ({ abandoned }: ServiceLevelRow) => String(abandoned) },
  { name: 'Median s', text: ({ medianMs }: ServiceLevelRow) => seconds(medianMs) },
  { name: 'Longest s', text: ({ longestMs }: ServiceLevelRow) => seconds(longestMs) },
  { name: 'Ringing', text: ({ ringing }: ServiceLevelRow) => String(ringing) },
  { name: 'By hand', text: ({ byHand }: ServiceLevelRow) => String(byHand) },
] as const;

/** What is shown: the whole of each channel, then the quarters in which anything was, the newest first. */
export function shownLevels(rows: readonly ServiceLevelRow[]): readonly ServiceLevelRow[] {
  const totals = rows.filter(({ isTotal }) => isTotal);
  const quarters = rows.filter(
    ({ isTotal, offered, ringing, byHand }) => !isTotal && offered + ringing + byHand > 0,
  );
  // 999 stands first in each quarter, as it does in the answer.
  return [...totals, ...quarters.toSorted((left, right) => right.from - left.from)];
}

/** The table that is shown, as a file: with the day, which the table has in its heading. */
export const levelsFile = (rows: readonly ServiceLevelRow[]): string =>
  csvOf(
    ['Day', ...levelColumns.map(({ name }) => name)],
    shownLevels(rows).map((row) => [row.day, ...levelColumns.map(({ text }) => text(row))]),
  );
