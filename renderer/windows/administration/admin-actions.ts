import { createContext, use } from 'react';
import type { Role } from '#domain/facts.ts';
import type { AdminAnswers, Doing } from '#protocol/administer.ts';
import { createActions, type ActionPorts } from '../../app/actions.ts';
import type { DeskLine } from '../../app/desk-line.ts';
import type { Caret } from '../../app/pad.ts';
import { refusalText } from '../../app/refusal-text.ts';
import type { Step } from '../../app/selectors.ts';
import type { ListName, WindowState, WindowStore } from '../../app/window-store.ts';
import {
  codeFor,
  firstField,
  readForm,
  resetting,
  signingOut,
  takingBack,
  type Asking,
} from './admin-doings.ts';
import {
  emptyAdmin,
  selectRows,
  type AdminState,
  type AdminStore,
  type FormName,
  type PanelName,
  type RowOf,
  type Said,
} from './admin-store.ts';
import { wordsOfDone } from './admin-words.ts';
import { ListReader } from './list-reader.ts';

const READ_EVERY_MS = 5_000; // a list that has not changed costs one short frame
const CONFIRM_WITHIN_MS = 15_000; // a key that is pressed after a pause is not a second press
const SAID_MAX = 50; // rows that carry words

/** What is typed in a form is kept as any draft is: over a lost line, a reload and a crash. */
export const formPad = (form: FormName) => `administration/${form}`;

/** Whether who sits here has work in this window. The server asks again with each doing. */
export const selectIsAdministrator = ({ seat }: WindowState): boolean =>
  seat?.user?.role === 'administrator';

/** What an administrator can do, each behind one key. */
export function createAdminActions(
  store: WindowStore,
  line: DeskLine,
  ports: ActionPorts,
  own: AdminStore,
) {
  const shared = createActions(store, line, ports);
  const state = () => own.getState();
  const set = (change: Partial<AdminState>) => own.setState(change);
  const reader = new ListReader(own, line, ports);
  /** What was asked and may or may not be done: asked again it goes under the id it had. */
  const notKnown = new Map<string, string>();
  let whose: string | undefined;

  const chosen = <Name extends PanelName>(panel: Name): RowOf[Name] | undefined => {
    const id = store.getState().selected[panel];
    return selectRows(state(), panel).find((row) => row.id === id);
  };

  const say = (tone: Said['tone'], text: string, rowId?: string) => {
    const one = { tone, text, at: ports.now() };
    const said = new Map(state().said);
    if (rowId !== undefined) {
      said.delete(rowId);
      said.set(rowId, one);
      for (const id of said.keys()) if (said.size > SAID_MAX) said.delete(id);
    }
    set({ said, lastSaid: one });
  };

  /** Asks, and says what came of it beside the row. Resolves with whether it is done, now or before. */
  const perform = async (doing: Doing, rowId?: string): Promise<boolean> => {
    const text = JSON.stringify(doing);
    if (state().asked.has(text)) return false;
    const id = notKnown.get(text) ?? ports.makeId();
    const person = whose;
    set({ asked: new Set(state().asked).add(text), confirming: undefined });
    const outcome = await line.administer(doing, id);
    if (whose !== person) return false; // somebody else sits here: it is not for their eyes
    const asked = new Set(state().asked);
    asked.delete(text);
    set({ asked });
    if (outcome.kind === 'refused') {
      const { reason, message } = outcome;
      const isDone = reason === 'already-done';
      // `already-asked`: the desk still waits for what it was asked on an earlier line.
      const isOpen = reason === 'not-known' || reason === 'already-asked';
      if (isOpen) notKnown.set(text, id);
      else notKnown.delete(text);
      const tone = isDone || isOpen ? 'plain' : 'bad';
      say(tone, message === '' ? refusalText({ reason }) : message, rowId);
      reader.read(state().panel);
      return isDone;
    }
    notKnown.delete(text);
    // The answer is of the doing's own kind, as the server's schema of it says.
    const came = wordsOfDone(doing, outcome.rows[0] as AdminAnswers[typeof doing.what]);
    say('good', came.text, rowId);
    if (came.secret) set({ secret: came.secret });
    reader.read(state().panel);
    return true;
  };

  /** The first press asks for a second one of the same key; that does it. */
  const confirmed = ({ key, rowId, what, doing }: Asking) => {
    const { confirming } = state();
    const isSecond = confirming?.key === key && confirming.rowId === rowId;
    if (isSecond && ports.now() <= confirming.until) {
      void perform(doing, rowId);
      return;
    }
    const words = `Press ${key} again to ${what}, Esc to leave`;
    set({ confirming: { key, rowId, words, until: ports.now() + CONFIRM_WITHIN_MS } });
  };

  const choose = (): void => {
    if (state().confirming) set({ confirming: undefined });
  };

  const toList = () => ports.focus('list', state().panel);

  const openForm = (form: FormName) => {
    set({ form, problem: undefined, confirming: undefined });
    ports.focus(formPad(form), firstField[form]);
  };

  const closeForm = () => {
    set({ form: undefined, problem: undefined });
    toList();
  };

  /** What the chosen one of a panel is asked for, where that panel is in sight. */
  const onChosen = <Name extends PanelName>(panel: Name, ask: (row: RowOf[Name]) => void) => {
    const row = state().panel === panel ? chosen(panel) : undefined;
    if (row) ask(row);
  };

  return {
    ...shared,

    select(list: ListName, id: string | undefined) {
      choose();
      shared.select(list, id);
    },

    stepIn(list: ListName, ids: readonly string[], by: Step): string | undefined {
      choose();
      return shared.stepIn(list, ids, by);
    },

    /** Goes to a panel. What was told once in the one before is put away, and so is what stood open there. */
    goTo(panel: PanelName) {
      if (state().panel !== panel) {
        set({ panel, filter: '', form: undefined, problem: undefined, confirming: undefined });
        set({ secret: undefined, lastSaid: undefined });
        reader.read(panel);
      }
      toList();
    },

    openFilter: () => ports.focus('filter', 'filter'),

    filter(text: string) {
      choose();
      set({ filter: text });
    },

    /** From the filter into the list: to the row that was chosen, or the first of what is left. */
    leaveFilter() {
      const { panel } = state();
      const [first] = selectRows(state(), panel);
      if (!chosen(panel) && first) shared.select(panel, first.id);
      toList();
    },

    openForm,

    typeIn(form: FormName, field: string, value: string, at: Caret) {
      shared.type(formPad(form), formPad(form), {}, field, value, at);
      if (state().problem?.field === field) set({ problem: undefined });
    },

    setField(form: FormName, field: string, value: string) {
      shared.typeAll(formPad(form), formPad(form), {}, { [field]: value });
      if (state().problem?.field === field) set({ problem: undefined });
    },

    /** What is typed stays until it is done: a refusal and a lost line leave it in the form. */
    async submit(form: FormName): Promise<void> {
      const read = readForm(form, store.getState().pads.get(formPad(form))?.fields ?? {});
      if (read.outcome === 'lacking') {
        set({ problem: read });
        ports.focus(formPad(form), read.field);
        return;
      }
      const isDone = await perform(read.doing);
      if (!isDone) return;
      shared.dropPad(formPad(form));
      if (state().form === form) closeForm();
    },

    /** N: what this panel makes anew. */
    add() {
      const { panel } = state();
      if (panel === 'people') openForm('add-user');
      else if (panel === 'desks') openForm('make-desk-code');
      else if (panel === 'api-keys') openForm('make-api-key');
    },

    codeForDesk: () => onChosen('desks', (row) => void perform(codeFor(row), row.id)),
    changeRole: () => onChosen('people', () => openForm('set-user-role')),

    setRole(role: Role) {
      if (state().form !== 'set-user-role') return;
      closeForm();
      onChosen('people', ({ id, name }) => void perform({ what: 'set-user-role', name, role }, id));
    },

    openAgain: () =>
      onChosen('people', ({ id, name }) => void perform({ what: 'reopen-user', name }, id)),
    unlock: () =>
      onChosen('people', ({ id, name }) => void perform({ what: 'unlock-user', name }, id)),
    resetPassword: () => onChosen('people', (row) => confirmed(resetting(row))),
    takeAllBack: () => onChosen('sessions', (row) => confirmed(signingOut(row))),

    takeBack() {
      const { panel } = state();
      const asking = takingBack(panel, { [panel]: chosen(panel) });
      if (asking) confirmed(asking);
    },

    /** Esc: leaves one thing at a time, what was opened last first. */
    leave() {
      const { confirming, form, secret, filter } = state();
      if (confirming) set({ confirming: undefined });
      else if (form) return closeForm();
      else if (secret) set({ secret: undefined });
      else if (filter !== '') set({ filter: '' });
      toList();
    },

    /** Called each second: what is in sight is read again, and a code whose time is up is put away. */
    tick(isInSight: boolean) {
      const { now, link } = store.getState();
      const person = selectIsAdministrator(store.getState())
        ? store.getState().seat?.user?.id
        : undefined;
      if (person !== whose) {
        // Nothing of one person is the next one's to see.
        whose = person;
        notKnown.clear();
        reader.forget();
        own.setState(emptyAdmin(), true);
        if (person !== undefined) toList();
      }
      const { secret, confirming, panel } = state();
      if (secret?.notAfter !== undefined && secret.notAfter < now) {
        set({ secret: undefined });
        say('plain', `${secret.title}: its time is up. Make another.`);
      }
      if (confirming && confirming.until < now) set({ confirming: undefined });
      if (person === undefined || !isInSight || link !== 'open') return;
      if (now - reader.askedAt(panel) >= READ_EVERY_MS) reader.read(panel);
    },
  };
}

export type AdminActions = ReturnType<typeof createAdminActions>;

export const AdminContext = createContext<AdminActions | undefined>(undefined);

export function useAdminActions(): AdminActions {
  const actions = use(AdminContext);
  if (!actions) throw new Error('useAdminActions outside <AdminContext>');
  return actions;
}
