import type { ActionPorts } from './actions.ts';
import type { Channel } from './bridge.ts';
import { DeskLine } from './desk-line.ts';
import { createWindowStore, type WindowState } from './window-store.ts';

interface Up {
  readonly frame: string;
  readonly [field: string]: unknown;
}

/** A window without a page on a clock of its own, and the far end of its line. */
export function fakeDesk(initial: Partial<WindowState> = {}) {
  let now = 1_000;
  let made = 0;
  const store = createWindowStore({ now, linkSince: now, ...initial });
  const timers: { readonly at: number; readonly work: () => void }[] = [];
  const focused: string[] = [];
  const ports = {
    now: () => now,
    makeId: () => `0199aaaa-0000-7000-8000-${String((made += 1)).padStart(12, '0')}`,
    after: (ms: number, work: () => void) => void timers.push({ at: now + ms, work }),
  };
  const line = new DeskLine(store, {
    ...ports,
    report: (what, cause) => {
      throw new Error(what, { cause });
    },
  });
  const actionPorts: ActionPorts = {
    ...ports,
    focus: (draftId, field) => void focused.push(`${draftId} ${field}`),
    hold: () => {},
    whereFocusIs: () => 'somewhere',
    caretBack: () => () => {},
  };
  /** Lets time go by, for timers and for what is shown. */
  const pass = (ms: number) => {
    now += ms;
    store.setState({ now });
    for (const timer of timers.splice(0)) {
      if (timer.at <= now) timer.work();
      else timers.push(timer);
    }
  };
  const join = () => {
    const up: Up[] = [];
    let say: (frame: string) => void = () => {};
    const channel: Channel = {
      send: (frame) => void up.push(JSON.parse(frame)),
      bufferedBytes: 0,
      onFrame: (listener) => (say = listener),
      onClosed: () => {},
      close: () => {},
    };
    line.joined(channel);
    const sentUp = (name: string) => up.filter(({ frame }) => frame === name);
    const down = (frame: object) => say(JSON.stringify(frame));
    /** The desk's word on who sits there. */
    const seats = (id: string) =>
      down({
        frame: 'view',
        sub: 'seat',
        reset: true,
        upsert: [{ id: 'seat', desk: 'CH1', user: { id } }],
        remove: [],
      });
    return {
      down,
      seats,
      up,
      sentUp,
      /** Answers the last query with rows, once the window had a moment to hear it. */
      async answer(rows: readonly unknown[]) {
        const id = sentUp('query').at(-1)?.['id'];
        down({ frame: 'result', id, outcome: { kind: 'rows', rows, asAt: 5 } });
        await Promise.resolve();
        await Promise.resolve();
      },
      commands: () => sentUp('command').map(({ type, body }) => ({ type, body })),
    };
  };
  return { store, line, ports: actionPorts, pass, join, focused };
}
