import { callerText, channelWords } from './form.ts';
import { selectEmergencies, selectNextOffered } from './selectors.ts';
import type { WindowState, WindowStore } from './window-store.ts';

/*
 * What a screen reader says of itself. The panels are never live regions: their clocks would be read out
 * every second. An emergency is said at once; everything else waits until three seconds after what was
 * said last, and then goes together, so that speech never falls behind and nothing is left out.
 */

const POLITE_EVERY_MS = 3_000;
const WAITING_MAX = 20; // beyond it a person reads the strip; the oldest are not said

interface Ports {
  readonly now: () => number;
  readonly after: (ms: number, work: () => void) => void;
}

const emergencyWords = (state: WindowState) =>
  selectEmergencies(state).map(({ id, emergency }) =>
    emergency?.owner
      ? `Emergency ${id}, owned by ${emergency.owner.name}`
      : `Emergency ${id}, nobody owns it`,
  );

const nextWords = (state: WindowState) => {
  const next = selectNextOffered(state);
  return next ? `${channelWords[next.channel]} waiting, ${callerText(next)}` : '';
};

/** The mode without its clocks, so that it is said when it changes and not as it grows older. */
const modeSaid = ({ link, seat }: WindowState) =>
  link === 'open' ? (seat === undefined ? '' : modes[seat.mode]) : links[link];
const modes = {
  online: 'Online',
  alone: 'Alone, keep working',
} as const;
const links = {
  connecting: '',
  restarting: 'Desk restarting, keep working',
  'turned-away': 'This window is not let in: open it again from Holdfast',
} as const;

/** Says what has changed from one state to the next, and what of it cannot wait. */
function news(before: WindowState, now: WindowState) {
  const known = new Set(emergencyWords(before));
  const urgent = emergencyWords(now).filter((words) => !known.has(words));
  const polite: string[] = [];
  const mode = modeSaid(now);
  if (mode !== '' && mode !== modeSaid(before)) polite.push(mode);
  const next = nextWords(now);
  if (next !== '' && next !== nextWords(before)) polite.push(next);
  const seen = new Set(before.notices);
  polite.push(
    ...now.notices
      .filter((notice) => !seen.has(notice))
      .map(({ text }) => text)
      .toReversed(),
  );
  return { urgent, polite };
}

/** Fills the two live regions from what happens in the store, until `signal`. */
export function announce(store: WindowStore, { now, after }: Ports, signal: AbortSignal): void {
  let before = store.getState();
  let waiting: string[] = [];
  let saidAt = Number.NEGATIVE_INFINITY;
  let isPlanned = false;
  const sayPolite = () => {
    isPlanned = false;
    if (signal.aborted || waiting.length === 0) return;
    const text = waiting.join('. ');
    waiting = [];
    saidAt = now();
    store.setState(({ said }) => ({ said: { ...said, polite: text } }));
  };
  const leave = store.subscribe((state) => {
    const last = before;
    before = state;
    if (isSameForListeners(last, state)) return;
    const { urgent, polite } = news(last, state);
    if (urgent.length > 0) {
      store.setState(({ said }) => ({ said: { ...said, urgent: urgent.join('. ') } }));
    }
    if (polite.length === 0) return;
    waiting = [...waiting, ...polite].slice(-WAITING_MAX);
    if (isPlanned) return;
    isPlanned = true;
    after(Math.max(0, saidAt + POLITE_EVERY_MS - now()), sayPolite);
  });
  signal.addEventListener('abort', leave, { once: true });
}

/** Most changes are a clock or a key: nothing that is read out has moved then. */
const isSameForListeners = (a: WindowState, b: WindowState) =>
  a.units === b.units &&
  a.contacts === b.contacts &&
  a.notices === b.notices &&
  a.link === b.link &&
  a.seat === b.seat;
