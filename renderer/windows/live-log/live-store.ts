import { createContext, use } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ReferenceData } from '#domain/reference-data.ts';
import type { ViewReason, ViewReasonCode } from '#domain/view-reason.ts';
import type { Found } from '#protocol/query.ts';
import type { IncidentDetail, Line, SeatRow } from '#protocol/view.ts';
import { patchLog } from '../../app/window-store.ts';

/** Where this seat stands with its server. `lost` keeps on screen what was known, and says since when. */
export type Link = 'starting' | 'signed-out' | 'joining' | 'live' | 'lost';

export interface Session {
  readonly displayName: string;
  readonly role: string;
  /** When it is over however much is pressed. */
  readonly until: number;
  readonly idleMs: number;
}

/** What is being looked at, and why. It is asked for again, with its reason, on each new line. */
export interface Followed {
  readonly incident: string;
  readonly reason: ViewReason;
  /** The reason is on record and rows have come. */
  readonly isShown: boolean;
}

/** A print that is on record: what stands on the paper. */
export interface Print {
  readonly print: string;
  readonly at: number;
  readonly by: string;
  readonly reason: ViewReason;
}

export interface LiveState {
  readonly now: number;
  readonly link: Link;
  /** When the server was last heard. */
  readonly heardAt: number;
  readonly session: Session | undefined;
  /** When a key was last pressed that the server has been told of. */
  readonly touchedAt: number;
  /** Why nobody is signed in any more, or why a sign-in was turned down. */
  readonly problem: string;
  readonly isAsking: boolean;
  readonly needsNewPassword: boolean;

  readonly seat: SeatRow | undefined;
  readonly reference: ReferenceData | undefined;

  readonly findText: string;
  readonly find:
    | {
        readonly state: 'asking' | 'answered' | 'failed';
        readonly text: string;
        readonly rows: readonly Found[];
        readonly message: string;
      }
    | undefined;
  readonly chosen: number;
  /** Which incident a reason is being given for. */
  readonly asking:
    | {
        readonly incident: string;
        readonly code: ViewReasonCode | undefined;
        readonly text: string;
        readonly problem: string;
      }
    | undefined;
  readonly followed: Followed | undefined;
  readonly detail: IncidentDetail | undefined;
  readonly lines: readonly Line[];
  /** Lines that came and that the reader has not come to. */
  readonly unread: readonly string[];
  readonly isAtEnd: boolean;
  readonly print: Print | undefined;
  readonly notice: string;
}

export type LiveStore = StoreApi<LiveState>;

/** Nothing of the room: what a seat knows before anybody has signed in, and after. */
export const empty = {
  session: undefined,
  seat: undefined,
  reference: undefined,
  findText: '',
  find: undefined,
  chosen: 0,
  asking: undefined,
  followed: undefined,
  detail: undefined,
  lines: [],
  unread: [],
  isAtEnd: true,
  print: undefined,
  notice: '',
} as const satisfies Partial<LiveState>;

export const createLiveStore = (now: number): LiveStore =>
  createStore<LiveState>(() => ({
    now,
    link: 'starting',
    heardAt: 0,
    touchedAt: now,
    problem: '',
    isAsking: false,
    needsNewPassword: false,
    ...empty,
  }));

interface Rows {
  readonly reset: boolean;
  readonly upsert: readonly (IncidentDetail | Line)[];
  readonly remove: readonly string[];
}

const isLine = (row: IncidentDetail | Line): row is Line => 'logOf' in row;

/**
 * Rows of the incident that is followed. Lines that are new to a reader who is not at the end, or that
 * stand further up because they happened earlier, are unread; nothing that was on screen moves.
 */
export function takeRows(state: LiveState, { reset, upsert, remove }: Rows): Partial<LiveState> {
  const { followed } = state;
  if (!followed) return {};
  const lines = patchLog(state.lines, { reset, upsert: upsert.filter(isLine), remove });
  const detail = upsert.find((row): row is IncidentDetail => !isLine(row)) ?? state.detail;
  const before = new Set(state.lines.map(({ id }) => id));
  const lastSeen = lines.findLastIndex(({ id }) => before.has(id));
  const here = new Set(lines.map(({ id }) => id));
  const fresh = followed.isShown
    ? lines.filter(({ id }, at) => !before.has(id) && (!state.isAtEnd || at < lastSeen))
    : [];
  return {
    lines,
    detail,
    followed: { ...followed, isShown: true },
    unread: [...state.unread.filter((id) => here.has(id)), ...fresh.map(({ id }) => id)],
  };
}

/** The reader has come to the end: what is there is read. What is new further up is not. */
export function readEnd(state: LiveState, isAtEnd: boolean): Partial<LiveState> {
  if (!isAtEnd) return { isAtEnd };
  const unread = new Set(state.unread);
  const from = state.lines.findLastIndex(({ id }) => !unread.has(id)) + 1;
  for (const { id } of state.lines.slice(from)) unread.delete(id);
  return unread.size === state.unread.length ? { isAtEnd } : { isAtEnd, unread: [...unread] };
}

export const LiveContext = createContext<LiveStore | undefined>(undefined);

/** A slice of the window's state. */
export function useLive<Slice>(selector: (state: LiveState) => Slice): Slice {
  const store = use(LiveContext);
  if (!store) throw new Error('useLive outside <LiveContext>');
  return useStore(store, useShallow(selector));
}
