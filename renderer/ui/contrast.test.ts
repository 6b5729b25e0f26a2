import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  differenceCiede2000,
  filterDeficiencyDeuter,
  filterDeficiencyProt,
  filterDeficiencyTrit,
  parse,
  wcagContrast,
  wcagLuminance,
  type Color,
} from 'culori';
import { describe, expect, test } from 'vitest';

const css = readFileSync(join(import.meta.dirname, 'holdfast.css'), 'utf8');

/** The tokens of a theme, which stand in one block of the style sheet. */
function tokensOf(selector: string): ReadonlyMap<string, string> {
  const start = css.indexOf(`\n${selector} {`);
  const block = css.slice(start, css.indexOf('\n}', start));
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [
      name,
      hex,
    ]),
  );
}

const dark = tokensOf(':root');
const themes = [
  ['dark', dark],
  ['dim', tokensOf(":root[data-theme='dim']")],
  ['light', tokensOf(":root[data-theme='light']")],
] as const;

const grounds = ['bg', 'surface', 'raised', 'selected'] as const;
/** Where a contact's state colours what is behind it: its words stand on these too. */
const tinted = ['ground-live', 'ground-held', 'ground-left', 'ground-left-stripe'] as const;
const fills = ['grade-1', 'grade-2', 'grade-3', 'grade-4', 'emergency'] as const;

test('every theme has a value for every token, and a colour stands nowhere else', () => {
  expect(dark.size).toBeGreaterThan(30);
  for (const [, tokens] of themes) expect([...tokens.keys()]).toEqual([...dark.keys()]);
  const rest = css.replaceAll(/^\s*--[\w-]+: #[0-9a-f]{6};$/gm, '');
  expect(rest.match(/#[0-9a-f]{3,8}\b/gi) ?? []).toEqual([]);
  expect(css.match(/rgba?\((?!0 0 0 \/)/g) ?? [], 'a colour that is not black in a shadow').toEqual(
    [],
  );
  const named = [...css.matchAll(/var\(--([\w-]+)\)/g)].map(([, name = '']) => name);
  const sizes = ['base', 'zoom', 'row', 'gap', 'caption', 'sans', 'mono'];
  expect([...new Set(named)].filter((name) => !dark.has(name) && !sizes.includes(name))).toEqual(
    [],
  );
});

describe.each(themes)('in the %s theme', (_, tokens) => {
  const colour = (name: string) => {
    const hex = tokens.get(name);
    if (hex === undefined) throw new Error(`the theme has no --${name}`);
    return hex;
  };
  /** Pairs below `least`, named, with what they have. */
  const below = (least: number, inks: readonly string[], on: readonly string[]) =>
    inks.flatMap((ink) =>
      on
        .filter((ground) => wcagContrast(colour(ink), colour(ground)) < least)
        .map((ground) => {
          const has = wcagContrast(colour(ink), colour(ground)).toFixed(2);
          return `${ink} on ${ground}: ${has}`;
        }),
    );

  test('small text can be read wherever it stands, times and call signs at a glance', () => {
    const words = [...tokens.keys()].filter((name) => name.startsWith('chip-'));
    expect(words).toHaveLength(4);
    words.push('muted', 'accent', 'ok', 'warning', 'bad');
    expect([
      ...below(4.5, words, grounds),
      ...below(7, ['text'], [...grounds, ...tinted]),
      ...below(4.5, ['muted', 'accent', 'ok', 'bad', 'warning'], tinted),
    ]).toEqual([]);
  });

  test('words on a filled mark can be read', () => {
    const filled = [...tokens.keys()].filter((name) => name.startsWith('on-'));
    expect(filled).toHaveLength(10);
    const pairs = filled.map((on) => [on, on.slice('on-'.length)] as const);
    expect(pairs.flatMap(([on, fill]) => below(4.5, [on], [fill]))).toEqual([]);
  });

  test('a shape, a border of a field and the ring around the focus are seen', () => {
    // Grade 2 is seen by its edge: its fill in a bright room is too bright for any ground.
    const shapes = [
      'grade-1',
      'grade-2-edge',
      'grade-3',
      'grade-4',
      'border',
      'focus',
      'emergency',
    ];
    expect(below(3, shapes, [...grounds])).toEqual([]);
    expect(below(3, ['focus-halo'], ['focus'])).toEqual([]);
  });

  test('the five alarm colours are told apart by everybody, also by who does not see red, green or blue', () => {
    const distance = differenceCiede2000();
    const sights = {
      normal: (hex: Color) => hex,
      protan: filterDeficiencyProt(1),
      deutan: filterDeficiencyDeuter(1),
      tritan: filterDeficiencyTrit(1),
    };
    const near: string[] = [];
    for (const [sight, seen] of Object.entries(sights))
      for (const [index, one] of fills.entries())
        for (const other of fills.slice(index + 1)) {
          const [a, b] = [parse(colour(one)), parse(colour(other))];
          if (!a || !b) throw new Error('a token is a colour');
          const apart = distance(seen(a), seen(b));
          if (!(apart >= 20)) near.push(`${sight}: ${one} and ${other}: ${apart.toFixed(1)}`);
        }
    expect(near).toEqual([]);
  });
});

test('the dim theme gives off a third less light than the dark one, but for an emergency', () => {
  const [, dim] = themes[1];
  const share = (name: string) =>
    wcagLuminance(dim.get(name) ?? '') / wcagLuminance(dark.get(name) ?? '');
  const dimmed = ['text', 'bg', 'surface', 'raised', 'muted', 'ok', 'warning'];
  expect(dimmed.filter((name) => share(name) > 0.75)).toEqual([]);
  expect(dim.get('emergency')).toBe(dark.get('emergency'));
});

test('pure white and pure black are kept for an emergency and for words on a filled mark', () => {
  const pure = themes.flatMap(([theme, tokens]) =>
    [...tokens]
      .filter(([name, hex]) => /^#(ffffff|000000)$/.test(hex) && !name.startsWith('on-'))
      .map(([name]) => `${theme} ${name}`),
  );
  // A panel in a bright room is a sheet of paper.
  expect(pure).toEqual(['dark emergency', 'dim emergency', 'light surface', 'light emergency']);
});
