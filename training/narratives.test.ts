import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '#domain/commands.ts';
import { parseReferenceData } from '#domain/reference-data.ts';
import { arrivalChannels } from './arrivals.ts';
import { drawsOf } from './draws.ts';
import { enquiryOf, filled, LABEL, pocketDialOf, reportOf, said } from './narratives.ts';

const folder = join(import.meta.dirname, '../reference-data');
const read = parseReferenceData(
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') })),
);
if (read.outcome !== 'parsed') throw new Error('the reference data is faulty');
const { openingCodes, qualifiers, results } = read.data;

const reports = (seed: number, channel: (typeof arrivalChannels)[number], count = 4_000) => {
  const draws = drawsOf(seed, 'reports', channel);
  return Array.from({ length: count }, () => reportOf(channel, draws));
};

test('there is something to say to every opening code of reference data, and to no other', () => {
  const codes = openingCodes.rows.map(({ code }) => code).toSorted();
  expect(Object.keys(said).toSorted()).toEqual(codes);
  const drawn = new Set(reports(1, '101', 20_000).map(({ openingCode }) => openingCode));
  expect([...drawn].toSorted()).toEqual(codes);
});

test('qualifiers, results and closing codes are those of reference data', () => {
  const known = {
    qualifiers: new Set(qualifiers.rows.map(({ code }) => code)),
    results: new Set(results.rows.map(({ code }) => code)),
    becomes: new Set(openingCodes.rows.map(({ code }) => code)),
  };
  for (const what of ['qualifiers', 'results', 'becomes'] as const)
    for (const [code, row] of Object.entries(said))
      expect([code, (row[what] ?? []).filter((it) => !known[what].has(it))]).toEqual([code, []]);
});

test('every report is labelled as made up, has no gap left, and can be raised', () => {
  const { body } = commands['raise-incident'];
  const place = { text: '12 High Street', isVerified: true };
  for (const channel of arrivalChannels)
    for (const report of reports(2, channel)) {
      const { closingCode, result: _, ...raised } = report;
      expect(report.narrative.startsWith(LABEL)).toBe(true);
      expect(report.narrative).not.toMatch(/[{}]|undefined/);
      expect(body.parse({ place, ...raised })).toMatchObject(raised);
      expect(closingCode).toMatch(/^[A-Z]{3}$/);
    }
});

test('a report is seldom like another one: age, sex, vehicle and weapon are drawn', () => {
  const words = reports(3, '999').map(({ narrative }) => narrative);
  expect(new Set(words).size).toBeGreaterThan(0.6 * words.length);
  const share = (pattern: RegExp) => words.filter((it) => pattern.test(it)).length / words.length;
  expect(share(/about \d\d|of \d+|, \d\d,/)).toBeGreaterThan(0.4);
  expect(share(/part plate [A-Z]{3}/)).toBeGreaterThan(0.08);
  expect(share(/knife|bottle|hammer|screwdriver|metal bar|piece of wood/)).toBeGreaterThan(0.05);
  expect(share(/\b[A-Z]{2}\d{2} ?[A-Z]{3}\b/)).toBe(0); // no whole plate, which somebody might own
});

test('999 brings the immediate, a form never does, and domestic and violent reports are among the most', () => {
  const share = (channel: (typeof arrivalChannels)[number], grade: number) =>
    reports(4, channel).filter((it) => it.grade === grade).length / 4_000;
  expect(share('999', 1)).toBeGreaterThan(0.25);
  expect(share('101', 1)).toBeLessThan(0.15);
  expect(share('online', 1)).toBe(0);
  const byCode = Map.groupBy(reports(5, '999'), ({ openingCode }) => openingCode);
  const most = [...byCode].toSorted(([, a], [, b]) => b.length - a.length).slice(0, 6);
  expect(most.map(([code]) => code)).toEqual(expect.arrayContaining(['VIO', 'DOM', 'CFS', 'SUS']));
});

test('what is settled on the line is labelled too, and has an outcome that needs no incident', () => {
  const draws = drawsOf(6, 'enquiries');
  for (let n = 0; n < 500; n += 1)
    for (const it of [enquiryOf('101', draws), enquiryOf('999', draws), pocketDialOf(draws)]) {
      expect(it.narrative.startsWith(LABEL)).toBe(true);
      expect(it.narrative).not.toMatch(/[{}]|undefined/);
      expect(['incident', 'linked']).not.toContain(it.outcome);
    }
});

test('a gap that nobody can fill is told', () => {
  expect(() => filled('a {thing}', drawsOf(1))).toThrow('{thing}');
});
