import { expect, test } from 'vitest';
import { fakeDesk } from '../../app/fake-desk.suite.ts';
import { incident, reference, rows, unit } from '../../app/rows.suite.ts';
import { selectUndoable } from '../../app/selectors.ts';
import { createDispatchActions } from './dispatch-actions.ts';

const first = 'HC-20261123-0412';

function dispatcher() {
  const desk = fakeDesk({
    reference,
    incidents: rows(incident(first)),
    units: rows(unit('HT21')),
    selected: { incidents: first },
  });
  const actions = createDispatchActions(desk.store, desk.line, desk.ports);
  const line = desk.join();
  const says = (text: string) => {
    actions.typeLine(text);
    actions.submitLine();
  };
  const answerAll = () => {
    for (const { id } of line.sentUp('command'))
      line.down({ frame: 'ack', commandId: id, answer: { state: 'stored-here' } });
  };
  const notice = () => desk.store.getState().notices[0]?.text;
  return { ...desk, ...actions, says, commands: line.commands, answerAll, notice };
}
const assigned = rows(unit('HT21', { incidentId: first }));
const undoShown = (store: ReturnType<typeof dispatcher>['store']) =>
  selectUndoable(store.getState())?.said;

test('a line can be taken back for ten seconds, and not a moment longer', () => {
  const { store, says, commands, undo, pass, answerAll, notice } = dispatcher();
  says('d . HT21');
  answerAll();
  store.setState({ units: assigned });
  pass(9_999);
  expect(undoShown(store)).toBe('Assign HT21 to 0412 DOM 12 High St');
  pass(1);
  expect(undoShown(store)).toBeUndefined();
  undo();
  expect([commands().length, notice()]).toEqual([
    1,
    'Nothing to undo: a line can be taken back for 10 s',
  ]);
});

test('each press takes one line back, the last one first, each once', () => {
  const { store, says, commands, undo, answerAll } = dispatcher();
  says('d . HT21');
  answerAll();
  store.setState({ units: assigned });
  says('e HT21');
  answerAll();
  store.setState({ units: rows(unit('HT21', { incidentId: first, statusCode: 5 })) });
  undo();
  store.setState({ units: assigned });
  undo();
  undo();
  expect(commands().slice(2)).toEqual([
    { type: 'set-unit-status', body: { unitId: 'HT21', statusCode: 2 } },
    { type: 'release-unit', body: { unitId: 'HT21', incidentId: first } },
  ]);
});

test('what cannot be undone says so when it is sent, and again when the key is pressed', () => {
  const { store, says, commands, undo, notice } = dispatcher();
  store.setState({ units: rows(unit('HT21', { emergency: { at: 1, owner: undefined } })) });
  says('own HT21');
  const sent = notice();
  undo();
  expect([sent, notice(), commands().length]).toEqual([
    'Own the emergency of HT21, by your name. It cannot be undone: an emergency keeps its owner until it is stood down',
    'Own the emergency of HT21, by your name: it cannot be undone, an emergency keeps its owner until it is stood down',
    1,
  ]);
});

test('what a colleague has changed since is not overwritten', () => {
  const { store, says, commands, undo, answerAll, notice } = dispatcher();
  says('s HT21 5');
  answerAll();
  store.setState({ units: rows(unit('HT21', { statusCode: 6 })) });
  undo();
  expect([commands().length, notice()]).toEqual([
    1,
    'Somebody has changed it since, so it is left: HT21 to status 2 again',
  ]);
});
