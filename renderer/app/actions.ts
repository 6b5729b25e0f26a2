import { createContext, use } from 'react';
import type { DeskLine, Outcome } from './desk-line.ts';
import {
  edit,
  isBlank,
  joined,
  moveCaret,
  newPad,
  type Caret,
  type Fields,
  type Pad,
} from './pad.ts';
import { refusalText } from './refusal-text.ts';
import { createShiftActions } from './shift.ts';
import { isLateOfOthers, selectTray, step, type Step } from './selectors.ts';
import {
  entryDraftId,
  withoutRow,
  withRow,
  type ListName,
  type LookUp,
  type Sent,
  type WindowState,
  type WindowStore,
} from './window-store.ts';

/** Puts the caret into a field that the operator asked for; never called because something arrived. */
export type Focus = (draftId: string, field: string, caret?: Caret) => void;

export interface ActionPorts {
  readonly focus: Focus;
  /** A key has asked for a form that the desk has yet to give: what is typed until then goes into it. */
  readonly hold: () => void;
  /** What has the focus now, to be compared and nothing else. */
  readonly whereFocusIs: () => unknown;
  /** What puts the caret back where it is now. */
  readonly caretBack: () => () => void;
  readonly makeId: () => string;
  readonly now: () => number;
  readonly after: (ms: number, work: () => void) => void;
}

/** What a kept draft leads back to. */
export type About = { readonly kind: 'contact' | 'incident'; readonly id: string } | undefined;

const PLACES_PAUSE_MS = 120; // a look-up for a pause in typing, not for each key
const CRIMES_METRES = 500;
const PLACE_LETTERS_MIN = 2;

/** What an operator can do in either window. Each action says what it does to the store and the line. */
export function createActions(store: WindowStore, line: DeskLine, ports: ActionPorts) {
  const state = () => store.getState();
  const set = (change: Partial<WindowState>) => store.setState(change);
  let placesAsked = 0;

  const putPad = (pad: Pad) => {
    set({ pads: withRow(state().pads, pad.draftId, pad) });
    line.savePads();
  };

  const dropPad = (draftId: string) => {
    const pad = state().pads.get(draftId);
    if (!pad) return;
    set({ pads: withoutRow(state().pads, draftId) });
    line.dropDraft(pad);
  };

  const lookUp = async (
    name: 'found' | 'places' | 'crimes',
    text: string,
    asking: Promise<Outcome>,
  ): Promise<void> => {
    const put = (answer: LookUp<unknown>) => {
      // The three look-ups differ in their rows only; `name` says which.
      if (state()[name]?.text === text) set({ [name]: answer });
    };
    set({ [name]: { state: 'asking', text, rows: [] } });
    const outcome = await asking;
    if (outcome.kind === 'rows') {
      // The rows are the desk's word for the query that was asked.
      const rows = outcome.rows as readonly unknown[];
      put({ state: 'answered', text, rows, asAt: outcome.asAt });
    } else {
      put({ state: 'failed', text, rows: [], message: refusalText(outcome, outcome.message) });
    }
  };

  return {
    ...createShiftActions(store, line, ports),

    /** One key in a field: on screen at once, on the desk's disk within half a second. */
    type(draftId: string, about: string, base: Fields, field: string, value: string, caret: Caret) {
      const pad = state().pads.get(draftId) ?? newPad(draftId, about, base);
      putPad(edit(pad, field, value, caret));
      if (state().problem?.field === field) set({ problem: undefined });
    },

    typeAll(draftId: string, about: string, base: Fields, fields: Fields) {
      let pad = state().pads.get(draftId) ?? newPad(draftId, about, base);
      for (const [field, value] of Object.entries(fields)) pad = edit(pad, field, value);
      putPad(pad);
    },

    caret(draftId: string, caret: Caret) {
      const pad = state().pads.get(draftId);
      if (pad) putPad(moveCaret(pad, caret));
    },

    dropPad,

    select(list: ListName, id: string | undefined) {
      const { [list]: _before, ...others } = state().selected;
      set({ selected: id === undefined ? others : { ...others, [list]: id } });
    },

    stepIn(list: ListName, ids: readonly string[], by: Step): string | undefined {
      const id = step(ids, state().selected[list], by);
      if (id !== undefined) set({ selected: { ...state().selected, [list]: id } });
      return id;
    },

    /** Writes what stands in an entry field into the log of a contact or an incident. */
    addEntry(about: NonNullable<About>) {
      const draftId = entryDraftId(about.id);
      const text = state().pads.get(draftId)?.fields['entry']?.trim() ?? '';
      if (text === '') return;
      const { id } = about;
      const who = state().seat?.user?.id;
      let isStored = false;
      // The field is free for the next line at once. What the desk did not store comes back into it.
      const answered = ({ mark }: Sent) => {
        isStored ||= mark === 'stored-here' || mark === 'recorded';
        if (mark !== 'refused' || isStored || state().seat?.user?.id !== who) return;
        const pad = state().pads.get(draftId) ?? newPad(draftId, id);
        putPad(edit(pad, 'entry', joined(text, pad.fields['entry'] ?? '')));
      };
      if (about.kind === 'incident') line.send('add-log-entry', { incidentId: id, text }, answered);
      else line.send('add-contact-entry', { contactId: id, text }, answered);
      dropPad(draftId);
    },

    find(text: string): void {
      const words = text.trim();
      if (words === '') return;
      void lookUp('found', words, line.ask('find', { text: words.slice(0, 200) }));
    },

    forgetFound() {
      set({ found: undefined, prompt: undefined });
    },

    lookUpPlaces(text: string): void {
      const words = text.trim().slice(0, 200);
      placesAsked += 1;
      const asked = placesAsked;
      if (words.length < PLACE_LETTERS_MIN) {
        set({ places: undefined });
        return;
      }
      ports.after(PLACES_PAUSE_MS, () => {
        if (asked !== placesAsked) return;
        void lookUp('places', words, line.ask('places', { text: words }));
      });
    },

    forgetPlaces() {
      placesAsked += 1;
      set({ places: undefined });
    },

    lookUpCrimes(near: { readonly text: string; readonly lat: number; readonly lon: number }) {
      const { lat, lon } = near;
      // Two places may have one name: the position is part of what was asked.
      const text = `${near.text} ${lat} ${lon}`;
      const { crimes } = state();
      if (crimes?.text === text && crimes.state !== 'failed') return;
      const params = { lat, lon, metres: CRIMES_METRES };
      void lookUp('crimes', text, line.ask('crimes-near', params));
    },

    forgetCrimes() {
      if (state().crimes) set({ crimes: undefined });
    },

    /** Deals with the chosen item, or with the only one; which of several is never guessed. */
    async settleTray(): Promise<void> {
      const rows = selectTray(state());
      const [only] = rows;
      const row =
        rows.find(({ id }) => id === state().selected.tray) ??
        (rows.length === 1 ? only : undefined);
      if (!only) return;
      if (!row) {
        const text = `${rows.length} need attention: choose one with the arrow keys, then Del`;
        line.notice('plain', text, 'tray');
        return;
      }
      if (isLateOfOthers(row)) {
        line.send('settle-conflict', { commandId: row.id });
        return;
      }
      const outcome = await line.settleTray(row.id);
      if (outcome.kind === 'refused') line.notice('bad', refusalText(outcome, outcome.message));
    },

    async signIn(name: string, password: string, newPassword: string): Promise<void> {
      const { needsNewPassword } = state().signIn;
      set({ signIn: { isAsking: true, needsNewPassword, problem: '' } });
      const outcome = await line.signIn({
        name: name.trim(),
        password,
        ...(needsNewPassword && newPassword !== '' && { newPassword }),
      });
      if (outcome.kind === 'rows') {
        set({ signIn: { isAsking: false, needsNewPassword: false, problem: '' } });
        return;
      }
      const mustChange = outcome.reason === 'password-change-needed';
      set({
        signIn: {
          isAsking: false,
          needsNewPassword: needsNewPassword || mustChange,
          problem: refusalText(outcome, outcome.message),
        },
      });
    },

    toggleCaption(): void {
      set({ isCaptionHidden: !state().isCaptionHidden });
    },

    async signOut(): Promise<void> {
      await line.signOut();
    },

    /** The strip is read; its lines stay in the record of the window, not on top. */
    readNotices() {
      set({ notices: [] });
    },

    /** Whether this is the second press of the same thing within its time. */
    isSecond(what: string, withinMs: number): boolean {
      const { again, now } = state();
      const isSecond = again?.what === what && now <= again.until;
      set({ again: isSecond ? undefined : { what, until: now + withinMs } });
      return isSecond;
    },

    isBlank: (draftId: string) => isBlank(state().pads.get(draftId)),
  };
}

export type Actions = ReturnType<typeof createActions>;

export const ActionsContext = createContext<Actions | undefined>(undefined);

export function useActions(): Actions {
  const actions = use(ActionsContext);
  if (!actions) throw new Error('useActions outside <ActionsContext>');
  return actions;
}
