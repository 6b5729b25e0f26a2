import { createContext, use } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { CommandType } from '#domain/commands.ts';
import type { ReferenceData } from '#domain/reference-data.ts';
import type { ServiceLevelRow } from '#domain/service-levels.ts';
import type { HotkeyRow } from '#protocol/hotkey.ts';
import type { CrimeNear, Found, FoundPlace, QueryParams } from '#protocol/query.ts';
import type {
  ConflictRow,
  ContactRow,
  DeskRow,
  HandoverRow,
  IncidentDetail,
  IncidentRow,
  Line,
  PresenceRow,
  RosterRow,
  SeatRow,
  ShiftHandoverRow,
  TrayRow,
  UnitRow,
  UnownedRow,
} from '#protocol/view.ts';
import type { Pad } from './pad.ts';
import type { Refused } from './refusal-text.ts';
import type { Undoable } from './undo.ts';

export type Rows<Row> = ReadonlyMap<string, Row>;

/** Where a command stands that this window sent. */
export type SentMark = 'sending' | 'stored-here' | 'recorded' | 'refused';

export interface Sent {
  readonly id: string;
  readonly type: CommandType;
  readonly body: Readonly<Record<string, unknown>>;
  /** Versions that the operator had seen, where a person decides. */
  readonly expect: Readonly<Record<string, number>> | undefined;
  readonly at: number;
  readonly mark: SentMark;
  readonly reference: string | undefined;
  readonly refusal: Refused | undefined;
}

/** A line in the strip: what happened while the operator looked elsewhere. It moves nothing. */
export interface Notice {
  readonly id: string;
  readonly at: number;
  readonly tone: 'plain' | 'good' | 'bad';
  readonly text: string;
}

/** A look-up that the operator asked for, with what came of it. */
export type LookUp<Row> =
  | { readonly state: 'asking'; readonly text: string; readonly rows: readonly Row[] }
  | {
      readonly state: 'answered';
      readonly text: string;
      readonly rows: readonly Row[];
      readonly asAt: number;
    }
  | {
      readonly state: 'failed';
      readonly text: string;
      readonly rows: readonly Row[];
      readonly message: string;
    };

export type ListName =
  | 'contacts'
  | 'incidents'
  | 'units'
  | 'unowned'
  | 'handovers'
  | 'tray'
  | 'found'
  | 'crimes'
  | 'shift-to'
  | 'shift-items'
  | 'desks'
  | 'past-target'
  | 'duty'
  | 'levels'
  | 'people'
  | 'sessions'
  | 'api-keys';

/** The line to the desk process: `restarting` keeps everything on screen and in hand. */
export type Link = 'connecting' | 'open' | 'restarting' | 'turned-away';

export interface WindowState {
  readonly link: Link;
  readonly linkSince: number;
  readonly now: number;

  readonly seat: SeatRow | undefined;
  readonly reference: ReferenceData | undefined;
  readonly contacts: Rows<ContactRow>;
  readonly incidents: Rows<IncidentRow>;
  readonly units: Rows<UnitRow>;
  readonly handovers: Rows<HandoverRow>;
  readonly shiftHandovers: Rows<ShiftHandoverRow>;
  readonly roster: Rows<RosterRow>;
  readonly unowned: Rows<UnownedRow>;
  readonly presence: Rows<PresenceRow>;
  readonly conflicts: Rows<ConflictRow>;
  readonly tray: Rows<TrayRow>;
  /** How every desk is; only in the window of a supervisor. */
  readonly desks: Rows<DeskRow>;
  /** The telephone keys of the whole desktop, as this desk's shell says they are. */
  readonly hotkeys: Rows<HotkeyRow>;
  readonly contactDetails: Rows<ContactRow>;
  readonly incidentDetails: Rows<IncidentDetail>;
  /** The running logs that came with them, by record, in the order in which they are shown. */
  readonly logs: ReadonlyMap<string, readonly Line[]>;
  readonly sent: Rows<Sent>;

  /** What is being typed, by draft id. */
  readonly pads: Rows<Pad>;
  /** What the desk kept last, so that a window that comes back can put the caret where it was. */
  readonly lastDraft: { readonly draftId: string; readonly savedAt: number } | undefined;
  /** Call handling: what the form is about, a contact's id or `new`. */
  readonly formAbout: string;
  readonly selected: Readonly<Partial<Record<ListName, string>>>;
  readonly notices: readonly Notice[];
  /** The operator does not want to see what a demo says of its story. */
  readonly isCaptionHidden: boolean;
  readonly found: LookUp<Found> | undefined;
  readonly places: LookUp<FoundPlace> | undefined;
  readonly crimes: LookUp<CrimeNear> | undefined;
  /** How calls were answered, of the stretch that was asked for; of today where nothing is said. */
  readonly levels: LookUp<ServiceLevelRow> | undefined;
  readonly levelsOf: QueryParams<'service-levels'>;
  /** What a key has opened in place, and waits for the next key. */
  readonly prompt: 'channel' | 'outcome' | 'find' | 'hotkeys' | undefined;
  /** What the seat asks in place: what becomes of what is owned, to whom it goes, why it goes back. */
  readonly seatAsk:
    | { readonly is: 'sign-out' }
    | { readonly is: 'shift'; readonly without: ReadonlySet<string> }
    | { readonly is: 'decline'; readonly id: string }
    | undefined;
  /** The line with the keys of how windows look. */
  readonly isLookShown: boolean;
  /** What is read out to who listens and does not look; each text goes once. */
  readonly said: { readonly urgent: string; readonly polite: string };
  /** A second press is asked for: what, and until when. */
  readonly again: { readonly what: string; readonly until: number } | undefined;
  /** What a field lacks, said where it is. */
  readonly problem:
    | { readonly about: string; readonly field: string; readonly text: string }
    | undefined;
  readonly commandLine: {
    readonly text: string;
    readonly caret: number;
    readonly isOpen: boolean;
    readonly confirming: string | undefined;
    readonly option: number;
    readonly history: readonly string[];
  };
  /** What the command line did lately, the newest first; each can be taken back until its time is up. */
  readonly undoable: readonly Undoable[];
  readonly signIn: {
    readonly isAsking: boolean;
    readonly needsNewPassword: boolean;
    readonly problem: string;
  };
}

export type WindowStore = StoreApi<WindowState>;

const none = new Map<string, never>();

/** One store a window, fed by the desk; made in main.tsx and in tests, never at module level. */
export const createWindowStore = (initial?: Partial<WindowState>): WindowStore =>
  createStore<WindowState>(() => ({
    link: 'connecting',
    linkSince: 0,
    now: 0,
    seat: undefined,
    reference: undefined,
    contacts: none,
    incidents: none,
    units: none,
    handovers: none,
    shiftHandovers: none,
    roster: none,
    unowned: none,
    presence: none,
    conflicts: none,
    tray: none,
    desks: none,
    hotkeys: none,
    contactDetails: none,
    incidentDetails: none,
    logs: none,
    sent: none,
    pads: none,
    lastDraft: undefined,
    formAbout: 'new',
    selected: {},
    notices: [],
    isCaptionHidden: false,
    found: undefined,
    places: undefined,
    crimes: undefined,
    levels: undefined,
    levelsOf: {},
    prompt: undefined,
    seatAsk: undefined,
    isLookShown: false,
    said: { urgent: '', polite: '' },
    again: undefined,
    problem: undefined,
    commandLine: {
      text: '',
      caret: 0,
      isOpen: false,
      confirming: undefined,
      option: -1,
      history: [],
    },
    undoable: [],
    signIn: { isAsking: false, needsNewPassword: false, problem: '' },
    ...initial,
  }));

export const WindowContext = createContext<WindowStore | undefined>(undefined);

/** A slice of the window's state. A selector that builds a list returns rows that are in the state. */
export function useWindow<Slice>(selector: (state: WindowState) => Slice): Slice {
  const store = use(WindowContext);
  if (!store) throw new Error('useWindow outside <WindowContext>');
  return useStore(store, useShallow(selector));
}

export const withRow = <Row>(rows: Rows<Row>, id: string, row: Row): Rows<Row> =>
  new Map(rows).set(id, row);

export function withoutRow<Row>(rows: Rows<Row>, id: string): Rows<Row> {
  const next = new Map(rows);
  next.delete(id);
  return next;
}

/** What a view sent: everything, or what has changed. */
export interface Change<Row> {
  readonly reset: boolean;
  readonly upsert: readonly Row[];
  readonly remove: readonly string[];
}

/** Applies what a view sent: all of it anew, or what has changed. Rows that did not change stay the same objects. */
export function patch<Row extends { readonly id: string }>(
  rows: Rows<Row>,
  change: Change<Row>,
): Rows<Row> {
  const next = new Map(change.reset ? [] : rows);
  for (const id of change.remove) next.delete(id);
  for (const row of change.upsert) next.set(row.id, row);
  return next;
}

/** Applies what a detail view sent to the log that it is of. A late line goes where its time is. */
export function patchLog(log: readonly Line[], change: Change<Line>): readonly Line[] {
  const lines = new Map(change.reset ? [] : log.map((line) => [line.id, line]));
  for (const id of change.remove) lines.delete(id);
  for (const line of change.upsert) lines.set(line.id, line);
  return [...lines.values()].toSorted((a, b) => a.at - b.at || a.order - b.order);
}

const NOTICES_MAX = 50; // what a strip can still be read back to

export const withNotice = (notices: readonly Notice[], notice: Notice): readonly Notice[] =>
  [notice, ...notices.filter(({ id }) => id !== notice.id)].slice(0, NOTICES_MAX);

const SENT_MAX = 500; // a busy quarter of an hour; those without an answer are never let go

/** Keeps the newest; a command that still waits for its last word stays however old it is. */
export function withSent(sent: Rows<Sent>, one: Sent): Rows<Sent> {
  const next = new Map(sent).set(one.id, one);
  for (const [id, { mark }] of next) {
    if (next.size <= SENT_MAX) break;
    if (mark === 'recorded' || mark === 'refused') next.delete(id);
  }
  return next;
}

/** The id under which a form raised its incident, or will: the same however often F8 is pressed. */
export const RAISE_ID = '_raise';
export const formDraftId = (about: string) => `form/${about}`;
export const entryDraftId = (about: string) => `entry/${about}`;
/** Kept as a draft is, so that a window that comes back knows it; nobody types in it. */
export const READINESS_ID = 'seat/readiness';
