import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { choose, fromOutside, people } from '../tests/sim/actions.ts';
import { commandId, openRoom, raise, reference, startedAt } from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { contactIdOf } from './decide.ts';
import { dutyStream, type DeskId, type EpochMs, type UnitId, type UserId } from './ids.ts';
import { random } from './lib/random.ts';
import type { OpenRoom } from './room.ts';
import { streamOfItem } from './shift-items.ts';
import { unownedAfter, unownedIn } from './unowned.ts';

const unitId = 'HT21' as UnitId;
const d1 = { actor: 'u-d1' as UserId, desk: 'D1' as DeskId };
const d2 = { actor: 'u-d2' as UserId, desk: 'D2' as DeskId };
const later = (ms: number) => (startedAt + ms) as EpochMs;
const found = (room: OpenRoom, now: EpochMs) =>
  unownedIn(room, now).map(({ kind, subject }) => `${kind} ${subject}`);

/** A floor with D1 on duty; the first thing asked has the command of number 1. */
function floor(first: Asked, more: object = {}) {
  const it = openRoom(({ type }) => type);
  it.ask(first, more);
  it.ask({ type: 'start-duty', body: {} }, d1);
  return it;
}

describe('what stands on the panel of the unowned', () => {
  test('is a call that rings longer than its target, and no sooner', () => {
    const it = floor({ type: 'offer-contact', body: { channel: '999' } });
    const contact = `contact-waiting contact/${contactIdOf(commandId(1))}`;
    expect(found(it.room, later(9_999))).toEqual([]);
    expect(found(it.room, later(10_000))).toEqual([contact]);
    it.ask({ type: 'take-contact', body: { contactId: contactIdOf(commandId(1)) } }, d1);
    expect(found(it.room, later(60_000))).toEqual([]);
  });

  test('is what somebody left who has gone off duty, once they have had time to sit down elsewhere', () => {
    const it = floor({ type: 'set-unit-status', body: { unitId, statusCode: 0 } });
    it.ask({ type: 'own-emergency', body: { unitId } }, d1);
    it.ask({ type: 'open-contact', body: { channel: '101' } }, d1);
    const contact = `contact-left contact/${contactIdOf(commandId(4))}`;
    it.ask({ type: 'end-duty', body: {} }, { ...d1, occurredAt: later(1_000) });
    expect(found(it.room, later(1_000 + 15_000))).toEqual([`emergency-left unit/${unitId}`]);
    expect(found(it.room, later(1_000 + 120_000))).toEqual([
      `emergency-left unit/${unitId}`,
      contact,
    ]);
    expect(unownedIn(it.room, later(200_000))[1]).toMatchObject({
      since: later(1_000),
      owner: { user: 'u-d1', desk: 'D1' },
    });
    it.ask({ type: 'start-duty', body: {} }, { ...d1, desk: 'D4' as DeskId });
    expect(found(it.room, later(200_000))).toEqual([]);
  });

  test('is an emergency that nobody owns after fifteen seconds, above all else', () => {
    const it = floor({ type: 'offer-contact', body: { channel: '999' } });
    it.ask({ type: 'set-unit-status', body: { unitId, statusCode: 0 } });
    expect(found(it.room, later(14_999))[0]).toMatch(/^contact-waiting/);
    expect(found(it.room, later(15_000))[0]).toBe(`emergency-unowned unit/${unitId}`);
  });

  test('is a hand-over past its deadline; the incident has its clock until then', () => {
    const it = floor(raise(), { reference });
    expect(found(it.room, later(30_000))).toEqual([]);
    expect(found(it.room, later(30_001))).toEqual([`handover-late handover/${commandId(1)}`]);
  });

  test('is not what is on a shift hand-over, until that is late', () => {
    const it = floor({ type: 'open-contact', body: { channel: '101' } }, d1);
    it.ask({
      type: 'add-user',
      body: { userId: d2.actor, name: 'u-d2', displayName: 'D Two', role: 'dispatcher' },
    });
    const contactId = contactIdOf(commandId(1));
    const offer: Asked = {
      type: 'offer-shift-handover',
      body: { to: { kind: 'person', user: d2.actor }, items: [{ kind: 'contact', id: contactId }] },
    };
    it.ask(offer, d1);
    it.ask({ type: 'end-duty', body: {} }, d1);
    expect(found(it.room, later(599_999))).toEqual([]);
    expect(found(it.room, later(600_001))).toEqual([
      `shift-handover-late shift-handover/${commandId(4)}`,
    ]);
  });
});

// A room out of nothing but random commands of people who come and go, and then each record asked one by one.
test('whatever is open and has nobody on duty is in the list, and whatever has somebody is not', () => {
  const seed = Number(process.env['HOLDFAST_SEED'] ?? randomInt(1_000_000));
  const source = random(seed);
  const it = openRoom(({ type }) => type);
  for (const { id: userId, name, displayName, role } of people)
    it.ask({ type: 'add-user', body: { userId, name, displayName, role } });
  let now: number = startedAt;
  let number = 0;
  for (let n = 0; n < 600; n += 1) {
    now += source.below(20_000);
    const who = source.pick(people) ?? people[0];
    if (!who) throw new Error('there are people');
    const by = { actor: who.id, desk: `D${1 + source.below(4)}` as DeskId };
    const kind = source.below(12);
    const asked: Asked | undefined =
      kind === 0
        ? { type: 'start-duty', body: {} }
        : kind === 1
          ? { type: 'end-duty', body: {} }
          : kind === 2
            ? fromOutside(it.room, source)
            : choose(it.room, source, who.id)?.asked;
    if (!asked) continue;
    number += 1;
    it.ask(asked, {
      ...by,
      occurredAt: now as EpochMs,
      reference: `HC-20261123-${String(number).padStart(4, '0')}` as typeof reference,
    });
  }
  // A day on, everything that is wrong has been so for long enough.
  const end = (now + 86_400_000) as EpochMs;
  const listed = new Set<string>(unownedIn(it.room, end).map(({ subject }) => subject));
  const isOn = (user: UserId | undefined) => {
    const duty = user && it.room.get(dutyStream(user)).entity;
    return duty?.kind === 'duty' && duty.at !== undefined;
  };
  const onList = new Set<string>();
  for (const { items } of it.room.shiftHandovers())
    for (const item of items) onList.add(streamOfItem(item));
  for (const { incidentId } of it.room.handovers()) onList.add(`incident/${incidentId}`);
  const wrong: string[] = [];
  let looked = 0;
  for (const [stream, { entity }] of it.room.entries()) {
    const isOpen =
      entity.kind === 'contact'
        ? entity.state !== 'finished'
        : entity.kind === 'incident'
          ? entity.isRaised && entity.closedAt === undefined
          : entity.kind === 'unit' && entity.emergency !== undefined;
    if (!isOpen) continue;
    looked += 1;
    const owner =
      entity.kind === 'unit'
        ? entity.emergency?.owner
        : entity.kind === 'contact' || entity.kind === 'incident'
          ? entity.owner
          : undefined;
    // What nobody has is told whatever list it is on, but an incident: its hand-over is told instead.
    const hasList = onList.has(stream) && (owner !== undefined || entity.kind === 'incident');
    if (listed.has(stream) !== (!isOn(owner?.user) && !hasList))
      wrong.push(`${stream}: ${listed.has(stream) ? 'listed' : 'not listed'}`);
  }
  // Every list that is open is long past its deadline by then, and told itself.
  for (const { id } of it.room.shiftHandovers())
    if (!listed.has(`shift-handover/${id}`)) wrong.push(`shift-handover/${id} is not told`);
  for (const { id } of it.room.handovers())
    if (!listed.has(`handover/${id}`)) wrong.push(`handover/${id} is not told`);
  expect(looked, `HOLDFAST_SEED=${seed}`).toBeGreaterThan(5);
  expect(wrong, `HOLDFAST_SEED=${seed}`).toEqual([]);
  expect(unownedIn(it.room, startedAt, unownedAfter).every(({ since }) => since <= startedAt)).toBe(
    true,
  );
});
