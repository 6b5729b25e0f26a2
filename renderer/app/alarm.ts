import { isOverdue, selectEmergencies, selectHandovers } from './selectors.ts';
import type { WindowState, WindowStore } from './window-store.ts';

export type AlarmLevel = 'emergency' | 'overdue' | undefined;

/** What sounds now: an emergency that nobody owns, else a hand-over past its deadline. */
export function alarmNow(state: WindowState): AlarmLevel {
  if (state.seat?.user === undefined) return undefined;
  if (selectEmergencies(state).some(({ emergency }) => !emergency?.owner)) return 'emergency';
  return selectHandovers(state).some((row) => isOverdue(row, state.now)) ? 'overdue' : undefined;
}

const AGAIN_MS = { emergency: 5_000, overdue: 30_000 } as const;

/** Whether to sound now: at once for what is new, then again while nobody has taken it. */
export function isDue(
  level: NonNullable<AlarmLevel>,
  last: { readonly level: AlarmLevel; readonly at: number },
  now: number,
): boolean {
  return last.level !== level || now - last.at >= AGAIN_MS[level];
}

const PULSES = { emergency: [0, 0.2, 0.4, 0.75, 0.95], overdue: [0, 0.25, 0.5] } as const;
const FUNDAMENTAL_HZ = { emergency: 740, overdue: 440 } as const;
const PULSE_S = 0.13;
const LOUDNESS = 0.12;

/** Short pulses with harmonics that carry over speech, after IEC 60601-1-8. */
function sound(context: AudioContext, level: NonNullable<AlarmLevel>): void {
  for (const start of PULSES[level]) {
    for (const harmonic of [1, 2, 3, 4]) {
      const tone = context.createOscillator();
      const gain = context.createGain();
      const from = context.currentTime + start;
      tone.frequency.value = FUNDAMENTAL_HZ[level] * harmonic;
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(LOUDNESS / harmonic, from + 0.02);
      gain.gain.setValueAtTime(LOUDNESS / harmonic, from + PULSE_S - 0.03);
      gain.gain.linearRampToValueAtTime(0, from + PULSE_S);
      tone.connect(gain).connect(context.destination);
      tone.start(from);
      tone.stop(from + PULSE_S);
    }
  }
}

/** Listens to the window's state and sounds. */
export function soundAlarms(store: WindowStore, signal: AbortSignal): void {
  let context: AudioContext | undefined;
  let last: { level: AlarmLevel; at: number } = { level: undefined, at: 0 };
  const update = () => {
    const state = store.getState();
    const level = alarmNow(state);
    if (level === undefined) {
      last = { level, at: state.now };
      return;
    }
    if (!isDue(level, last, state.now)) return;
    last = { level, at: state.now };
    // A page may sound once somebody has pressed a key in it. Until then the picture is loud by itself.
    if (!navigator.userActivation.hasBeenActive) return;
    context ??= new AudioContext();
    context.resume().catch(() => {}); // not allowed after all: it is tried again with the next alarm
    if (context.state === 'running') sound(context, level);
  };
  const leave = store.subscribe(update);
  signal.addEventListener(
    'abort',
    () => {
      leave();
      void context?.close();
    },
    { once: true },
  );
}
