import { keyOfList, type ReferenceList, type ReferenceListName } from './reference-data.ts';

type Row = Readonly<Record<string, unknown>>;

export interface FieldChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What another content of a list would change, row by row. A row is known by its key. */
export interface ReferenceDiff {
  readonly added: readonly Row[];
  readonly removed: readonly Row[];
  readonly changed: readonly { readonly key: string; readonly fields: readonly FieldChange[] }[];
  /** What is said of the list itself: its source, its status, its version, its notes. */
  readonly about: readonly FieldChange[];
  /** The same rows stand in another order, which is the order people see them in. */
  readonly isReordered: boolean;
}

/** Compares two contents of one list. */
export function referenceDiff(
  list: ReferenceListName,
  before: ReferenceList<unknown>,
  after: ReferenceList<unknown>,
): ReferenceDiff {
  const key = keyOfList(list);
  const [old, fresh] = [rowsByKey(before, key), rowsByKey(after, key)];
  const kept = (of: ReadonlyMap<string, Row>, other: ReadonlyMap<string, Row>) =>
    [...of.keys()].filter((name) => other.has(name)).join('\n');
  return {
    added: [...fresh].flatMap(([name, row]) => (old.has(name) ? [] : [row])),
    removed: [...old].flatMap(([name, row]) => (fresh.has(name) ? [] : [row])),
    changed: [...fresh].flatMap(([name, row]) => {
      const was = old.get(name);
      const fields = was ? fieldChanges(was, row) : [];
      return fields.length === 0 ? [] : [{ key: name, fields }];
    }),
    about: fieldChanges(aboutOf(before), aboutOf(after)),
    isReordered: kept(old, fresh) !== kept(fresh, old),
  };
}

export const isSame = ({ added, removed, changed, about, isReordered }: ReferenceDiff): boolean =>
  added.length + removed.length + changed.length + about.length === 0 && !isReordered;

/** The difference in lines for a person: `+` a new row, `-` one that goes, `~` one that reads otherwise. */
export function diffLines(list: ReferenceListName, diff: ReferenceDiff): readonly string[] {
  const key = keyOfList(list);
  const whole = (sign: string) => (row: Row) => `${sign} ${String(row[key])} ${fieldsOf(row, key)}`;
  const field = (name: string) => (it: FieldChange) =>
    `~ ${name} ${it.field}: ${shown(it.before)} becomes ${shown(it.after)}`;
  return [
    ...diff.removed.map(whole('-')),
    ...diff.added.map(whole('+')),
    ...diff.changed.flatMap((row) => row.fields.map(field(row.key))),
    ...diff.about.map(field('of the list:')),
    ...(diff.isReordered ? ['~ the rows stand in another order'] : []),
  ];
}

const aboutOf = ({ source, status, version, notes }: ReferenceList<unknown>): Row => ({
  source,
  status,
  version,
  notes,
});

const rowsByKey = ({ rows }: ReferenceList<unknown>, key: string): ReadonlyMap<string, Row> =>
  new Map(
    rows.map((row) => {
      const fields = row as Row; // a row of a list is an object
      return [String(fields[key]), fields];
    }),
  );

function fieldChanges(before: Row, after: Row): readonly FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((field) =>
    JSON.stringify(before[field]) === JSON.stringify(after[field])
      ? []
      : [{ field, before: before[field], after: after[field] }],
  );
}

const fieldsOf = (row: Row, key: string) =>
  Object.entries(row)
    .filter(([name]) => name !== key)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ');

const shown = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));
