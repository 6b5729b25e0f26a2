import { choicesOf, leastOf, othersOf, uuidOf, type Shape } from './json-shape.ts';

export const code = (text: string) => `\`${text}\``;
export const codes = (values: readonly unknown[]) =>
  values.map((it) => code(String(it))).join(', ');
const sameWords = (one: readonly unknown[], other: readonly string[]) =>
  one.length === other.length && other.every((word) => one.includes(word));
const ended = (text: string) => (text.endsWith('.') ? text : `${text}.`);

/** Schemas in words. `named` is told each shape that is called by its name; a list of `lists` is called by its key. */
export function schemaWords({
  named,
  lists,
}: {
  readonly named: (id: string) => void;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}) {
  /** One line for what a field may hold. */
  const describe = (shape: Shape): string => {
    const { $ref, const: only, enum: words, allOf, type, format, pattern } = shape;
    if ($ref !== undefined) {
      named($ref);
      return code($ref);
    }
    if (allOf) return allOf.map(describe).join(' and ');
    if (only !== undefined) return code(JSON.stringify(only));
    if (words) {
      const known = Object.entries(lists).find(([, list]) => sameWords(words, list));
      if (known) return known[0];
      return `one of ${codes(words)}`;
    }
    const choices = choicesOf(shape);
    if (choices.length > 0) return choices.map(describe).join(' or ');
    switch (type) {
      case 'string': {
        const uuid = uuidOf(shape);
        if (uuid !== undefined) return uuid === 'v7' ? 'UUIDv7' : 'UUID';
        const text = format === 'base64' ? 'base64' : format === 'uri' ? 'URL' : 'text';
        const length = between(shape.minLength, shape.maxLength, ' characters');
        const isLike = pattern !== undefined && format === undefined;
        return `${text}${length}${isLike ? ` like ${code(pattern)}` : ''}`;
      }
      case 'integer':
        return `integer${between(
          leastOf(shape),
          shape.maximum === Number.MAX_SAFE_INTEGER ? undefined : shape.maximum,
        )}`;
      case 'number': {
        const { exclusiveMinimum: above } = shape;
        const open = above === undefined ? '' : ` above ${above}`;
        return `number${open}${between(shape.minimum, shape.maximum)}`;
      }
      case 'boolean':
      case 'null':
        return type;
      case 'array':
        return `list${between(shape.minItems, shape.maxItems)} of ${describe(shape.items ?? {})}`;
      case 'object': {
        if (shape.properties) {
          const isOpen = shape.additionalProperties !== undefined && shape.additionalProperties;
          const names = Object.entries(shape.properties).map(([name, field]) => {
            const mark = shape.required?.includes(name) === true ? '' : '?';
            return `${name}${mark}: ${describe(field).replaceAll('`', '')}`;
          });
          return code(`{ ${[...names, ...(isOpen ? ['…'] : [])].join(', ')} }`);
        }
        return `map of ${describe(shape.propertyNames ?? {})} to ${describe(othersOf(shape))}`;
      }
      default:
        return 'anything';
    }
  };

  /** A list of the fields of an object, one level of nested objects opened up. */
  const fieldsOf = (shape: Shape, docOf: (path: string) => string | undefined, depth = 0): string =>
    Object.entries(shape.properties ?? {})
      .filter(([name, { const: only }]) => !(depth === 0 && name === 'frame' && only !== undefined))
      .map(([name, field]) => {
        const required = shape.required?.includes(name) === true;
        const withDefault =
          field.default === undefined ? '' : `, ${code(JSON.stringify(field.default))} if left out`;
        const optional = required || withDefault ? '' : ' (optional)';
        const indent = '  '.repeat(depth);
        const nested = [field, ...choicesOf(field)].filter((it) => it.properties !== undefined);
        const doc = docOf(name);
        const isOpened = field.properties !== undefined;
        const isChoice = !isOpened && nested.length > 0;
        const kind = isOpened ? 'object' : isChoice ? 'one of' : describe(field);
        const isNamed = kind === code(name);
        const head = `${indent}- ${code(name)}${optional}${isNamed ? '' : `: ${kind}`}${withDefault}`;
        const inner = (path: string) => docOf(`${name}/${path}`);
        const below = isOpened
          ? [fieldsOf(field, inner, depth + 1)]
          : isChoice
            ? choicesOf(field).map((it) => {
                const notes = Object.keys(it.properties ?? {}).flatMap((key) => {
                  const note = inner(key);
                  return note === undefined ? [] : [`${code(key)}: ${note}`];
                });
                return [`${indent}  - ${describe(it)}`, ...notes].join('. ');
              })
            : [];
        return [doc === undefined ? head : `${ended(head)} ${doc}`, ...below].join('\n');
      })
      .join('\n');

  return { describe, fieldsOf };
}

/** The bounds of a length or a number, in brackets; nothing where there are none. */
function between(least: number | undefined, most: number | undefined, unit = ''): string {
  if (least === undefined && most === undefined) return '';
  if (most === undefined) return ` (at least ${least}${unit})`;
  if (least === undefined) return ` (at most ${most}${unit})`;
  return ` (${least === most ? least : `${least} to ${most}`}${unit})`;
}
