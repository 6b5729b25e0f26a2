import { RATE_MAX } from '#training/arrivals.ts';
import { SPEED_MAX, weekTimeOf } from '#training/pace.ts';
import { staffMax, TrainingRoom } from '#training/training-room.ts';
import type { Secrets } from './read-secret.ts';
import { TIME_ZONE } from './run-desk.ts';

/** What was written after `holdfast training`, as it was written. */
export interface RunTraining {
  readonly server: string;
  readonly as: string;
  readonly seed: string;
  readonly speed: string;
  readonly rate: string;
  readonly handlers: string;
  readonly dispatchers: string;
  readonly units: string;
  readonly secrets: Secrets;
  readonly say: (words: string, json: object) => void;
  readonly log: (line: string) => void;
  readonly usage: (message: string) => Error;
  readonly untilStopped: () => Promise<void>;
}

const SEED_MAX = 4_294_967_295;

/** A made-up force works a server until it is stopped. Its first line says who it is, its last what it did. */
export async function runTraining(options: RunTraining): Promise<void> {
  const { server, as, secrets, say, log, usage, untilStopped } = options;
  const number = (name: string, text: string, least: number, most: number, isWhole: boolean) => {
    const value = Number(text);
    const isGood = text.trim() !== '' && value >= least && value <= most;
    if (!isGood || (isWhole && !Number.isInteger(value)))
      throw usage(`--${name} is a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`);
    return value;
  };
  const whole = {
    seed: number('seed', options.seed, 0, SEED_MAX, true),
    speed: number('speed', options.speed, 0.1, SPEED_MAX, false),
    rate: number('rate', options.rate, 0.01, RATE_MAX, false),
    handlers: number('handlers', options.handlers, 1, staffMax.handlers, true),
    dispatchers: number('dispatchers', options.dispatchers, 1, staffMax.dispatchers, true),
    units: number('units', options.units, 0, staffMax.units, true),
  };
  const password = await secrets.next(`Password of ${as}`);
  if (password === undefined) throw new Error('no password was given: type it, or pipe it in');
  const startMs = weekTimeOf(Date.now(), TIME_ZONE);
  const room = await TrainingRoom.open({
    ...whole,
    server,
    as,
    password,
    timeZone: TIME_ZONE,
    startMs,
    log,
  });
  const { run, counts, desks, units } = room;
  say(
    `a made-up force is at work on ${server} (training-${run}): ${desks.length} desks, ${units} units`,
    {
      server,
      run: `training-${run}`,
      ...whole,
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
