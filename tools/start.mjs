// npm start: from a fresh clone to a working room. Plain JavaScript that runs on Node 20.
// Arguments are passed on to `holdfast demo`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { isMain, root, runMain, setUp } from './setup.mjs';
import { chromiumExecutable, ensureSystemPackages } from './system-packages.mjs';
import { productFlags, runScript } from './with-node.mjs';

const DISPLAY_ANSWER_MAX_MS = 5_000;

/**
 * Which shell shows the room, and why. Without a display or a browser the room still runs, and its
 * addresses and accounts are printed for a browser elsewhere on this machine.
 * @param {{ hasDisplay: boolean, hasChromium: boolean, args: readonly string[] }} facts
 */
export function chooseShell({ hasDisplay, hasChromium, args }) {
  if (args.includes('--headless')) return { args, why: 'no windows, because --headless was given' };
  if (hasDisplay && hasChromium) return { args, why: `windows in ${chromiumExecutable()}` };
  const reason = hasChromium ? 'there is no display' : 'Chromium is not installed';
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
  const missing = await ensureSystemPackages(
    process.platform !== 'linux'
      ? ['chromium']
      : process.env['DISPLAY']
        ? ['chromium', 'xrandr']
        : ['chromium', 'Xvfb', 'xrandr'],
  );
  const built = await runScript(join(root, 'tools/build.mjs'));
  if (built !== 0) return built;
  const { args, why } = chooseShell({
    hasDisplay: findDisplay(),
    hasChromium: !missing.includes('chromium'),
    args: process.argv.slice(2),
  });
  process.stderr.write(`start: ${why}\n`);
  return runScript(join(root, 'cli/holdfast.ts'), ['demo', '--training', ...args], {
    nodeFlags: productFlags,
  });
}

if (isMain(import.meta.filename)) await runMain(main);
