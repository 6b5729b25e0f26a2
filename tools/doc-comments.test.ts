import { expect, test } from 'vitest';
import { docCommentsIn } from './doc-comments.ts';

test('a doc comment is found for a declaration and for each key of what it is made with', () => {
  const source = `
    import * as z from 'zod';
    const hash = z.string().regex(/^[{'/a]$/);
    /**
     * Sent by a window,
     * and answered.
     */
    export const ask = z.strictObject({
      frame: z.literal('ask'),
      /** Made before it is sent. */
      id,
      answer: z.union([
        z.strictObject({
          /** The first. */
          one: z.string(),
        }),
        z.strictObject({ /** The second. */ two: z.object({ /** Deep. */ three: z.int() }) }),
      ]),
      // Not a doc comment.
      plain: z.int(),
    });
    export const table = {
      /** A row. */
      'take-contact': row('check', z.strictObject({ /** Which. */ contactId })),
    } as const;
    /** A row of \`find\`. */
    export interface Found {
      readonly id: string;
      /** A field of an interface has no name here, and gives its comment to nothing else. */
      readonly at: number;
    }
    export interface Line { readonly id: string }`;
  expect(Object.fromEntries(docCommentsIn(source))).toEqual({
    ask: 'Sent by a window, and answered.',
    'ask/id': 'Made before it is sent.',
    'ask/answer/one': 'The first.',
    'ask/answer/two': 'The second.',
    'ask/answer/two/three': 'Deep.',
    'table/take-contact': 'A row.',
    'table/take-contact/contactId': 'Which.',
    Found: 'A row of `find`.',
  });
});
