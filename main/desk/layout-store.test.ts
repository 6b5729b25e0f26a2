import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LayoutStore, type WindowPlace } from './layout-store.ts';
import type { Display } from './shell.ts';

const monitor = (label: string, x: number, id = label): Display => {
  const bounds = { x, y: 0, width: 1920, height: 1080 };
  return { id, label, bounds, workArea: bounds, isPrimary: x === 0 };
};
const [left, right] = [monitor('left', 0), monitor('right', 1920)];

const place = (display: Display, x: number, nth = 0): WindowPlace => ({
  role: 'dispatch',
  nth,
  display: { id: display.id, label: display.label, bounds: display.bounds },
  bounds: { x, y: 10, width: 800, height: 600 },
});

function store(text?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-layouts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'layouts.json');
  if (text !== undefined) writeFileSync(file, text);
  const failures: string[] = [];
  const open = () => new LayoutStore(file, ({ message }) => failures.push(message));
  return { file, failures, open };
}

test('each person has their own layout at a desk, over a restart, and whoever has none has the desk’s last', () => {
  const { open, file, failures } = store();
  const layouts = open();
  expect(layouts.find('ann', [left, right])).toEqual([]);
  layouts.keep('ann', [left, right], [place(right, 2_000)]);
  layouts.keep('bob', [left, right], [place(left, 50)]);
  const again = open();
  expect(again.find('ann', [left, right])).toEqual([place(right, 2_000)]);
  expect(again.find('bob', [left, right])).toEqual([place(left, 50)]);
  expect(again.find('cat', [left, right])).toEqual([place(left, 50)]);
  expect(again.find(undefined, [left, right])).toEqual([place(left, 50)]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect([existsSync(`${file}.new`), failures]).toEqual([false, []]);
});

test('what stood on fewer screens does not replace what stood on all; a new id is the same monitor', () => {
  const { open } = store();
  const layouts = open();
  layouts.keep('ann', [left, right], [place(right, 2_000)]);
  layouts.keep('ann', [left], [place(left, 300)]);
  expect(layouts.find('ann', [left])).toEqual([place(left, 300)]);
  const renumbered = [monitor('right', 1920, '77'), monitor('left', 0, '78')];
  expect(layouts.find('ann', renumbered)).toEqual([place(right, 2_000)]);
  // Two others: what stood on two is nearer than what stood on one.
  expect(layouts.find('ann', [monitor('x', 0), monitor('y', 1_920)])).toEqual([
    place(right, 2_000),
  ]);
  expect(layouts.find('ann', [left, right, monitor('third', 3_840)])).toEqual([place(left, 300)]);
});

test.each([
  ['{', 'SyntaxError'],
  ['{"version":2,"layouts":[]}', 'version'],
  ['{"version":1,"layouts":[{"user":"a","displays":[],"places":[{"role":"kitchen"}]}]}', 'role'],
  [`{"version":1,"layouts":[${'0,'.repeat(300)}0]}`, 'layouts'],
  [' '.repeat(8_000_001), 'over 8000000 characters'],
])(
  'a file that cannot be read is told, windows stand as at first, and it is written anew',
  (text, why) => {
    const { open, failures, file } = store(text);
    const layouts = open();
    expect(layouts.find('ann', [left])).toEqual([]);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(why);
    layouts.keep('ann', [left], [place(left, 1)]);
    expect(open().find('ann', [left])).toEqual([place(left, 1)]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1 });
    expect(failures).toHaveLength(1);
  },
);

test('a folder that cannot be written costs a line in the log, and the layout is known until the desk ends', () => {
  const { failures, file } = store();
  const layouts = new LayoutStore(join(file, 'nowhere.json'), ({ message }) =>
    failures.push(message),
  );
  layouts.keep('ann', [left], [place(left, 1)]);
  expect(layouts.find('ann', [left])).toEqual([place(left, 1)]);
  expect(failures).toEqual([expect.stringContaining('keeping where the windows stand')]);
});

test('it keeps two hundred layouts, the newest', () => {
  const { open } = store();
  const layouts = open();
  for (let person = 0; person < 250; person += 1)
    layouts.keep(`p${person}`, [left], [place(left, person)]);
  const again = open();
  expect(again.find('p249', [left])).toEqual([place(left, 249)]);
  expect(again.find('p51', [left])).toEqual([place(left, 51)]);
  expect(again.find('p50', [left])).toEqual([place(left, 249)]); // as for whoever has none
});

test('what is kept can be read again, however many windows there are and whatever a monitor calls itself', () => {
  const { open, failures, file } = store();
  const odd = { ...monitor('é'.repeat(999), 0, 'i'.repeat(999)) };
  const fine = { ...place(odd, 0.5), bounds: { x: 0.5, y: 1.4, width: 800.2, height: 600 } };
  const windows = Array.from({ length: 40 }, (_, nth) => ({ ...fine, nth }));
  const layouts = open();
  layouts.keep(
    'ann',
    Array.from({ length: 20 }, () => odd),
    windows,
  );
  expect(open().find('ann', [odd])).toHaveLength(32);
  const size = readFileSync(file, 'utf8').length; // ann's and the desk's
  expect((size / 2) * 200).toBeLessThan(8_000_000);
  expect(failures).toEqual([]);
});
