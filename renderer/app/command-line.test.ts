import { expect, test } from 'vitest';
import { readLine } from './command-line.ts';
import { first, floor } from './rows.suite.ts';

const read = (text: string) => {
  const meaning = readLine(text, floor);
  return [meaning.state, meaning.words] as const;
};

test('a line says what it would do in plain words, and does that', () => {
  const meaning = readLine('D 412 ht21 wb31', floor);
  expect(meaning).toEqual({
    state: 'ready',
    words: 'Assign HT21, WB31 to 0412 DOM 12 High St',
    options: [],
    isConfirmed: false,
    orders: [
      { type: 'assign-unit', body: { incidentId: first, unitId: 'HT21' } },
      { type: 'assign-unit', body: { incidentId: first, unitId: 'WB31' } },
    ],
  });
});

test('a unit without an incident goes to the selected one', () => {
  expect(read('d ht21')).toEqual(['ready', 'Assign HT21 to 0412 DOM 12 High St']);
  expect(read('d . 21')).toEqual(['ready', 'Assign HT21 to 0412 DOM 12 High St']);
});

test('what cannot be done is red before Enter', () => {
  expect([
    read('d . HT22'),
    read('d . HT40'),
    read('d 300 HT21'),
    read('zz'),
    read('d 99 HT21'),
  ]).toEqual([
    ['impossible', 'HT22 is on 0398: release it first'],
    ['impossible', 'HT40 is off duty: book it on first'],
    ['impossible', '0300 DOM 12 High St is closed'],
    ['impossible', 'No verb zz; ? lists them'],
    ['impossible', 'No unit 99'],
  ]);
});

test('a unit clears with a result, and its incident has it', () => {
  const meaning = readLine('c HT22 arrest one  male, to Southampton', floor);
  expect(meaning.state === 'ready' && meaning.orders).toEqual([
    {
      type: 'result-incident',
      body: {
        incidentId: 'HC-20261123-0398',
        result: 'arrest',
        text: 'one  male, to Southampton',
      },
    },
    { type: 'release-unit', body: { incidentId: 'HC-20261123-0398', unitId: 'HT22' } },
  ]);
  expect(read('c HT22 crime-recorded')).toEqual(['incomplete', 'Crime recorded: Crime number?']);
});

test('closing asks for a second Enter and names what goes with it', () => {
  const meaning = readLine('x 398 vio', floor);
  expect(meaning.state === 'ready' && [meaning.isConfirmed, meaning.words]).toEqual([
    true,
    'Close 0398 DOM Pier 4, opened as DOM, as VIO Violence; it has no result yet',
  ]);
});

test('a status goes by its code or the beginning of its name', () => {
  expect([read('s HT22 5'), read('s 22 at'), read('e HT22'), read('s HT22')]).toEqual([
    ['ready', 'HT22: 5 En route'],
    ['ready', 'HT22: 6 At scene'],
    ['ready', 'HT22 (0398): 5 En route'],
    ['incomplete', 'Which status for HT22?'],
  ]);
});

test('a regrade, a reopening and a booking ask for what they lack', () => {
  expect([
    read('g 412 2'),
    read('g 412 2 caller safe'),
    read('ro 300 back again'),
    read('on ht50'),
    read('on ht50 PC Lowe, PC Amin'),
    read('off ht31'),
    read('k'),
  ]).toEqual([
    ['incomplete', '0412 DOM 12 High St: grade 1 to 2 Priority. Why?'],
    ['ready', '0412 DOM 12 High St: grade 1 to 2 Priority, “caller safe”'],
    ['ready', 'Reopen 0300 DOM 12 High St: “back again”'],
    ['incomplete', 'Book HT50 on with which officers?'],
    ['ready', 'Book HT50 on: PC Lowe, PC Amin'],
    ['ready', 'Book HT31 off'],
    ['impossible', 'No hand-over waits to be accepted'],
  ]);
});

test('the line never guesses between two', () => {
  expect([read('d . 31'), read('t 7 text')]).toEqual([
    ['impossible', '31 fits HT31, WB31: type more'],
    ['impossible', '7 is 2 incidents: type the whole reference'],
  ]);
});
