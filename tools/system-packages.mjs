// The programs that npm cannot bring: a browser, an X server, a compiler. Plain JavaScript that runs on Node 20.
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

const PROGRESS_EVERY_MS = 5_000;
const UPDATE_MAX_MS = 120_000;
const INSTALL_MAX_MS = 300_000; // Chromium is some 100 MB to fetch
const OUTPUT_TAIL_MAX = 2_000; // characters of apt's output that are shown when it failed

/** Each program by the name it is started with, and the Debian package that holds it. */
const packageOf = /** @type {const} */ ({
  chromium: 'chromium',
  Xvfb: 'xvfb',
  xrandr: 'x11-xserver-utils',
  xdotool: 'xdotool',
  cc: 'build-essential', // the probe below SQLite is compiled by its test
});

/** @typedef {keyof typeof packageOf} Program */

/** What the suites start: every program of the table. */
export const programsOfTests = /** @type {readonly Program[]} */ (Object.keys(packageOf));

/** The browser to drive: what CHROMIUM names, else the installed one. */
export const chromiumExecutable = (env = process.env) => env['CHROMIUM'] || 'chromium';

/**
 * Whether a program can be started: by its path, or by its name from PATH.
 * @param {string} name
 * @param {string} [path]
 */
export function isInstalled(name, path = process.env['PATH'] ?? '') {
  const names = process.platform === 'win32' ? [name, `${name}.exe`] : [name];
  const folders = /[/\\]/.test(name) ? [''] : path.split(delimiter).filter(Boolean);
  return folders.some((folder) =>
    names.some((candidate) => {
      const file = join(folder, candidate);
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
      } catch {
        return false; // not there, or not ours to run: the answer, not a failure
      }
    }),
  );
}

/**
 * What to do about the programs that are missing: nothing, install them, or tell the person which
 * one line to type. A CHROMIUM that points nowhere is told, never installed over.
 * @param {{
 *   missing: readonly Program[],
 *   canInstall: boolean,
 *   chromiumOverride?: string | undefined,
 * }} facts
 */
export function plan({ missing, canInstall, chromiumOverride }) {
  if (missing.length === 0) return /** @type {const} */ ({ type: 'nothing' });
  const misnamed = chromiumOverride !== undefined && missing.includes('chromium');
  const wanted = missing.filter((program) => !(misnamed && program === 'chromium'));
  const packages = wanted.map((program) => packageOf[program]);
  if (canInstall && packages.length > 0) {
    return /** @type {const} */ ({ type: 'install', packages });
  }
  const line = [
    `system: missing ${missing.join(', ')}.`,
    ...(packages.length > 0 ? [`Install with: apt-get install ${packages.join(' ')}.`] : []),
    ...(misnamed ? [`CHROMIUM names ${chromiumOverride}, which cannot be started.`] : []),
  ].join(' ');
  return /** @type {const} */ ({ type: 'tell', line });
}

/**
 * One run of apt-get: true when it succeeded. What it says is kept back, and its end shown when it failed.
 * @param {readonly string[]} args
 * @param {number} limitMs
 */
async function aptGet(args, limitMs) {
  const child = spawn('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=60', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: limitMs,
  });
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (tail = (tail + text).slice(-OUTPUT_TAIL_MAX)));
  }
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code === 0) return true;
  process.stderr.write(`${tail}\nsystem: apt-get ${args.join(' ')} failed (${code})\n`);
  return false;
}

/** @param {readonly string[]} packages */
async function install(packages) {
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1_000);
  process.stderr.write(`system: apt-get install ${packages.join(' ')} (missing on this machine)\n`);
  const ticker = setInterval(
    () => process.stderr.write(`system: still installing, ${seconds()} s\n`),
    PROGRESS_EVERY_MS,
  );
  // A failed update (one unreachable source of several) does not yet mean that the install fails.
  await aptGet(['update'], UPDATE_MAX_MS);
  await aptGet(['install', '-y', '--no-install-recommends', ...packages], INSTALL_MAX_MS);
  clearInterval(ticker);
  process.stderr.write(`system: done in ${seconds()} s\n`);
}

/**
 * Sees to it that the programs are there: as root, where apt-get exists, it installs what is missing
 * with progress on stderr and in bounded time; elsewhere it prints one line that says what to install.
 * Answers what is still missing. It never throws for that: the caller decides what it can do without.
 * @param {readonly Program[]} needed
 * @returns {Promise<readonly Program[]>}
 */
export async function ensureSystemPackages(needed) {
  const missingNow = () =>
    needed.filter((program) =>
      program === 'chromium' ? !isInstalled(chromiumExecutable()) : !isInstalled(program),
    );
  const chromiumOverride = process.env['CHROMIUM'] || undefined;
  const canInstall =
    process.platform === 'linux' && process.getuid?.() === 0 && isInstalled('apt-get');
  const first = plan({ missing: missingNow(), canInstall, chromiumOverride });
  if (first.type === 'nothing') return [];
  if (first.type === 'install') await install(first.packages);
  const missing = missingNow();
  const last = plan({ missing, canInstall: false, chromiumOverride });
  if (last.type === 'tell') process.stderr.write(`${last.line}\n`);
  return missing;
}
