const known = new WeakMap<object, string>();

/** A row in JSON, made once for each object: rows are never changed. */
export function jsonOf(row: object): string {
  let text = known.get(row);
  if (text === undefined) known.set(row, (text = JSON.stringify(row)));
  return text;
}
