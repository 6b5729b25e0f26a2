import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandTypes } from '#domain/commands.ts';
import { channels, contactOutcomes, facts, roles } from '#domain/facts.ts';
import { streamKinds } from '#domain/ids.ts';
import { root } from './setup.mjs';

const glossary = readFileSync(join(root, 'docs/GLOSSARY.md'), 'utf8');
const inCode = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

/** The cells of the tables of commands and events. */
const rows = glossary
  .slice(glossary.indexOf('## Commands and events'))
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('every record, command, event, role, channel and outcome stands in docs/GLOSSARY.md', () => {
  const written = new Set(inCode(glossary));
  const words = [streamKinds, commandTypes, Object.keys(facts), roles, channels, contactOutcomes];
  expect(words.flat().filter((word) => !written.has(word))).toEqual([]);
});

test('the glossary names no command and no event that there is not', () => {
  const named = (column: number) => rows.flatMap((cells) => inCode(cells[column] ?? ''));
  const known = (words: readonly string[]) => (word: string) => !words.includes(word);
  expect(named(1).filter(known(commandTypes))).toEqual([]);
  expect(named(2).filter(known(Object.keys(facts)))).toEqual([]);
});
