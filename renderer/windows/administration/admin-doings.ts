import type { DeskId } from '#domain/ids.ts';
import { doing as doingSchema, type Doing } from '#protocol/administer.ts';
import type { FormName, PanelName, RowOf } from './admin-store.ts';

/** Something that is done by a second press of its key. */
export interface Asking {
  readonly key: string;
  readonly rowId: string;
  /** What it would do, as it follows on "Press X again to". */
  readonly what: string;
  readonly doing: Doing;
}

/** Of a panel, the row that is chosen in it. */
export type Chosen = { readonly [Name in PanelName]?: RowOf[Name] | undefined };

const deskOf = (row: RowOf['desks']) => row.desk as DeskId; // as the list of the server has it

/** X: takes back what is chosen in a panel. */
export function takingBack(panel: PanelName, chosen: Chosen): Asking | undefined {
  const ask = (rowId: string, what: string, doing: Doing) => ({ key: 'X', rowId, what, doing });
  const { people, sessions, desks, 'api-keys': key } = chosen;
  if (panel === 'people' && people)
    return ask(people.id, `close the account of ${people.displayName}`, {
      what: 'disable-user',
      name: people.name,
    });
  if (panel === 'sessions' && sessions) {
    const where = sessions.desk === 'browser' ? 'there' : `at ${sessions.desk}`;
    return ask(sessions.id, `sign ${sessions.user.displayName} out ${where}`, {
      what: 'revoke-session',
      of: { session: sessions.id },
    });
  }
  if (panel === 'desks' && desks)
    return ask(desks.id, `take the key of ${desks.desk} back`, {
      what: 'revoke-desk',
      desk: deskOf(desks),
    });
  if (panel === 'api-keys' && key)
    return ask(key.id, `take the key of ${key.name} back`, {
      what: 'revoke-api-key',
      name: key.name,
    });
  return undefined;
}

/** P: a one-time password in the place of the one that they have. */
export const resetting = ({ id, name, displayName }: RowOf['people']): Asking => ({
  key: 'P',
  rowId: id,
  what: `give ${displayName} a one-time password and sign them out`,
  doing: { what: 'reset-password', name },
});

/** A: signs somebody out everywhere. */
export const signingOut = ({ id, user }: RowOf['sessions']): Asking => ({
  key: 'A',
  rowId: id,
  what: `sign ${user.displayName} out everywhere`,
  doing: { what: 'revoke-session', of: { name: user.name } },
});

/** M: a code by which a desk that is known gets a new key. */
export const codeFor = (row: RowOf['desks']): Doing => ({
  what: 'make-desk-code',
  desk: deskOf(row),
});

/** The field that a form begins with. */
export const firstField: Readonly<Record<FormName, string>> = {
  'add-user': 'name',
  'set-user-role': 'role',
  'make-desk-code': 'desk',
  'make-api-key': 'name',
};

type Read =
  | { readonly outcome: 'asked'; readonly doing: Doing }
  | { readonly outcome: 'lacking'; readonly field: string; readonly text: string };

/** What a form asks for, or what it lacks, to be said at its field before anything is sent. */
export function readForm(form: FormName, fields: Readonly<Record<string, string>>): Read {
  const { name = '', displayName = '', role = '', desk = '' } = fields;
  const given =
    form === 'add-user'
      ? { what: form, name: name.trim(), displayName: displayName.trim(), role }
      : form === 'make-desk-code'
        ? { what: form, ...(desk.trim() !== '' && { desk: desk.trim() }) }
        : { what: form, name: name.trim() };
  const parsed = doingSchema.safeParse(given);
  if (parsed.success) return { outcome: 'asked', doing: parsed.data };
  const field = String(parsed.error.issues[0]?.path[0] ?? firstField[form]);
  const words: Readonly<Record<string, string>> = {
    name:
      form === 'add-user'
        ? '2 to 32 letters, digits, dots, dashes or underlines'
        : '2 to 100 characters',
    displayName: 'As the others are to see it, 1 to 100 characters',
    role: 'Choose one of the six',
    desk: 'Letters, digits, dots and dashes, no space',
  };
  return { outcome: 'lacking', field, text: words[field] ?? 'Not understood' };
}
