import { expect, test } from 'vitest';
import { roles } from '#domain/facts.ts';
import { viewNames } from '#protocol/view.ts';
import { mayFollow, mayLookUp, maySettle } from './view-policy.ts';

test('the room is shown to the floor, what lies unowned to dispatch; whoever else signs in sees their seat and what they type', () => {
  const seen = Object.fromEntries(
    roles.map((role) => [role, viewNames.filter((view) => mayFollow(role, view))]),
  );
  const own = ['seat', 'reference-data', 'drafts'];
  const room = viewNames.filter((view) => view !== 'desks');
  expect(seen).toEqual({
    'call-handler': room.filter((view) => view !== 'unowned'),
    dispatcher: room,
    supervisor: [...viewNames],
    investigator: own,
    administrator: [...own, 'desks'],
    auditor: own,
  });
  expect(roles.filter((role) => mayLookUp(role, 'find') && maySettle(role))).toEqual([
    'call-handler',
    'dispatcher',
    'supervisor',
  ]);
});
