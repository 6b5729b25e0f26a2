import { expect, test } from 'vitest';
import type { RecordedEvent } from '#domain/event.ts';
import { OpenRoom } from '#domain/room.ts';
import { arrivalChannels } from '#training/arrivals.ts';
import { LABEL } from '#training/narratives.ts';
import { refusalsIn, verifyServer } from '../support/verify-server.ts';
import { NewForce } from '../support/new-force.ts';
import { readOn, Training } from '../support/training.ts';

const SPEED = 240;
const HALF_HOUR_MS = 1_800_000 / SPEED;

test('a made-up half-hour: all channels, incidents raised, sent to and closed; after it nothing is without an owner', async () => {
  await using force = await NewForce.start();
  const auditor = await force.addUser('aud', 'auditor');
  // A call of somebody else's, on the same server: it is nobody's of the training.
  const { key } = await force.admin('/api/api-keys', { name: 'telephony' });
  const real = await force.ask(
    'POST',
    '/api/contacts',
    { externalId: 'real-1', channel: '999' },
    key as string,
  );
  const realContact = `contact/${real.answer['contactId'] as string}`;

  using training = new Training(
    force.url,
    `--seed 7 --speed ${SPEED} --rate 4 --handlers 10 --dispatchers 3 --units 30`,
  );
  const begun = await training.begun();
  expect([begun.isMadeUp, begun.desks.length]).toEqual([true, 14]);
  const startedAt = performance.now();
  const needed = ['unit.released', 'incident.closed', 'contact.finished'];
  const events: RecordedEvent[] = [];
  const isSeen = (type: string) => events.some((event) => event.type === type);
  const channelsSeen = () =>
    new Set(
      events
        .filter(({ type, stream }) => type === 'contact.offered' && stream !== realContact)
        .map(({ body }) => (body as { channel: string }).channel),
    );
  while (
    performance.now() - startedAt < HALF_HOUR_MS ||
    !needed.every(isSeen) ||
    channelsSeen().size < 3
  )
    await readOn(events, force, auditor);

  const { run, counts, code } = await training.stop();
  expect([code, training.told]).toEqual([0, '']);
  expect(counts).toMatchObject({ lostRaces: 0, faults: {}, notHandedIn: 0 });
  for (const channel of arrivalChannels) expect(counts.contacts[channel]).toBeGreaterThan(0);

  await readOn(events, force, auditor);
  const room = OpenRoom.of(() => undefined);
  for (const event of events) room.apply(event);
  const all = [...room.entries()].map(([stream, { entity }]) => ({ stream, entity }));
  const contacts = all.flatMap(({ stream, entity }) =>
    entity.kind === 'contact' && stream !== realContact ? [entity] : [],
  );
  const incidents = all.flatMap(({ entity }) => (entity.kind === 'incident' ? [entity] : []));
  const units = all.flatMap(({ entity }) => (entity.kind === 'unit' ? [entity] : []));
  const handedIn = Object.values(counts.contacts).reduce((sum, n) => sum + n, 0);
  expect(contacts).toHaveLength(handedIn);
  const isOpen = ({ state, owner }: (typeof contacts)[number]) => state !== 'finished' || !owner;
  expect(contacts.filter(isOpen)).toEqual([]);
  expect(incidents.length).toBe(counts.raised);
  expect(incidents.filter(({ closedAt, owner }) => closedAt === undefined || !owner)).toEqual([]);
  expect([...room.handovers()]).toEqual([]);
  expect(units.filter(({ isOnDuty, incidentId }) => isOnDuty || incidentId !== undefined)).toEqual(
    [],
  );
  expect(events.some(({ type }) => type === 'unit.assigned')).toBe(true);
  expect(counts.closed).toBe(counts.raised);

  // What is made up says so, and what is not was left alone.
  expect(incidents.filter(({ narrative }) => !narrative.startsWith(LABEL))).toEqual([]);
  expect(contacts.filter(({ details }) => details.narrative?.startsWith(LABEL) !== true)).toEqual(
    [],
  );
  const people = all.flatMap(({ entity }) =>
    entity.kind === 'user' && entity.name.startsWith(run) ? [entity] : [],
  );
  expect(people.filter(({ displayName }) => !displayName.endsWith('(made up)'))).toEqual([]);
  expect([people.length, people.filter(({ isDisabled }) => !isDisabled).length]).toEqual([14, 0]);
  expect(room.get(realContact as Parameters<OpenRoom['get']>[0]).version).toBe(1);

  await force.stopServer();
  const { faults, audit } = verifyServer(force.serverFolder);
  expect(faults).toEqual([]);
  const refused = audit.filter(
    ({ desk, outcome }) => /^TR\d+-/.test(desk) && outcome.startsWith('refused'),
  );
  expect([refused, refusalsIn(audit, 'refused malformed')]).toEqual([[], 0]);
});
