import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';
import type { Display } from '#desk/shell.ts';

const XRANDR_MAX_MS = 5_000; // a screen that does not answer is not a changed screen

/** The monitors of an X11 desk. Elsewhere a page's `getScreenDetails()` gives the same facts. */
export async function readDisplays(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<readonly Display[]> {
  const { stdout } = await promisify(execFile)('xrandr', ['--listmonitors'], {
    env: environment,
    timeout: XRANDR_MAX_MS,
  });
  return parseMonitors(stdout);
}

/** Reads what `xrandr --listmonitors` prints. */
export function parseMonitors(listing: string): readonly Display[] {
  const line = /^ *\d+: \+?(\*?)(\S+) (\d+)\/\d+x(\d+)\/\d+\+(-?\d+)\+(-?\d+)/gm;
  return [...listing.matchAll(line)].map(([, primary, label = '', width, height, x, y], index) => {
    const bounds = { x: Number(x), y: Number(y), width: Number(width), height: Number(height) };
    return { id: `${index}`, label, bounds, workArea: bounds, isPrimary: primary === '*' };
  });
}
