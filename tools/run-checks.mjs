// Every check of the project, from a fresh clone. Plain JavaScript that runs on Node 20.
//   node tools/run-checks.mjs              everything
//   node tools/run-checks.mjs --fast       without the suites that start processes and windows (e2e, fault)
//   node tools/run-checks.mjs FILTER…      only test files whose path contains a filter, without the other stages
// The last line on stdout is "tests: N passed, N failed", whatever went wrong before it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isMain, root, runMain, setUp } from './setup.mjs';
import { ensureSystemPackages, programsOfTests } from './system-packages.mjs';
import { runScript } from './with-node.mjs';

const STAGE_MAX_MS = 45 * 60_000; // a hung stage is ended, and counts as failed
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const cache = join(root, '.cache');
const samples = join(root, '../shared/samples');
const isCi = !['', '0', 'false'].includes(process.env['CI'] ?? '');

/** @typedef {{ readonly passed: number, readonly failed: number }} Count */
/** @typedef {{ readonly title: string, readonly run: () => Promise<Count> }} Stage */

const passed = /** @type {Count} */ ({ passed: 1, failed: 0 });
const failed = /** @type {Count} */ ({ passed: 0, failed: 1 });

/** @param {readonly Count[]} counts */
export const sum = (counts) => ({
  passed: counts.reduce((total, count) => total + count.passed, 0),
  failed: counts.reduce((total, count) => total + count.failed, 0),
});

/** @param {Count} count */
export const lastLine = (count) => `tests: ${count.passed} passed, ${count.failed} failed`;

/**
 * What a run of vitest counts for: its tests, and the run itself as one check more. The run fails when
 * something went wrong that no test answers for: a file that could not be loaded, an unhandled error, a
 * crash (no report), a skipped test, or nothing to run where there should have been something.
 * @param {{ report: string | undefined, exitCode: number, mayBeEmpty: boolean }} run
 * @returns {Count}
 */
export function countRun({ report, exitCode, mayBeEmpty }) {
  const empty = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  const result = { ...empty, testResults: [], ...(report === undefined ? {} : JSON.parse(report)) };
  const tests = { passed: result.numPassedTests, failed: result.numFailedTests };
  const unloaded = /** @type {{ status: string, assertionResults: unknown[] }[]} */ (
    result.testResults
  ).some((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const isSound =
    report !== undefined &&
    (exitCode === 0 || tests.failed > 0) &&
    !unloaded &&
    result.numPendingTests + result.numTodoTests === 0 &&
    (tests.passed + tests.failed > 0 || mayBeEmpty);
  return sum([tests, isSound ? passed : failed]);
}

/**
 * @param {string} script
 * @param {readonly string[]} args
 */
async function check(script, args) {
  const code = await runScript(join(root, script), args, { cwd: root, limitMs: STAGE_MAX_MS });
  return code === 0 ? passed : failed;
}

/**
 * @param {string} name of its report
 * @param {readonly string[]} args
 */
async function runVitest(name, args) {
  const file = join(cache, `vitest-${name}.json`);
  mkdirSync(cache, { recursive: true });
  rmSync(file, { force: true }); // an old report never counts for a run that crashed
  const exitCode = await runScript(
    vitest,
    ['run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    { cwd: root, limitMs: STAGE_MAX_MS },
  );
  const report = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  return countRun({ report, exitCode, mayBeEmpty: false });
}

/** How many tests the sample suite has, read from its files without running them. */
async function countSampleTests() {
  const file = join(cache, 'samples.json');
  mkdirSync(cache, { recursive: true });
  rmSync(file, { force: true });
  await runScript(vitest, ['list', '--project=samples', '--static-parse', `--json=${file}`], {
    cwd: root,
    limitMs: STAGE_MAX_MS,
  });
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).length : 0;
}

/** The suite that reads files from outside the project. Where they are missing it says so; CI must have them. */
async function runSamples() {
  if (existsSync(samples)) return runVitest('samples', ['--project=samples']);
  const count = await countSampleTests();
  process.stdout.write(`samples: ${count} checks did not run: ../shared/samples is missing\n`);
  return isCi ? failed : passed;
}

const hasSampleTests = () =>
  existsSync(join(root, 'tests/samples')) &&
  readdirSync(join(root, 'tests/samples'), { recursive: true }).some((name) =>
    String(name).endsWith('.test.ts'),
  );

/**
 * @param {{ isFast: boolean, filters: readonly string[] }} wish
 * @returns {readonly Stage[]}
 */
function stagesFor({ isFast, filters }) {
  const without = new Set(isFast ? ['e2e', 'fault'] : []);
  if (filters.length === 0) without.add('samples'); // a stage of its own; a filter may name it
  const systemPackages = {
    title: 'system packages',
    run: async () => {
      const missing = await ensureSystemPackages(programsOfTests);
      if (missing.length === 0) return passed;
      if (isCi) return failed;
      without.add('e2e');
      process.stdout.write('The suite e2e does not run: it needs these programs.\n');
      return passed;
    },
  };
  const build = { title: 'build', run: () => check('tools/build.mjs', []) };
  const tests = {
    title: 'tests',
    run: () =>
      runVitest('tests', [...[...without].map((name) => `--project=!${name}`), ...filters]),
  };
  const prepared = isFast ? [build] : [systemPackages, build];
  // What a filter picks is for quick local use. Fast tests need nothing built.
  if (filters.length > 0) return isFast ? [tests] : [...prepared, tests];
  return [
    ...prepared,
    { title: 'format', run: () => check('node_modules/oxfmt/bin/oxfmt', ['--check', '.']) },
    { title: 'types', run: () => check('node_modules/typescript/bin/tsc', ['-b']) },
    { title: 'lint', run: () => check('node_modules/oxlint/bin/oxlint', []) },
    tests,
    ...(hasSampleTests() ? [{ title: 'samples', run: runSamples }] : []),
  ];
}

/** @param {unknown} error */
const tell = (error) =>
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);

/** @param {readonly string[]} args */
async function runStages(args) {
  await setUp();
  /** @type {{ title: string, count: Count }[]} */
  const results = [];
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => (isInterrupted = true));
  }
  const filters = args.filter((arg) => arg !== '--fast');
  for (const { title, run } of stagesFor({ isFast: args.includes('--fast'), filters })) {
    if (isInterrupted) {
      results.push({ title: `${title} (interrupted)`, count: failed });
      break;
    }
    process.stdout.write(`\n== ${title}\n`);
    // One stage after another: few cores, and output that can be read.
    // oxlint-disable-next-line no-await-in-loop
    const count = await run().catch((error) => {
      tell(error);
      return failed;
    });
    results.push({ title, count });
  }
  const bad = results.filter(({ count }) => count.failed > 0).map(({ title }) => title);
  if (bad.length > 0) process.stdout.write(`\nfailed: ${bad.join(', ')}\n`);
  return sum(results.map(({ count }) => count));
}

async function main() {
  const count = await runStages(process.argv.slice(2)).catch((error) => {
    tell(error);
    return failed;
  });
  process.stdout.write(`${lastLine(count)}\n`);
  return count.failed === 0 ? 0 : 1;
}

if (isMain(import.meta.filename)) await runMain(main);
