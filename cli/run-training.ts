import { RATE_MAX } from '#training/arrivals.ts';
import { cleanUp } from '#training/clean-up.ts';
import { Doors } from '#training/doors.ts';
import { SPEED_MAX, weekTimeFrom, weekTimeOf } from '#training/pace.ts';
import { staffMax, TrainingRoom, type TrainingOptions } from '#training/training-room.ts';
import type { Secrets } from './read-secret.ts';

const TIME_ZONE = 'Europe/London'; // of the made-up force, whose week goes by it
const SEED_MAX = 4_294_967_295;

/** How large a made-up force is and how fast it lives, as it was written; what is left out is of `defaults`. */
export type SizeWritten = Readonly<Partial<Record<keyof Size | 'from', string>>>;
export type Size = Pick<
  TrainingOptions,
  'seed' | 'speed' | 'rate' | 'handlers' | 'dispatchers' | 'units'
>;

/** The size, and the virtual time at which it begins, in milliseconds from a Monday's midnight. */
export interface MadeUpForce extends Size {
  readonly startMs: number;
}

export interface RunTraining {
  readonly server: string;
  readonly as: string;
  readonly force: MadeUpForce;
  readonly secrets: Secrets;
  readonly say: (words: string, json: object) => void;
  readonly log: (line: string) => void;
  readonly untilStopped: () => Promise<void>;
}

/** A force of the real size; beside a demo's four desks one that leaves them something to do. */
export const defaults = {
  training: { seed: 1, speed: 1, rate: 1, handlers: 24, dispatchers: 6, units: 60 },
  demo: { seed: 1, speed: 1, rate: 0.5, handlers: 8, dispatchers: 3, units: 20 },
} as const;

/**
 * How a made-up force is to be: what is not written is of `otherwise`, and it begins by the clock on the wall.
 * Throws what `usage` makes of a number that is none.
 */
export function madeUpForceOf(
  written: SizeWritten,
  otherwise: Size,
  usage: (message: string) => Error,
): MadeUpForce {
  const now = weekTimeOf(Date.now(), TIME_ZONE);
  const startMs = written.from === undefined ? now : weekTimeFrom(written.from, now);
  if (startMs === undefined)
    throw usage('--from is a time such as 22:00, or with its day, such as fri-22:00');
  const number = (name: keyof Size, least: number, most: number, isWhole: boolean) => {
    const text = written[name];
    if (text === undefined) return otherwise[name];
    const value = Number(text);
    const isGood = text.trim() !== '' && value >= least && value <= most;
    if (!isGood || (isWhole && !Number.isInteger(value)))
      throw usage(`--${name} is a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`);
    return value;
  };
  return {
    startMs,
    seed: number('seed', 0, SEED_MAX, true),
    speed: number('speed', 0.1, SPEED_MAX, false),
    rate: number('rate', 0.01, RATE_MAX, false),
    handlers: number('handlers', 1, staffMax.handlers, true),
    dispatchers: number('dispatchers', 1, staffMax.dispatchers, true),
    units: number('units', 0, staffMax.units, true),
  };
}

/** Lets a made-up force in. */
export const openTraining = (options: Omit<TrainingOptions, 'timeZone'>): Promise<TrainingRoom> =>
  TrainingRoom.open({ ...options, timeZone: TIME_ZONE });

/** Shuts out what training rooms that were killed have left on a server. */
export async function cleanUpTraining({
  server,
  as,
  secrets,
  say,
}: Pick<RunTraining, 'server' | 'as' | 'secrets' | 'say'>): Promise<void> {
  const password = await secrets.next(`Password of ${as}`);
  if (password === undefined) throw new Error('no password was given: type it, or pipe it in');
  const cleaned = await cleanUp(new Doors(server), { as, password });
  const { runs, people, desks, keys, atWork } = cleaned;
  const left = atWork.length === 0 ? '' : `; at work, and left alone: ${atWork.join(', ')}`;
  say(
    runs.length === 0
      ? `nothing was left of a training room that has gone${left}`
      : `of ${runs.length} training rooms that have gone: ${people} accounts closed, ${desks} desks and ${keys} keys taken back; what is open in the room stays open${left}`,
    cleaned,
  );
}

/** A made-up force works a server until it is stopped. Its first line says who it is, its last what it did. */
export async function runTraining(options: RunTraining): Promise<void> {
  const { server, as, force, secrets, say, log, untilStopped } = options;
  const password = await secrets.next(`Password of ${as}`);
  if (password === undefined) throw new Error('no password was given: type it, or pipe it in');
  const room = await openTraining({ ...force, server, as, password, log });
  const { run, counts, desks, units } = room;
  say(
    `a made-up force is at work on ${server} (training-${run}): ${desks.length} desks, ${units} units`,
    {
      server,
      run: `training-${run}`,
      ...force,
      desks,
      units,
      isMadeUp: true,
    },
  );
  const why = await Promise.race([
    untilStopped(),
    room.failed.catch((error: unknown) => error ?? new Error('the training failed')),
  ]);
  await room.stop().catch((error: unknown) => {
    throw why ?? error; // what went wrong first
  });
  if (why !== undefined) throw why;
  say(wordsOf(counts), { run: `training-${run}`, counts });
}

function wordsOf(counts: TrainingRoom['counts']): string {
  const { contacts, raised, deployed, closed, leftToPeople } = counts;
  const faults = Object.entries(counts.faults).map(([reason, n]) => `${n} ${reason}`);
  return (
    `the made-up force has gone. ${contacts['999']} on 999, ${contacts['101']} on 101, ${contacts.online} online; ` +
    `${raised} incidents raised, ${deployed} units sent, ${closed} closed; ${leftToPeople} left to people; ` +
    `commands refused: ${faults.join(', ') || 'none'}`
  );
}
