import { cpus, loadavg, release, totalmem } from 'node:os';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { openStore } from '#store/open-store.ts';
import { catchUp } from './catch-up.ts';
import { drain } from './drain.ts';
import { fanOut } from './fan-out.ts';
import { hour } from './hour.ts';
import { say, type Result } from './measure.ts';
import { outboxCommit } from './outbox-commit.ts';
import { serverCommit } from './server-commit.ts';
import { makeQuick } from './sizes.ts';
import { slowReader } from './slow-reader.ts';
import { start } from './start.ts';
import { twoForces } from './two-forces.ts';
import { writeToScreen } from './write-to-screen.ts';

/*
 *     npm run bench -- [--json] [NAME…]
 *
 * Words go to stderr. With --json the last line of stdout is one JSON object. A budget that is missed
 * is said, and is no failure of the run: ratios hold from machine to machine, absolute times do not.
 */
const benches: Readonly<
  Record<string, () => readonly Result[] | Result | Promise<readonly Result[] | Result>>
> = {
  'outbox-commit': outboxCommit,
  'server-commit': serverCommit,
  'write-to-screen': writeToScreen,
  start,
  'fan-out': fanOut,
  'catch-up': catchUp,
  drain,
  'slow-reader': slowReader,
  'two-forces': twoForces,
  hour,
};

const TMPFS = 0x01021994;

function machine() {
  const memory = openStore(':memory:', []);
  const sqlite = memory.prepare<[], string>('SELECT sqlite_version()').pluck().get();
  memory.close();
  const { type } = statfsSync(tmpdir());
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch} ${release()}`,
    node: process.versions.node,
    sqlite,
    folder: tmpdir(),
    fileSystem: `0x${type.toString(16)}`,
    isRealDisk: type !== TMPFS,
    loadBefore: loadavg()[0],
    at: new Date().toISOString(),
  };
}

const { values: flags, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (flags.quick) makeQuick();
if (flags.help) {
  process.stdout.write(
    `npm run bench -- [--json] [NAME…]   of ${Object.keys(benches).join(', ')}\n`,
  );
  process.exit(0);
}
for (const name of positionals)
  if (!(name in benches)) {
    say(`no bench is called ${name}; there are ${Object.keys(benches).join(', ')}`);
    process.exit(2);
  }
const facts = machine();
if (!facts.isRealDisk)
  say(`${facts.folder} is in memory: nothing here says anything about a disk. Set TMPDIR.`);

const results: Result[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  say(`${name} …`);
  for (const it of [await bench()].flat()) {
    results.push(it);
    const { values, unit, budget, beside, ratio } = it;
    say(`  ${it.name}: ${JSON.stringify(values)} ${unit}, beside ${JSON.stringify(beside)}`);
    say(`  ratio ${JSON.stringify(ratio)}`);
    for (const { of, most, least, measured, isWithin } of budget) {
      const limit = most === undefined ? `>= ${least}` : `<= ${most}`;
      say(`  ${isWithin ? 'within' : 'MISSED'}: ${of} ${limit}, measured ${measured}`);
    }
  }
}
if (flags.json)
  process.stdout.write(
    `${JSON.stringify({ machine: { ...facts, loadAfter: loadavg()[0] }, results })}\n`,
  );
process.exit(0); // nothing of a bench is left to wait for
