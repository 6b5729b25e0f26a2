import { expect, test } from 'vitest';
import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { deskReport } from '#protocol/desk-report.ts';
import { deskPorts, newDesk, newWindow, seat } from '../../tests/support/desk-in-process.ts';
import { commandId, startedAt } from '../../tests/support/room.ts';
import type { Seat } from './desk.ts';
import { deskRows } from './desk-rows.ts';
import { outboxMigrations } from './outbox.ts';
import { OwnReport } from './own-report.ts';

const user = 'u-ch1' as UserId;
const at = { mode: 'online', offsetMs: 10, version: '1', user, role: 'call-handler' } as const;

/** A desk with a clock and a stop-watch that are moved by hand. */
function open() {
  let ms = 0;
  const now = () => (startedAt + ms) as EpochMs;
  let own: OwnReport | undefined;
  const desk = newDesk(
    openStore(':memory:', outboxMigrations),
    openStore(':memory:', replicaMigrations),
    {
      ports: { ...deskPorts, now },
      stored: (id) => own?.stored(id),
      settled: ({ commandId: id }) => own?.settled(id),
    },
  );
  own = new OwnReport(desk, { now, elapsedMs: () => ms });
  const ask = (n: number) =>
    desk.ask(
      { frame: 'command', id: commandId(n), type: 'open-contact', body: { channel: '101' } },
      seat,
    );
  return { desk, own, ask, pass: (more: number) => (ms += more) };
}

test('a desk reports what waits, what was refused and what is being written, by number and age and without a word of it', () => {
  const { desk, own, ask, pass } = open();
  const draft = (id: string, fields: Record<string, string>) =>
    desk.outbox.putDraft(user, id, 1, { about: 'x', fields });
  ask(1);
  pass(1_000);
  ask(2);
  draft('form/1', { narrative: 'he has a knife' });
  draft('form/2', { narrative: '', _raise: 'only a note of the window' });
  draft('seat/readiness', { state: 'ready' });
  desk.outbox.putDraft('u-other', 'entry/1', 1, {
    about: 'x',
    fields: { entry: 'left' },
  });
  pass(2_000);
  desk.settle({
    frame: 'ack',
    commandId: commandId(1),
    answer: { state: 'refused', refusal: { reason: 'already-finished' } },
  });
  pass(500);
  const report = own.due(at)?.frame.report;
  expect(report).toEqual({
    mode: 'online',
    waiting: 1,
    oldestWaitingMs: 2_500,
    tray: 1,
    drafts: 2,
    oldestDraftMs: 2_500,
    version: '1',
    offsetMs: 10,
    saveToRecord: { p50Ms: 3_000, p95Ms: 3_000, count: 1 },
  });
  expect(deskReport.safeParse(report).success).toBe(true);
});

test('a report goes when something is new, at most every five seconds, at once for another person, and again on a new line', () => {
  const { own, ask, pass } = open();
  const tell = (standing: Parameters<OwnReport['due']>[0] = at) => {
    const due = own.due(standing);
    due?.told();
    return due?.frame.report.waiting;
  };
  expect(tell()).toBe(0);
  pass(60_000);
  expect(tell()).toBeUndefined();
  ask(1);
  expect(tell()).toBe(1);
  ask(2);
  pass(4_999);
  expect(tell()).toBeUndefined();
  pass(1);
  expect(tell()).toBe(2);
  expect(tell({ ...at, user: undefined })).toBe(2);
  expect(tell({ ...at, user: undefined })).toBeUndefined();
  own.again();
  expect(tell({ ...at, user: undefined })).toBe(2);
  // A clock that wavers is no news, one that leaps is.
  pass(5_000);
  expect(tell({ ...at, user: undefined, offsetMs: 40 })).toBeUndefined();
  expect(tell({ ...at, user: undefined, offsetMs: 4_000 })).toBe(2);
  // So is another role of the same person.
  pass(5_000);
  expect(tell({ ...at, user: undefined, role: 'supervisor' })).toBe(2);
  // What could not be sent is due still.
  ask(3);
  pass(5_000);
  own.due({ ...at, user: undefined, role: 'supervisor' });
  expect(tell({ ...at, user: undefined })).toBe(3);
});

test('how long keys take is of the last quarter of an hour', () => {
  const { own, pass } = open();
  own.painted([10, 20, 30, 40]);
  expect(own.look(at).keyToPaint).toEqual({ p50Ms: 20, p95Ms: 40, count: 4 });
  pass(15 * 60_000 + 1);
  expect(own.look(at).keyToPaint).toBeUndefined();
});

test('every desk that is known of has a row: this one, those that report, those that say nothing, and one where somebody is on duty and nobody answers', () => {
  const { desk, own, pass } = open();
  const duty = (n: number, name: string) =>
    desk.ask(
      { frame: 'command', id: commandId(n), type: 'start-duty', body: {} },
      { ...seat, user: { ...seat.user, id: name as UserId } },
    );
  duty(1, 'u-ch1');
  const said = { mode: 'online', waiting: 2, oldestWaitingMs: 500, tray: 1, drafts: 0 } as const;
  const report = { ...said, version: '1', offsetMs: 0 };
  const [d1, d2, robot] = ['D1', 'D2', 'T7'] as DeskId[] as [DeskId, DeskId, DeskId];
  const now = startedAt;
  desk.reports.heard({
    isAll: true,
    latest: [
      { desk: d1, user: 'u-d1' as UserId, at: now, report },
      { desk: d2, at: now, goneSince: (now + 50) as EpochMs, report },
    ],
  });
  desk.heard({
    latest: [{ desk: robot, at: now, presence: { about: '', isTyping: false } }],
    gone: [],
  });
  pass(100);
  const rows = deskRows(desk, desk.source, { id: 'CH1', user, report: own.look(at) });
  expect(rows.map(({ id, line, person }) => [id, line, person])).toEqual([
    ['CH1', 'here', 'u-ch1'],
    ['T7', 'joined', undefined],
    ['D1', 'joined', 'u-d1'],
    ['D2', 'gone', undefined],
  ]);
  expect(rows[0]).toMatchObject({ onDutySince: startedAt, report: { waiting: 1 } });
  expect(rows[3]).toMatchObject({
    goneSince: now + 50,
    at: now,
    report: { waiting: 2, tray: 1, oldestWaitingAt: now - 500 },
  });
  const elsewhere = deskRows(desk, desk.source, { id: 'SUP', user: undefined, report: undefined });
  expect(elsewhere.find(({ id }) => id === 'CH1')).toMatchObject({
    line: 'unheard',
    report: undefined,
  });
});

test('who may not see how the desks are is told so in words, and is shown none of them', () => {
  const { desk } = open();
  const { window, sent } = newWindow(desk); // a call handler sits there
  window.hear(JSON.stringify({ frame: 'subscribe', sub: 'd', view: 'desks' }));
  expect(sent).toEqual([
    { frame: 'refused', reason: 'not-permitted', message: 'Your role may not see this.', id: 'd' },
    { frame: 'view', sub: 'd', reset: true, upsert: [], remove: [] },
  ]);
});

test('the rows of the desks go to a window once a second, and are taken away at once from whoever may not see them', () => {
  const { desk } = open();
  let sitting: Seat | undefined = { ...seat, user: { ...seat.user, role: 'supervisor' } };
  const { window, sent } = newWindow(desk, () => sitting);
  window.hear(JSON.stringify({ frame: 'subscribe', sub: 'd', view: 'desks' }));
  const rows = () =>
    sent.splice(0).flatMap((it) => (it.frame === 'view' ? [[it.upsert.length, it.remove]] : []));
  expect(rows()).toEqual([[1, []]]);
  desk.heard({
    latest: [{ desk: 'D1' as DeskId, at: startedAt, presence: { about: '', isTyping: false } }],
    gone: [],
  });
  window.refresh();
  expect(rows()).toEqual([]);
  window.refresh('desks');
  expect(rows()).toEqual([[1, []]]);
  sitting = undefined;
  window.refresh();
  expect(rows()).toEqual([[0, ['CH1', 'D1']]]);
});

test('keys that are measured while somebody signs in are no work of nobody: they are taken, and nothing is refused', () => {
  const { desk } = open();
  const { window, sent } = newWindow(desk, () => undefined);
  window.hear(JSON.stringify({ frame: 'keys-painted', ms: [12] }));
  expect(sent).toEqual([]);
});
