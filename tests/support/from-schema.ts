import * as fc from 'fast-check';
import * as z from 'zod';
import { choicesOf, leastOf, othersOf, uuidOf, type Shape } from '../../tools/json-shape.ts';

const ENTRIES = 3; // of a list or record: enough to have a first, a last and one between
const LENGTH = 40;

/** Makes values that a schema takes, read from the schema itself: a new field is generated when it is added. */
export const valuesOf = (schema: z.ZodType): fc.Arbitrary<unknown> =>
  valuesOfShape(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape);

function valuesOfShape(shape: Shape): fc.Arbitrary<unknown> {
  if ('const' in shape) return fc.constant(shape.const);
  if (shape.enum) return fc.constantFrom(...shape.enum);
  const choices = choicesOf(shape);
  if (choices.length > 0) return fc.oneof(...choices.map(valuesOfShape));
  switch (shape.type) {
    case 'string':
      return stringsOf(shape);
    case 'integer':
      return fc.maxSafeInteger().map((n) => within(n, shape));
    case 'number':
      return fc
        .double({ noNaN: true, min: shape.minimum ?? -1e9, max: shape.maximum ?? 1e9 })
        .map((n) => (Object.is(n, -0) ? 0 : n));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valuesOfShape(shape.items ?? {}), {
        minLength: shape.minItems ?? 0,
        maxLength: Math.max(shape.minItems ?? 0, ENTRIES),
      });
    case 'object':
      return shape.properties ? recordsOf(shape) : namedOf(shape);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

const namedOf = (shape: Shape) =>
  fc.dictionary(stringsOf(shape.propertyNames ?? {}), valuesOfShape(othersOf(shape)), {
    maxKeys: ENTRIES,
    noNullPrototype: true,
  });

function recordsOf({ properties = {}, required = [] }: Shape) {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, shape]) => [name, valuesOfShape(shape)]),
  );
  return fc.record(fields, { requiredKeys: [...required], noNullPrototype: true });
}

function stringsOf(shape: Shape) {
  const { pattern, format, minLength = 0, maxLength = LENGTH } = shape;
  const uuid = uuidOf(shape);
  if (uuid !== undefined) return uuid === 'v7' ? fc.uuid({ version: 7 }) : fc.uuid();
  if (format === 'base64')
    return fc.base64String({ minLength, maxLength: Math.min(64, maxLength) });
  if (pattern !== undefined) {
    // A pattern that is longer by itself has no other limit: filtering it would never come to an end.
    const most = shape.maxLength ?? Number.POSITIVE_INFINITY;
    return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= most);
  }
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(LENGTH, maxLength)) });
}

function within(n: number, shape: Shape): number {
  const least = leastOf(shape) ?? n;
  const most = shape.maximum ?? n;
  if (n >= least && n <= most) return n;
  const room = Math.min(most - least, Number.MAX_SAFE_INTEGER - 1);
  return room >= 0 ? least + (Math.abs(n) % (room + 1)) : least;
}
