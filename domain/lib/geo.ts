export interface Position {
  readonly lat: number;
  readonly lon: number;
}

/** Four sides in degrees. West is less than east: none of ours crosses the date line. */
export interface Box {
  readonly south: number;
  readonly west: number;
  readonly north: number;
  readonly east: number;
}

const EARTH_RADIUS_METRES = 6_371_008.8; // the mean radius; the error in England is below 0.4 %
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** The distance over the ground in a straight line (haversine), in metres. */
export function metresBetween(a: Position, b: Position): number {
  const sinLat = Math.sin(radians(b.lat - a.lat) / 2);
  const sinLon = Math.sin(radians(b.lon - a.lon) / 2);
  const h = sinLat ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * sinLon ** 2;
  return 2 * EARTH_RADIUS_METRES * Math.asin(Math.min(1, Math.sqrt(h)));
}

export const isWithin = ({ south, west, north, east }: Box, { lat, lon }: Position): boolean =>
  lat >= south && lat <= north && lon >= west && lon <= east;

/** A box that holds every position within so many metres. Away from the poles, as all of ours are. */
export function boxAround({ lat, lon }: Position, metres: number): Box {
  const degrees = ((metres / EARTH_RADIUS_METRES) * 180) / Math.PI;
  // The circle is widest in longitude on the side that is nearer to the pole.
  const narrowest = Math.max(0.01, Math.cos(radians(Math.min(89, Math.abs(lat) + degrees))));
  const wide = degrees / narrowest;
  return { south: lat - degrees, west: lon - wide, north: lat + degrees, east: lon + wide };
}
