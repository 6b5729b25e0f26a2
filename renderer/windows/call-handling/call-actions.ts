import { createContext, use } from 'react';
import { channels, type Channel } from '#domain/facts.ts';
import type { HotkeyAction } from '#protocol/hotkey.ts';
import type { Found, FoundPlace } from '#protocol/query.ts';
import type { ContactRow } from '#protocol/view.ts';
import { createActions, type ActionPorts } from '../../app/actions.ts';
import type { DeskLine } from '../../app/desk-line.ts';
import {
  channelWords,
  isPlacePicked,
  newDetails,
  outcomes,
  pickedPlace,
  placeOf,
  raiseOf,
} from '../../app/form.ts';
import { edit, isBlank, joined, newPad, typedInto } from '../../app/pad.ts';
import { refusalText } from '../../app/refusal-text.ts';
import {
  me,
  selectCall,
  selectFormContact,
  selectFormFields,
  selectFormIncidentId,
  selectJustTaken,
  selectNextOffered,
  selectRaiseId,
  selectReadiness,
} from '../../app/selectors.ts';
import {
  entryDraftId,
  formDraftId,
  RAISE_ID,
  READINESS_ID,
  withoutRow,
  withRow,
  type Sent,
  type WindowState,
  type WindowStore,
} from '../../app/window-store.ts';

const FOLLOW_THE_KEY_MS = 1_000; // an answer this late may find the operator elsewhere
const SECOND_PRESS_MS = 6_000;

/** What a call handler can do, each behind one key. */
export function createCallActions(store: WindowStore, line: DeskLine, ports: ActionPorts) {
  const shared = createActions(store, line, ports);
  const state = () => store.getState();
  const set = (change: Partial<WindowState>) => store.setState(change);
  const now = () => state().now;
  const formId = () => formDraftId(state().formAbout);

  /** Crimes around the place of the form; around what was only typed there are none to show. */
  const crimesOfForm = () => {
    const place = placeOf(selectFormFields(state()));
    if (place?.lat !== undefined && place.lon !== undefined)
      shared.lookUpCrimes({ text: place.text, lat: place.lat, lon: place.lon });
    else shared.forgetCrimes();
  };

  /** Goes to a form. Only ever because a key asked for it. */
  const openForm = (about: string) => {
    const draftId = formDraftId(about);
    set({ formAbout: about, prompt: undefined, problem: undefined, places: undefined });
    if (about !== 'new') shared.select('contacts', about);
    const caret = state().pads.get(draftId)?.caret;
    crimesOfForm();
    ports.focus(draftId, caret?.field ?? 'narrative', caret);
  };

  const isStored = ({ mark }: Sent) => mark === 'stored-here' || mark === 'recorded';

  /** How the form stood when a key asked for another. */
  const standing = () => ({
    about: state().formAbout,
    fields: selectFormFields(state()),
    hadPad: state().pads.has(formId()),
  });

  /**
   * What was typed between the key and its answer was meant for the form that is open now: it goes along,
   * and the form that was left stands as it stood. False where something else was changed there.
   */
  const carryOver = (from: ReturnType<typeof standing>): boolean => {
    const draftId = formDraftId(from.about);
    const pad = state().pads.get(draftId);
    if (!pad || from.about === state().formAbout) return true;
    let isWhole = true;
    let moved = false;
    let left = pad;
    for (const [field, value] of Object.entries(pad.fields)) {
      const was = from.fields[field] ?? '';
      if (value === was || field === RAISE_ID) continue;
      const typed = typedInto(was, value);
      if (typed === undefined) {
        isWhole = false;
        continue;
      }
      moved = true;
      left = edit(left, field, was);
      const said = joined(selectFormFields(state())[field] ?? '', typed);
      editForm(field, said);
      if (field === pad.caret?.field)
        ports.focus(formId(), field, { field, start: said.length, end: said.length });
    }
    if (!moved) return isWhole;
    if (isWhole && (!from.hadPad || isBlank(left))) shared.dropPad(draftId);
    else {
      set({ pads: withRow(state().pads, draftId, left) });
      line.savePads();
    }
    return isWhole;
  };

  /** Back to the caret in the form, where what is typed is seen until another form opens. */
  const backToCaret = () => {
    const caret = state().pads.get(formId())?.caret;
    ports.focus(formId(), caret?.field ?? 'narrative', caret);
  };

  const take = (row: ContactRow) => {
    const from = ports.whereFocusIs();
    const before = standing();
    ports.hold();
    const id = line.send('take-contact', { contactId: row.id }, (sent) => {
      if (!isStored(sent) || sent.mark === 'recorded') return;
      // A late answer moves nothing: the call stands among mine and waits to be gone to.
      const isStillThere = ports.whereFocusIs() === from;
      if (isStillThere && now() - sent.at <= FOLLOW_THE_KEY_MS) {
        openForm(row.id);
        carryOver(before);
      } else line.notice('good', `${channelWords[row.channel]} is yours: it stands under Mine`, id);
    });
  };

  /** What the form says beyond the record goes to the record. */
  const describe = (row: ContactRow, fields = selectFormFields(state())): boolean => {
    const details = newDetails(fields, row);
    if (details === undefined) return false;
    line.send('describe-contact', { contactId: row.id, details });
    return true;
  };

  const callOrSay = (): ContactRow | undefined => {
    const call = selectCall(state());
    if (!call) line.notice('plain', 'You have no call in hand', 'no-call');
    return call;
  };

  const editForm = (field: string, value: string) => {
    const about = state().formAbout;
    shared.typeAll(formDraftId(about), about, selectFormFields(state()), { [field]: value });
  };

  /** A call that rings at this desk, or a person at the counter: it is mine from the start. */
  const openContact = (channel: Channel) => {
    set({ prompt: undefined });
    const before = standing();
    backToCaret();
    ports.hold();
    const note = state().pads.get(formDraftId('new'));
    const isNoteRaised = note?.fields[RAISE_ID] !== undefined && note.fields[RAISE_ID] !== '';
    const id = ports.makeId();
    // A contact has the id of the command that made it (`contactIdOf`).
    const answered = (sent: Sent) => {
      if (sent.mark !== 'stored-here') return;
      const typed = state().pads.get(formDraftId('new'));
      if (typed && !isBlank(typed) && !isNoteRaised) {
        const moved = { ...newPad(formDraftId(id), id, typed.fields), caret: typed.caret };
        const pads = withoutRow(state().pads, typed.draftId);
        set({ pads: withRow(pads, moved.draftId, edit(moved, RAISE_ID, '')) });
        line.savePads();
      }
      if (typed && !isNoteRaised) line.dropDraft(typed);
      openForm(id);
      carryOver(before);
      // A note that was raised has become an incident.
      if (isNoteRaised) shared.dropPad(formDraftId('new'));
    };
    line.send('open-contact', { channel }, answered, id);
  };

  const keepReadiness = (is: 'ready' | 'wrap-up', since: number) =>
    shared.typeAll(READINESS_ID, READINESS_ID, {}, { state: is, since: String(since) });

  const actions = {
    ...shared,
    openForm,

    /** F5: can be offered the next call; again: has something to finish first. */
    readyOrWrapUp() {
      const { state: is } = selectReadiness(state());
      if (is === 'on-call') line.notice('plain', 'You are on a call: F3 ends it', 'ready');
      else keepReadiness(is === 'ready' ? 'wrap-up' : 'ready', ports.now());
    },

    /** Whoever sits down next says for themselves that they are ready. */
    signOut(): Promise<void> {
      shared.dropPad(READINESS_ID);
      return shared.signOut();
    },

    takeNext() {
      const row = selectNextOffered(state());
      const justTaken = selectJustTaken(state());
      if (row) take(row);
      else if (justTaken)
        line.notice('bad', refusalText({ reason: 'already-taken', desk: justTaken.owner?.desk }));
      else line.notice('plain', 'Nothing is waiting', 'nothing-waits');
    },

    /** Enter on a row: takes what waits, opens what somebody has. */
    choose(id: string) {
      const row = state().contacts.get(id);
      if (!row) return;
      if (!row.owner && (row.state === 'offered' || row.state === 'abandoned')) take(row);
      else openForm(id);
    },

    holdOrResume() {
      const call = callOrSay();
      if (!call) return;
      const contactId = call.id;
      if (call.state === 'held') line.send('resume-contact', { contactId });
      else line.send('hold-contact', { contactId });
    },

    end() {
      const call = callOrSay();
      if (call) line.send('end-contact', { contactId: call.id, by: 'handler' });
    },

    wrapUp() {
      const about = state().formAbout;
      const isMine = selectFormContact(state())?.owner?.user === me(state());
      if (about === 'new' && selectCall(state()) === undefined) {
        if (selectFormIncidentId(state()) !== undefined || shared.isBlank(formId())) {
          shared.dropPad(formId());
          shared.forgetCrimes();
          ports.focus(formId(), 'narrative');
        } else
          line.notice('plain', 'This note is on no contact: F6 makes one of it, F8 raises', 'note');
        return;
      }
      if (about !== 'new' && !isMine) {
        openForm('new');
        return;
      }
      if (callOrSay()) set({ prompt: 'outcome' });
    },

    finish(key: string): boolean {
      const chosen = outcomes.find((it) => it.key === key);
      const row = callOrSay();
      if (!chosen || !row) return false;
      set({ prompt: undefined });
      backToCaret();
      ports.hold();
      describe(row);
      const before = standing();
      // The contact leaves the queue; that its call is being wrapped up does not.
      const readiness = selectReadiness(state());
      if (readiness.state === 'on-call') keepReadiness('wrap-up', ports.now());
      if (readiness.state === 'wrap-up') keepReadiness('wrap-up', readiness.since);
      line.send('finish-contact', { contactId: row.id, outcome: chosen.outcome }, (sent) => {
        if (sent.mark !== 'stored-here') return;
        line.notice('good', `Finished: ${chosen.name}. It stays under Mine for additions`);
        if (state().formAbout === row.id) {
          // What is typed on is a note; what was changed is said of the contact, which is never too late.
          openForm('new');
          const isWhole = before.about !== row.id || carryOver(before);
          const rest = state().pads.get(formDraftId(row.id))?.fields;
          if (!isWhole && rest) describe(row, rest);
        }
        shared.dropPad(formDraftId(row.id));
      });
      return true;
    },

    askChannel() {
      set({ prompt: 'channel' });
    },

    openContactByDigit(digit: string): boolean {
      const channel = channels[Number(digit) - 1];
      if (!channel) return false;
      openContact(channel);
      return true;
    },

    closePrompt() {
      set({ prompt: undefined });
      backToCaret();
    },

    typeForm(field: string, value: string, caret: { start: number; end: number }) {
      const about = state().formAbout;
      const base = selectFormFields(state());
      shared.type(formDraftId(about), about, base, field, value, { field, ...caret });
      if (field !== 'place') return;
      crimesOfForm();
      if (isPlacePicked(selectFormFields(state()))) shared.forgetPlaces();
      else shared.lookUpPlaces(value);
    },

    setField: editForm,

    pickPlace(place: FoundPlace) {
      const about = state().formAbout;
      shared.typeAll(formDraftId(about), about, selectFormFields(state()), pickedPlace(place));
      shared.forgetPlaces();
      crimesOfForm();
    },

    saveDetails() {
      const row = selectFormContact(state());
      if (!row) line.notice('plain', 'This note is kept; it is on no contact yet', 'note');
      else if (!describe(row)) line.notice('plain', 'The record says the same already', 'same');
    },

    /** F8. The id is on the desk's disk before the command: pressed again after a crash, it is the same one. */
    raise() {
      const about = state().formAbout;
      const row = selectFormContact(state());
      const fields = selectFormFields(state());
      const raise = raiseOf(fields, row?.id, state().reference);
      if (raise.outcome === 'lacking') {
        set({ problem: { about, field: raise.field, text: raise.text } });
        ports.focus(formDraftId(about), raise.field);
        return;
      }
      const before = selectRaiseId(state());
      const already = selectFormIncidentId(state());
      const isUnderWay = before !== undefined && state().sent.get(before)?.mark === 'sending';
      if (isUnderWay) return; // it goes as soon as the desk is there
      if (already !== undefined && !shared.isSecond(`raise ${about}`, SECOND_PRESS_MS)) {
        line.notice(
          'plain',
          `${already} belongs to this already. F8 again raises another incident`,
          'again',
        );
        return;
      }
      const id = already === undefined && before !== undefined ? before : ports.makeId();
      set({ problem: undefined });
      editForm(RAISE_ID, id);
      line.flushPads();
      line.send(
        'raise-incident',
        raise.body,
        ({ mark, reference }) => {
          if (mark === 'refused') {
            const pad = state().pads.get(formDraftId(about));
            // A refusal has used this id up; the next press is another command.
            if (pad?.fields[RAISE_ID] === id) {
              set({ pads: withRow(state().pads, pad.draftId, edit(pad, RAISE_ID, '')) });
              line.savePads();
            }
          }
          if (mark === 'stored-here' && reference !== undefined)
            line.notice('good', `${reference} raised`, id);
        },
        id,
      );
    },

    goToEntry() {
      const id = selectFormIncidentId(state()) ?? selectFormContact(state())?.id;
      if (id !== undefined) ports.focus(entryDraftId(id), 'entry');
      else line.notice('plain', 'There is no log yet: take or open a contact, or raise', 'no-log');
    },

    openFind() {
      set({ prompt: 'find' });
    },

    /** Enter on something found: an open incident takes the contact in the form; a contact is opened. */
    chooseFound(found: Found) {
      const row = selectFormContact(state());
      if (found.kind === 'contact') {
        shared.forgetFound();
        openForm(found.id);
        return;
      }
      if (!row) {
        line.notice('plain', 'Open the contact that belongs to it first', 'no-contact');
        return;
      }
      describe(row);
      line.send('attach-contact', { contactId: row.id, incidentId: found.id }, ({ mark }) => {
        if (mark === 'stored-here') line.notice('good', `Linked to ${found.id}`);
      });
      shared.forgetFound();
      ports.focus(formId(), 'narrative', state().pads.get(formId())?.caret);
    },

    /** A window that comes back: the form that was open, and the caret in it. */
    restore(draftId: string): boolean {
      const pad = state().pads.get(draftId);
      if (!pad) return false;
      if (draftId.startsWith('form/')) {
        openForm(pad.about);
        return true;
      }
      const { contacts, pads } = state();
      const holds = (row: ContactRow) =>
        row.id === pad.about || row.incidentIds.includes(pad.about);
      const row = [...contacts.values()].find(holds);
      const form = [...pads.values()].find(({ fields }) => fields[RAISE_ID] !== undefined);
      const about = row?.id ?? form?.about;
      if (about !== undefined) openForm(about);
      ports.focus(draftId, 'entry', pad.caret);
      return true;
    },

    showHotkeys() {
      set({ prompt: 'hotkeys' });
    },

    async setHotkey(action: HotkeyAction, keys: string): Promise<void> {
      const outcome = await line.setHotkey(action, keys);
      if (outcome.kind === 'refused') line.notice('bad', refusalText(outcome, outcome.message));
    },
  };
  const hotkeys: Readonly<Record<HotkeyAction, () => void>> = {
    'take-next': actions.takeNext,
    hold: actions.holdOrResume,
    end: actions.end,
    'wrap-up': actions.wrapUp,
    ready: actions.readyOrWrapUp,
  };
  line.onHotkey((action) => {
    if (state().seat?.user !== undefined) hotkeys[action]();
  });
  return actions;
}

export type CallActions = ReturnType<typeof createCallActions>;

export const CallContext = createContext<CallActions | undefined>(undefined);

export function useCallActions(): CallActions {
  const actions = use(CallContext);
  if (!actions) throw new Error('useCallActions outside <CallContext>');
  return actions;
}
