/** As much of JSON Schema as zod writes of our frames and bodies. */
export interface Shape {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly allOf?: readonly Shape[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: Shape;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Shape;
  readonly additionalProperties?: Shape | boolean;
  readonly default?: unknown;
}

/** The shapes of which a value has one; none where there is no choice. */
export const choicesOf = ({ anyOf, oneOf }: Shape): readonly Shape[] => anyOf ?? oneOf ?? [];

/** The UUID that a text must be: one that sorts by when it was made, or any. */
export function uuidOf({ format, pattern }: Shape): 'v7' | 'any' | undefined {
  if (format !== 'uuid') return undefined;
  return pattern?.includes('7[0-9a-f') === true ? 'v7' : 'any';
}

/** The least whole number that it takes. */
export const leastOf = ({ minimum, exclusiveMinimum }: Shape): number | undefined =>
  exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1;

/** What stands under the keys that have no name of their own. */
export const othersOf = ({ additionalProperties }: Shape): Shape =>
  typeof additionalProperties === 'object' ? additionalProperties : {};
