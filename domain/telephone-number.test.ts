import { expect, test } from 'vitest';
import { parseCallerNumber } from './telephone-number.ts';

const drama = {
  kind: 'number',
  e164: '+447700900142',
  shown: '07700 900142',
  isRecognised: true,
};

test.each([
  '07700 900142',
  '07700900142',
  '+44 7700 900142',
  '+44 (0)7700 900142',
  '0044 7700 900 142',
  '(07700) 900-142',
  ' 07700.900.142 ',
  'tel:+44-7700-900142;cpc=ordinary',
  'sip:+447700900142@trunk.test;user=phone',
])('%s is one and the same number', (text) => {
  expect(parseCallerNumber(text)).toEqual(drama);
});

test('every number kept for drama is accepted, first to last', () => {
  for (const text of ['07700 900000', '07700 900999', '01632 960000', '020 7946 0999'])
    expect(parseCallerNumber(text)).toMatchObject({ kind: 'number', isRecognised: true });
});

test.each([
  ['02079460018', '+442079460018', '020 7946 0018'],
  ['0113 4960 000', '+441134960000', '0113 496 0000'],
  ['+1 212 555 0100', '+12125550100', '+1 212 555 0100'],
  ['001-212-555-0199', '+12125550199', '+1 212 555 0199'],
])('%s is %s and shown as %s', (text, e164, shown) => {
  expect(parseCallerNumber(text)).toEqual({ kind: 'number', e164, shown, isRecognised: true });
});

test('a number that the plan does not know is kept, and says so', () => {
  expect(parseCallerNumber('01632 000000')).toEqual({
    kind: 'number',
    e164: '+441632000000',
    shown: '01632 000000',
    isRecognised: false,
  });
});

test.each(['999', '112', '101', '18000', 'tel:999', ' 1 0 1 '])('%s is a short code', (text) => {
  const code = text.replaceAll(/\D/g, '');
  expect(parseCallerNumber(text)).toEqual({ kind: 'short-code', code, shown: code });
});

test.each(['anonymous', 'Withheld', 'sip:anonymous@anonymous.invalid', 'number withheld'])(
  '%s is withheld',
  (text) => {
    expect(parseCallerNumber(text)).toEqual({ kind: 'withheld' });
  },
);

test.each([
  '',
  '   ',
  '0777',
  '+999',
  'the neighbour',
  '07700 900142 / 07700 900143',
  '5'.repeat(300),
])('%j cannot be read and comes back as it was written', (text) => {
  expect(parseCallerNumber(text)).toEqual({ kind: 'unreadable', text });
});

test('what is longer than any number can be written is not read', () => {
  const long = `tel:+442392123456;${'x'.repeat(190)}`;
  expect(parseCallerNumber(long)).toEqual({ kind: 'unreadable', text: long });
  expect(parseCallerNumber(long.slice(0, 190)).kind).not.toBe('unreadable');
});
