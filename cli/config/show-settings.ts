import type { Effective } from './read-settings.ts';
import type { Program } from './settings.ts';

/** `holdfast config`: every setting as it holds, and where it is from. A secret is not in it. */
export function showSettings(
  program: Program,
  effective: Readonly<Record<string, Effective>>,
  out: (words: string, json: object) => void,
): void {
  const width = Math.max(...Object.keys(effective).map((name) => name.length));
  const lines = Object.entries(effective).map(([name, { value, from, at }]) => {
    const shown = value === undefined ? '–' : JSON.stringify(value);
    const where = at === undefined ? from.replace('-', ' ') : `${from.replace('-', ' ')}: ${at}`;
    return `${name.padEnd(width)}  ${shown}   (${where})`;
  });
  const settings = Object.fromEntries(
    Object.entries(effective).map(([name, it]) => [name, { ...it, value: it.value ?? null }]),
  );
  out(lines.join('\n'), { program, settings });
}
