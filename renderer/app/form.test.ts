import { expect, test } from 'vitest';
import { spaced } from '#domain/lib/spaced-number.ts';
import {
  choices,
  detailsOf,
  fieldsOf,
  newDetails,
  numberTyped,
  pickedPlace,
  placeFoot,
  placeOf,
  placeState,
  placeWords,
  raiseOf,
} from './form.ts';

const codes = [
  { code: 'DOM', name: 'Domestic incident', group: 'safety-and-welfare', isConfirmed: true },
  { code: 'SUD', name: 'Sudden death', group: 'safety-and-welfare', isConfirmed: true },
  { code: 'DRG', name: 'Drugs', group: 'crime', isConfirmed: true },
] as const;
const reference = { openingCodes: { source: '', status: '', version: 1, notes: [], rows: codes } };
const picked = pickedPlace({ text: '12 High Street', lat: 50.9, lon: -1.4, source: 'gazetteer' });
const full = {
  narrative: 'Shouting',
  ...picked,
  openingCode: 'dom',
  grade: '1',
  qualifiers: 'alcohol',
};

test('a picked place is verified until its text is changed', () => {
  expect(placeOf(picked)).toEqual({
    text: '12 High Street',
    lat: 50.9,
    lon: -1.4,
    isVerified: true,
    source: 'gazetteer',
  });
  expect(placeOf({ ...picked, place: '14 High Street' })).toEqual({
    text: '14 High Street',
    isVerified: false,
  });
});

test('each state of a place has its word, and whatever is looked up, what is typed is kept', () => {
  const typed = { place: '12 High' };
  const found = { text: '12 High Street', lat: 50.9, lon: -1.4, source: 'gazetteer' };
  const asked = { text: '12 High', rows: [] } as const;
  const said = (...[fields, places]: Parameters<typeof placeState>) => {
    const state = placeState(fields, places);
    return [state.state, placeWords(state).words, placeFoot(state)];
  };
  const kept = '△ kept as typed, not verified';
  expect([
    said({}, undefined),
    said(typed, undefined),
    said(typed, { ...asked, state: 'asking' }),
    said(typed, { ...asked, state: 'answered', asAt: 1 }),
    said(typed, { ...asked, state: 'answered', asAt: 1, rows: [found] }),
    said(typed, { ...asked, state: 'failed', message: 'No answer yet; try again' }),
    said(picked, undefined),
    said({ ...picked, place: '12 High Streets' }, { ...asked, state: 'asking' }),
    // Of a record that says where, and not who said so.
    said({ ...picked, placeSource: '' }, undefined),
  ]).toEqual([
    ['empty', '', ''],
    ['typed', kept, ''],
    ['searching', kept, 'Looking…'],
    ['none-found', kept, 'No place fits: kept as typed, not verified'],
    ['choose', kept, 'One place fits: ↓ chooses, Enter picks'],
    ['failed', kept, 'No answer yet; try again: kept as typed, not verified'],
    ['picked', '✓ verified: gazetteer', ''],
    ['searching', kept, 'Looking…'],
    ['picked', '✓ verified, with position', ''],
  ]);
});

test('place, code and grade are all that raising needs, and the first one lacking is named', () => {
  const lacking = (fields: Record<string, string>) => {
    const raise = raiseOf(fields, undefined, reference);
    return raise.outcome === 'lacking' ? raise.field : raise.body;
  };
  expect([
    lacking({}),
    lacking({ place: 'unknown' }),
    lacking({ place: 'unknown', openingCode: 'ZZZ' }),
    lacking({ place: 'unknown', openingCode: 'DOM' }),
  ]).toEqual(['place', 'openingCode', 'openingCode', 'grade']);
  expect(lacking({ place: 'unknown', openingCode: 'DOM', grade: '4' })).toEqual({
    place: { text: 'unknown', isVerified: false },
    openingCode: 'DOM',
    grade: 4,
    qualifiers: [],
    narrative: '',
    details: { place: { text: 'unknown', isVerified: false } },
  });
});

test('what is raised from a contact carries what was said about it', () => {
  expect(raiseOf(full, 'c1', reference)).toEqual({
    outcome: 'ready',
    body: {
      contactId: 'c1',
      place: {
        text: '12 High Street',
        lat: 50.9,
        lon: -1.4,
        isVerified: true,
        source: 'gazetteer',
      },
      openingCode: 'DOM',
      grade: 1,
      qualifiers: ['alcohol'],
      narrative: 'Shouting',
      details: {
        place: {
          text: '12 High Street',
          lat: 50.9,
          lon: -1.4,
          isVerified: true,
          source: 'gazetteer',
        },
      },
    },
  });
});

test('a form that says what the record says has nothing to add', () => {
  const row = {
    details: detailsOf({ ...full, callback: '07700 900142' }),
    caller: { kind: 'number', number: '+447700900142' },
  } as const;
  expect(newDetails(fieldsOf(row), row)).toBeUndefined();
  expect(newDetails({ ...fieldsOf(row), informant: 'Neighbour' }, row)?.informant).toBe(
    'Neighbour',
  );
});

test('a code is found by its letters first, then by any word of its name', () => {
  expect(choices(codes, 'd').map(({ code }) => code)).toEqual(['DOM', 'DRG', 'SUD']);
  expect(choices(codes, 'death').map(({ code }) => code)).toEqual(['SUD']);
});

test('numbers are read as people say them', () => {
  expect([spaced('+447700900142'), numberTyped('07700 900142'), numberTyped('x')]).toEqual([
    '07700 900142',
    '+447700900142',
    undefined,
  ]);
});
