import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJson } from './json-text.ts';

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const read = readJson(text);
      expect(read.outcome === 'read' && read.value).toEqual(JSON.parse(text));
    }),
  );
});

test('says where a field stands, and for a missing one where its row stands', () => {
  const read = readJson('{\n  "rows": [\n    { "code": "A" },\n    { "name": 7 }\n  ]\n}');
  const at = read.outcome === 'read' ? read.at : undefined;
  expect([at?.(['rows', 1, 'name']), at?.(['rows', 1, 'code']), at?.(['other'])]).toEqual([
    { line: 4, column: 7 },
    { line: 4, column: 5 },
    { line: 1, column: 1 },
  ]);
});

test.each([
  ['nothing', '', 1, 1, 'the file ends where a value was expected'],
  ['a lost comma', '{\n"a": 1\n"b": 2}', 3, 1, '""" stands where a comma or } was expected'],
  ['a comma too many', '[1,\n]', 2, 1, '"]" stands where a value was expected'],
  ['a lost quote', '{\n"a": "b\n}', 2, 6, 'a text without its closing quote'],
  ['an unknown escape', String.raw`["\q"]`, 1, 2, 'a text with an unknown escape'],
  ['a file cut short', '{"a": [1', 1, 9, 'the file ends where a comma or ] was expected'],
  ['a key that stands twice', '{"a": 1,\n "a": 2}', 2, 2, 'the key "a" stands twice'],
  ['more after the end', '{}\n{}', 2, 1, '"{" stands where the end of the file was expected'],
  ['no end of nesting', '['.repeat(100), 1, 66, 'deeper than 64'],
])('%s is malformed, with its line and column', (_, text, line, column, message) => {
  expect(readJson(text)).toEqual({ outcome: 'malformed', line, column, message });
});
