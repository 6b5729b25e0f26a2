import { expect, test } from 'vitest';
import type { CommandType, Asked } from '#domain/commands.ts';
import { commands } from '#domain/commands.ts';
import { decide } from '#domain/decide.ts';
import {
  incidentStream,
  unitStream,
  type CommandId,
  type DeskId,
  type EpochMs,
  type IncidentId,
  type UnitId,
  type UserId,
} from '#domain/ids.ts';
import { OpenRoom } from '#domain/room.ts';
import type { Floor, Order } from './line-grammar.ts';
import { emptyFloor, incident, rows, unit } from './rows.suite.ts';
import { inverseOf, undo, undoWords, type Undoable } from './undo.ts';

const first = 'HC-20261123-0412';
const other = 'HC-20261123-0398';
const by = { user: 'u-d1' as UserId, desk: 'D1' as DeskId };
const targets = { attendWithinMs: () => 900_000, acceptWithinMs: () => 30_000 };

/** A room that the domain decides in, and what a window shows of it. */
function openRoom() {
  const room = OpenRoom.of(() => undefined);
  let made = 0;
  let versions = new Map<string, number>();
  const ask = ({ type, body }: { type: CommandType; body: object }, raised?: string): string => {
    made += 1;
    const id = `0199aaaa-0000-7000-8000-${String(made).padStart(12, '0')}`;
    // The table's own schema has just parsed it.
    const asked = { type, body: commands[type].body.parse(body) } as Asked;
    const decision = decide(room, asked, {
      now: made as EpochMs,
      commandId: id as CommandId,
      by,
      targets,
      ...(raised !== undefined && { reference: raised as IncidentId }),
    });
    if ('refusal' in decision) throw new Error(`${type}: ${decision.refusal.reason}`);
    decision.events.forEach((fact, n) => {
      const version = (versions.get(fact.stream) ?? 0) + 1;
      versions = versions.set(fact.stream, version);
      // What the fold reads of a recorded event; the chain's fields are the log's business.
      room.apply({
        ...fact,
        version,
        commandId: id,
        n,
        actor: by.user,
        desk: by.desk,
        occurredAt: made,
        recordedAt: made,
      } as never);
    });
    return id;
  };
  const floor = (): Floor => {
    const units = ['HT21', 'HT22'].flatMap((id) => {
      const { entity } = room.get(unitStream(id as UnitId));
      return entity.kind === 'unit' && (entity.isOnDuty || entity.emergency)
        ? [unit(id, { ...entity, emergency: undefined })]
        : [];
    });
    const incidents = [first, other].flatMap((id) => {
      const { entity } = room.get(incidentStream(id as IncidentId));
      if (entity.kind !== 'incident') return [];
      const { grade, result, closedAt, closingCode } = entity;
      const on = units.filter(({ incidentId }) => incidentId === id);
      return [incident(id, { grade, result, closedAt, closingCode, units: on })];
    });
    return { ...emptyFloor, units: rows(...units), incidents: rows(...incidents) };
  };
  const shown = () => {
    const { units, incidents } = floor();
    return [
      ...[...units.values()].map(({ id, isOnDuty, officers, statusCode, request, incidentId }) => ({
        id,
        isOnDuty,
        officers,
        statusCode,
        request: request?.statusCode,
        incidentId,
      })),
      ...[...incidents.values()].map(({ id, grade, result, closedAt, closingCode }) => ({
        id,
        grade,
        result,
        isClosed: closedAt !== undefined,
        closingCode,
      })),
    ];
  };
  for (const id of [first, other])
    ask(
      { type: 'raise-incident', body: { place: { text: 'x' }, openingCode: 'DOM', grade: 1 } },
      id,
    );
  ask({ type: 'book-on-unit', body: { unitId: 'HT21', officers: ['PC Lowe'] } });
  ask({ type: 'book-on-unit', body: { unitId: 'HT22', officers: ['PC Amin'] } });
  return { ask, floor, shown };
}

const on = (statusCode: number): Order[] => [
  { type: 'assign-unit', body: { incidentId: first, unitId: 'HT21' } },
  { type: 'set-unit-status', body: { unitId: 'HT21', statusCode } },
];
const status = (statusCode: number): Order => ({
  type: 'set-unit-status',
  body: { unitId: 'HT21', statusCode },
});
const cases: readonly { name: string; given?: readonly Order[]; orders: readonly Order[] }[] = [
  { name: 'an assignment', orders: on(2).slice(0, 1) },
  { name: 'an assignment of a unit that asks', given: [status(14)], orders: on(2).slice(0, 1) },
  {
    name: 'two units on one line',
    orders: [
      { type: 'assign-unit', body: { incidentId: first, unitId: 'HT21' } },
      { type: 'assign-unit', body: { incidentId: first, unitId: 'HT22' } },
    ],
  },
  { name: 'a status', given: on(5), orders: [status(6)] },
  { name: 'a status over a request', given: [...on(5), status(14)], orders: [status(6)] },
  { name: 'a request', given: on(6), orders: [status(13)] },
  { name: 'available, which leaves the incident', given: on(6), orders: [status(2)] },
  { name: 'off duty by status', given: on(6), orders: [status(11)] },
  {
    name: 'a release',
    given: on(6),
    orders: [{ type: 'release-unit', body: { incidentId: first, unitId: 'HT21' } }],
  },
  {
    name: 'a release before anything was done',
    given: on(2).slice(0, 1),
    orders: [{ type: 'release-unit', body: { incidentId: first, unitId: 'HT21' } }],
  },
  { name: 'booking off', orders: [{ type: 'book-off-unit', body: { unitId: 'HT21' } }] },
  {
    name: 'booking off at an incident',
    given: on(8),
    orders: [{ type: 'book-off-unit', body: { unitId: 'HT21' } }],
  },
  {
    name: 'booking off an available unit on its way out',
    given: [status(2), ...on(2).slice(0, 1)],
    orders: [{ type: 'book-off-unit', body: { unitId: 'HT21' } }],
  },
  {
    name: 'booking off a unit that asks',
    given: [status(14)],
    orders: [{ type: 'book-off-unit', body: { unitId: 'HT21' } }],
  },
  {
    name: 'booking on',
    given: [{ type: 'book-off-unit', body: { unitId: 'HT22' } }],
    orders: [{ type: 'book-on-unit', body: { unitId: 'HT22', officers: ['PC Amin'], skills: [] } }],
  },
  {
    name: 'a regrade',
    orders: [
      { type: 'regrade-incident', body: { incidentId: first, grade: 3, reason: 'caller safe' } },
    ],
  },
  {
    name: 'a second result',
    given: [{ type: 'result-incident', body: { incidentId: first, result: 'arrest' } }],
    orders: [{ type: 'result-incident', body: { incidentId: first, result: 'advice-given' } }],
  },
  {
    name: 'a closing that let units go',
    given: [...on(6), { type: 'result-incident', body: { incidentId: first, result: 'arrest' } }],
    orders: [{ type: 'close-incident', body: { incidentId: first, closingCode: 'VIO' } }],
  },
  {
    name: 'a reopening',
    given: [
      { type: 'result-incident', body: { incidentId: first, result: 'arrest' } },
      { type: 'close-incident', body: { incidentId: first, closingCode: 'VIO' } },
    ],
    orders: [{ type: 'reopen-incident', body: { incidentId: first, reason: 'back' } }],
  },
];

test.each(cases)(
  '$name is taken back by commands that the record takes',
  ({ given = [], orders }) => {
    const { ask, floor, shown } = openRoom();
    given.forEach((order) => ask(order));
    const was = shown();
    const before = floor();
    const parts = orders.map((order) => {
      const id = ask(order);
      return { id, order, inverse: inverseOf(order, before, id) };
    });
    expect(shown()).not.toEqual(was);
    const { orders: opposite, left } = undo(
      { said: '', until: 0, parts },
      floor(),
      () => 'recorded',
    );
    opposite.forEach((order) => ask(order));
    expect({ left, shown: shown() }).toEqual({ left: [], shown: was });
  },
);

const floorWith = (change: Partial<Floor>): Floor => ({ ...emptyFloor, ...change });
const emergency = floorWith({
  units: rows(unit('HT21', { emergency: { at: 1, owner: undefined } })),
});
const wordsOf = (order: Order, before = emergency): ReturnType<typeof undoWords> =>
  undoWords({
    said: '',
    until: 0,
    parts: [{ id: 'x', order, inverse: inverseOf(order, before, 'x') }],
  });

test('what cannot be taken back says why', () => {
  expect(
    [
      wordsOf({ type: 'own-emergency', body: { unitId: 'HT21' } }),
      wordsOf(status(0)),
      wordsOf({ type: 'accept-handover', body: { handoverId: 'h' } }),
      wordsOf({ type: 'attach-contact', body: { contactId: 'c', incidentId: first } }),
    ].map(({ can, words }) => [can, words]),
  ).toEqual([
    [false, 'an emergency keeps its owner until it is stood down'],
    [false, 'an emergency stands until somebody stands it down with a reason'],
    [false, 'what was accepted is yours; a colleague takes it over by voice'],
    [false, 'a link stays; say in the log that it was wrong'],
  ]);
});

test('an emergency that was stood down by mistake stands again', () => {
  const order: Order = { type: 'stand-down-emergency', body: { unitId: 'HT21', reason: 'x' } };
  expect(inverseOf(order, emergency, 'x')).toEqual({
    can: true,
    words: 'HT21 in emergency again, for somebody to own',
    orders: [status(0)],
  });
});

test('a line of the log is never deleted: a correcting one says that it is withdrawn', () => {
  const order: Order = {
    type: 'add-log-entry',
    body: { incidentId: first, text: 'he has a knife' },
  };
  const id = '0199aaaa-0000-7000-8000-000000000009';
  expect(inverseOf(order, emptyFloor, id)).toEqual({
    can: true,
    words: 'mark the line in 0412 as withdrawn',
    orders: [
      {
        type: 'add-log-entry',
        body: {
          incidentId: first,
          corrects: id,
          text: 'Withdrawn, written in error: “he has a knife”',
        },
      },
    ],
  });
});

test('a first result has no way back but a line that withdraws it, and the words say so', () => {
  const order: Order = { type: 'result-incident', body: { incidentId: first, result: 'arrest' } };
  const before = floorWith({ incidents: rows(incident(first)) });
  expect(wordsOf(order, before)).toEqual({
    can: true,
    words: 'Mark the result of 0412 as withdrawn; give the right one',
  });
});

const sentence = (order: Order, before: Floor): Undoable => ({
  said: '',
  until: 0,
  parts: [{ id: 'x', order, inverse: inverseOf(order, before, 'x') }],
});

test('what somebody has changed since is left as it is and named; what was refused needs nothing', () => {
  const before = floorWith({ units: rows(unit('HT21', { statusCode: 5 })) });
  const since = floorWith({ units: rows(unit('HT21', { statusCode: 7 })) });
  const done = sentence(status(6), before);
  expect([
    undo(done, since, () => 'recorded'),
    undo(done, since, () => 'refused'),
    // The desk is away: what is on screen cannot have heard of it yet.
    undo(done, before, () => 'sending').orders,
  ]).toEqual([
    { orders: [], left: ['HT21 to status 5 again'] },
    { orders: [], left: [] },
    [status(5)],
  ]);
});

test('several things of one line are taken back last first', () => {
  const before = floorWith({
    units: rows(unit('HT21', { statusCode: 6, incidentId: first })),
    incidents: rows(incident(first, { result: 'arrest' })),
  });
  const orders: readonly Order[] = [
    { type: 'result-incident', body: { incidentId: first, result: 'advice-given' } },
    { type: 'release-unit', body: { incidentId: first, unitId: 'HT21' } },
  ];
  const parts = orders.map((order) => ({ id: 'x', order, inverse: inverseOf(order, before, 'x') }));
  expect(undoWords({ said: '', until: 0, parts }).words).toBe(
    'Assign HT21 to 0412 again; the result of 0412 to arrest again',
  );
});
