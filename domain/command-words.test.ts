import { expect, test } from 'vitest';
import { raise, reference } from '../tests/support/room.ts';
import { wordsOfCommand } from './command-words.ts';
import type { UnitId } from './ids.ts';

const names = { status: (code: number) => (code === 5 ? 'En route to incident' : String(code)) };

test('what was asked for is told with all that a person would have to do again', () => {
  const incidentId = reference;
  const unitId = 'HT22' as UnitId;
  expect([
    wordsOfCommand({ type: 'assign-unit', body: { incidentId, unitId } }, names),
    wordsOfCommand({ type: 'set-unit-status', body: { unitId, statusCode: 5 } }, names),
    wordsOfCommand({ type: 'add-log-entry', body: { incidentId, text: 'door shut' } }, names),
    wordsOfCommand(raise(), names, reference),
  ]).toEqual([
    `Assign HT22 to ${reference}`,
    'HT22: status 5 En route to incident',
    `Line in the log of ${reference}: “door shut”`,
    `Raise ${reference}: DOM, grade 1, 12 High Street, “shouting heard”`,
  ]);
});
