// Runs a script with the Node this project is made for, whatever Node the machine has:
//   node tools/with-node.mjs SCRIPT [ARGUMENT…]
// Plain JavaScript that runs on Node 20. The binary is an optional dependency, one package a
// platform with no install script, so it is there after `npm ci --ignore-scripts` too.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { isMain, root, runMain, setUp } from './setup.mjs';

const NODE_MAJOR_MIN = 24;

/**
 * How the product's own processes are started. V8 lets what is short-lived grow to 96 MB in each thread
 * before it looks at what lives on: a server with 200 desks went on growing to 340 MB, of which 13 were
 * in use on its event loop. With 24 MB it stays at 220, for a tenth more processor time.
 */
export const productFlags = ['--max-semi-space-size=8'];

/** The installed binary, else the running Node when it is new enough, else nothing. */
export function findNode(folder = root, running = process.versions.node) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = platform === 'win' ? 'node.exe' : 'node';
  const installed = join(folder, 'node_modules', `node-${platform}-${process.arch}`, 'bin', name);
  if (existsSync(installed)) return installed;
  return Number.parseInt(running, 10) >= NODE_MAJOR_MIN ? process.execPath : undefined;
}

/**
 * Runs a script on Node 24 to its end and answers its exit code. Signals sent to this process are
 * passed on; the script ends itself, and this process waits for it. Needs a `setUp()` before it.
 * @param {string} script
 * @param {readonly string[]} [args]
 * @param {{ cwd?: string, limitMs?: number, nodeFlags?: readonly string[] }} [options] after `limitMs`
 *   the script is ended (SIGTERM)
 * @returns {Promise<number>}
 */
export async function runScript(script, args = [], { cwd, limitMs, nodeFlags = [] } = {}) {
  const node = findNode();
  if (node === undefined) {
    throw new Error(
      `Node ${NODE_MAJOR_MIN} is needed: no node-${process.platform}-${process.arch} package is ` +
        `installed and this is Node ${process.versions.node}. Run "npm ci" or install Node ${NODE_MAJOR_MIN}.`,
    );
  }
  const child = spawn(node, [...nodeFlags, script, ...args], {
    stdio: 'inherit',
    cwd,
    timeout: limitMs,
    // What the script starts by the name "node" is the same Node.
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => child.kill(signal);
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, passOn);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new Error(`${node} could not be started: ${cause.message}`, { cause })),
      );
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
      );
    });
  } finally {
    for (const signal of signals) process.off(signal, passOn);
  }
}

async function main() {
  const [script, ...rest] = process.argv.slice(2);
  if (script === undefined) {
    process.stderr.write('usage: node tools/with-node.mjs SCRIPT [ARGUMENT…]\n');
    return 2;
  }
  await setUp();
  return runScript(script, rest);
}

if (isMain(import.meta.filename)) await runMain(main);
