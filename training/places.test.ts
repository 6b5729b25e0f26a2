import { expect, test } from 'vitest';
import { isWithin, metresBetween } from '#domain/lib/geo.ts';
import { place } from '#domain/facts.ts';
import { drawsOf } from './draws.ts';
import { placeOf, roadMetres, SOLENT } from './places.ts';
import { towns } from './solent.ts';

const drawn = (seed: number) => {
  const draws = drawsOf(seed, 'places');
  return Array.from({ length: 4_000 }, () => placeOf(draws));
};

test('every place is around the Solent, within a few hundred metres of its street, with a house number', () => {
  const streets = towns.flatMap((town) =>
    town.streets.map((street) => [town.name, ...street] as const),
  );
  for (const it of drawn(1)) {
    expect(isWithin(SOLENT, it)).toBe(true);
    expect(it.text).toMatch(/^\d{1,3} [A-Z].+, [A-Z]/);
    const near = streets.filter(
      ([town, name, lat, lon]) =>
        town === it.town && it.text.includes(name) && metresBetween(it, { lat, lon }) < 200,
    );
    expect(near).toHaveLength(1);
    const { text, lat, lon } = it;
    expect(place.parse({ text, lat, lon, isVerified: true })).toMatchObject({ text });
  }
});

test('every street of every town is drawn, the large towns most', () => {
  const places = drawn(2);
  for (const { name, streets } of towns)
    for (const [street] of streets)
      expect(places.some(({ text, town }) => town === name && text.includes(street))).toBe(true);
  const share = (name: string) => places.filter(({ town }) => town === name).length / places.length;
  expect(share('Southampton')).toBeCloseTo(0.36, 1);
  expect(share('Gosport')).toBeCloseTo(0.07, 1);
});

test('a town can be asked for, and a seed has its own places', () => {
  const draws = drawsOf(3, 'havant');
  expect(new Set(Array.from({ length: 50 }, () => placeOf(draws, 'Havant').town))).toEqual(
    new Set(['Havant']),
  );
  expect(drawn(4)).toEqual(drawn(4));
  expect(drawn(4)).not.toEqual(drawn(5));
});

test('a way by road is longer than the straight line', () => {
  const [a, b] = [
    { lat: 50.79, lon: -1.1 },
    { lat: 50.9, lon: -1.4 },
  ];
  expect(roadMetres(a, b) / metresBetween(a, b)).toBeCloseTo(1.35);
});
