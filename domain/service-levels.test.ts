import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { evolveContact, noContact } from './contact.ts';
import type { RecordedEvent } from './event.ts';
import type { ContactId, EpochMs } from './ids.ts';
import {
  answerTargets,
  BUCKET_MS,
  localDayOf,
  serviceLevelOf,
  serviceLevels,
  timedChannels,
  type CallLife,
  type TimedChannel,
} from './service-levels.ts';

const LONDON = 'Europe/London';
const at = (iso: string) => Date.parse(iso) as EpochMs;
const call = (
  id: string,
  offeredAt: number,
  more: { answeredAt?: number; endedAt?: number; channel?: TimedChannel } = {},
) =>
  ({
    id,
    channel: '999',
    offeredAt,
    answeredAt: undefined,
    endedAt: undefined,
    ...more,
  }) as CallLife; // plain numbers are moments

test('an answer in time, a late one, one who gave up, one who rings too long and one opened by hand are told apart', () => {
  const now = 1_000_000 as EpochMs;
  const level = serviceLevelOf(
    [
      call('in time', 900_000, { answeredAt: 910_000, endedAt: 950_000 }),
      call('late', 900_000, { answeredAt: 910_001 }),
      call('by a clock that is behind', 900_000, { answeredAt: 899_000 }),
      call('gave up', 900_000, { endedAt: 904_000 }),
      call('rings too long', 950_000),
      call('rings', 990_000),
      call('by hand', 900_000, { answeredAt: 900_000 }),
    ],
    10_000,
    now,
  );
  expect(level).toEqual({
    offered: 5,
    answered: 3,
    within: 2,
    abandoned: 1,
    ringing: 2,
    byHand: 1,
    percent: 40,
    medianMs: 10_000,
    longestMs: 50_000,
  });
  expect(serviceLevelOf([], 10_000, now)).toMatchObject({
    offered: 0,
    percent: null,
    medianMs: null,
    longestMs: null,
  });
});

test('an abandoned call that somebody deals with later stays abandoned, with the wait that it had', () => {
  const events = [
    ['contact.offered', { channel: '101' }, 1_000],
    ['contact.abandoned', {}, 31_000],
    ['contact.answered', { by: 'u1', desk: 'CH1' }, 60_000],
    ['contact.finished', { outcome: 'enquiry' }, 90_000],
  ] as const;
  const contact = events.reduce(
    (before, [type, body, occurredAt]) =>
      evolveContact(before, { type, typeVersion: 1, body, occurredAt } as unknown as RecordedEvent), // nothing else is read
    noContact('c1' as ContactId),
  );
  expect(contact.state).toBe('finished');
  expect(serviceLevelOf([contact as CallLife], 60_000, 100_000 as EpochMs)).toMatchObject({
    offered: 1,
    answered: 0,
    abandoned: 1,
    within: 0,
    longestMs: 30_000,
  });
});

test('a day is the local one: 24 hours, 23 in the night of spring and 25 in that of autumn, each quarter named once', () => {
  const days = ['2026-11-25T12:00Z', '2026-03-29T12:00Z', '2026-10-25T12:00Z'].map((iso) => {
    const now = at(iso);
    const { from, to } = localDayOf(now, LONDON);
    const rows = serviceLevels([], { from, to, now: to, timeZone: LONDON });
    const names = rows.filter(({ isTotal, channel }) => !isTotal && channel === '999');
    const times = names.map(({ time }) => time);
    expect(new Set(times).size).toBe(names.length);
    return [(to - from) / 3_600_000, names.length, new Date(from).toISOString(), times.slice(4, 9)];
  });
  expect(days).toEqual([
    [24, 96, '2026-11-25T00:00:00.000Z', ['01:00', '01:15', '01:30', '01:45', '02:00']],
    [
      23,
      92,
      '2026-03-29T00:00:00.000Z',
      ['02:00 +01:00', '02:15 +01:00', '02:30 +01:00', '02:45 +01:00', '03:00 +01:00'],
    ],
    [
      25,
      100,
      '2026-10-24T23:00:00.000Z',
      ['01:00 +01:00', '01:15 +01:00', '01:30 +01:00', '01:45 +01:00', '01:00 +00:00'],
    ],
  ]);
});

test('what is to come has no rows yet', () => {
  const now = at('2026-11-25T00:20:00Z');
  const rows = serviceLevels([], { ...localDayOf(now, LONDON), now, timeZone: LONDON });
  expect(rows.map(({ channel, isTotal, time }) => [channel, isTotal, time])).toEqual(
    timedChannels.flatMap((channel) => [
      [channel, true, '00:00'],
      [channel, false, '00:00'],
      [channel, false, '00:15'],
    ]),
  );
});

/** A call as the log has it: raw events, each with its command. */
interface Raw {
  readonly id: string;
  readonly channel: TimedChannel;
  readonly events: readonly {
    readonly type: string;
    readonly occurredAt: number;
    readonly command: string;
    readonly body: object;
  }[];
}

const rawCall = (from: number, to: number) =>
  fc
    .record({
      id: fc.uuid(),
      channel: fc.constantFrom(...timedChannels),
      offeredAt: fc.integer({ min: from - 3_600_000, max: to + 3_600_000 }),
      fate: fc.constantFrom('rings', 'answered', 'abandoned', 'abandoned-taken', 'by-hand'),
      // Never of the same moment, unless it is one command.
      waitMs: fc.integer({ min: -2_000, max: 200_000 }).map((ms) => ms || 1),
      isFinished: fc.boolean(),
    })
    .map(({ id, channel, offeredAt, fate, waitMs, isFinished }): Raw => {
      const answered = { type: 'contact.answered', body: { by: 'u1', desk: 'CH1' } };
      const later = offeredAt + waitMs;
      const events = [
        { type: 'contact.offered', occurredAt: offeredAt, command: 'a', body: { channel } },
      ];
      if (fate === 'by-hand')
        events.push({ ...answered, occurredAt: offeredAt, command: 'a', body: { channel } });
      if (fate === 'answered')
        events.push({ ...answered, occurredAt: later, command: 'b', body: { channel } });
      if (fate.startsWith('abandoned'))
        events.push({
          type: 'contact.abandoned',
          occurredAt: later,
          command: 'b',
          body: { channel },
        });
      if (fate === 'abandoned-taken')
        events.push({ ...answered, occurredAt: later + 5_000, command: 'c', body: { channel } });
      if (isFinished && fate !== 'rings' && fate !== 'abandoned') {
        if (fate === 'answered' || fate === 'by-hand')
          events.push({
            type: 'contact.ended',
            occurredAt: later + 9_000,
            command: 'd',
            body: { channel },
          });
        events.push({
          type: 'contact.finished',
          occurredAt: later + 9_000,
          command: 'd',
          body: { channel },
        });
      }
      return { id, channel, events };
    });

/** The same figures by going through the raw events once more, with nothing of what is tested. */
function recount(calls: readonly Raw[], channel: string, from: number, to: number, now: number) {
  const target = channel === '999' ? 10_000 : 60_000;
  const answeredMs: number[] = [];
  const lostMs: number[] = [];
  let [abandoned, ringing, byHand] = [0, 0, 0];
  for (const { events } of calls.filter((it) => it.channel === channel)) {
    const [offered] = events;
    if (!offered || offered.occurredAt < from || offered.occurredAt >= to) continue;
    const next = events.find(
      ({ type }) => type === 'contact.answered' || type === 'contact.abandoned',
    );
    const wait = Math.max(0, (next?.occurredAt ?? now) - offered.occurredAt);
    if (!next) {
      ringing += 1;
      if (wait > target) lostMs.push(wait);
    } else if (next.type === 'contact.abandoned') {
      abandoned += 1;
      lostMs.push(wait);
    } else if (next.command === offered.command) byHand += 1;
    else answeredMs.push(wait);
  }
  const sorted = answeredMs.toSorted((left, right) => left - right);
  const all = [...answeredMs, ...lostMs];
  const within = answeredMs.filter((ms) => ms <= target).length;
  return {
    offered: all.length,
    answered: answeredMs.length,
    within,
    abandoned,
    ringing,
    byHand,
    percent: all.length === 0 ? null : (100 * within) / all.length,
    medianMs: sorted[Math.ceil(sorted.length / 2) - 1] ?? null,
    longestMs: all.length === 0 ? null : Math.max(...all),
  };
}

test('the account equals a recount of the raw events, of the whole and of every quarter, in days of any length', () => {
  const noon = fc
    .constantFrom('2026-11-25', '2026-03-29', '2026-10-25')
    .map((day) => at(`${day}T12:00Z`));
  const cases = noon.chain((moment) => {
    const day = localDayOf(moment, LONDON);
    return fc.record({
      day: fc.constant(day),
      now: fc.integer({ min: day.from, max: day.to + 3_600_000 }),
      calls: fc.uniqueArray(rawCall(day.from, day.to), { maxLength: 60, selector: ({ id }) => id }),
    });
  });
  fc.assert(
    fc.property(cases, ({ day, now, calls }) => {
      const folded = calls.map(({ id, events }) =>
        events.reduce(
          (before, { type, occurredAt, body }) =>
            evolveContact(before, {
              type,
              typeVersion: 1,
              // Each body has what its own schema asks for; more is passed over.
              body: {
                ...body,
                by: type === 'contact.ended' ? 'caller' : 'u1',
                desk: 'CH1',
                outcome: 'enquiry',
              },
              occurredAt,
            } as unknown as RecordedEvent),
          noContact(id as ContactId),
        ),
      );
      const rows = serviceLevels(folded as readonly CallLife[], {
        ...day,
        now: now as EpochMs,
        timeZone: LONDON,
      });
      let counted = 0;
      const lengths = new Set<number>([BUCKET_MS]);
      for (const {
        channel,
        isTotal,
        from,
        to,
        id: _id,
        day: _day,
        time: _time,
        ...level
      } of rows) {
        expect(level).toEqual(recount(calls, channel, from, to, now));
        if (!isTotal) lengths.add(to - from);
        counted += (isTotal ? 1 : -1) * (level.offered + level.ringing + level.byHand);
      }
      // Every call of the whole is in one quarter. One that rings and is late counts in two of the columns.
      expect([counted, ...lengths]).toEqual([0, BUCKET_MS]);
    }),
    { numRuns: 200 },
  );
});

test('999 is to be answered within 10 s, of a hundred ninety; 101 within 60 s', () => {
  expect(answerTargets).toEqual({
    '999': { withinMs: 10_000, percent: 90 },
    '101': { withinMs: 60_000, percent: undefined },
  });
});
