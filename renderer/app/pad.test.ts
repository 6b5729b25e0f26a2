import { expect, test } from 'vitest';
import {
  adopt,
  contentOf,
  edit,
  isBlank,
  joined,
  moveCaret,
  needsSaving,
  newPad,
  sent,
  typedInto,
  unsent,
} from './pad.ts';

const caret = { field: 'narrative', start: 4, end: 4 };
const typed = edit(newPad('form/new', 'new'), 'narrative', 'He i', caret);
const kept = {
  id: 'form/new',
  revision: 9,
  savedAt: 0,
  content: {
    about: 'new',
    fields: { narrative: 'He is ups' },
    caret: { ...caret, start: 9, end: 9 },
  },
};

test('each key is a revision, and a revision is saved once', () => {
  expect([needsSaving(typed), needsSaving(sent(typed)), needsSaving(unsent(sent(typed)))]).toEqual([
    true,
    false,
    true,
  ]);
  expect(contentOf(typed)).toEqual({ about: 'new', fields: { narrative: 'He i' }, caret });
});

test('a window that comes back takes what the desk kept, with its caret', () => {
  const pad = adopt(undefined, kept);
  expect([pad.fields['narrative'], pad.caret?.start, needsSaving(pad)]).toEqual([
    'He is ups',
    9,
    false,
  ]);
});

test('the echo of an older revision does not undo what was typed since', () => {
  const further = edit({ ...adopt(undefined, kept) }, 'narrative', 'He is upstairs', caret);
  expect(adopt(further, kept).fields['narrative']).toBe('He is upstairs');
});

test('a caret that moves in an empty pad is nothing to save', () => {
  const moved = moveCaret(newPad('form/new', 'new', { _raise: 'id' }), caret);
  expect([isBlank(moved), needsSaving(moved)]).toEqual([true, false]);
  expect(moveCaret(typed, caret)).toBe(typed);
});

test('what was typed into a text is told from what was changed in it', () => {
  expect([
    typedInto('', 'he is'),
    typedInto('ring', 'ring him'),
    typedInto('he a knife', 'he has a knife'),
    typedInto('aa', 'aaa'),
    typedInto('same', 'same'),
    typedInto('ring the garage', 'rang the garage'),
    typedInto('ring', 'rin'),
  ]).toEqual(['he is', ' him', 'has ', 'a', '', undefined, undefined]);
});

test('two texts are joined with one space', () => {
  expect([joined('', 'a'), joined('a', 'b'), joined('a ', 'b'), joined('a', ' b')]).toEqual([
    'a',
    'a b',
    'a b',
    'a b',
  ]);
});
