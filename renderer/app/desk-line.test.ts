import { expect, test } from 'vitest';
import { createActions } from './actions.ts';
import { fakeDesk } from './fake-desk.suite.ts';
import { edit, newPad } from './pad.ts';

const take = { contactId: 'c1' };
const ack = (commandId: string, answer: object) => ({ frame: 'ack', commandId, answer });

test('what is asked while the desk is away goes once it is back, again under the same id', () => {
  const { store, line, join } = fakeDesk();
  const first = join();
  const id = line.send('take-contact', take);
  line.lost('dropped');
  const whileAway = line.send('hold-contact', take);
  const second = join();
  expect(second.sentUp('command')).toEqual([]); // not before the desk says who sits there
  second.seats('u1');
  expect(first.sentUp('command').map((frame) => frame['id'])).toEqual([id]);
  expect(second.sentUp('command').map((frame) => frame['id'])).toEqual([id, whileAway]);
  expect(second.sentUp('subscribe').length).toBe(first.sentUp('subscribe').length);
  expect([...store.getState().sent.values()].map(({ mark }) => mark)).toEqual([
    'sending',
    'sending',
  ]);
});

test('a mark goes from sending over stored here to recorded, and an answer is never undone', () => {
  const { store, line, join } = fakeDesk();
  const desk = join();
  const marks: string[] = [];
  const id = line.send('take-contact', take, ({ mark }) => marks.push(mark));
  desk.down(ack(id, { state: 'stored-here' }));
  desk.down(ack(id, { state: 'stored-here' }));
  desk.down(ack(id, { state: 'recorded', firstSeq: 1, lastSeq: 1 }));
  desk.down(ack(id, { state: 'stored-here' }));
  expect(marks).toEqual(['stored-here', 'recorded']);
  expect(store.getState().sent.get(id)?.mark).toBe('recorded');
});

test('who was quicker is said in the strip, by desk', () => {
  const { store, line, join } = fakeDesk();
  const desk = join();
  const id = line.send('take-contact', take);
  const refusal = { reason: 'already-taken', by: 'u2', desk: 'CH1' };
  desk.down(ack(id, { state: 'refused', refusal }));
  expect(store.getState().notices.map(({ tone, text }) => [tone, text])).toEqual([
    ['bad', 'CH1 has it'],
  ]);
});

test('what is typed is with the desk within half a second, and again after a lost line', () => {
  const { store, line, pass, join } = fakeDesk();
  const first = join();
  first.seats('u1');
  const pad = edit(newPad('form/new', 'new'), 'narrative', 'He is');
  store.setState({ pads: new Map([[pad.draftId, pad]]) });
  line.savePads();
  line.savePads();
  pass(450);
  expect(first.sentUp('draft')).toEqual([
    {
      frame: 'draft',
      draftId: 'form/new',
      revision: 1,
      content: { about: 'new', fields: { narrative: 'He is' } },
    },
  ]);
  line.lost('dropped');
  const second = join();
  second.seats('u1');
  expect(second.sentUp('draft').length).toBe(1);
  second.down({ frame: 'draft-stored', draftId: 'form/new', revision: 1 });
  line.lost('dropped');
  const third = join();
  third.seats('u1');
  expect(third.sentUp('draft')).toEqual([]);
});

test('what one person did and typed never goes under the name of the next', () => {
  const { store, line, pass, join } = fakeDesk();
  const first = join();
  first.seats('u1');
  line.lost('dropped');
  line.send('take-contact', take);
  const pad = edit(newPad('form/new', 'new'), 'narrative', 'He is');
  store.setState({ pads: new Map([[pad.draftId, pad]]) });
  line.savePads();
  const second = join();
  pass(450);
  second.seats('u2');
  expect([second.sentUp('command'), second.sentUp('draft'), store.getState().pads.size]).toEqual([
    [],
    [],
    0,
  ]);
});

test('a look-up is always answered, also by a desk that is away', async () => {
  const { line, pass, join } = fakeDesk();
  const asked = line.ask('places', { text: 'High' });
  pass(6_000);
  expect(await asked).toMatchObject({ kind: 'refused', reason: 'no-answer' });
  const desk = join();
  const again = line.ask('places', { text: 'High' });
  const [frame] = desk.sentUp('query');
  desk.down({ frame: 'result', id: frame?.['id'], outcome: { kind: 'rows', rows: [], asAt: 5 } });
  expect(await again).toEqual({ kind: 'rows', rows: [], asAt: 5 });
});

test('a closing says which version of the incident was seen', () => {
  const { store, line, join } = fakeDesk();
  const desk = join();
  const id = 'HC-20261123-0412';
  const row = { id, version: 7 };
  desk.down({ frame: 'view', sub: 'incidents', reset: true, upsert: [row], remove: [] });
  expect(store.getState().incidents.get(id)?.version).toBe(7);
  line.send('close-incident', { incidentId: id, closingCode: 'DOM' });
  expect(desk.sentUp('command')[0]?.['expect']).toEqual({ [`incident/${id}`]: 7 });
});

test('the log of a record grows by what the desk sends, a late line where its time is; another log stays', () => {
  const { store, line, join } = fakeDesk();
  const desk = join();
  const detail = (key: string, reset: boolean, upsert: readonly object[], remove: string[] = []) =>
    desk.down({ frame: 'view', sub: `incident:${key}`, reset, upsert, remove });
  const row = (logOf: string, id: string, at: number, order: number, mark = 'recorded') => ({
    id,
    logOf,
    at,
    order,
    mark,
  });
  const shown = (key: string) =>
    store
      .getState()
      .logs.get(key)
      ?.map(({ id }) => id);
  line.follow('incident', 'i1');
  line.follow('incident', 'i2');
  detail('i2', true, [{ id: 'i2' }, row('i2', 'x', 1, 1)]);
  detail('i1', true, [
    { id: 'i1' },
    row('i1', 'a', 10, 1),
    row('i1', 'mine', 30, 9, 'stored-here'),
  ]);
  detail('i1', false, [row('i1', 'b', 30, 5), row('i1', 'late', 20, 6)]);
  expect(shown('i1')).toEqual(['a', 'late', 'b', 'mine']);
  const before = store.getState().logs.get('i1');
  detail('i1', false, [row('i1', 'mine', 30, 4)], ['a']);
  expect(shown('i1')).toEqual(['late', 'mine', 'b']);
  // What did not change is the same object, so that it is not drawn again.
  expect(store.getState().logs.get('i1')?.[0]).toBe(before?.[1]);
  expect([...store.getState().incidentDetails.keys()]).toEqual(['i2', 'i1']);
  expect(shown('i2')).toEqual(['x']);
  detail('i2', true, [{ id: 'i2' }, row('i2', 'y', 2, 2)]);
  expect(shown('i2')).toEqual(['y']);
});

test('what the desk still says of a pad that was dropped neither comes back nor replaces what is typed since', () => {
  const { store, line, ports, pass, join } = fakeDesk();
  const actions = createActions(store, line, ports);
  const desk = join();
  desk.seats('u1');
  const typing = (text: string) => {
    actions.typeAll('form/new', 'new', {}, { narrative: text });
    pass(450);
  };
  const row = (revision: number, narrative: string) => ({
    id: 'form/new',
    revision,
    savedAt: 5,
    content: { about: 'new', fields: { narrative } },
  });
  const drafts = (upsert: readonly object[], remove: readonly string[] = []) =>
    desk.down({ frame: 'view', sub: 'drafts', reset: false, upsert, remove });
  const narrative = () => store.getState().pads.get('form/new')?.fields['narrative'];
  typing('ring the garage');
  typing('ring the garage h');
  actions.dropPad('form/new');

  // A desk that is behind answers what it heard before it heard of the end.
  drafts([row(1, 'ring the garage')]);
  desk.down({ frame: 'draft-stored', draftId: 'form/new', revision: 2 });
  expect(narrative()).toBe(undefined);
  typing('he');
  drafts([row(2, 'ring the garage h')]);
  expect(narrative()).toBe('he');
  expect(store.getState().pads.get('form/new')?.storedRevision).toBe(0);
  drafts([], ['form/new']);
  expect(narrative()).toBe('he');

  // What is typed since is the desk's to keep, and comes back from it.
  const sent = desk.sentUp('draft').at(-1);
  expect(sent).toMatchObject({ draftId: 'form/new', content: { fields: { narrative: 'he' } } });
  const revision = Number(sent?.['revision']);
  desk.down({ frame: 'draft-stored', draftId: 'form/new', revision });
  expect(store.getState().pads.get('form/new')?.storedRevision).toBe(1);
  drafts([row(revision + 1, 'he is out')]);
  expect(narrative()).toBe('he is out');
});
