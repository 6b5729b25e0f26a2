import { expect, test } from 'vitest';
import {
  openRoom,
  raise,
  reference,
  referenceData,
  startedAt,
  targets,
} from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import type { Handover } from './handover.ts';
import { handoverIdOf } from './decide.ts';
import { commandId } from '../tests/support/room.ts';
import { handoverStream, incidentStream, referenceStream, type IncidentId } from './ids.ts';
import type { Incident } from './incident.ts';
import { referenceIn, targetsIn } from './reference-table.ts';

const { grades } = referenceData;
/** Grades by which grade 1 has to be accepted within ten seconds and attended within a minute. */
const faster = {
  ...grades,
  version: 2,
  rows: grades.rows.map((row) =>
    row.grade === 1
      ? { ...row, acceptWithinMs: 10_000, attendWithinMs: 60_000, attendWithinRuralMs: 90_000 }
      : row,
  ),
};
const takeOver = (content: unknown, insteadOf = 0) =>
  ({
    type: 'take-over-reference-data',
    body: { change: { list: 'grades', content, note: 'the new promise' }, insteadOf },
  }) as Asked;

test('what is decided after a taking over is decided by it, and what was decided before stays', () => {
  const { ask, room } = openRoom(({ type }) => type, raise());
  const second = 'HC-20261123-0413' as IncidentId;
  expect(ask(takeOver(faster))).toEqual(['reference-data.taken-over']);
  ask(raise(), { reference: second });
  const incident = (id: IncidentId) => room.get(incidentStream(id)).entity as Incident;
  const handover = (n: number) =>
    (room.get(handoverStream(handoverIdOf(commandId(n)))).entity as Handover).deadlineAt;
  expect(incident(reference).attendBy).toBe(startedAt + 15 * 60_000);
  expect(handover(1)).toBe(startedAt + 30_000);
  expect(incident(second).attendBy).toBe(startedAt + 60_000);
  expect(handover(3)).toBe(startedAt + 10_000);
  // A regrade is a decision of now too.
  ask({ type: 'regrade-incident', body: { incidentId: reference, grade: 2, reason: 'calmer' } });
  ask({ type: 'regrade-incident', body: { incidentId: reference, grade: 1, reason: 'worse' } });
  expect(incident(reference).attendBy).toBe(startedAt + 60_000);
});

test('a list that others have changed meanwhile, that is the same, or that has a fault is refused', () => {
  const { ask, room } = openRoom(({ type }) => type);
  expect(ask(takeOver(faster))).toEqual(['reference-data.taken-over']);
  expect(ask(takeOver(grades))).toEqual({ reason: 'list-moved-on', revision: 1 });
  expect(ask(takeOver(faster, 1))).toEqual({ reason: 'same-content' });
  const [first, ...rest] = grades.rows;
  expect(ask(takeOver({ ...grades, rows: rest }, 1))).toEqual({ reason: 'faulty-list' });
  expect(ask(takeOver({ ...grades, rows: [...grades.rows, first] }, 1))).toEqual({
    reason: 'faulty-list',
  });
  expect(room.get(referenceStream('grades')).version).toBe(1);
  // Going back is a taking over like any other.
  expect(ask(takeOver(grades, 1))).toEqual(['reference-data.taken-over']);
  expect(targetsIn(room, targets).acceptWithinMs(1)).toBe(30_000);
});

test('a force that has taken nothing over has what the release brings, and else its own', () => {
  const { ask, room } = openRoom(({ type }) => type);
  expect(referenceIn(room, referenceData)).toBe(referenceData);
  ask(takeOver(faster));
  expect(referenceIn(room, referenceData)).toEqual({ ...referenceData, grades: faster });
});
