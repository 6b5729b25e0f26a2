import type { Store } from './open-store.ts';

export interface PlaceFound {
  readonly text: string;
  readonly lat: number;
  readonly lon: number;
  readonly source: string;
}

const WORDS_MAX = 6;

/**
 * Streets by words of their name, from the anchors of the recorded crimes: the only positions there
 * are until a gazetteer is imported. Every word must begin a word of the street's name; a house
 * number, which no anchor has, is left out of the search and kept in what is picked.
 */
export function searchPlaces(db: Store, text: string, limit: number): readonly PlaceFound[] {
  const [, house = '', street = ''] = /^\s*(\d+[a-z]?\b)?[\s,]*(.*)$/i.exec(text) ?? [];
  const words = street.match(/[\p{L}\p{N}]+/gu)?.slice(0, WORDS_MAX) ?? [];
  if (words.length === 0) return [];
  const query = words.map((word) => `"${word}"*`).join(' ');
  return db
    .prepare<[string, number], { location: string; lat: number; lon: number }>(
      `SELECT street.location, lat, lon
       FROM crime_street_words JOIN crime_street AS street ON street.id = crime_street_words.rowid
       WHERE crime_street_words MATCH ? ORDER BY length(street.location), street.location, street.id
       LIMIT ?`,
    )
    .all(query, limit)
    .map(({ location, lat, lon }) => ({
      text: `${house === '' ? '' : `${house} `}${location.replace(/^On or near /, '')}`,
      lat,
      lon,
      source: 'street of recorded crimes',
    }));
}
