import type { ResponseRow, Times } from '#domain/response-times.ts';
import { reportResponse } from '../server/import/report-response.ts';
import type { Out } from './safe-keeping.ts';

/** `holdfast report`. Throws what an operator can act on where there is nothing to report on. */
export function runReport(
  words: readonly string[],
  dataDir: string,
  say: Out,
  usage: (message: string) => Error,
): void {
  if (words.length !== 1 || words[0] !== 'response') throw usage('report response --data DIR');
  const report = reportResponse(dataDir);
  const { label, timeZone, method, priorities, all } = report;
  const lines = table([
    ...priorities.map((row) => [String(row.priority), ...cells(row)]),
    ['all', ...cells(all)],
  ]);
  const text = [
    `Times to attend by priority. ${label} (${timeZone})`,
    '',
    ...lines,
    '',
    ...wrapped(method, 100),
    ...notes(all),
  ];
  say(text.join('\n'), report);
}

const HEADINGS = [
  'priority',
  'rows',
  'timed',
  'no arrival',
  'day only',
  'left out',
  'median',
  '90th',
  '≤ 15 min',
  '≤ 20 min',
  '≤ 60 min',
] as const;

function cells({ rows, timed, noArrival, dayOnly, ...row }: ResponseRow): readonly string[] {
  const leftOut = row.arrivedBeforeQueued + row.doubtfulHour;
  return [
    ...[rows, timed.count, noArrival, dayOnly, leftOut].map(String),
    minutes(timed.medianMs),
    minutes(timed.p90Ms),
    ...timed.within.map(({ count }) => share(count, timed)),
  ];
}

function notes({ arrivedBeforeQueued, doubtfulHour, onView, withoutOnView }: ResponseRow) {
  const left = `Left out: ${arrivedBeforeQueued} arrived before queued, ${doubtfulHour} in the hour that the clock shows twice.`;
  const seen =
    `Came upon by an officer (ONVIEW), with nobody called to it: ${onView}. Without them: median ` +
    `${minutes(withoutOnView.medianMs)}, 90th ${minutes(withoutOnView.p90Ms)}.`;
  return [left, seen];
}

/** Minutes and seconds, such as `42:40`; the dash stands where there is no time at all. */
function minutes(ms: number | null): string {
  if (ms === null) return '–';
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const share = (count: number, { count: all }: Times) =>
  all === 0 ? '–' : `${((100 * count) / all).toFixed(1)} %`;

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const all = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  '));
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
