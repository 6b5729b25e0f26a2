import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const css = readFileSync(join(import.meta.dirname, 'holdfast.css'), 'utf8');

/** The colours that the style sheet names, and those of the status chips, which stand in it once. */
const colours = new Map(
  [...css.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [name, hex]),
);
const chips = [...css.matchAll(/\.chip-([\w-]+) \{\s*color: (#[0-9a-f]{6});/g)].map(
  ([, name = '', hex = '']) => [`chip ${name}`, hex] as const,
);

const colour = (name: string) => {
  const hex = colours.get(name);
  if (hex === undefined) throw new Error(`the style sheet has no --${name}`);
  return hex;
};

/** Relative luminance and contrast as WCAG 2 defines them. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Pairs below `least`, named, with what they have. */
const below = (
  least: number,
  inks: readonly (readonly [string, string])[],
  grounds: readonly string[],
) =>
  inks.flatMap(([name, hex]) =>
    grounds
      .filter((ground) => contrast(hex, colour(ground)) < least)
      .map((ground) => `${name} on ${ground}: ${contrast(hex, colour(ground)).toFixed(2)}`),
  );
const named = (...names: readonly string[]) => names.map((name) => [name, colour(name)] as const);

const grounds = ['bg', 'surface', 'raised', 'selected'];

test('small text can be read wherever it stands, times and call signs at a glance', () => {
  const words = [...named('muted', 'accent', 'ok', 'warning', 'bad', 'focus'), ...chips];
  expect(chips.length).toBeGreaterThanOrEqual(4);
  expect([...below(4.5, words, grounds), ...below(7, named('text'), grounds)]).toEqual([]);
});

test('dark words on a filled mark can be read', () => {
  const fills = ['grade-1', 'grade-2', 'grade-3', 'grade-4', 'warning', 'text', 'emergency'];
  expect(below(4.5, named('ink'), fills)).toEqual([]);
});

test('a shape, a border of a field and the ring around the focus are seen', () => {
  const shapes = named('grade-1', 'grade-2', 'grade-3', 'grade-4', 'border', 'focus');
  expect(below(3, shapes, grounds)).toEqual([]);
});
