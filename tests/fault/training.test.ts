import { expect, test } from 'vitest';
import type { RecordedEvent } from '#domain/event.ts';
import { OpenRoom } from '#domain/room.ts';
import { arrivalChannels } from '#training/arrivals.ts';
import { LABEL } from '#training/narratives.ts';
import { refusalsIn, verifyServer } from '../support/verify-server.ts';
import { runHoldfast } from '../support/holdfast.ts';
import { NewForce } from '../support/new-force.ts';
import { ADMINISTRATORS, readOn, Training } from '../support/training.ts';

const SPEED = 240;
const HALF_HOUR_MS = 1_800_000 / SPEED;

const number = expect.any(Number) as number;

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

  // Its own key is taken back, and nobody else's.
  expect(await force.read('/api/api-keys')).toEqual({
    keys: [
      { name: 'telephony', madeAt: number, lastUsedAt: number },
      {
        name: `${run.replace('-', ' ')} (made up)`,
        madeAt: number,
        lastUsedAt: number,
        revokedAt: number,
      },
    ],
  });

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

test('what killed training rooms have left is shut out, and one that is at work is not', async () => {
  await using force = await NewForce.start();
  const few = `--seed 7 --speed ${SPEED} --rate 4 --handlers 1 --dispatchers 1 --units 0`;
  const cleanUp = async () => {
    const args = `training --clean-up --json --server ${force.url} --as admin`;
    const ended = await runHoldfast(args.split(' '), `${ADMINISTRATORS}\n`);
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    return JSON.parse(ended.stdout) as object;
  };
  using killed = new Training(force.url, few);
  const gone = await killed.begun();
  await killed.kill();
  // The lines of a process that was killed are gone once its server has heard so.
  const joined = async () =>
    ((await force.read('/api/desks'))['desks'] as { desk: string; state: string }[]).filter(
      ({ state }) => state === 'joined',
    );
  while ((await joined()).length > 0) await new Promise((resolve) => setImmediate(resolve));

  using training = new Training(force.url, few);
  const atWork = await training.begun();
  const [goneRun, atWorkRun] = [gone.run, atWork.run].map((run) => run.replace('training-', ''));
  const none = { runs: [], people: 0, desks: 0, keys: 0, atWork: [atWorkRun] };
  expect([await cleanUp(), await cleanUp()]).toEqual([
    {
      runs: [goneRun],
      people: gone.desks.length,
      desks: gone.desks.length,
      keys: 1,
      atWork: [atWorkRun],
    },
    none,
  ]);
  expect((await training.stop()).code).toBe(0);
  expect(await cleanUp()).toEqual({ ...none, atWork: [] });
  const { users } = (await force.read('/api/users')) as {
    users: { name: string; state: string }[];
  };
  expect(users.filter(({ state }) => state !== 'closed').map(({ name }) => name)).toEqual([
    'admin',
  ]);
});
