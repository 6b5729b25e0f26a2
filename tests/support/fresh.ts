import { randomBytes } from 'node:crypto';
import { commandIdFrom, type EpochMs } from '#domain/ids.ts';

/** The machine's clock: for what runs in real time, beside real processes. */
export const wallClock = () => Date.now() as EpochMs;

/** An id as a window makes it: no two are the same, and they sort by when they were made. */
export const freshCommandId = (now: number = Date.now()) => commandIdFrom(now, randomBytes(16));
