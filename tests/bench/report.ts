import type { Budget, Result } from './measure.ts';

/** The machine that a line was measured on, and what else it had to do then. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  readonly sqlite: string | undefined;
  readonly isRealDisk: boolean;
  readonly at: string;
  /** Processes that wanted to run, over the minute before the line and after it. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** A line as it stands in the report until it is measured again. */
export interface Kept extends Result {
  readonly machine: Machine;
}

/** The lines of before with those of this run in the place of what they measured again. */
export function merged(before: readonly Kept[], now: readonly Kept[]): readonly Kept[] {
  const fresh = new Map(now.map((line) => [line.name, line]));
  const known = new Set(before.map(({ name }) => name));
  return [
    ...before.map((line) => fresh.get(line.name) ?? line),
    ...now.filter(({ name }) => !known.has(name)),
  ];
}

const limitOf = ({ most, least }: Budget) => (most === undefined ? `≥ ${least}` : `≤ ${most}`);
const list = (values: Readonly<Record<string, number>>) =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const dayOf = ({ at }: Machine) => `${at.slice(0, 16).replace('T', ' ')} UTC`;
const loadOf = ({ loadBefore, loadAfter }: Machine) =>
  `${loadBefore.toFixed(1)} to ${loadAfter.toFixed(1)}`;

const verdictOf = ({ isWithin }: Budget) => (isWithin ? 'met' : '**missed**');

/**
 * The report as a page. `reasons` says by line why a budget is missed; one that is missed without a
 * reason is said to be so. `absent` are budgets of the design that nothing here measures yet, and why.
 */
export function rendered(
  lines: readonly Kept[],
  reasons: Readonly<Record<string, string>>,
  absent: Readonly<Record<string, string>>,
): string {
  const budgets = lines.flatMap((line) =>
    line.budget.map((budget) => [
      `[\`${line.name}\`](#${line.name})`,
      budget.of,
      limitOf(budget),
      String(budget.measured),
      verdictOf(budget),
      loadOf(line.machine),
    ]),
  );
  const met = lines.flatMap(({ budget }) => budget).filter(({ isWithin }) => isWithin).length;
  return `${[
    '# Benchmarks',
    'Written by `npm run bench`; not to be edited by hand. Times hold for the machine and the hour they were taken in; ' +
      'ratios, taken in one run, hold further. _Load_ is how many processes wanted to run before and after the line: ' +
      'above the number of cores, others ran beside it and every absolute time is too long. A line stands as it was ' +
      'measured last, not as it was best.',
    machinesIn(lines),
    `## Budgets: ${met} of ${budgets.length} met`,
    table(['Line', 'Of', 'Budget', 'Measured', '', 'Load'], budgets),
    '## Not measured yet',
    table(['Budget', 'Why'], Object.entries(absent)),
    '## Line by line',
    ...lines.map((line) => section(line, reasons[line.name])),
  ].join('\n\n')}\n`;
}

function machinesIn(lines: readonly Kept[]): string {
  const machines = new Set(
    lines.map(({ machine }) => {
      const { cpu, cores, memoryGiB, platform, node, sqlite, isRealDisk } = machine;
      const disk = isRealDisk ? 'a disk' : 'memory instead of a disk';
      return `- ${cores} cores of ${cpu}, ${memoryGiB} GiB, ${platform}, ${disk}, Node ${node}, SQLite ${sqlite ?? '?'}`;
    }),
  );
  return [...machines].join('\n');
}

function section(line: Kept, reason: string | undefined): string {
  const { name, values, unit, beside, ratio, note, isWithin, budget, machine } = line;
  const missed = budget.filter((it) => !it.isWithin).map(({ of }) => of);
  return [
    `### ${name}`,
    [
      `- Measured, in ${unit} unless its name says otherwise: ${list(values)}`,
      ...(Object.keys(beside).length > 0 ? [`- Beside it, in the same run: ${list(beside)}`] : []),
      ...(Object.keys(ratio).length > 0 ? [`- Ratio: ${list(ratio)}`] : []),
      `- ${dayOf(machine)}, load ${loadOf(machine)} on ${machine.cores} cores`,
    ].join('\n'),
    `${note}.`,
    ...(isWithin ? [] : [`Missed (${missed.join(', ')}): ${reason ?? 'not explained yet.'}`]),
  ].join('\n\n');
}
