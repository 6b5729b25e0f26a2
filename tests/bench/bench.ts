import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { openStore } from '#store/open-store.ts';
import { board } from './board.ts';
import { catchUp } from './catch-up.ts';
import { drain } from './drain.ts';
import { fanOut } from './fan-out.ts';
import { hour } from './hour.ts';
import { say, type Result } from './measure.ts';
import { outboxCommit } from './outbox-commit.ts';
import { peers } from './peers.ts';
import { absent, reasons } from './reasons.ts';
import { merged, rendered, type Kept, type Machine } from './report.ts';
import { serverCommit } from './server-commit.ts';
import { makeQuick } from './sizes.ts';
import { slowReader } from './slow-reader.ts';
import { stall } from './stall.ts';
import { start } from './start.ts';
import { twoForces } from './two-forces.ts';
import { writeToScreen } from './write-to-screen.ts';

/*
 *     npm run bench -- [--json] [--quick] [NAME…]
 *
 * Words go to stderr. With --json the last line of stdout is one JSON object. A budget that is missed
 * is said, and is no failure of the run: ratios hold from machine to machine, absolute times do not.
 * docs/BENCHMARKS.md is written again after each line; lines that were not measured stand as they were.
 */
const benches: Readonly<
  Record<string, () => readonly Result[] | Result | Promise<readonly Result[] | Result>>
> = {
  'outbox-commit': outboxCommit,
  'server-commit': serverCommit,
  'write-to-screen': writeToScreen,
  start,
  board,
  'fan-out': fanOut,
  'catch-up': catchUp,
  drain,
  'slow-reader': slowReader,
  'two-forces': twoForces,
  stall,
  peers,
  hour,
};
const ONLY_BY_NAME: ReadonlySet<string> = new Set(['hour']); // ten minutes of its own

const HELP = `npm run bench -- [--json] [--quick] [NAME…]
  of ${Object.keys(benches).join(', ')}; without a name all but ${[...ONLY_BY_NAME].join(', ')}
  --quick   next to nothing of each, to see that it runs; the report stays as it is
`;

const TMPFS = 0x01021994;
const root = join(import.meta.dirname, '../..');
const REPORT = join(root, 'docs/BENCHMARKS.md');
const KEPT = join(root, 'docs/benchmarks.json');

const memory = openStore(':memory:', []);
const sqlite = memory.prepare<[], string>('SELECT sqlite_version()').pluck().get();
memory.close();

function machine(loadBefore: number, at: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch} ${release()}`,
    node: process.versions.node,
    sqlite,
    isRealDisk: statfsSync(tmpdir()).type !== TMPFS,
    at,
    loadBefore,
    loadAfter: loadavg()[0] ?? Number.NaN,
  };
}

function tell({ name, values, unit, beside, ratio, budget }: Result): void {
  say(`  ${name}: ${JSON.stringify(values)} ${unit}, beside ${JSON.stringify(beside)}`);
  say(`  ratio ${JSON.stringify(ratio)}`);
  for (const { of, most, least, measured, isWithin } of budget) {
    const limit = most === undefined ? `>= ${least}` : `<= ${most}`;
    say(`  ${isWithin ? 'within' : 'MISSED'}: ${of} ${limit}, measured ${measured}`);
  }
}

/** Keeps the lines, and writes the page that people read. */
function keep(lines: readonly Kept[]): void {
  const before = existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, 'utf8')) as Kept[]) : []; // written here
  const all = merged(before, lines);
  writeFileSync(KEPT, JSON.stringify(all));
  writeFileSync(REPORT, rendered(all, reasons, absent));
  const formatter = join(root, 'node_modules/oxfmt/bin/oxfmt');
  spawnSync(process.execPath, [formatter, REPORT, KEPT], { cwd: root, stdio: 'ignore' });
}

const { values: flags, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (flags.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
for (const name of positionals)
  if (!(name in benches)) {
    say(`no bench is called ${name}; there are ${Object.keys(benches).join(', ')}`);
    process.exit(2);
  }
if (flags.quick) makeQuick();
if (statfsSync(tmpdir()).type === TMPFS)
  say(`${tmpdir()} is in memory: nothing here says anything about a disk. Set TMPDIR.`);

const results: Kept[] = [];
for (const [name, bench] of Object.entries(benches)) {
  const isChosen = positionals.length > 0 ? positionals.includes(name) : !ONLY_BY_NAME.has(name);
  if (!isChosen) continue;
  say(`${name} …`);
  const [loadBefore = Number.NaN] = loadavg();
  const at = new Date().toISOString();
  const lines = [await bench()].flat();
  const kept = lines.map((line) => ({ ...line, machine: machine(loadBefore, at) }));
  for (const line of kept) tell(line);
  results.push(...kept);
  if (!flags.quick) keep(kept);
}
if (flags.json) process.stdout.write(`${JSON.stringify({ results })}\n`);
process.exit(0); // nothing of a bench is left to wait for
