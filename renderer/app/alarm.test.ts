import { expect, test } from 'vitest';
import type { HandoverRow, SeatRow, UnitRow } from '#protocol/view.ts';
import { alarmNow, isDue } from './alarm.ts';
import { createWindowStore } from './window-store.ts';

const seat = { user: { id: 'u1' } } as SeatRow;
const handover = { id: 'h1', deadlineAt: 30_000 } as HandoverRow;
const inDanger = { id: 'HT22', isOnDuty: true, emergency: { at: 1 } } as UnitRow;
const owned = { ...inDanger, emergency: { at: 1, owner: { user: 'u1', name: 'D', desk: 'D1' } } };

const levelOf = (now: number, unit?: UnitRow) =>
  alarmNow(
    createWindowStore({
      seat,
      now,
      handovers: new Map([['h1', handover]]),
      units: new Map(unit ? [[unit.id, unit]] : []),
    }).getState(),
  );

test('a hand-over sounds once its time is over, an emergency until somebody owns it', () => {
  expect([
    levelOf(30_000),
    levelOf(30_001),
    levelOf(0, inDanger),
    levelOf(0, owned as UnitRow),
    levelOf(30_001, inDanger),
  ]).toEqual([undefined, 'overdue', 'emergency', undefined, 'emergency']);
});

test('it sounds at once, and again while nobody has taken it', () => {
  const last = { level: 'overdue', at: 10_000 } as const;
  expect([
    isDue('overdue', last, 39_999),
    isDue('overdue', last, 40_000),
    isDue('emergency', last, 10_001),
  ]).toEqual([false, true, true]);
});
