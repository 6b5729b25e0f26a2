import { createContext, use } from 'react';
import { viewReason, viewReasons, type ViewReasonCode } from '#domain/view-reason.ts';
import type { LiveLine } from './live-line.ts';
import { readEnd, type LiveStore } from './live-store.ts';

export interface LiveActionPorts {
  /** Puts the keys into the field of that name once it is on screen. */
  readonly focus: (field: string) => void;
  /** Scrolls the log to its end. */
  readonly toEnd: () => void;
  /** Scrolls the log to a line, and marks it for a moment. */
  readonly toLine: (id: string) => void;
  /** Opens the browser's own print, once the paper is on screen. */
  readonly print: () => void;
}

export type LiveActions = ReturnType<typeof createLiveActions>;

/** What a person at this seat can do. Each has its key, and none of it writes anything into the record. */
export function createLiveActions(store: LiveStore, line: LiveLine, ports: LiveActionPorts) {
  const choose = (incident: string) => {
    store.setState({ asking: { incident, code: undefined, text: '', problem: '' } });
    ports.focus('reason');
  };
  return {
    signIn: (name: string, password: string, newPassword: string) =>
      void line.signIn(name, password, newPassword),
    signOut: () => void line.signOut(),
    goToFind: () => ports.focus('find'),
    goToLog: () => ports.focus('log'),
    typeFind: (findText: string) => store.setState({ findText }),
    /** Enter finds what is typed; once it is found, Enter opens the one that is chosen. */
    enterFind: () => {
      const { findText, find, chosen } = store.getState();
      const text = findText.trim();
      const isFound = find?.state === 'answered' && find.text === text;
      const row = isFound ? find.rows[chosen] : undefined;
      if (row) choose(row.id);
      else if (text !== '') line.find(text);
    },
    moveChosen: (by: number) => {
      const { find, chosen } = store.getState();
      const last = (find?.rows.length ?? 0) - 1;
      store.setState({ chosen: Math.max(0, Math.min(last, chosen + by)) });
    },
    choose,
    setReason: (code: ViewReasonCode) => {
      const { asking } = store.getState();
      if (asking) store.setState({ asking: { ...asking, code, problem: '' } });
    },
    typeReason: (text: string) => {
      const { asking } = store.getState();
      if (asking) store.setState({ asking: { ...asking, text, problem: '' } });
    },
    giveReason: () => {
      const { asking } = store.getState();
      if (!asking) return;
      const { incident, code, text } = asking;
      const parsed = viewReason.safeParse({ code, text });
      if (!parsed.success) {
        const problem =
          code === undefined
            ? `Choose one of the ${viewReasons.length} reasons.`
            : 'Say in at least 10 characters what it is for.';
        store.setState({ asking: { ...asking, problem } });
        ports.focus(code === undefined ? 'reason' : 'reason-text');
        return;
      }
      store.setState({ asking: undefined });
      line.follow(incident, parsed.data);
      ports.focus('log');
    },
    leaveReason: () => {
      store.setState({ asking: undefined });
      ports.focus('find');
    },
    leave: () => {
      line.unfollow();
      ports.focus('find');
    },
    toEnd: ports.toEnd,
    /** Goes to the first line that came and was not come to; it counts as read. */
    toUnread: () => {
      const { unread, lines } = store.getState();
      const next = lines.find(({ id }) => unread.includes(id));
      if (!next) return;
      ports.toLine(next.id);
      store.setState({ unread: unread.filter((id) => id !== next.id) });
    },
    scrolled: (isAtEnd: boolean) => {
      if (isAtEnd !== store.getState().isAtEnd || isAtEnd)
        store.setState(readEnd(store.getState(), isAtEnd));
    },
    print: () => {
      void line.print().then((isOnRecord) => isOnRecord && ports.print());
    },
    printed: () => store.setState({ print: undefined }),
  };
}

export const LiveActionsContext = createContext<LiveActions | undefined>(undefined);

export function useLiveActions(): LiveActions {
  const actions = use(LiveActionsContext);
  if (!actions) throw new Error('useLiveActions outside its context');
  return actions;
}
