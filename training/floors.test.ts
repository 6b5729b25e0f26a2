import { expect, test } from 'vitest';
import type { ContactId, HandoverId, IncidentId, UnitId } from '#domain/ids.ts';
import { plannedJob, RobotRoom } from '../tests/support/robot-room.ts';
import { LABEL } from './narratives.ts';

const bodies = (events: ReturnType<RobotRoom['told']>) => events.map(({ body }) => body);
const labelled = (room: RobotRoom) =>
  bodies(room.told('incident.entry-added')).map((body) => (body as { text: string }).text);

test('a job gets as many units as it wants and are free, and is closed when all have left it', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001', 'TR002');
  await room.ring(plannedJob(1, { units: 3 }));
  await room.settled();
  expect(room.told('unit.assigned').map(({ stream }) => stream)).toEqual([
    'unit/TR001',
    'unit/TR002',
  ]);
  expect(room.counts).toMatchObject({ deployed: 2, closed: 1, finished: 1 });
  const ends = room
    .told('unit.released', 'incident.closed')
    .map(({ type, body }) => [type, (body as { why?: string }).why]);
  expect(ends).toEqual([
    ['unit.released', 'cleared'],
    ['unit.released', 'cleared'],
    ['incident.closed', undefined],
  ]);
});

test('the first unit tells what it sees while it is there, each line labelled', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001', 'TR002');
  await room.ring(plannedJob(1, { units: 2, told: ['door locked', 'all calm'] }));
  await room.settled();
  expect(labelled(room)).toEqual([
    `${LABEL} nearest sent: TR001, TR002`,
    `${LABEL} TR001: door locked`,
    `${LABEL} TR001: all calm`,
  ]);
});

test('a unit that asks to be called back is answered by the dispatcher whose job it is', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001');
  await room.ring(plannedJob(2, { told: ['door locked', 'x'], request: 14 }));
  await room.settled();
  const owner = room.told('incident.owned')[0]?.actor;
  const statuses = room.told('unit.status-set').map(({ actor, body }) => ({
    actor,
    code: (body as { statusCode: number }).statusCode,
  }));
  expect(statuses.map(({ code }) => code)).toEqual([2, 5, 6, 14, 15, 2]);
  expect(statuses[4]?.actor).toBe(owner);
  expect(labelled(room)).toContain(`${LABEL} TR001 called back`);
  expect(room.counts.requests).toBe(1);
});

test('an officer in danger has one owner by name, and is stood down with the reason', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001');
  await room.ring(plannedJob(1, { told: ['there'], emergency: { reason: 'officer is well' } }));
  await room.settled();
  const owner = room.told('incident.owned')[0]?.actor;
  expect(room.told('unit.emergency-owned', 'unit.emergency-stood-down')).toMatchObject([
    { actor: owner, type: 'unit.emergency-owned' },
    { actor: owner, body: { reason: `${LABEL} officer is well` } },
  ]);
  expect(room.counts).toMatchObject({ emergencies: 1, closed: 1 });
});

test('an emergency that a person owns is left to that person, and the unit stays where it is', async () => {
  const room = new RobotRoom({ speed: 50_000 });
  await room.bookOn('TR001');
  await room.ring(plannedJob(1, { told: ['there'], emergency: { reason: 'officer is well' } }));
  await room.record.until(() => room.record.unit('TR001' as UnitId)?.emergency !== undefined);
  const isMine = await room.ask('u-ash', {
    type: 'own-emergency',
    body: { unitId: 'TR001' as UnitId },
  });
  expect(isMine).toBe(true); // at once, before a robot has got there
  await room.pace.wait(600_000); // far longer than a robot takes to see to it
  expect(room.record.unit('TR001' as UnitId)).toMatchObject({
    emergency: { owner: { user: 'u-ash' } },
    statusCode: 6,
  });
  await room.ask('u-ash', {
    type: 'stand-down-emergency',
    body: { unitId: 'TR001' as UnitId, reason: 'spoke to him' },
  });
  await room.settled();
  expect(bodies(room.told('unit.emergency-stood-down'))).toMatchObject([
    { by: 'u-ash', reason: 'spoke to him' },
  ]);
  expect(room.refused).toEqual([]);
});

test('what nobody accepts in time is accepted by the supervisor, who deals with it', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001');
  await room.ring(plannedJob(1, { isForgotten: true }));
  await room.seen('contact.finished');
  expect(room.told('handover.accepted')).toEqual([]);
  await room.escalateAll();
  await room.settled();
  expect(room.told('handover.accepted', 'incident.closed').map(({ actor }) => actor)).toEqual([
    'u-sup',
    'u-sup',
  ]);
  expect(room.counts).toMatchObject({ escalated: 1, closed: 1 });
});

test('what nobody has accepted when the training ends is accepted then', async () => {
  const room = new RobotRoom();
  await room.ring(plannedJob(1, { isForgotten: true }));
  await room.seen('contact.finished');
  room.pace.hurry();
  room.crews.hurry();
  await room.settled();
  expect(room.counts).toMatchObject({ accepted: 1, escalated: 0, closed: 1 });
});

test('a job that is read again gets another grade, with the reason', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001');
  await room.ring(plannedJob(3, { regrade: { grade: 2, reason: 'a child is in the house' } }));
  await room.settled();
  expect(bodies(room.told('incident.regraded'))).toMatchObject([
    { grade: 2, reason: `${LABEL} a child is in the house` },
  ]);
  expect(room.counts).toMatchObject({ regraded: 1, closed: 1 });
});

test('a caller is put on hold and taken up again before the call ends', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001');
  const plan = plannedJob(4);
  await room.ring({ ...plan, handling: { ...plan.handling, holdMs: 30_000 } });
  await room.settled();
  const types = ['contact.answered', 'contact.held', 'contact.resumed', 'contact.ended'];
  expect(room.told(...types).map(({ type }) => type)).toEqual(types);
  expect(room.counts.held).toBe(1);
});

test('who gives up is rung back, after those who still ring', async () => {
  const room = new RobotRoom({ speed: 20_000 });
  await room.bookOn('TR001');
  const plan = plannedJob(4);
  const busy = await room.ring(plan);
  await room.seen('contact.answered'); // the only handler talks
  const gaveUp = await room.ring({ ...plan, givesUpMs: 1 });
  await room.seen('contact.abandoned');
  const rings = await room.ring({ ...plan, handling: { ...plan.handling, answerMs: 0 } });
  await room.settled();
  const answered = room.told('contact.answered').map(({ stream }) => stream);
  expect(answered).toEqual([busy, rings, gaveUp].map((id) => `contact/${id}`));
  expect(room.counts).toMatchObject({ abandoned: { '999': 1 }, finished: 3 });
});

test('when the shift changes each crew goes home as soon as it is free, and another has its call sign', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001', 'TR002');
  await room.ring(plannedJob(1));
  await room.seen('unit.assigned');
  room.crews.relieve(1, (unit) => [`Officer ${unit}B1, made up`]);
  await room.settled();
  const of = (unit: string) =>
    room
      .told('unit.released', 'unit.booked-off', 'unit.booked-on')
      .filter(({ stream }) => stream === `unit/${unit}`)
      .map(({ type }) => type);
  expect(of('TR001')).toEqual([
    'unit.booked-on',
    'unit.released',
    'unit.booked-off',
    'unit.booked-on',
  ]);
  expect(of('TR002')).toEqual(['unit.booked-on', 'unit.booked-off', 'unit.booked-on']);
  expect(bodies(room.told('unit.released'))).toMatchObject([{ why: 'cleared' }]); // not taken off it
  expect(room.counts.relieved).toBe(2);
  expect(room.record.unit('TR001' as UnitId)).toMatchObject({
    officers: ['Officer TR001B1, made up'],
    statusCode: 2,
  });
});

test('a robot does not close what a person has sent a unit to, while the unit is on it', async () => {
  const room = new RobotRoom();
  await room.bookOn('TR001');
  await room.ask('u-ash', {
    type: 'book-on-unit',
    body: { unitId: 'HT21' as UnitId, officers: [], skills: [] },
  });
  await room.ring(plannedJob(1));
  const { body } = await room.seen('unit.assigned');
  const { incidentId } = body as { incidentId: IncidentId };
  const to = { incidentId, unitId: 'HT21' as UnitId };
  expect(await room.ask('u-ash', { type: 'assign-unit', body: to })).toBe(true);
  await room.record.until(() => room.record.unit('TR001' as UnitId)?.incidentId === undefined);
  await room.pace.wait(3_600_000); // far longer than it takes to close
  expect(room.told('incident.closed')).toEqual([]);
  await room.ask('u-ash', { type: 'release-unit', body: to });
  await room.settled();
  expect(room.told('incident.closed')).toHaveLength(1);
});

test('what a person has taken or accepted is theirs: no robot asks for anything of it', async () => {
  const room = new RobotRoom({ speed: 20_000 });
  const contactId: ContactId = await room.ring(plannedJob(1));
  await room.ask('u-ash', { type: 'take-contact', body: { contactId } });
  await room.settled();
  expect(room.events.filter(({ actor }) => /^u-(ch|d)\d$/.test(actor))).toEqual([]);
  await room.ring(plannedJob(1));
  const { stream } = await room.seen('handover.offered');
  const handoverId = stream.slice('handover/'.length) as HandoverId;
  await room.ask('u-ash', { type: 'accept-handover', body: { handoverId } });
  await room.settled();
  expect(room.told('incident.owned').map(({ actor }) => actor)).toEqual(['u-ash']);
  expect(room.told('incident.resulted', 'incident.closed')).toEqual([]);
  expect(room.refused).toEqual([]); // robots looked, and did not even ask
  expect(room.counts.leftToPeople).toBe(2);
});
