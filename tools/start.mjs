// npm start: from a fresh clone to a working room. Plain JavaScript that runs on Node 20.
// Arguments are passed on to `holdfast demo`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { electronOrWhy } from './electron-binary.mjs';
import { isMain, root, runMain, setUp } from './setup.mjs';
import { chromiumExecutable, ensureSystemPackages } from './system-packages.mjs';
import { productFlags, runScript } from './with-node.mjs';

const DISPLAY_ANSWER_MAX_MS = 5_000;

/**
 * Which shell shows the room, and why: Electron where its binary is, else the installed Chromium. Without
 * a display or a browser the room still runs, and its addresses and accounts are printed for a browser
 * elsewhere on this machine.
 * @param {{
 *   hasDisplay: boolean,
 *   hasChromium: boolean,
 *   electron: { readonly binary: string } | { readonly why: string },
 *   args: readonly string[],
 * }} facts
 */
export function chooseShell({ hasDisplay, hasChromium, electron, args }) {
  if (args.includes('--headless')) return { args, why: 'no windows, because --headless was given' };
  if (hasDisplay && 'binary' in electron) {
    return {
      args: ['--electron', electron.binary, ...args],
      why: `windows in Electron (${electron.binary})`,
    };
  }
  const without = 'why' in electron ? electron.why : undefined;
  if (hasDisplay && hasChromium) {
    return { args, why: `windows in ${chromiumExecutable()}, because ${without}` };
  }
  const reason = hasDisplay ? `${without}, and Chromium is not installed` : 'there is no display';
  return {
    args: ['--headless', ...args],
    why: `no windows, because ${reason}; the addresses below open in any browser on this machine`,
  };
}

/** Whether windows can be shown. On X a set DISPLAY is not enough: the X server must answer. */
function findDisplay() {
  if (process.platform !== 'linux') return true;
  if (!process.env['DISPLAY']) return false;
  const xrandr = spawnSync('xrandr', ['--query'], { timeout: DISPLAY_ANSWER_MAX_MS });
  return xrandr.error === undefined && xrandr.status === 0;
}

async function main() {
  await setUp();
  const given = process.argv.slice(2);
  const electron = given.includes('--headless') ? { why: 'it is not needed' } : electronOrWhy();
  const hasElectron = 'binary' in electron;
  /** @type {('chromium' | 'Xvfb' | 'xrandr')[]} */
  const needed = hasElectron ? [] : ['chromium'];
  if (process.platform === 'linux') {
    if (!process.env['DISPLAY']) needed.push('Xvfb');
    needed.push('xrandr');
  }
  const missing = await ensureSystemPackages(needed);
  const built = await runScript(join(root, 'tools/build.mjs'), hasElectron ? ['--electron'] : []);
  if (built !== 0) return built;
  const { args, why } = chooseShell({
    hasDisplay: findDisplay(),
    hasChromium: !missing.includes('chromium'),
    electron,
    args: given,
  });
  process.stderr.write(`start: ${why}\n`);
  return runScript(join(root, 'cli/holdfast.ts'), ['demo', '--training', ...args], {
    nodeFlags: productFlags,
  });
}

if (isMain(import.meta.filename)) await runMain(main);
