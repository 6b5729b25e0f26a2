import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { commands } from '#domain/commands.ts';
import { facts } from '#domain/facts.ts';
import { deskDown, windowDown } from './down.ts';
import { queries } from './query.ts';
import { deskUp, windowUp } from './up.ts';
import { history } from './version.ts';

test('a changed frame, command or fact needs a new line in the history', () => {
  const shapes = [
    windowUp,
    deskUp,
    windowDown,
    deskDown,
    ...Object.values(queries),
    ...Object.values(commands).map(({ body }) => body),
    ...Object.values(facts).map(({ body }) => body),
  ].map((schema) => z.toJSONSchema(schema));
  const fingerprint = createHash('sha256').update(JSON.stringify(shapes)).digest('hex');
  expect(history.at(-1)?.fingerprint).toBe(fingerprint.slice(0, 16));
});

test('versions count up by one', () => {
  expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
});
