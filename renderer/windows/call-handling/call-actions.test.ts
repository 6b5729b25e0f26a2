import { expect, test } from 'vitest';
import type { SeatRow } from '#protocol/view.ts';
import { fakeDesk } from '../../app/fake-desk.suite.ts';
import { contact, reference, rows, who } from '../../app/rows.suite.ts';
import { selectReadiness } from '../../app/selectors.ts';
import type { WindowState } from '../../app/window-store.ts';
import { createCallActions } from './call-actions.ts';

const seat = {
  user: { id: who.user, name: 'aprice', displayName: who.name, role: 'call-handler' },
  mode: 'online',
} as SeatRow;

function handler(initial: Partial<WindowState> = {}) {
  const desk = fakeDesk({ seat, reference, ...initial });
  const actions = createCallActions(desk.store, desk.line, desk.ports);
  const line = desk.join();
  const stored = () => {
    for (const { id } of line.sentUp('command'))
      line.down({ frame: 'ack', commandId: id, answer: { state: 'stored-here' } });
  };
  const readiness = () => selectReadiness(desk.store.getState());
  return { ...desk, ...actions, desk: line, stored, readiness };
}

test('a call that was finished leaves the queue and not the wrap-up; one key says ready', () => {
  const call = contact('c1', { state: 'answered', owner: who, answeredAt: 900 });
  const { store, finish, stored, readyOrWrapUp, readiness, pass } = handler({
    contacts: rows(call),
    formAbout: 'c1',
  });
  readyOrWrapUp();
  const onCall = readiness();
  finish('e');
  stored();
  store.setState({ contacts: new Map() });
  pass(5_000);
  const after = readiness();
  readyOrWrapUp();
  const ready = readiness();
  readyOrWrapUp();
  expect([onCall, after, ready, readiness()]).toEqual([
    { state: 'on-call', since: 900 },
    { state: 'wrap-up', since: 1_000 },
    { state: 'ready', since: 6_000 },
    { state: 'wrap-up', since: 6_000 },
  ]);
});

test('ready is kept by the desk, comes back after a reload, and takes the caret nowhere', () => {
  const before = handler();
  before.readyOrWrapUp();
  before.pass(500);
  const [draft] = before.desk.sentUp('draft');
  const again = handler();
  again.desk.down({
    frame: 'view',
    sub: 'drafts',
    reset: true,
    upsert: [
      {
        id: draft?.['draftId'],
        revision: draft?.['revision'],
        savedAt: 9,
        content: draft?.['content'],
      },
    ],
    remove: [],
  });
  expect([again.readiness(), again.store.getState().lastDraft]).toEqual([
    { state: 'ready', since: 1_000 },
    undefined,
  ]);
});

test('whoever is wrapping up takes the next call by hand all the same', () => {
  const { takeNext, desk, readiness } = handler({
    contacts: rows(contact('waits'), contact('done', { state: 'ended', owner: who, endedAt: 900 })),
  });
  expect(readiness()).toEqual({ state: 'wrap-up', since: 900 });
  takeNext();
  expect(desk.commands()).toEqual([{ type: 'take-contact', body: { contactId: 'waits' } }]);
});

test('whoever signs in next is not ready because somebody else was', () => {
  const { readyOrWrapUp, signOut, readiness, desk } = handler();
  readyOrWrapUp();
  void signOut();
  expect([readiness(), desk.sentUp('drop-draft').length]).toEqual([{ state: 'not-ready' }, 1]);
});
