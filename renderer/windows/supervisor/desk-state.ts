import type { DeskRow } from '#protocol/view.ts';
import { age, hhmmss } from '../../app/clock.ts';
import type { WindowState } from '../../app/window-store.ts';

const WAITS_LONG_MS = 30_000; // a server that answers has answered long before
const DRAFT_LEFT_MS = 30 * 60_000; // nobody writes on one line for so long
const KEYS_SLOW_MS = 100; // twice what is allowed: from here on a key feels late
const SAVES_SLOW_MS = 2_000; // from here on a server counts as slow
const CLOCK_OFF_MS = 2_000; // a log whose lines are seconds apart is misread from here on

/** 2: somebody may be cut off or lose sight of something; 1: to be looked at; 0: all is well. */
export type Level = 0 | 1 | 2;

export interface DeskState {
  readonly level: Level;
  /** How the desk is, in a word of the floor. */
  readonly word: string;
  /** Since when it is so; undefined where that is not known. */
  readonly since: number | undefined;
  /** What else is wrong with it, each in words. */
  readonly troubles: readonly string[];
}

/** What a desk is seen from: when, by which release, and whether what is shown of the others is of now. */
export interface Standpoint {
  readonly now: number;
  readonly version: string | undefined;
  readonly isLive: boolean;
  /** Since when the desk of this window is in the mode that it is in. */
  readonly since: number | undefined;
}

export const standpointOf = ({ now, seat, link }: WindowState): Standpoint => ({
  now,
  version: seat?.version,
  since: seat?.since,
  isLive: link === 'open' && seat?.mode === 'online',
});

/** Whether a desk was left as it should be: nobody at it, and nothing in it. */
export const hasLeft = ({ line, person, report }: DeskRow): boolean =>
  line === 'gone' &&
  person === undefined &&
  report !== undefined &&
  report.waiting + report.tray + report.drafts === 0;

/** How a desk is and what is wrong with it, in words. */
export function stateOf(row: DeskRow, { now, version, isLive, since }: Standpoint): DeskState {
  const { report } = row;
  const troubles: string[] = [];
  if (report) {
    const { tray, waiting, oldestWaitingAt = now, drafts, oldestDraftAt = now } = report;
    if (tray > 0) troubles.push('tray');
    // Of one that has gone nobody knows since when; that something waited is enough.
    const isLong = row.line === 'gone' || now - oldestWaitingAt > WAITS_LONG_MS;
    if (waiting > 0 && isLong) troubles.push('unsent');
    if (drafts > 0 && now - oldestDraftAt > DRAFT_LEFT_MS) troubles.push('draft left');
    if ((report.keyToPaint?.p95Ms ?? 0) > KEYS_SLOW_MS) troubles.push('slow keys');
    if ((report.saveToRecord?.p95Ms ?? 0) > SAVES_SLOW_MS) troubles.push('slow saves');
    if (Math.abs(report.offsetMs) > CLOCK_OFF_MS) troubles.push('clock');
    if (version !== undefined && report.version !== version) troubles.push('release');
  }
  const least: Level = troubles.length > 0 ? 1 : 0;
  switch (row.line) {
    case 'gone':
      if (hasLeft(row)) return { level: 0, word: 'Off', since: row.goneSince, troubles: [] };
      return { level: 2, word: 'Gone', since: row.goneSince, troubles };
    case 'unheard':
      if (!isLive) return { level: 1, word: 'Not known', since: undefined, troubles };
      return { level: 2, word: 'Not heard', since: undefined, troubles };
    case 'here':
      if (report?.mode === 'alone') return { level: 2, word: 'Alone', since, troubles };
      return { level: least, word: 'Online', since: undefined, troubles };
    case 'joined':
      if (!isLive) return { level: least, word: 'Was online', since: undefined, troubles };
      if (report?.mode === 'alone')
        return { level: 2, word: 'Catching up', since: undefined, troubles };
      return {
        level: least,
        word: report ? 'Online' : 'Online, no report',
        since: undefined,
        troubles,
      };
    default:
      return row.line satisfies never;
  }
}

/** The shape that goes with the word: it is never the colour alone. */
export const shapes = { 0: '●', 1: '△', 2: '✕' } as const satisfies Record<Level, string>;

/** What is wrong first, then by name: the order changes only where a desk gets better or worse. */
export const byTrouble = (rows: Iterable<DeskRow>, from: Standpoint): readonly DeskRow[] =>
  [...rows]
    .map((row) => ({ row, level: stateOf(row, from).level }))
    .toSorted(
      (left, right) =>
        right.level - left.level ||
        left.row.id.localeCompare(right.row.id, 'en', { numeric: true }),
    )
    .map(({ row }) => row);

/** Since when a desk is as it is, and how old what it said is. */
export function sinceWords({ line, at }: DeskRow, { since }: DeskState, now: number): string {
  if (line === 'here')
    return since === undefined ? 'this desk' : `since ${hhmmss(since)}, this desk`;
  if (at === undefined) return '';
  if (since !== undefined) return `${hhmmss(since)}, as at ${hhmmss(at)}`;
  return `report ${age(now - at)} old`;
}

/** Half and nineteen in twenty of what was measured, in milliseconds. */
export const spreadWords = (
  spread: { readonly p50Ms: number; readonly p95Ms: number } | undefined,
): string => (spread ? `${Math.round(spread.p50Ms)} / ${Math.round(spread.p95Ms)}` : '–');

/** How much a clock is off, in words; a second and less is nothing that anybody sees. */
export function clockWords(offsetMs: number): string {
  if (Math.abs(offsetMs) < 1_000) return 'right';
  return `${age(Math.abs(offsetMs))} ${offsetMs > 0 ? 'slow' : 'fast'}`;
}
