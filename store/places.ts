import type { Store } from './open-store.ts';

export interface PlaceFound {
  readonly text: string;
  readonly lat: number;
  readonly lon: number;
  readonly source: string;
}

/**
 * Streets by words of their name, from the anchors of the recorded crimes: the only positions there
 * are until a gazetteer is imported. Every word must begin a word of the street's name.
 */
export function searchPlaces(db: Store, text: string, limit: number): readonly PlaceFound[] {
  const words =
    text
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu)
      ?.slice(0, 6) ?? [];
  if (words.length === 0) return [];
  const where = words.map(() => `' ' || lower(location) LIKE ?`).join(' AND ');
  return db
    .prepare<string[], { location: string; lat: number; lon: number }>(
      `SELECT location, avg(lat) AS lat, avg(lon) AS lon FROM recorded_crime WHERE ${where}
       GROUP BY location, round(lat, 2), round(lon, 2) ORDER BY length(location), location LIMIT ${limit}`,
    )
    .all(...words.map((word) => `% ${word}%`))
    .map(({ location, lat, lon }) => ({
      text: location.replace(/^On or near /, ''),
      lat,
      lon,
      source: 'street of recorded crimes',
    }));
}
