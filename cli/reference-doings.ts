import { readFileSync } from 'node:fs';
import { referenceLists, type ReferenceListName } from '#domain/reference-data.ts';
import type { RunAdmin } from './admin.ts';
import type { Doing } from './admin-doings.ts';

/** What can be asked of reference data, as it stands in the help. */
export const REFERENCE_USAGE =
  'lists | list LIST [--revision N] | revisions LIST | check-list LIST --file F | ' +
  'take-over-list LIST --file F --revision N --note WHY | roll-back-list LIST --to N --revision N --note WHY';

interface Head {
  readonly list?: string;
  readonly revision: number;
  readonly rows: number;
  readonly by?: string;
  readonly at?: number;
  readonly note?: string;
  readonly rolledBackTo?: number;
}

interface Told {
  readonly list: string;
  readonly revision: number;
  readonly lines: readonly string[];
}

const base = '/api/reference-data';

/** What the words ask of reference data, or undefined where they are about something else. */
export function referenceDoingOf({
  words: [what = '', given = ''],
  file,
  note,
  revision,
  to,
  usage,
}: RunAdmin): Doing | undefined {
  const list = (): ReferenceListName => {
    const known = referenceLists.find((it) => it === given);
    if (!known) throw usage(`admin ${what} needs a LIST, one of: ${referenceLists.join(', ')}`);
    return known;
  };
  const number = (name: string, value: string | undefined) => {
    if (value === undefined || !/^\d{1,9}$/.test(value))
      throw usage(`admin ${what} needs ${name} N, the number of a revision`);
    return Number(value);
  };
  const text = () => {
    if (file === undefined) throw usage(`admin ${what} needs --file, what the list is to hold`);
    return readFileSync(file, 'utf8');
  };
  const why = () => {
    if (note === undefined || note.trim() === '') throw usage(`admin ${what} needs --note, why`);
    return note;
  };
  switch (what) {
    case 'lists':
      return {
        method: 'GET',
        path: base,
        done: ({ lists }: { lists: readonly Head[] }) => lists.map(headLine).join('\n'),
      };
    case 'list': {
      const wanted = revision === undefined ? '' : `?revision=${number('--revision', revision)}`;
      const done = (answer: { text: string }) => answer.text.trimEnd();
      return { method: 'GET', path: `${base}/${list()}${wanted}`, done };
    }
    case 'revisions':
      return {
        method: 'GET',
        path: `${base}/${list()}/revisions`,
        done: ({ revisions }: { revisions: readonly Head[] }) => revisions.map(headLine).join('\n'),
      };
    case 'check-list':
      return {
        method: 'POST',
        path: `${base}/${list()}/check`,
        body: { text: text() },
        done: (told: Told) =>
          told.lines.length === 0
            ? `it is what ${told.list} holds already`
            : `${told.lines.join('\n')}\nNothing was changed. To take it over: admin take-over-list ${told.list} --file … --revision ${told.revision} --note …`,
      };
    case 'take-over-list':
      return {
        method: 'POST',
        path: `${base}/${list()}`,
        body: { text: text(), insteadOf: number('--revision', revision), note: why() },
        done: changedWords,
      };
    case 'roll-back-list':
      return {
        method: 'POST',
        path: `${base}/${list()}/roll-back`,
        body: { to: number('--to', to), insteadOf: number('--revision', revision), note: why() },
        done: changedWords,
      };
    default:
      return undefined;
  }
}

const changedWords = ({ list, revision, lines }: Told) =>
  `${lines.join('\n')}\n${list} is at revision ${revision} from now on, at every desk that is joined`;

function headLine({ list, revision, rows, by, at, note, rolledBackTo }: Head): string {
  const back = rolledBackTo === undefined ? '' : `, back to revision ${rolledBackTo}`;
  const whence =
    at === undefined
      ? 'as the release brings it'
      : `${new Date(at).toISOString()} by ${by}${back}: ${note}`;
  return `${list === undefined ? '' : `${list}: `}revision ${revision}, ${rows} rows, ${whence}`;
}
