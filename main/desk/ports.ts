import type { EpochMs } from '#domain/ids.ts';

/** What a desk needs from outside itself, so that tests and the simulation own it. */
export interface DeskPorts {
  readonly now: () => EpochMs;
  /** A UUIDv4: the name of an outbox. */
  readonly uuid: () => string;
  /** Runs `work` soon, once, however often it is asked for before it ran. */
  readonly soon: (work: () => void) => void;
}
