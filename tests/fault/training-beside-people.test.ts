import { expect, test } from 'vitest';
import type { Asked } from '#domain/commands.ts';
import { contactIdOf, handoverIdOf } from '#domain/decide.ts';
import type { RecordedEvent } from '#domain/event.ts';
import type { CommandId, ContactId, HandoverId, IncidentId, UnitId } from '#domain/ids.ts';
import type { Ack } from '#protocol/ack.ts';
import type { ContactRow, HandoverRow, IncidentRow, UnitRow } from '#protocol/view.ts';
import { NewForce, PASSWORD } from '../support/new-force.ts';
import { readOn, Training } from '../support/training.ts';
import { toldBy, type WindowClient } from '../support/window-client.ts';

const BUSY_MACHINE_MAX_MS = 400_000; // three desks' worth of processes on two cores that others use too
const MORE = 10; // contacts that robots finish while the people have theirs open

/** Asks, and waits for the server's word, or the desk's where it stores nothing. */
async function decided(window: WindowClient, asked: Asked) {
  const id = window.ask(asked);
  const answer = await window.until(`the last word on ${asked.type}`, () =>
    window.acks.get(id)?.find(({ state }) => state !== 'stored-here'),
  );
  return { id, answer };
}

/**
 * Asks for one after another until it is theirs: who is first is decided anew each time, and both are right.
 * What is lost to a robot is refused, at once or later, and nothing else may be the reason.
 */
async function claim<Row>(
  window: WindowClient,
  what: string,
  find: () => Row | undefined,
  asked: (row: Row) => Asked,
  races: ReadonlySet<string>,
): Promise<Row> {
  for (;;) {
    const row = await window.until(what, find);
    const { answer } = await decided(window, asked(row));
    if (answer.state === 'recorded') return row;
    expect(races).toContain(reasonIn(answer));
  }
}

const reasonIn = (answer: Ack['answer']) =>
  answer.state === 'refused' ? answer.refusal.reason : answer.state;

const raising = (contactId: ContactId): Asked => ({
  type: 'raise-incident',
  body: {
    contactId,
    place: { text: '4 High Street', lat: 50.79, lon: -1.1, isVerified: true },
    openingCode: 'SUS',
    grade: 2,
    qualifiers: [],
    narrative: 'a person heard this',
  },
});

test(
  'people work beside fast robots: what they take stays theirs, through the end of the training, and nothing is lost',
  async () => {
    await using force = await NewForce.start();
    const auditor = await force.addUser('aud', 'auditor');
    await force.addUser('ash', 'call-handler');
    await force.addUser('dee', 'dispatcher');
    const sit = async (name: string, desk: string) => {
      const window = await (await force.startDesk(desk)).openWindow();
      for (const view of ['incidents', 'units', 'handovers'] as const) window.follow(view);
      await window.signIn(name, PASSWORD);
      await window.until(`numbers for ${desk}`, () => (window.seat?.referencesLeft ?? 0) > 0);
      return window;
    };
    const ash = await sit('ash', 'CH1');
    const dee = await sit('dee', 'D1');
    using training = new Training(
      force.url,
      '--seed 7 --speed 30 --rate 1 --from wed-10:00 --handlers 5 --dispatchers 2 --units 10',
    );
    await training.begun();

    // A call that rings for everybody, and one that came to this desk alone.
    const queued = await claim(
      ash,
      'a contact that waits',
      () => ash.rows<ContactRow>('contacts').findLast(({ state }) => state === 'offered'),
      ({ id }) => ({ type: 'take-contact', body: { contactId: id as ContactId } }),
      new Set(['already-taken', 'already-finished']),
    );
    const opened = await decided(ash, { type: 'open-contact', body: { channel: '101' } });
    const own = contactIdOf(opened.id as CommandId);

    // A hand-over between robots, which dee accepts before one of them does.
    const passed = await claim(
      dee,
      'a hand-over that is not urgent',
      () =>
        dee
          .rows<HandoverRow>('handovers')
          .findLast(({ grade, accepted }) => grade >= 3 && accepted === undefined),
      ({ id }) => ({ type: 'accept-handover', body: { handoverId: id as HandoverId } }),
      new Set(['already-accepted']),
    );

    // Raised by a person from either contact. A robot may accept the first, and nobody but dee the second.
    const raisedIn = async (contactId: ContactId) => {
      const { id, answer } = await decided(ash, raising(contactId));
      expect(answer.state).toBe('recorded');
      const first = ash.acks.get(id)?.[0];
      const reference = first?.state === 'stored-here' ? first.reference : undefined;
      return { handoverId: handoverIdOf(id as CommandId), incidentId: reference as IncidentId };
    };
    const ofTheQueue = await raisedIn(queued.id as ContactId);
    const ofTheDesk = await raisedIn(own);
    const incidentAt = (id: string) => () =>
      dee.rows<IncidentRow>('incidents').find((row) => row.id === id);
    await dee.until('the incident of the desk', incidentAt(ofTheDesk.incidentId));
    const { answer: accepted } = await decided(dee, {
      type: 'accept-handover',
      body: { handoverId: ofTheDesk.handoverId },
    });
    expect(accepted.state).toBe('recorded');

    // One of the robots' units, as soon as dee is quicker than they are.
    const { incidentId } = ofTheDesk;
    const unit = await claim(
      dee,
      'a unit that is free',
      () =>
        dee
          .rows<UnitRow>('units')
          .findLast((row) => row.statusCode === 2 && row.incidentId === undefined),
      ({ id }) => ({ type: 'assign-unit', body: { incidentId, unitId: id as UnitId } }),
      new Set(['unit-committed', 'unit-already-assigned']),
    );
    const unitId = unit.id as UnitId;
    for (const statusCode of [5, 6]) {
      const { answer } = await decided(dee, {
        type: 'set-unit-status',
        body: { unitId, statusCode },
      });
      expect(answer.state).toBe('recorded');
    }

    // The robots go on, and go, while all of this is open.
    const events: RecordedEvent[] = [];
    const finished = () => events.filter(({ type }) => type === 'contact.finished').length;
    await readOn(events, force, auditor);
    const before = finished();
    while (finished() < before + MORE) await readOn(events, force, auditor);
    const { run, counts, code } = await training.stop();
    expect([code, training.told, counts.faults]).toEqual([0, '', {}]);
    expect(counts.leftToPeople).toBeGreaterThanOrEqual(2);

    // They find it as they left it, and bring it to its end.
    const contactAt = (id: string) => () =>
      ash.rows<ContactRow>('contacts').find((row) => row.id === id);
    expect([contactAt(queued.id)()?.state, contactAt(own)()?.state]).toEqual([
      'answered',
      'answered',
    ]);
    expect(dee.rows<UnitRow>('units').find(({ id }) => id === unitId)).toMatchObject({
      statusCode: 6,
      incidentId,
    });
    const ends: readonly (readonly [WindowClient, Asked])[] = [
      [dee, { type: 'set-unit-status', body: { unitId, statusCode: 2 } }],
      [dee, { type: 'book-off-unit', body: { unitId } }],
      ...[incidentId, passed.incidentId as IncidentId].flatMap((id) => [
        [
          dee,
          { type: 'result-incident', body: { incidentId: id, result: 'advice-given' } },
        ] as const,
        [dee, { type: 'close-incident', body: { incidentId: id, closingCode: 'SUS' } }] as const,
      ]),
      ...[queued.id as ContactId, own].map(
        (contactId) =>
          [ash, { type: 'finish-contact', body: { contactId, outcome: 'incident' } }] as const,
      ),
    ];
    for (const [window, asked] of ends)
      expect([asked.type, (await decided(window, asked)).answer.state]).toEqual([
        asked.type,
        'recorded',
      ]);

    // From the moment of their claim on nobody else has touched it.
    await readOn(events, force, auditor);
    const robots = new Set(
      events.flatMap(({ type, stream, body }) =>
        type === 'user.added' && (body as { name: string }).name.startsWith(run)
          ? [stream.slice('user/'.length)]
          : [],
      ),
    );
    expect(robots.size).toBe(8);
    const touchedBy = (stream: string, from: (event: RecordedEvent) => boolean) => {
      const all = events.filter((event) => event.stream === stream);
      return all.slice(all.findIndex(from)).map(({ type, actor }) => ({ type, actor }));
    };
    const byRobots = [
      touchedBy(`contact/${queued.id}`, ({ type }) => type === 'contact.answered'),
      touchedBy(`contact/${own}`, ({ type }) => type === 'contact.offered'),
      touchedBy(`incident/${incidentId}`, ({ type }) => type === 'incident.raised'),
      touchedBy(`incident/${passed.incidentId}`, ({ type }) => type === 'incident.owned'),
      touchedBy(
        `unit/${unitId}`,
        ({ type, body }) =>
          type === 'unit.assigned' &&
          (body as { incidentId: string }).incidentId === (incidentId as string),
      ),
    ].map((touched) => touched.filter(({ actor }) => robots.has(actor)));
    expect(byRobots).toEqual([[], [], [], [], []]);

    // The one that was raced for has exactly one owner, and was brought to an end or is dee's.
    const pass = touchedBy(
      `handover/${ofTheQueue.handoverId}`,
      ({ type }) => type === 'handover.offered',
    );
    expect(pass.map(({ type }) => type).filter((type) => type !== 'handover.escalated')).toEqual([
      'handover.offered',
      'handover.accepted',
    ]);
    expect(
      touchedBy(`incident/${ofTheQueue.incidentId}`, () => true).map(({ type }) => type),
    ).toContain('incident.closed');

    const { broken } = await force.compare(toldBy([ash, dee]));
    expect(broken).toEqual([]);
  },
  BUSY_MACHINE_MAX_MS,
);
