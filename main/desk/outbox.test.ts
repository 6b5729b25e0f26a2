import { expect, test } from 'vitest';
import type { Asked } from '#domain/commands.ts';
import type { CommandId, DeskId, StreamId, UserId } from '#domain/ids.ts';
import { referenceOf } from '#domain/reference.ts';
import { openStore } from '#store/open-store.ts';
import { Disk } from '../../tests/support/disk.ts';
import { commandId, raise, reference, startedAt } from '../../tests/support/room.ts';
import { Outbox, outboxMigrations } from './outbox.ts';

const outboxId = '8c8e5a40-2f5a-4a57-9d0c-0f6a1c7b1f11';
const ports = { now: () => startedAt, uuid: () => outboxId, soon: (work: () => void) => work() };
const incident = `incident/${reference}` as StreamId;
const other = 'unit/HT22' as StreamId;

const asked = (n: number, it: Asked = raise()) => ({
  frame: 'stamped-command' as const,
  command: { frame: 'command' as const, id: commandId(n), ...it },
  occurredAt: startedAt,
  actor: 'u-ch1' as UserId,
  grant: 'g1',
  desk: 'CH1' as DeskId,
});
const refused = { state: 'refused', refusal: { reason: 'unit-off-duty' } } as const;

const make = (number: number) => referenceOf('HC', 'Europe/London', startedAt, number);
const content = (text: string) => ({ about: 'new', fields: { narrative: text } });

test('a command is kept in order until it is answered, also by the process that comes after', () => {
  const db = openStore(':memory:', outboxMigrations);
  const outbox = new Outbox(db, ports);
  for (const n of [1, 2, 3]) outbox.put(asked(n), [incident]);
  expect(outbox.settle(commandId(1), { state: 'recorded', firstSeq: 1, lastSeq: 1 })).toBe(true);
  expect(outbox.settle(commandId(1), refused)).toBe(false);
  const again = new Outbox(db, { ...ports, uuid: () => 'another' });
  expect(again.unanswered().map(({ command, deskSeq }) => [command.id, deskSeq])).toEqual([
    [commandId(2), 2],
    [commandId(3), 3],
  ]);
  expect(again.known(commandId(1))?.answer).toEqual({ state: 'recorded', firstSeq: 1, lastSeq: 1 });
});

test('a number of the block is taken with its command, once, and none is left when none is left', () => {
  const db = openStore(':memory:', outboxMigrations);
  const outbox = new Outbox(db, ports);
  outbox.addBlock(412, 413);
  outbox.addBlock(412, 413);
  const put = (n: number) => {
    const result = outbox.put(asked(n), [], make);
    return result.outcome === 'stored' ? result.stamped.reference : result.outcome;
  };
  expect([put(1), put(2), put(3)]).toEqual([
    'HC-20261123-0412',
    'HC-20261123-0413',
    'no-reference-left',
  ]);
  expect(outbox.unanswered()).toHaveLength(2);
});

test('what rested on a refused command stands in the tray with it, as one group, until it is settled', () => {
  const outbox = new Outbox(openStore(':memory:', outboxMigrations), ports);
  outbox.put(asked(1), [incident]);
  outbox.put(asked(2), [other]);
  outbox.put(asked(3), [incident]);
  for (const n of [1, 2, 3]) outbox.settle(commandId(n), refused);
  expect(outbox.tray().map(({ stamped, root }) => [stamped.command.id, root])).toEqual([
    [commandId(1), commandId(1)],
    [commandId(2), commandId(2)],
    [commandId(3), commandId(1)],
  ]);
  expect(outbox.settleTray(commandId(1))).toBe(true);
  expect(outbox.tray().map(({ root }) => root)).toEqual([commandId(2)]);
});

test('a draft keeps its highest revision, whatever order they come in', () => {
  const outbox = new Outbox(openStore(':memory:', outboxMigrations), ports);
  outbox.putDraft('u1', 'd1', 2, content('caller upst'));
  outbox.putDraft('u1', 'd1', 1, content('caller'));
  expect(outbox.drafts('u1')).toEqual([
    { id: 'd1', revision: 2, savedAt: startedAt, content: content('caller upst') },
  ]);
  expect(outbox.drafts('u2')).toEqual([]);
});

test('a full outbox takes nothing more, also in the process that comes after, until something is answered', () => {
  const db = openStore(':memory:', outboxMigrations);
  const most = 10_000;
  const outbox = new Outbox(db, ports);
  db.transaction(() => {
    for (let n = 1; n <= most; n += 1) outbox.put(asked(n), []);
  })();
  const again = new Outbox(db, ports);
  const put = (n: number) => again.put(asked(n), []).outcome;
  expect([outbox.put(asked(20_000), []).outcome, put(20_000)]).toEqual(['full', 'full']);
  const answer = { state: 'recorded', firstSeq: 1, lastSeq: 1 } as const;
  expect([again.settle(commandId(1), answer), again.settle(commandId(1), answer)]).toEqual([
    true,
    false,
  ]);
  expect([put(20_000), put(20_001)]).toEqual(['stored', 'full']);
  expect(again.known(commandId(20_000))?.stamped.deskSeq).toBe(most + 1);
});

test('what is refused of the roster asks nobody to do anything again', () => {
  const outbox = new Outbox(openStore(':memory:', outboxMigrations), ports);
  outbox.put(asked(1, { type: 'start-duty', body: {} }), [incident]);
  outbox.put(asked(2), [incident]);
  for (const n of [1, 2]) expect(outbox.settle(commandId(n), refused)).toBe(true);
  expect(outbox.tray().map(({ stamped, root }) => [stamped.command.id, root])).toEqual([
    [commandId(2), commandId(2)],
  ]);
});

test('wherever the process ends while it keeps a refusal, the command waits or stands in the tray', () => {
  for (let step = 0; step < 8; step += 1) {
    const disk = new Disk();
    const db = disk.open(outboxMigrations);
    const outbox = new Outbox(db, ports);
    outbox.put(asked(1), [incident]);
    disk.crashAfter(step);
    let isKept = true;
    try {
      outbox.settle(commandId(1), refused);
    } catch {
      isKept = false; // the process has ended
    }
    disk.revive();
    const again = new Outbox(db, ports);
    const ids = [again.unanswered(), again.tray().map(({ stamped }) => stamped)].map((rows) =>
      rows.map(({ command }) => command.id),
    );
    expect(ids.flat(), `step ${step}`).toEqual([commandId(1)]);
    expect(isKept && again.unanswered().length > 0, `step ${step}`).toBe(false);
  }
});

test('a look after a restart is not counted in a row that may be on its way since before', () => {
  const db = openStore(':memory:', outboxMigrations);
  const look = { actor: 'u-ch1' as UserId, what: 'find', subject: 'incident/1', shown: 1 };
  const before = new Outbox(db, ports);
  before.consult(look);
  before.consult(look);
  expect(before.consultations(10)).toMatchObject([{ n: 1, times: 2 }]);
  const after = new Outbox(db, ports);
  after.consult(look);
  after.consult(look);
  expect(after.consultations(10)).toMatchObject([
    { n: 1, times: 2 },
    { n: 2, times: 2 },
  ]);
});

test('the highest epoch that was seen outlives the process', () => {
  const db = openStore(':memory:', outboxMigrations);
  const outbox = new Outbox(db, ports);
  expect([outbox.sawEpoch(3, 0), outbox.sawEpoch(2, 0)]).toEqual([false, false]);
  expect([outbox.epochSeen, new Outbox(db, ports).epochSeen]).toEqual([3, 3]);
});

test('a higher epoch: what was recorded and has not come back is asked again, from new places in an outbox of another name', () => {
  const db = openStore(':memory:', outboxMigrations);
  let uuids = 0;
  const uuid = () => `8c8e5a40-2f5a-4a57-9d0c-00000000000${(uuids += 1)}`;
  const own = { ...ports, uuid };
  const outbox = new Outbox(db, own);
  outbox.sawEpoch(1, 0);
  const [seen, lost, refusedOne, waits] = [1, 2, 3, 4].map(commandId) as [
    CommandId,
    CommandId,
    CommandId,
    CommandId,
  ];
  for (const n of [1, 2, 3, 4]) outbox.put(asked(n), []);
  outbox.settle(seen, { state: 'recorded', firstSeq: 5, lastSeq: 5 });
  outbox.settle(lost, { state: 'recorded', firstSeq: 8, lastSeq: 9 });
  outbox.settle(refusedOne, refused);
  outbox.consult({ actor: 'u-ch1' as UserId, what: 'find', subject: 'incident/1', shown: 1 });
  const before = outbox.outboxId;

  expect(outbox.sawEpoch(2, 8)).toBe(true);
  const places = () => outbox.unanswered().map((it) => [it.command.id, it.outboxId, it.deskSeq]);
  expect(outbox.outboxId).not.toBe(before);
  expect(places()).toEqual([
    [lost, outbox.outboxId, 1],
    [waits, outbox.outboxId, 2],
  ]);
  expect(outbox.known(seen)?.answer).toMatchObject({ state: 'recorded' });
  expect(outbox.tray().map(({ stamped }) => stamped.command.id)).toEqual([refusedOne]);
  expect(outbox.consultationsOf).toBe(before); // counted by the name of then
  // It outlives the process, and the next command has the next place.
  const after = new Outbox(db, own);
  expect([after.outboxId, after.epochSeen]).toEqual([outbox.outboxId, 2]);
  expect(after.put(asked(9), [])).toMatchObject({ stamped: { deskSeq: 3 } });
});

test('what is asked again after two restores goes in the order in which it was entered', () => {
  const db = openStore(':memory:', outboxMigrations);
  let uuids = 0;
  const uuid = () => `8c8e5a40-2f5a-4a57-9d0c-00000000000${(uuids += 1)}`;
  const outbox = new Outbox(db, { ...ports, uuid });
  outbox.sawEpoch(1, 0);
  for (const n of [1, 2, 3]) outbox.put(asked(n), []);
  for (const n of [1, 2, 3])
    outbox.settle(commandId(n), { state: 'recorded', firstSeq: n, lastSeq: n });
  outbox.sawEpoch(2, 3); // all of it is here: it keeps its places
  outbox.put(asked(4), []); // rests on the third, and has the first place of the new name
  outbox.settle(commandId(4), { state: 'recorded', firstSeq: 4, lastSeq: 4 });
  outbox.sawEpoch(3, 0); // the copy of the log is broken: nothing of it is known to be here
  expect(outbox.unanswered().map(({ command }) => command.id)).toEqual([1, 2, 3, 4].map(commandId));
});
