import { HOUR_MS } from './arrivals.ts';
import { drawsOf } from './draws.ts';

// Twelve hours, as the control room works; at seven, which is ours.
const SHIFT_MS = 12 * HOUR_MS;
const FIRST_MS = 7 * HOUR_MS;
const DOUBLE = 0.6; // of the cars have two in them: ours

/** The next change of shift after a virtual time, counted from Monday's first. */
export function nextShift(nowMs: number): { readonly shift: number; readonly atMs: number } {
  const shift = Math.floor((nowMs - FIRST_MS) / SHIFT_MS) + 1;
  return { shift, atMs: FIRST_MS + shift * SHIFT_MS };
}

/** Who is in a car in a shift: nobody who is real, and not the same as in the shift before. */
export function officersOf(seed: number, unit: string, shift: number): readonly string[] {
  const { chance } = drawsOf(seed, 'crew', unit, shift);
  const turn = ((shift % 4) + 4) % 4; // four shifts follow each other, as teams do
  const name = `${unit.replace(/^TR/, '')}${'ABCD'.charAt(turn)}`;
  return [`Officer ${name}1, made up`, ...(chance(DOUBLE) ? [`Officer ${name}2, made up`] : [])];
}
