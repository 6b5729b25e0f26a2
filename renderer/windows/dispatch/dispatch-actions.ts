import { createContext, use } from 'react';
import type { Found } from '#protocol/query.ts';
import { createActions, type ActionPorts } from '../../app/actions.ts';
import { readLine } from '../../app/command-line.ts';
import type { DeskLine } from '../../app/desk-line.ts';
import { caretBack } from '../../app/focus.ts';
import { complete, numberOf, type Floor, type Order } from '../../app/line-grammar.ts';
import { selectEmergencies, selectHandovers, selectUndoable } from '../../app/selectors.ts';
import { inverseOf, undo, UNDO_MS, undoWords, type Undoable } from '../../app/undo.ts';
import { entryDraftId, type WindowState, type WindowStore } from '../../app/window-store.ts';

const HISTORY_MAX = 50;
const UNDOABLE_MAX = 20; // nobody sends more lines in ten seconds

/** What the command line is read against: what is on screen, and what was found and is shown beside it. */
export function floorOf(state: WindowState): Floor {
  const { incidents, incidentDetails, units, handovers, contacts, reference, selected } = state;
  const shown = incidentDetails.get(selected.incidents ?? '');
  return {
    incidents:
      shown && !incidents.has(shown.id) ? new Map(incidents).set(shown.id, shown) : incidents,
    units,
    handovers,
    contacts,
    reference,
    selectedIncident: selected.incidents,
  };
}

/** What a dispatcher can do, each behind one key. */
export function createDispatchActions(store: WindowStore, line: DeskLine, ports: ActionPorts) {
  const shared = createActions(store, line, ports);
  const state = () => store.getState();
  const set = (change: Partial<WindowState>) => store.setState(change);
  const setLine = (change: Partial<WindowState['commandLine']>) =>
    set({ commandLine: { ...state().commandLine, ...change } });
  let goBack = () => {};

  const send = (order: Order): string => {
    // A row of the table of commands: the type and the body of one order belong together.
    const { type, body } = order as { type: 'add-log-entry'; body: never };
    return line.send(type, body);
  };

  /** Sends what a line asks, and keeps how it is taken back. */
  const sendLine = (said: string, orders: readonly Order[]) => {
    const before = floorOf(state());
    const parts = orders.map((order) => {
      const id = send(order);
      return { id, order, inverse: inverseOf(order, before, id) };
    });
    const done: Undoable = { said, until: ports.now() + UNDO_MS, parts };
    set({ undoable: [done, ...state().undoable].slice(0, UNDOABLE_MAX) });
    const { can, words } = undoWords(done);
    line.notice('plain', can ? said : `${said}. It cannot be undone: ${words}`);
  };

  const openLine = (text: string) => {
    if (!state().commandLine.isOpen) goBack = caretBack(document.activeElement);
    setLine({ isOpen: true, text, confirming: undefined, option: -1 });
    ports.focus('line', 'command', { field: 'command', start: text.length, end: text.length });
  };

  const closeLine = () => {
    setLine({ isOpen: false, text: '', confirming: undefined, option: -1 });
    goBack();
    goBack = () => {};
  };

  const select = (incidentId: string) => shared.select('incidents', incidentId);
  const number = () => {
    const id = state().selected.incidents;
    return id === undefined ? '' : `${numberOf(id)} `;
  };
  const unit = () => {
    const id = state().selected.units;
    return id === undefined ? '' : `${id} `;
  };
  /** The unit keys speak of the selected unit where the units have the focus, else of the incident. */
  const isAtUnits = () => document.activeElement?.matches('[data-field="units"]') === true;

  const accept = (handoverId: string) => {
    const row = state().handovers.get(handoverId);
    if (!row) return;
    line.send('accept-handover', { handoverId });
    select(row.incidentId);
  };

  return {
    ...shared,
    openLine,
    closeLine,

    /** The line got the focus by tab or pointer: there is no caret to go back to. */
    enterLine() {
      if (state().commandLine.isOpen) return;
      goBack = () => ports.focus('list', 'incidents');
      setLine({ isOpen: true, confirming: undefined, option: -1 });
    },

    typeLine(text: string) {
      setLine({ text, confirming: undefined, option: -1 });
    },

    stepOption(by: number) {
      const { text, option, history } = state().commandLine;
      const { options } = readLine(text, floorOf(state()));
      if (options.length > 0) {
        setLine({ option: Math.min(options.length - 1, Math.max(-1, option + by)) });
        return;
      }
      const at = text === '' ? -1 : history.indexOf(text);
      const older = history[at - by];
      if (older !== undefined) setLine({ text: older, confirming: undefined });
    },

    /** Tab: the chosen option, or the only one, takes the place of the word at the caret. */
    completeLine(): boolean {
      const { text, option } = state().commandLine;
      const { options } = readLine(text, floorOf(state()));
      const chosen = options[option] ?? (options.length === 1 ? options[0] : undefined);
      if (!chosen) return false;
      setLine({ text: complete(text, chosen), option: -1, confirming: undefined });
      return true;
    },

    submitLine() {
      const { text, confirming, option, history } = state().commandLine;
      const meaning = readLine(text, floorOf(state()));
      const chosen = meaning.options[option];
      if (chosen) {
        setLine({ text: complete(text, chosen), option: -1, confirming: undefined });
        return;
      }
      if (meaning.state === 'find') {
        closeLine();
        set({ prompt: 'find' });
        shared.find(meaning.text);
        return;
      }
      if (meaning.state !== 'ready') return;
      if (meaning.isConfirmed && confirming !== text) {
        setLine({ confirming: text });
        return;
      }
      sendLine(meaning.words, meaning.orders);
      setLine({ history: [text, ...history.filter((it) => it !== text)].slice(0, HISTORY_MAX) });
      closeLine();
    },

    /** Takes the last line back by doing the opposite. */
    undo() {
      const done = selectUndoable(state());
      if (!done) {
        line.notice('plain', 'Nothing to undo: a line can be taken back for 10 s', 'undo');
        return;
      }
      const { can, words } = undoWords(done);
      if (!can) {
        line.notice('bad', `${done.said}: it cannot be undone, ${words}`, 'undo');
        return;
      }
      set({ undoable: state().undoable.filter((it) => it !== done) });
      const { orders, left } = undo(done, floorOf(state()), (id) => state().sent.get(id)?.mark);
      for (const order of orders) send(order);
      if (orders.length > 0) line.notice('plain', `Undone: ${words}`);
      if (left.length > 0)
        line.notice('bad', `Somebody has changed it since, so it is left: ${left.join('; ')}`);
      else if (orders.length === 0) line.notice('plain', `${done.said}: it was refused`);
    },

    assign: () => openLine(`d ${number()}${isAtUnits() ? unit() : ''}`),
    setStatus: () => openLine(`s ${isAtUnits() ? unit() : ''}`),
    clear: () => openLine(`c ${isAtUnits() ? unit() : number()}`),
    release: () => openLine(`u ${isAtUnits() ? unit() : ''}`),
    close: () => openLine(`x ${number()}`),
    regrade: () => openLine(`g ${number()}`),
    reopen: () => openLine(`ro ${number()}`),
    link: () => openLine(`l ${number()}`),
    book() {
      const { units, selected } = state();
      const row = isAtUnits() ? units.get(selected.units ?? '') : undefined;
      openLine(row?.isOnDuty ? `off ${row.id} ` : 'on ');
    },
    standDown() {
      const [row] = selectEmergencies(state());
      openLine(row ? `sd ${row.id} ` : 'sd ');
    },
    openFind: () => set({ prompt: 'find' }),

    accept,

    /** F1: the hand-over whose time runs out first. */
    acceptOldest() {
      const [row] = selectHandovers(state());
      if (row) accept(row.id);
      else line.notice('plain', 'No hand-over waits', 'no-handover');
    },

    /** F12: the emergency that nobody owns, by the name of who pressed. */
    ownEmergency() {
      const row = selectEmergencies(state()).find(({ emergency }) => !emergency?.owner);
      if (row) line.send('own-emergency', { unitId: row.id });
      else line.notice('plain', 'No emergency stands without an owner', 'no-emergency');
    },

    goToEntry() {
      const id = state().selected.incidents;
      if (id === undefined) line.notice('plain', 'Choose an incident first', 'no-incident');
      else ports.focus(entryDraftId(id), 'entry', state().pads.get(entryDraftId(id))?.caret);
    },

    chooseFound(found: Found) {
      const { contacts } = state();
      const incidentId =
        found.kind === 'incident' ? found.id : contacts.get(found.id)?.incidentIds.at(-1);
      if (incidentId === undefined) {
        line.notice('plain', 'This contact is linked to no incident: L links it to the chosen one');
        return;
      }
      select(incidentId);
      shared.forgetFound();
      ports.focus('list', 'incidents');
    },

    closeFind() {
      shared.forgetFound();
      ports.focus('list', 'incidents');
    },

    /** A window that comes back goes to the log that was being written. */
    restore(draftId: string): boolean {
      const pad = state().pads.get(draftId);
      if (!pad || !draftId.startsWith('entry/') || !/^[A-Z]{2,4}-/.test(pad.about)) return false;
      select(pad.about);
      ports.focus(draftId, 'entry', pad.caret);
      return true;
    },
  };
}

export type DispatchActions = ReturnType<typeof createDispatchActions>;

export const DispatchContext = createContext<DispatchActions | undefined>(undefined);

export function useDispatchActions(): DispatchActions {
  const actions = use(DispatchContext);
  if (!actions) throw new Error('useDispatchActions outside <DispatchContext>');
  return actions;
}
