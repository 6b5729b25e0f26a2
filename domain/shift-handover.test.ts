import { describe, expect, test } from 'vitest';
import { commandId, openRoom, raise, startedAt } from '../tests/support/room.ts';
import type { Asked } from './commands.ts';
import { contactIdOf, handoverIdOf } from './decide.ts';
import { SHIFT_ACCEPT_WITHIN_MS, shiftHandoverIdOf } from './decide-shift-handover.ts';
import type { Role } from './facts.ts';
import {
  contactStream,
  incidentStream,
  shiftHandoverStream,
  unitStream,
  type DeskId,
  type EpochMs,
  type IncidentId,
  type UnitId,
  type UserId,
} from './ids.ts';
import { sentenceOf } from './journal.ts';
import type { ShiftHandover } from './shift-handover.ts';
import type { ShiftItem } from './shift-items.ts';

const at = (user: string, desk: string) => ({ actor: user as UserId, desk: desk as DeskId });
const d1 = at('u-d1', 'D1');
const d2 = at('u-d2', 'D2');
const ch = at('u-ch1', 'CH1');
const sup = at('u-sup', 'SUP');
const unitId = 'HT21' as UnitId;
const ref = (n: number) => `HC-20261123-040${n}` as IncidentId;
const incident = (n: number) => ({ kind: 'incident', id: ref(n) }) as const satisfies ShiftItem;
const emergency: ShiftItem = { kind: 'emergency', id: unitId };
const names = { user: (id: string) => id, status: String };

/** A floor where D1 owns three incidents, one emergency and one contact. */
function atChangeOfShift() {
  const it = openRoom(({ stream, type }) => `${type} ${stream}`);
  const people: readonly (readonly [string, Role])[] = [
    ['u-d1', 'dispatcher'],
    ['u-d2', 'dispatcher'],
    ['u-ch1', 'call-handler'],
    ['u-sup', 'supervisor'],
  ];
  let asks = 0;
  const ask = (asked: Asked, more: Parameters<typeof it.ask>[1] = d1) => {
    asks += 1;
    return it.ask(asked, more);
  };
  for (const [user, role] of people)
    ask({
      type: 'add-user',
      body: { userId: user as UserId, name: user, displayName: user, role },
    });
  for (const n of [1, 2, 3]) {
    ask(raise(), { ...ch, reference: ref(n) });
    ask({ type: 'accept-handover', body: { handoverId: handoverIdOf(commandId(asks)) } });
  }
  ask({ type: 'set-unit-status', body: { unitId, statusCode: 0 } });
  ask({ type: 'own-emergency', body: { unitId } });
  ask({ type: 'open-contact', body: { channel: '101' } });
  const contact = { kind: 'contact', id: contactIdOf(commandId(asks)) } as const;
  /** Offers, and gives the id of the list with what was told. */
  const offer = (
    items: readonly ShiftItem[],
    to: Extract<Asked, { type: 'offer-shift-handover' }>['body']['to'] = {
      kind: 'person',
      user: 'u-d2' as UserId,
    },
    by = d1,
  ) => {
    const told = ask({ type: 'offer-shift-handover', body: { to, items: [...items] } }, by);
    return { told, shiftHandoverId: shiftHandoverIdOf(commandId(asks)) };
  };
  const owners = () => ({
    incidents: [1, 2, 3].map((n) => {
      const { entity } = it.room.get(incidentStream(ref(n)));
      return entity.kind === 'incident' && entity.owner?.user;
    }),
    emergency: (() => {
      const { entity } = it.room.get(unitStream(unitId));
      return entity.kind === 'unit' && entity.emergency?.owner?.user;
    })(),
    contact: (() => {
      const { entity } = it.room.get(contactStream(contact.id));
      return entity.kind === 'contact' && entity.owner?.user;
    })(),
  });
  return { ...it, ask, offer, owners, contact };
}

const mine = [incident(1), incident(2), incident(3), emergency];

describe('a shift hand-over', () => {
  test('leaves everything with its owner until it is accepted, and passes all of it then', () => {
    const room = atChangeOfShift();
    const before = room.owners();
    const { told, shiftHandoverId } = room.offer([...mine, room.contact]);
    expect(told).toEqual([`shift-handover.offered shift-handover/${shiftHandoverId}`]);
    expect(room.owners()).toEqual(before);
    expect(room.ask({ type: 'accept-shift-handover', body: { shiftHandoverId } }, d2)).toEqual([
      `shift-handover.accepted shift-handover/${shiftHandoverId}`,
      ...[1, 2, 3].map((n) => `incident.owned incident/${ref(n)}`),
      `unit.emergency-owned unit/${unitId}`,
      `contact.passed contact/${room.contact.id}`,
    ]);
    expect(room.owners()).toEqual({
      incidents: ['u-d2', 'u-d2', 'u-d2'],
      emergency: 'u-d2',
      contact: 'u-d2',
    });
    expect([...room.room.shiftHandovers()]).toEqual([]);
  });

  test('leaves out what was closed, stood down or taken by another meanwhile, and says why', () => {
    const room = atChangeOfShift();
    const first = room.offer([incident(1)], { kind: 'role', role: 'supervisor' });
    const { shiftHandoverId } = room.offer(mine);
    room.ask({ type: 'close-incident', body: { incidentId: ref(2), closingCode: 'CIV' } });
    room.ask({ type: 'stand-down-emergency', body: { unitId, reason: 'by mistake' } });
    const taken = { shiftHandoverId: first.shiftHandoverId };
    room.ask({ type: 'accept-shift-handover', body: taken }, sup);
    room.ask({ type: 'accept-shift-handover', body: { shiftHandoverId } }, d2);
    const { entity } = room.room.get(shiftHandoverStream(shiftHandoverId));
    expect((entity as ShiftHandover).state).toEqual({
      is: 'accepted',
      by: { user: 'u-d2', desk: 'D2' },
      at: startedAt,
      passed: [incident(3)],
      leftOut: [
        { item: incident(1), why: 'taken' },
        { item: incident(2), why: 'closed' },
        { item: emergency, why: 'stood-down' },
      ],
    });
    expect(room.owners().incidents).toEqual(['u-sup', 'u-d1', 'u-d2']);
    const said = room.events.findLast(({ type }) => type === 'shift-handover.accepted');
    expect(said && sentenceOf(said, names)).toBe(
      `Shift hand-over accepted by u-d2: ${ref(3)}; left out ${ref(1)} (taken), ${ref(2)} (closed), HT21 (stood down)`,
    );
  });

  test('lists what is theirs only: what is not is left out, and a list of nothing is refused', () => {
    const room = atChangeOfShift();
    const { shiftHandoverId } = room.offer([incident(1), incident(1), incident(9)]);
    const { entity } = room.room.get(shiftHandoverStream(shiftHandoverId));
    expect((entity as ShiftHandover).items).toEqual([incident(1)]);
    expect(room.events.at(-1)?.body).toMatchObject({
      leftOut: [{ item: incident(9), why: 'not-owned' }],
    });
    expect(room.offer(mine, { kind: 'role', role: 'dispatcher' }, d2).told).toEqual({
      reason: 'nothing-to-hand-over',
    });
  });

  test('is not offered to oneself, to nobody, to who has left, or to a role that may not own it', () => {
    const room = atChangeOfShift();
    room.ask({ type: 'disable-user', body: { userId: 'u-sup' as UserId } });
    const to = (user: string) => room.offer(mine, { kind: 'person', user: user as UserId }).told;
    expect([to('u-d1'), to('u-x'), to('u-sup'), to('u-ch1')]).toEqual([
      { reason: 'to-yourself' },
      { reason: 'no-such-user' },
      { reason: 'person-left' },
      { reason: 'role-may-not-own' },
    ]);
    const contacts = room.offer([room.contact], { kind: 'role', role: 'call-handler' });
    expect(contacts.told).toHaveLength(1);
  });

  test('is accepted or sent back by who it is for and nobody else, once', () => {
    const room = atChangeOfShift();
    const { shiftHandoverId } = room.offer(mine);
    const body = { shiftHandoverId };
    const decline = {
      type: 'decline-shift-handover',
      body: { ...body, reason: 'I am on' },
    } as const;
    expect([
      room.ask({ type: 'accept-shift-handover', body }, d1),
      room.ask({ type: 'accept-shift-handover', body }, ch),
      room.ask({ type: 'accept-shift-handover', body }, sup),
      room.ask(decline, ch),
      room.ask({ type: 'withdraw-shift-handover', body }, d2),
    ]).toEqual([
      { reason: 'to-yourself' },
      { reason: 'not-for-you' },
      { reason: 'not-for-you' },
      { reason: 'not-for-you' },
      { reason: 'not-yours' },
    ]);
    room.ask(decline, d2);
    expect([
      room.ask({ type: 'accept-shift-handover', body }, d2),
      room.ask({ type: 'withdraw-shift-handover', body }, d1),
    ]).toEqual([
      { reason: 'already-declined', by: 'u-d2', desk: 'D2' },
      { reason: 'already-declined', by: 'u-d2', desk: 'D2' },
    ]);
    expect(room.owners().incidents).toEqual(['u-d1', 'u-d1', 'u-d1']);
  });

  test('is taken back by who offered it, from whatever desk they sit at', () => {
    const room = atChangeOfShift();
    const { shiftHandoverId } = room.offer(mine);
    const withdraw = { type: 'withdraw-shift-handover', body: { shiftHandoverId } } as const;
    expect(room.ask(withdraw, at('u-d1', 'D4'))).toHaveLength(1);
    const accept = { type: 'accept-shift-handover', body: { shiftHandoverId } } as const;
    expect(room.ask(accept, d2)).toEqual({ reason: 'already-withdrawn', by: 'u-d1', desk: 'D4' });
  });

  test('goes to the supervisor at its deadline too, and stays with its owner until one accepts', () => {
    const room = atChangeOfShift();
    const { shiftHandoverId } = room.offer(mine);
    const body = { shiftHandoverId };
    const escalate = { type: 'escalate-shift-handover', body } as const;
    const later = (ms: number) => ({ occurredAt: (startedAt + ms) as EpochMs });
    expect([
      room.ask(escalate, later(SHIFT_ACCEPT_WITHIN_MS - 1)),
      room.ask(escalate, later(SHIFT_ACCEPT_WITHIN_MS)),
      room.ask(escalate, later(SHIFT_ACCEPT_WITHIN_MS)),
    ]).toEqual([
      { reason: 'not-due-yet' },
      [`shift-handover.escalated shift-handover/${shiftHandoverId}`],
      { reason: 'already-escalated' },
    ]);
    expect(room.owners().incidents).toEqual(['u-d1', 'u-d1', 'u-d1']);
    room.ask({ type: 'accept-shift-handover', body }, sup);
    expect(room.owners().incidents).toEqual(['u-sup', 'u-sup', 'u-sup']);
  });

  test('of a call that is on hold leaves it on hold', () => {
    const room = atChangeOfShift();
    room.ask({ type: 'hold-contact', body: { contactId: room.contact.id } });
    const { shiftHandoverId } = room.offer([room.contact]);
    room.ask({ type: 'accept-shift-handover', body: { shiftHandoverId } }, d2);
    expect(room.room.get(contactStream(room.contact.id)).entity).toMatchObject({
      state: 'held',
      owner: { user: 'u-d2', desk: 'D2' },
    });
  });
});
