import { spaced } from '#domain/lib/spaced-number.ts';
import type { contactOutcomes } from '#domain/facts.ts';
import { type Details, type Place } from '#domain/facts.ts';
import type { ReferenceData } from '#domain/reference-data.ts';
import type { FoundPlace } from '#protocol/query.ts';
import type { ContactRow } from '#protocol/view.ts';
import type { PlainBody } from './desk-line.ts';
import type { Fields } from './pad.ts';
import type { LookUp } from './window-store.ts';

/** The order of speech: what, where, who, phone, risk. Tab follows it. */
export const formFields = [
  'narrative',
  'place',
  'informant',
  'callback',
  'openingCode',
  'grade',
  'qualifiers',
] as const;
export type FormField = (typeof formFields)[number];

export type Outcome = (typeof contactOutcomes)[number];

/** Each outcome by one letter of its own. */
export const outcomes = [
  { key: 'i', outcome: 'incident', name: 'Incident raised' },
  { key: 'l', outcome: 'linked', name: 'Linked to an incident' },
  { key: 'e', outcome: 'enquiry', name: 'Enquiry' },
  { key: 'r', outcome: 'redirected', name: 'Redirected elsewhere' },
  { key: 'a', outcome: 'advice-given', name: 'Advice given' },
  { key: 'd', outcome: 'duplicate', name: 'Duplicate' },
  { key: 'n', outcome: 'no-police-action', name: 'No police action' },
] as const satisfies readonly { key: string; outcome: Outcome; name: string }[];

export const channelWords = {
  '999': '999 call',
  '101': '101 call',
  online: 'Online',
  text: 'Text',
  email: 'E-mail',
  counter: 'Counter',
  partner: 'Partner',
} as const satisfies Record<ContactRow['channel'], string>;

export const callerText = (row: Pick<ContactRow, 'caller'>) =>
  row.caller === undefined
    ? ''
    : row.caller.kind === 'withheld'
      ? 'Withheld'
      : spaced(row.caller.number);

/** Where an outside number is typed as the floor types it, it is kept in full. */
export function numberTyped(text: string): string | undefined {
  const digits = text.replaceAll(/[\s()-]/g, '');
  const full = /^0\d{9,10}$/.test(digits) ? `+44${digits.slice(1)}` : digits;
  return /^(\+\d{6,15}|\d{3,6})$/.test(full) ? full : undefined;
}

const at = (fields: Fields, name: string) => fields[name]?.trim() ?? '';

/** The place as it is known: verified only while the text is still the one that was picked. */
export function placeOf(fields: Fields): Place | undefined {
  const text = at(fields, 'place');
  if (text === '') return undefined;
  const lat = Number(fields['placeLat']);
  const lon = Number(fields['placeLon']);
  const isPicked = fields['placePicked'] === text && Number.isFinite(lat) && Number.isFinite(lon);
  const source = at(fields, 'placeSource');
  return isPicked
    ? { text, lat, lon, isVerified: true, ...(source !== '' && { source }) }
    : { text, isVerified: false };
}

/** The fields after a place was picked from the list. */
export const pickedPlace = ({ text, lat, lon, source }: FoundPlace): Fields => ({
  place: text,
  placePicked: text.trim(),
  placeLat: String(lat),
  placeLon: String(lon),
  placeSource: source,
});

export const isPlacePicked = (fields: Fields) => placeOf(fields)?.isVerified === true;

export type PlaceState =
  | { readonly state: 'empty' | 'typed' | 'searching' | 'none-found' }
  | { readonly state: 'choose'; readonly count: number }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'picked'; readonly source: string };

/** How far the place is known, and what is being done about it. */
export function placeState(fields: Fields, places: LookUp<FoundPlace> | undefined): PlaceState {
  if (at(fields, 'place') === '') return { state: 'empty' };
  if (isPlacePicked(fields)) return { state: 'picked', source: fields['placeSource'] ?? '' };
  if (places === undefined) return { state: 'typed' };
  switch (places.state) {
    case 'asking':
      return { state: 'searching' };
    case 'failed':
      return { state: 'failed', message: places.message };
    case 'answered':
      return places.rows.length === 0
        ? { state: 'none-found' }
        : { state: 'choose', count: places.rows.length };
    default:
      return places satisfies never;
  }
}

interface Said {
  readonly tone: 'is-ok' | 'is-warning';
  readonly words: string;
}

/** The word beside the field. Whatever happens to the look-up, what is typed is kept. */
export function placeWords(state: PlaceState): Said {
  switch (state.state) {
    case 'empty':
      return { tone: 'is-warning', words: '' };
    case 'picked':
      return {
        tone: 'is-ok',
        words: state.source === '' ? '✓ verified, with position' : `✓ verified: ${state.source}`,
      };
    case 'typed':
    case 'searching':
    case 'none-found':
    case 'choose':
    case 'failed':
      return { tone: 'is-warning', words: '△ kept as typed, not verified' };
    default:
      return state satisfies never;
  }
}

/** The last line under the picks. */
export function placeFoot(state: PlaceState): string {
  switch (state.state) {
    case 'searching':
      return 'Looking…';
    case 'none-found':
      return 'No place fits: kept as typed, not verified';
    case 'failed':
      return `${state.message}: kept as typed, not verified`;
    case 'choose':
      return `${state.count === 1 ? 'One place fits' : `${state.count} places fit`}: ↓ chooses, Enter picks`;
    case 'empty':
    case 'typed':
    case 'picked':
      return '';
    default:
      return state satisfies never;
  }
}

export function detailsOf(fields: Fields): Details {
  const place = placeOf(fields);
  const [narrative, informant, callbackNumber] = ['narrative', 'informant', 'callback'].map(
    (name) => at(fields, name),
  );
  return {
    ...(place && { place }),
    ...(narrative !== undefined && narrative !== '' && { narrative }),
    ...(informant !== undefined && informant !== '' && { informant }),
    ...(callbackNumber !== undefined && callbackNumber !== '' && { callbackNumber }),
  };
}

/** What the form shows of a contact that nobody has typed about yet. */
export function fieldsOf({ details, caller }: Pick<ContactRow, 'details' | 'caller'>): Fields {
  const { place, narrative = '', informant = '', callbackNumber } = details;
  const called = caller?.kind === 'number' ? spaced(caller.number) : '';
  const picked =
    place?.lat !== undefined && place.lon !== undefined && place.isVerified
      ? {
          placePicked: place.text,
          placeLat: String(place.lat),
          placeLon: String(place.lon),
          placeSource: place.source ?? '',
        }
      : {};
  return {
    narrative,
    place: place?.text ?? '',
    ...picked,
    informant,
    callback: callbackNumber ?? called,
  };
}

export const qualifiersOf = (fields: Fields): readonly string[] =>
  (fields['qualifiers'] ?? '').split(',').filter((code) => code !== '');

export type Raise =
  | { readonly outcome: 'ready'; readonly body: PlainBody<'raise-incident'> }
  | { readonly outcome: 'lacking'; readonly field: FormField; readonly text: string };

/** What F8 would raise, or the first thing that it still lacks. Only place, code and grade are needed. */
export function raiseOf(
  fields: Fields,
  contactId: string | undefined,
  reference: Pick<ReferenceData, 'openingCodes'> | undefined,
): Raise {
  const lacking = (field: FormField, text: string): Raise => ({ outcome: 'lacking', field, text });
  const place = placeOf(fields);
  if (!place) return lacking('place', 'A place is needed. Type “unknown” where nobody can say.');
  const code = at(fields, 'openingCode').toUpperCase();
  const isKnown =
    reference === undefined
      ? /^[A-Z]{3}$/.test(code)
      : reference.openingCodes.rows.some((row) => row.code === code);
  if (!isKnown)
    return lacking(
      'openingCode',
      code === '' ? 'An opening code is needed.' : `There is no code ${code}.`,
    );
  const grade = ([1, 2, 3, 4] as const).find((it) => String(it) === fields['grade']);
  if (grade === undefined) return lacking('grade', 'A grade is needed: press 1, 2, 3 or 4.');
  const { narrative = '', ...details } = detailsOf(fields);
  return {
    outcome: 'ready',
    body: {
      ...(contactId !== undefined && { contactId }),
      place,
      openingCode: code,
      grade,
      qualifiers: qualifiersOf(fields),
      narrative,
      details: { ...details, place },
    },
  };
}

const same = (left: Details, right: Details) =>
  (['narrative', 'informant', 'callbackNumber'] as const).every(
    (name) => (left[name] ?? '') === (right[name] ?? ''),
  ) &&
  left.place?.text === right.place?.text &&
  (left.place?.isVerified ?? false) === (right.place?.isVerified ?? false);

/** What the form says beyond the record, or undefined where it says the same. */
export function newDetails(fields: Fields, row: Pick<ContactRow, 'details'>): Details | undefined {
  const details = detailsOf(fields);
  return Object.keys(details).length === 0 || same(details, row.details) ? undefined : details;
}

export interface Choice {
  readonly code: string;
  readonly name: string;
}

/** Codes that fit what is typed: by code first, then by the beginning of any word of the name. */
export function choices<Row extends Choice>(
  rows: readonly Row[],
  typed: string,
  max = 8,
): readonly Row[] {
  const text = typed.trim().toLowerCase();
  if (text === '') return rows.slice(0, max);
  const words = text.split(/\s+/);
  const byCode = rows.filter(({ code }) => code.toLowerCase().startsWith(text));
  const byWord = rows.filter((row) => {
    const inName = row.name.toLowerCase().split(/[^a-z0-9]+/);
    return words.every((word) => inName.some((part) => part.startsWith(word)));
  });
  return [...new Set([...byCode, ...byWord])].slice(0, max);
}
