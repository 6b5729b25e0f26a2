import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { boxAround, isWithin, metresBetween } from './geo.ts';

const southampton = { lat: 50.9079, lon: -1.4048 };
const portsmouth = { lat: 50.7989, lon: -1.0912 };

test('Southampton to Portsmouth is about 25 km, either way', () => {
  expect(Math.round(metresBetween(southampton, portsmouth) / 100)).toBe(251);
  expect(metresBetween(portsmouth, southampton)).toBe(metresBetween(southampton, portsmouth));
  expect(metresBetween(southampton, southampton)).toBe(0);
});

test('whatever is within so many metres is within the box around', () => {
  const place = fc.record({
    lat: fc.double({ min: 49, max: 61, noNaN: true }),
    lon: fc.double({ min: -8, max: 2, noNaN: true }),
  });
  const offset = fc.double({ min: -0.1, max: 0.1, noNaN: true });
  fc.assert(
    fc.property(place, offset, offset, (from, north, east) => {
      const to = { lat: from.lat + north, lon: from.lon + east };
      expect(isWithin(boxAround(from, metresBetween(from, to) + 0.01), to)).toBe(true);
    }),
  );
});
