import { CsvError, parse } from 'csv-parse/sync';
import type { FileFault } from './file-fault.ts';

export interface ParsedLines {
  readonly rows: readonly { readonly line: number; readonly fields: readonly string[] }[];
  readonly fault?: FileFault;
}

/** Splits lines into fields. The lines are counted from 1; those before a fault are given with it. */
export function parseLines(lines: Buffer, isStart: boolean): ParsedLines {
  try {
    const parsed = parse(lines, {
      bom: isStart,
      info: true,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true, // a wrong count is ours to tell, with its column
      skip_empty_lines: true,
      max_record_size: 0, // a line has its limit already
      // With `info` a record comes with where it stood; the package's types leave that out.
    }) as unknown as readonly { info: { lines: number }; record: readonly string[] }[];
    return { rows: parsed.map(({ info, record }) => ({ line: info.lines, fields: record })) };
  } catch (error) {
    const line = error instanceof CsvError ? Number(error['lines']) : Number.NaN;
    // Every line has its quotes in pairs by now: what is left is a quote within a bare field.
    if (!Number.isInteger(line)) throw error;
    const before = lines.subarray(0, startOf(lines, line));
    const column = scan(lineOf(lines, line)).strayColumn ?? 1;
    const message = 'A quote stands here within a field that is not quoted as a whole.';
    const rows = before.length === 0 ? [] : parseLines(before, isStart).rows;
    return { rows, fault: { line, column, reason: 'stray-quote', message } };
  }
}

export type LineFault = Omit<FileFault, 'line'>;

/** Which of the headers a line is: its place among them, or what is wrong with it, told by the one that it is nearest to. */
export function headerOf(
  headers: readonly (readonly string[])[],
  fields: readonly string[],
  text: string,
): number | LineFault {
  const agreed = headers.map((names) => {
    const wrong = names.findIndex((name, index) => fields[index] !== name);
    return wrong < 0 ? names.length : wrong;
  });
  const nearest = agreed.indexOf(Math.max(...agreed));
  const [names = [], at = 0] = [headers[nearest], agreed[nearest]];
  if (at === names.length && fields.length === names.length) return nearest;
  const { columns, end } = scan(text);
  const wanted = names[at];
  const is = fields[at] === undefined ? 'nothing' : `"${fields[at]}"`;
  const message =
    wanted === undefined
      ? `The header has ${is} after its last column.`
      : `The header has ${is} where "${wanted}" belongs.`;
  return { column: columns[at] ?? end, reason: 'wrong-header', message };
}

export function columnFault(count: number, wanted: number, text: string): LineFault {
  const { columns, end } = scan(text);
  const message = `The line has ${count} columns and not ${wanted}.`;
  return { column: columns[wanted] ?? end, reason: 'column-count', message };
}

/** Where the fields of one line begin, in characters from 1; only used to tell where a fault is. */
function scan(line: string): {
  readonly columns: readonly number[];
  readonly end: number;
  readonly strayColumn: number | undefined;
} {
  const columns = [1];
  let state: 'start' | 'bare' | 'quoted' | 'closed' = 'start';
  let strayColumn: number | undefined;
  let column = 0;
  for (const character of line.replace(/^\uFEFF/, '').replace(/\r?\n$/, '')) {
    column += 1;
    if (character === ',' && state !== 'quoted') {
      columns.push(column + 1);
      state = 'start';
    } else if (character === '"') {
      if (state === 'bare') strayColumn ??= column;
      if (state === 'quoted') state = 'closed';
      // After a closing quote another one is a doubled quote.
      else if (state !== 'bare') state = 'quoted';
    } else if (state === 'closed') {
      strayColumn ??= column - 1;
    } else if (state === 'start') {
      state = 'bare';
    }
  }
  return { columns, end: column + 1, strayColumn };
}

/** Where a line begins among these, counted from 1. */
function startOf(lines: Buffer, line: number): number {
  let start = 0;
  for (let before = 1; before < line; before += 1) start = lines.indexOf(0x0a, start) + 1;
  return start;
}

export function lineOf(lines: Buffer, line: number): string {
  const start = startOf(lines, line);
  const end = lines.indexOf(0x0a, start);
  return lines.toString('utf8', start, end < 0 ? lines.length : end + 1);
}

export function countOf(bytes: Buffer, wanted: number): number {
  let count = 0;
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) count += 1;
  return count;
}
