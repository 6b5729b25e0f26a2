import type { DeskHost } from './desk-host.ts';
import type { DemoServer } from './demo-server.ts';
import type { WindowLine } from './window-line.ts';

/** The seats of the story: windows of the demo's own desks, with the people who sit there. */
export type SeatName = 'CH1' | 'CH2' | 'D1' | 'SUP';
export const seatNames: readonly SeatName[] = ['CH1', 'CH2', 'D1', 'SUP'];

/** Where a story is played. */
export interface Stage {
  readonly windows: Readonly<Record<SeatName, WindowLine>>;
  readonly hosts: Readonly<Record<SeatName, DeskHost>>;
  readonly server: DemoServer;
  readonly apiKey: string;
  readonly dataDir: string;
}

/** One step of it: what is done, and what must be true after it. */
export interface Scene {
  /** The number that it has in the scenario. */
  readonly step: number;
  readonly clock: string;
  readonly seat: string;
  readonly words: string;
  /** Does it, and says what was not so afterwards; nothing where all was. Left out where there is none. */
  readonly play: ((stage: Stage) => Promise<readonly string[]>) | undefined;
}

export interface Played {
  readonly step: number;
  readonly clock: string;
  readonly seat: string;
  readonly words: string;
  readonly outcome: 'played' | 'left-out' | 'not-so' | 'failed';
  readonly notSo: readonly string[];
}

export interface PlayOptions {
  readonly scenes: readonly Scene[];
  readonly stage: Stage;
  /** Seconds of the story in one second. */
  readonly speed: number;
  readonly stopped: AbortSignal;
  readonly log: (line: string) => void;
}

const LEAD_MS = 15_000; // so that whoever opens the windows reads what this is

const millisOf = (clock: string) =>
  clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1_000;

/** Plays the scenes by the story's clock, each announced at the top of every window. Ends early where it is stopped. */
export async function playStory(options: PlayOptions): Promise<readonly Played[]> {
  const { scenes, stage, speed, stopped, log } = options;
  const announce = (words: string) => {
    for (const seat of seatNames) stage.hosts[seat].caption(words);
    log(`story: ${words}`);
  };
  const left = scenes.filter(({ play }) => !play).map(({ step }) => step);
  announce(
    `A made-up story of ${scenes.length} steps, played by a script at these four desks. Left out, as not built yet: steps ${left.join(', ')}`,
  );
  const begunAt = performance.now() + LEAD_MS / speed;
  const firstMs = millisOf(scenes[0]?.clock ?? '');
  const played: Played[] = [];
  for (const { play, ...scene } of scenes) {
    await pause(begunAt + (millisOf(scene.clock) - firstMs) / speed - performance.now(), stopped);
    if (stopped.aborted) return played;
    const what = `Step ${scene.step}, ${scene.clock} ${scene.seat}: ${scene.words}`;
    if (!play) {
      announce(`${what} – left out, it is not built yet`);
      played.push({ ...scene, outcome: 'left-out', notSo: [] });
      continue;
    }
    announce(what);
    const ended = await attempt(play, stage);
    if (stopped.aborted) return played; // what was asked meanwhile ran into the end
    played.push({ ...scene, ...ended });
    if (ended.notSo.length > 0) announce(`${what} – NOT SO: ${ended.notSo.join('; ')}`);
  }
  const isWhole = played.every(({ notSo }) => notSo.length === 0);
  announce(
    `The story has ended${isWhole ? ', and all that was played came out as it must' : '; NOT all of it came out as it must'}. The room goes on`,
  );
  return played;
}

async function attempt(
  play: NonNullable<Scene['play']>,
  stage: Stage,
): Promise<Pick<Played, 'outcome' | 'notSo'>> {
  try {
    const notSo = await play(stage);
    return { outcome: notSo.length === 0 ? 'played' : 'not-so', notSo };
  } catch (error) {
    return { outcome: 'failed', notSo: [error instanceof Error ? error.message : String(error)] };
  }
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  if (ms <= 0 || stopped.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stopped.addEventListener('abort', end);
  });
}
