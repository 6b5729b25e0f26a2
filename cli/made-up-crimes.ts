import { createHash } from 'node:crypto';
import { random } from '#domain/lib/random.ts';
import { portsmouth as streets } from '#training/portsmouth.ts';

const crimeTypes = [
  'Anti-social behaviour',
  'Anti-social behaviour',
  'Violence and sexual offences',
  'Criminal damage and arson',
  'Bicycle theft',
  'Burglary',
  'Other theft',
  'Public order',
  'Shoplifting',
  'Vehicle crime',
  'Drugs',
] as const;
const MONTHS = 12;
const ROWS = 1_200;
const JITTER = 0.0004; // some tens of metres, so that a street is not one point
const HEADER =
  'Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,' +
  'Crime type,Last outcome category,Context';

/**
 * A file of made-up recorded crimes in the form of the published ones, for the year before `now`: it goes
 * through the same import as a real one. Each row says that it is made up.
 */
export function madeUpCrimes(now: number, seed = 1): string {
  const { below, pick, chance } = random(seed);
  const jitter = () => (below(2_000) / 1_000 - 1) * JITTER;
  const lines = Array.from({ length: ROWS }, (_, n) => {
    const day = new Date(now);
    day.setUTCDate(1);
    day.setUTCMonth(day.getUTCMonth() - 1 - below(MONTHS));
    const [street, lat, lon] = pick(streets) ?? streets[0];
    const crimeType = pick(crimeTypes) ?? crimeTypes[0];
    const id = createHash('sha256').update(`made up ${seed} ${n}`).digest('hex');
    // Anti-social behaviour is published without an id of its own.
    const isNamed = crimeType !== 'Anti-social behaviour';
    const outcome = chance(0.6) ? 'Made up: no suspect identified' : 'Made up: under investigation';
    return [
      isNamed ? id : '',
      day.toISOString().slice(0, 7),
      'Demo Constabulary',
      'Demo Constabulary',
      (lon + jitter()).toFixed(6),
      (lat + jitter()).toFixed(6),
      `On or near ${street}`,
      '',
      '',
      crimeType,
      isNamed ? outcome : '',
      '',
    ].join(',');
  });
  return `${[HEADER, ...lines].join('\n')}\n`;
}
