// Electron's binary: whether it is here, and one bounded attempt to fetch it. Its npm package brings none,
// and the first import would go and get it, for however long that takes. Plain JavaScript that runs on Node 20.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { isMain, root, runMain } from './setup.mjs';

const FETCH_MAX_MS = 10_000;
const AGAIN_AFTER_MS = 7 * 24 * 3_600_000; // a machine that may not fetch today may not fetch tomorrow
const ANSWERS_WITHIN_MS = 5_000;
const WHY_MAX = 200; // characters of what the fetching said that are kept and shown

const packageIn = (/** @type {string} */ folder) => join(folder, 'node_modules/electron');
const memoryIn = (/** @type {string} */ folder) => join(folder, '.cache/electron-attempt.json');

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined; // not there, which is the answer
  }
}

/** @param {string} folder */
function versionIn(folder) {
  const text = read(join(packageIn(folder), 'package.json'));
  return text === undefined ? undefined : String(JSON.parse(text).version);
}

/**
 * The binary to start: what ELECTRON names, else the one that is unpacked whole in the package's folder.
 * @param {string} [folder]
 * @param {NodeJS.ProcessEnv} [env]
 */
export function findElectron(folder = root, env = process.env) {
  const named = env['ELECTRON'];
  if (named) return existsSync(named) ? named : undefined;
  const dist = join(packageIn(folder), 'dist');
  const name = read(join(packageIn(folder), 'path.txt'));
  if (!name || read(join(dist, 'version'))?.replace(/^v/, '') !== versionIn(folder))
    return undefined;
  const binary = join(dist, name);
  return existsSync(binary) ? binary : undefined;
}

/**
 * Whether it starts on this machine: it may lack a library that the system would have to bring.
 * @param {string} binary
 */
export function doesRun(binary) {
  const { status, error } = spawnSync(binary, ['--version'], { timeout: ANSWERS_WITHIN_MS });
  return error === undefined && status === 0;
}

/**
 * What came of the last attempt, where it was for this version and not too long ago.
 * @param {string} [folder]
 * @param {number} [now]
 * @returns {{ readonly at: number, readonly why: string } | undefined}
 */
export function lastAttempt(folder = root, now = Date.now()) {
  try {
    const { version, at, why } = JSON.parse(read(memoryIn(folder)) ?? '{}');
    const isRecent = typeof at === 'number' && at <= now && now - at < AGAIN_AFTER_MS;
    return isRecent && version === versionIn(folder) ? { at, why: String(why) } : undefined;
  } catch {
    return undefined; // written by half: as if nothing had been tried
  }
}

/**
 * @param {string} folder
 * @param {string} why
 */
function remember(folder, why) {
  const file = memoryIn(folder);
  mkdirSync(dirname(file), { recursive: true });
  const text = JSON.stringify({ version: versionIn(folder), at: Date.now(), why });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/**
 * One attempt by the package's own means, ended after ten seconds. What came of it is remembered, before
 * it is known too: an attempt that hangs with its machine is not made again at each start.
 * @param {string} [folder]
 * @param {number} [limitMs]
 */
export async function fetchElectron(folder = root, limitMs = FETCH_MAX_MS) {
  remember(folder, 'the attempt was not finished');
  const child = spawn(process.execPath, [join(packageIn(folder), 'install.js')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text) => (said = (said + text).slice(0, WHY_MAX * 4)));
  const why = await new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code, signal) => {
      if (code === 0) resolve('fetched');
      else if (signal) resolve(`it took more than ${limitMs / 1_000} s`);
      else resolve((said.split('\n').find(Boolean) ?? `it ended with ${code}`).slice(0, WHY_MAX));
    });
  });
  remember(folder, why);
  return why;
}

/**
 * Whether to try now, and if not, why not.
 * @param {{ env: NodeJS.ProcessEnv, hasPackage: boolean, last: ReturnType<typeof lastAttempt> }} facts
 */
export function mayFetch({ env, hasPackage, last }) {
  if (!hasPackage) return { isAllowed: false, why: 'the package electron is not installed' };
  if (env['ELECTRON'])
    return { isAllowed: false, why: `ELECTRON names ${env['ELECTRON']}, which is not there` };
  if (env['CI'])
    return { isAllowed: false, why: 'Electron is not here, and under CI it is not fetched' };
  if (last) {
    const day = new Date(last.at).toISOString().slice(0, 10);
    return { isAllowed: false, why: `Electron could not be fetched on ${day} (${last.why})` };
  }
  return { isAllowed: true, why: 'Electron is not here yet; it is being fetched beside this' };
}

/**
 * The binary, or why there is none. Where it may be fetched that is begun beside the caller, who is not
 * held up and does not wait: the next start finds it.
 * @param {string} [folder]
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ readonly binary: string } | { readonly why: string }}
 */
export function electronOrWhy(folder = root, env = process.env) {
  const binary = findElectron(folder, env);
  if (binary !== undefined) {
    return doesRun(binary) ? { binary } : { why: `${binary} does not run on this machine` };
  }
  const hasPackage = existsSync(join(packageIn(folder), 'install.js'));
  const { isAllowed, why } = mayFetch({ env, hasPackage, last: lastAttempt(folder) });
  if (isAllowed) {
    const script = [import.meta.filename, folder];
    spawn(process.execPath, script, { stdio: 'ignore', detached: true }).unref();
  }
  return { why };
}

if (isMain(import.meta.filename)) {
  await runMain(async () => ((await fetchElectron(process.argv[2])) === 'fetched' ? 0 : 1));
}
