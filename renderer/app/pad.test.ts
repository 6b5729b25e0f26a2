import { expect, test } from 'vitest';
import {
  adopt,
  contentOf,
  edit,
  isBlank,
  moveCaret,
  needsSaving,
  newPad,
  sent,
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
