import { describe, expect, test } from 'vitest';
import { inJson, type StoredEvent } from '#store/event-log.ts';
import { ChainError, SqliteEventLog } from '#store/sqlite-event-log.ts';
import { LostTail, type LogAsked } from '../gateway/lost-tail.ts';
import {
  newFiles,
  newWriter,
  raise,
  reference,
  request,
  type WriterFiles,
} from '../../tests/support/room.ts';

const entry = (n: number, text = `line ${n}`) =>
  request(n, { type: 'add-log-entry', body: { incidentId: reference, text } });
const raised = request(1, raise(), { reference });
const row = {
  at: raised.occurredAt,
  actor: 'system',
  desk: 'server',
  operation: 'administration',
  what: 'restore',
  subject: 'epoch 2',
  outcome: 'took all',
} as const;

const commandsOf = (events: readonly StoredEvent[]) => [
  ...Map.groupBy(events, ({ header }) => header.commandId).values(),
];
const eventsOf = (files: WriterFiles) => new SqliteEventLog(files.log).readAfter(0, 1_000);

/** A log that is restored to its first command, and the events that a desk has beyond that. */
function restored() {
  const before = newFiles();
  const lost = newWriter(before);
  lost.recordGroup([raised]);
  const { seq } = lost.head;
  lost.recordGroup([entry(2), entry(3)]);
  const all = eventsOf(before);
  const files = newFiles();
  newWriter(files).recordGroup([]);
  const log = new SqliteEventLog(files.log);
  for (const event of all.slice(0, seq)) log.adopt(event);
  const answer = { state: 'recorded', firstSeq: 1, lastSeq: seq };
  files.log
    .prepare('INSERT INTO answer VALUES (?, NULL, NULL, ?)')
    .run(raised.commandId, JSON.stringify(answer));
  files.log.exec('UPDATE log_meta SET epoch = 2, awaits_tails = 1');
  return { files, writer: newWriter(files), all, tail: all.slice(seq) };
}

describe('a log that was restored', () => {
  test('takes what a desk has as it was, answers as it did, and says so in the audit', () => {
    const { files, writer, all, tail } = restored();
    expect(writer.takeTail('CH1', commandsOf(tail)).events).toEqual(tail);
    expect(writer.takeTail('D1', commandsOf(tail))).toEqual({ events: [], aside: 0 });
    writer.endTails(row);
    expect(eventsOf(files)).toEqual(all);
    const again = writer.recordGroup([entry(3)]);
    const seq = tail.at(-1)?.header.seq;
    expect(again).toEqual({
      settled: [
        { outcome: 'answered', answer: { state: 'recorded', firstSeq: seq, lastSeq: seq } },
      ],
      events: [],
    });
    const outcomes = files.log
      .prepare<[], string>('SELECT outcome FROM audit ORDER BY seq')
      .pluck();
    expect(outcomes.all().slice(-2)).toEqual([`recorded ${seq}-${seq}`, 'took all']);
  });

  test('decides nothing before that, and still does not after it was killed', () => {
    const { files, writer, tail } = restored();
    expect(writer.recordGroup([entry(4)]).settled[0]).toMatchObject({ outcome: 'not-recordable' });
    writer.takeTail('CH1', commandsOf(tail));
    expect(newWriter(files).awaitsTails).toBe(true);
    newWriter(files).endTails(row);
    const next = newWriter(files);
    expect(next.recordGroup([entry(4)]).events[0]?.header).toMatchObject({ epoch: 2 });
  });

  test('takes nothing of a tail that is not what was recorded', () => {
    const { files, writer, tail } = restored();
    const forged = tail.map((it, at) =>
      at === 1 ? { ...it, header: { ...it.header, actor: 'u-somebody-else' } } : it,
    );
    const before = eventsOf(files);
    expect(() => writer.takeTail('CH1', commandsOf(forged))).toThrow(ChainError);
    expect(eventsOf(files)).toEqual(before);
    expect(writer.takeTail('CH1', commandsOf(tail)).events).toEqual(tail);
  });

  test('once it has gone on, adds what fits at a new place and keeps the rest aside, each once', () => {
    const { files, writer, tail } = restored();
    writer.endTails(row);
    const other = newFiles();
    const elsewhere = newWriter(other);
    elsewhere.recordGroup([request(50, { type: 'open-contact', body: { channel: '101' } })]);
    const [contact] = eventsOf(other);
    writer.recordGroup([entry(9)]); // the record that the tail speaks of moves on
    const given = [...commandsOf(tail), ...(contact ? [[contact]] : [])];
    const taken = writer.takeTail('D1', given);
    expect(taken.aside).toBe(2);
    expect(taken.events.map(({ header }) => [header.commandId, header.epoch])).toEqual([
      [contact?.header.commandId, 2],
    ]);
    expect(writer.takeTail('D1', given)).toEqual({ events: [], aside: 0 });
    const aside = files.log
      .prepare<[], string>('SELECT event FROM tail_aside ORDER BY seq')
      .pluck();
    expect(aside.all().map((text) => JSON.parse(text) as unknown)).toEqual(
      JSON.parse(JSON.stringify(tail.map(inJson))),
    );
  });
});

describe('a back-up that is restored a second time', () => {
  const open = (n: number) => request(n, { type: 'open-contact', body: { channel: '101' } });

  /** The log as it was restored, `epoch` its number, and what stands in it by then. */
  function restoredAs(epoch: number, events: readonly StoredEvent[], awaits = 1) {
    const files = newFiles();
    newWriter(files);
    const log = new SqliteEventLog(files.log);
    for (const event of events) log.adopt(event);
    files.log.exec(`UPDATE log_meta SET epoch = ${epoch}, awaits_tails = ${awaits}`);
    return { files, writer: newWriter(files) };
  }

  /** What the line of a desk does with it until the desk is admitted. */
  function join({ files, writer }: ReturnType<typeof restoredAs>, epoch: number, has: WriterFiles) {
    const log = new SqliteEventLog(files.log);
    const [desk, last] = [eventsOf(has), eventsOf(has).at(-1)?.header];
    const asked: LogAsked = {
      logId: 'force-a',
      epoch: writer.epoch,
      head: () => writer.head,
      hashAt: (seq) => log.hashAt(seq),
      lastOfEpoch: (of) => log.lastOfEpoch(of),
      awaitsTails: () => writer.awaitsTails,
    };
    const hello = { logId: 'force-a', epoch, cursor: last?.seq ?? 0, chainHash: last?.hash ?? '' };
    const lost = LostTail.of(asked, hello);
    if (!lost) return 'has nothing';
    for (let isEnd = false; !isEnd;) {
      const { after } = lost.asked;
      const page = desk.slice(after, after + 2);
      isEnd = after + page.length >= desk.length;
      const tail = { frame: 'tail', after, events: page.map(inJson), isEnd } as const;
      const commands = lost.commandsOf(tail);
      if (commands) writer.takeTail('CH1', commands);
      else if (lost.goesFurtherBack(tail)) isEnd = false;
      else return 'refused';
    }
    return 'taken';
  }

  const known = (files: WriterFiles) => [
    ...eventsOf(files).map(({ header }) => header.commandId),
    ...files.log.prepare<[], string>('SELECT command_id FROM tail_aside').pluck().all(),
  ];

  test.each([
    ['as long as', [open(2), open(3), open(4)]],
    ['longer than', [open(2)]],
  ])(
    'what was recorded between the two is given by its desks, where their log is %s another one that came first',
    (_length, old) => {
      const lost = newFiles();
      const first = newWriter(lost);
      first.recordGroup([open(1)]);
      const backup = eventsOf(lost);
      first.recordGroup(old); // a desk that is off keeps these

      const between = restoredAs(2, backup, 0);
      const made = [open(5), open(6)];
      expect(between.writer.recordGroup(made).events).not.toEqual([]);

      const again = restoredAs(3, backup);
      expect(join(again, 1, lost)).toBe('taken'); // it was switched on now, and is the first
      expect(['refused', 'has nothing']).toContain(join(again, 2, between.files));
      again.writer.endTails(row);
      join(again, 2, between.files);
      expect(known(again.files)).toEqual(
        expect.arrayContaining([...old, ...made].map((it) => it.commandId)),
      );
      expect(join(again, 2, between.files)).toBe('taken'); // it comes again: nothing is doubled
      expect(new Set(known(again.files)).size).toBe(1 + old.length + made.length);
    },
  );
});

describe('what a desk is asked for', () => {
  const hashes = ['', 'a', 'b', 'c', 'd'];
  const log = {
    logId: 'force-A',
    epoch: 2,
    head: () => ({ seq: 2, hash: 'b' }),
    hashAt: (seq: number) => hashes[seq],
    lastOfEpoch: () => 2,
    awaitsTails: () => true,
  };
  const hello = { logId: 'force-A', epoch: 1, cursor: 4, chainHash: 'd' };
  const asked = (more: object, of: object = {}) =>
    LostTail.of({ ...log, ...of }, { ...hello, ...more })?.asked.after;

  test('all beyond the back-up, of a desk of this log that knows no later epoch', () => {
    expect(asked({})).toBe(2);
    expect(asked({ cursor: 2, chainHash: 'b' })).toBeUndefined();
    expect(asked({ cursor: 0 })).toBeUndefined();
    expect(asked({ logId: 'force-B' })).toBeUndefined();
    expect(asked({ epoch: 3 })).toBeUndefined();
    const shown = { logId: 'force-A', cursor: 4, chainHash: 'd' };
    expect(asked({ logId: undefined, cursor: 0, shown })).toBe(2); // it makes another copy
  });

  test('once the log has gone on, what came after the last event of the epoch that it knows', () => {
    const goneOn = { awaitsTails: () => false, head: () => ({ seq: 9, hash: 'z' }) };
    expect(asked({ chainHash: 'other' }, goneOn)).toBe(2);
    expect(asked({}, goneOn)).toBeUndefined(); // its event is here
    expect(asked({ chainHash: 'other', epoch: 2 }, goneOn)).toBeUndefined();
  });

  test('where its log has parted from this one before that, from there', () => {
    const goneOn = { awaitsTails: () => false, head: () => ({ seq: 9, hash: 'z' }) };
    expect(asked({ chainHash: 'other', cursor: 2 }, goneOn)).toBe(1);
  });

  test('a desk that gives less than it said it has is short', () => {
    const { all, tail, files } = restored();
    const kept = new SqliteEventLog(files.log);
    const ours = { ...log, logId: 'force-a', head: () => kept.head };
    const last = all.at(-1)?.header;
    const says = {
      ...hello,
      logId: 'force-a',
      cursor: last?.seq ?? 0,
      chainHash: last?.hash ?? '',
    };
    for (const [count, isShort] of [
      [tail.length, false],
      [1, true],
      [0, true],
    ] as const) {
      const lost = LostTail.of(ours, says);
      const events = tail.slice(0, count).map(inJson);
      lost?.commandsOf({ frame: 'tail', after: kept.head.seq, events, isEnd: true });
      expect(lost?.isShort).toBe(isShort);
    }
  });

  test('a part that does not go on where it was asked for is taken for none of this log', () => {
    const lost = LostTail.of(log, hello);
    expect(lost?.commandsOf({ frame: 'tail', after: 1, events: [], isEnd: true })).toBeUndefined();
    expect(lost?.commandsOf({ frame: 'tail', after: 2, events: [], isEnd: true })).toEqual([]);
  });
});
