import { randomBytes } from 'node:crypto';
import type { CommandId, EpochMs } from '#domain/ids.ts';
import { uuidV7 } from '#domain/lib/uuid-v7.ts';

/** The machine's clock: for what runs in real time, beside real processes. */
export const wallClock = () => Date.now() as EpochMs;

/** An id as a window makes it: no two are the same, and they sort by when they were made. */
export const freshCommandId = (now: number = Date.now()) =>
  uuidV7(now, randomBytes(16)) as CommandId; // just made as one
