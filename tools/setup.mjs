// Plain JavaScript that runs on Node 20 with nothing installed: it is what installs.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

export const root = join(import.meta.dirname, '..');
const PROGRESS_EVERY_MS = 5_000;
// npm writes the two files of one install some milliseconds apart, in either order.
const SAME_INSTALL_MS = 2_000;

/**
 * Whether what is installed is older than what the lockfile asks for. npm writes its inner lockfile
 * last, so an interrupted install counts as none.
 * @param {string} folder
 */
export function isStale(folder) {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return true;
  const wanted = join(folder, 'package-lock.json');
  return (
    existsSync(wanted) && statSync(wanted).mtimeMs > statSync(installed).mtimeMs + SAME_INSTALL_MS
  );
}

/**
 * Installs when needed, and says so while it does: on stderr, since stdout belongs to what is started.
 * Throws when the install failed.
 */
export async function setUp() {
  if (!isStale(root)) return;
  const verb = existsSync(join(root, 'package-lock.json')) ? 'ci' : 'install';
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1_000);
  process.stderr.write(`setup: npm ${verb} (first start, or the lockfile changed)\n`);
  const ticker = setInterval(
    () => process.stderr.write(`setup: still installing, ${seconds()} s\n`),
    PROGRESS_EVERY_MS,
  );
  const npm = spawn('npm', [verb, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32', // npm is a .cmd there
  });
  const code = await new Promise((resolve) => {
    npm.once('error', (error) => {
      process.stderr.write(`setup: npm could not be started: ${error.message}\n`);
      resolve(1);
    });
    npm.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  clearInterval(ticker);
  if (code !== 0) throw new Error(`setup: npm ${verb} failed (${code}); nothing was started`);
  // A lockfile from a machine whose clock is ahead is installed once, not at every start.
  const lockedAt = statSync(join(root, 'package-lock.json')).mtime;
  const at = new Date(Math.max(Date.now(), lockedAt.getTime()));
  utimesSync(join(root, 'node_modules', '.package-lock.json'), at, at);
  process.stderr.write(`setup: done in ${seconds()} s\n`);
}

/**
 * Whether this module is the program that was started, and not imported by another.
 * @param {string} filename its `import.meta.filename`
 */
export const isMain = (filename) => filename === realpathSync(process.argv[1] ?? '.');

/**
 * Runs a program's main function and ends with its exit code. What it throws is an operator's
 * message: one line on stderr, no stack.
 * @param {() => Promise<number>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

if (isMain(import.meta.filename)) {
  await runMain(async () => {
    await setUp();
    return 0;
  });
}
