import { expect, test } from 'vitest';
import type { Asked } from '#domain/commands.ts';
import { contactIdOf } from '#domain/decide.ts';
import type { ContactId, EpochMs } from '#domain/ids.ts';
import type { ServiceLevelRow } from '#domain/service-levels.ts';
import type { Result } from '#protocol/query.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { deskPorts, newDesk, newWindow, seat } from '../../tests/support/desk-in-process.ts';
import { commandId, newWriter, request, startedAt } from '../../tests/support/room.ts';
import { levelsOf } from './levels.ts';
import { outboxMigrations } from './outbox.ts';

const MINUTE = 60_000;
const timeZone = 'Europe/London';
const supervisor = { ...seat, user: { ...seat.user, role: 'supervisor' } } as const;

function open() {
  const writer = newWriter();
  const replica = openStore(':memory:', replicaMigrations);
  const desk = newDesk(openStore(':memory:', outboxMigrations), replica, {
    ports: { ...deskPorts, now: () => (startedAt + 9_000) as EpochMs },
  });
  let asks = 0;
  const record = (asked: Asked, afterMs: number) => {
    asks += 1;
    const occurredAt = (startedAt + afterMs) as EpochMs; // a moment, and so much later
    const { events } = writer.recordGroup([request(asks, asked, { occurredAt })]);
    desk.receive(events, writer.head.seq);
    return contactIdOf(commandId(asks));
  };
  const offer = (channel: '999' | '101' | 'online', afterMs: number) =>
    record({ type: 'offer-contact', body: { channel } }, afterMs);
  return { desk, replica, record, offer };
}

const totals = (rows: readonly ServiceLevelRow[]) =>
  rows
    .filter(({ isTotal }) => isTotal)
    .map(({ channel, offered, within }) => [channel, offered, within]);

test('the account of today is of the record and of what is only stored here; other channels and other days are not in it', () => {
  const { desk, record, offer } = open();
  const take = (contactId: ContactId, afterMs: number) =>
    record({ type: 'take-contact', body: { contactId } }, afterMs);
  take(offer('999', 0), 4_000);
  take(offer('101', 1_000), 70_000);
  take(offer('999', -24 * 60 * MINUTE), -24 * 60 * MINUTE + 90_000);
  offer('online', 0);
  const rings = offer('999', 1_500);
  const now = (startedAt + 5 * MINUTE) as EpochMs;
  const look = () => {
    const levels = levelsOf(desk, {}, { timeZone, now });
    return totals('rows' in levels ? levels.rows : []);
  };
  expect(look()).toEqual([
    ['999', 2, 1],
    ['101', 1, 0],
  ]);
  // Taken at this desk while the server is away: in time, and in the account at once.
  desk.ask(
    { frame: 'command', id: commandId(900), type: 'take-contact', body: { contactId: rings } },
    seat,
  );
  expect(look()).toEqual([
    ['999', 2, 2],
    ['101', 1, 0],
  ]);
});

test('a stretch is what is asked for, else a local day; one that ends before it begins or is longer than five days is refused', () => {
  const { desk } = open();
  const look = (from?: number, to?: number) => {
    const asked = { from: from as EpochMs | undefined, to: to as EpochMs | undefined };
    const levels = levelsOf(desk, asked, { timeZone, now: startedAt });
    if (!('rows' in levels)) return levels.fault;
    return [levels.rows[0]?.from, levels.rows[0]?.to].map((it) => new Date(it ?? 0).toISOString());
  };
  const day = (n: number) => `2026-11-${n}T00:00:00.000Z`;
  const midnight = Date.parse(day(23));
  expect(look()).toEqual([day(23), day(24)]);
  expect(look(undefined, midnight)).toEqual([day(22), day(23)]);
  expect(look(midnight + 24 * 60 * MINUTE)).toEqual([day(24), day(25)]);
  expect(look(midnight, midnight + 1)).toEqual([day(23), new Date(midnight + 1).toISOString()]);
  expect(look(midnight, midnight)).toBe('the end is before the beginning');
  expect(look(midnight, midnight + 6 * 24 * 60 * MINUTE)).toBe('more than five days at once');
});

test('a supervisor is answered with nothing left in the audit; anybody else is refused in words, and that is on record', () => {
  const { desk } = open();
  const ask = (sitting: typeof seat) => {
    const { window, sent } = newWindow(desk, () => sitting);
    window.hear(JSON.stringify({ frame: 'query', id: 'q', query: 'service-levels', params: {} }));
    const [answer] = sent as Result[];
    return answer?.outcome;
  };
  expect(ask(supervisor)).toMatchObject({ kind: 'rows' });
  expect(desk.outbox.consultations(10)).toEqual([]);
  expect(ask(seat)).toMatchObject({ kind: 'refused', message: 'Your role may not see this.' });
  expect(desk.outbox.consultations(10)).toMatchObject([
    { what: 'service-levels', subject: 'refused not-permitted' },
  ]);
});

test('the calls of a day are found by an index, however many contacts the year had', () => {
  const { replica } = open();
  const plan = replica
    .prepare<[], { detail: string }>(
      `EXPLAIN QUERY PLAN SELECT stream FROM entity WHERE kind = 'contact'
         AND json_extract(state, '$.offeredAt') >= 1 AND json_extract(state, '$.offeredAt') < 2`,
    )
    .all();
  expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('entity_offered')]);
});
