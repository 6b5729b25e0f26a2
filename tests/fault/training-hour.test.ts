import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Contact } from '#domain/contact.ts';
import type { RecordedEvent } from '#domain/event.ts';
import { understand } from '#domain/facts.ts';
import { dutyStream, incidentStream, type EpochMs, type UserId } from '#domain/ids.ts';
import { OpenRoom, type Entity } from '#domain/room.ts';
import { answerTargets, serviceLevelOf, type CallLife } from '#domain/service-levels.ts';
import { recordedOf } from '#store/event-log.ts';
import { readDesk } from '../support/desk-files.ts';
import type { DeskAtEnd } from '../support/invariants.ts';
import { NewForce } from '../support/new-force.ts';
import { Training } from '../support/training.ts';
import { toldBy } from '../support/window-client.ts';
import { verifyServer } from '../support/verify-server.ts';

const SPEED = 60;
const HOUR_MS = 3_600_000 / SPEED;
const BUSY_MACHINE_MAX_MS = 400_000; // an hour in a minute, ten processes' worth of work on two shared cores
const DESKS = ['CH1', 'CH2', 'CH3', 'D1', 'D2', 'SUP'] as const;

/** Said once more, so that nothing here rests on what it is compared with. */
const answerWithinMs = { '999': 10_000, '101': 60_000 } as const;
type Calls = keyof typeof answerWithinMs;

/** How calls were answered, by channel: within the target, later, and given up before anybody did. */
type Levels = Readonly<Record<Calls, { within: number; later: number; abandoned: number }>>;

const nobodyYet = (): Levels => ({
  '999': { within: 0, later: 0, abandoned: 0 },
  '101': { within: 0, later: 0, abandoned: 0 },
});
const isCall = (channel: string): channel is Calls => channel in answerWithinMs;
/** The targets are of virtual seconds, and what is on record is of the clock on the wall: see `Pace`. */
const within = (channel: Calls, ms: number) => ms * SPEED <= answerWithinMs[channel];

/** From the raw events, without anything that folds them. */
function levelsOfLog(events: readonly RecordedEvent[]): Levels {
  const levels = nobodyYet();
  const waiting = new Map<string, { readonly channel: Calls; readonly at: number }>();
  for (const event of events) {
    const fact = understand(event);
    if (typeof fact === 'string') continue;
    const offered = waiting.get(event.stream);
    if (fact.type === 'contact.offered' && isCall(fact.body.channel))
      waiting.set(event.stream, { channel: fact.body.channel, at: event.occurredAt });
    if (!offered) continue;
    const level = levels[offered.channel];
    if (fact.type === 'contact.answered')
      level[within(offered.channel, event.occurredAt - offered.at) ? 'within' : 'later'] += 1;
    else if (fact.type === 'contact.abandoned') level.abandoned += 1;
    else continue;
    waiting.delete(event.stream); // what comes after is no answer any more
  }
  return levels;
}

const callsOf = ({ picture }: DeskAtEnd) =>
  [...picture].flatMap(([stream, text]) => {
    if (!stream.startsWith('contact/')) return [];
    const { entity } = JSON.parse(text) as { entity: Contact }; // of a contact's stream
    return isCall(entity.channel) ? [entity as Contact & CallLife] : []; // its channel was just looked at
  });

/** From what one desk shows. */
function levelsOfDesk(desk: DeskAtEnd): Levels {
  const levels = nobodyYet();
  for (const { channel, offeredAt, answeredAt, endedAt } of callsOf(desk)) {
    if (answeredAt !== undefined)
      levels[channel][within(channel, answeredAt - offeredAt) ? 'within' : 'later'] += 1;
    else if (endedAt !== undefined) levels[channel].abandoned += 1;
  }
  return levels;
}

/** The product's own account of the same calls, with its targets as short as the speed makes them. */
function levelsOfProduct(desk: DeskAtEnd, now: EpochMs): Levels {
  const of = (channel: Calls) => {
    const calls = callsOf(desk).filter((call) => call.channel === channel);
    const targetMs = answerTargets[channel].withinMs / SPEED;
    const level = serviceLevelOf(calls, targetMs, now);
    // Two processes' clocks are milliseconds apart: an answer of the very moment is one by hand to it.
    const answeredWithin = level.within + level.byHand;
    return {
      within: answeredWithin,
      later: level.answered - level.within,
      abandoned: level.abandoned,
    };
  };
  return { '999': of('999'), '101': of('101') };
}

/** What has nobody, in words. `isOver`: the hour has passed, and nothing may still ring or wait. */
function withoutOwner(room: OpenRoom, isOver: boolean): readonly string[] {
  const all: readonly Entity[] = [...room.entries()].map(([, { entity }]) => entity);
  const isOffered = new Set([...room.handovers()].map(({ incidentId }) => incidentId));
  const onDuty = (user: UserId) => {
    const { entity } = room.get(dutyStream(user));
    return entity.kind === 'duty' && entity.at !== undefined;
  };
  return all.flatMap((it) => {
    switch (it.kind) {
      case 'contact': {
        const isWaiting = !isOver && (it.state === 'offered' || it.state === 'abandoned');
        return it.owner || isWaiting ? [] : [`contact ${it.id} has no owner`];
      }
      case 'incident': {
        if (it.closedAt !== undefined) return [];
        if (isOver) return [`incident ${it.id} is still open`];
        const isOwned = it.owner !== undefined && onDuty(it.owner.user);
        return isOwned || isOffered.has(it.id) ? [] : [`incident ${it.id} has no owner on duty`];
      }
      case 'handover':
        return isOver && !it.accepted ? [`hand-over ${it.id} was never accepted`] : [];
      case 'unit': {
        if (it.incidentId === undefined) return [];
        const { entity } = room.get(incidentStream(it.incidentId));
        const isClosed = entity.kind === 'incident' && entity.closedAt !== undefined;
        return isClosed ? [`${it.id} is on ${it.incidentId}, which is closed`] : [];
      }
      default:
        return [];
    }
  });
}

/** What had nobody, after any command of the log and at its end. */
function everWithoutOwner(events: readonly RecordedEvent[]): readonly string[] {
  const room = OpenRoom.of(() => undefined);
  const found = new Set<string>();
  for (const [at, event] of events.entries()) {
    room.apply(event);
    const isLast = events[at + 1]?.commandId !== event.commandId; // the events of a command are one
    if (isLast) for (const it of withoutOwner(room, false)) found.add(it);
  }
  for (const it of withoutOwner(room, true)) found.add(it);
  return [...found];
}

/** Hand-overs that stood past their deadline with nobody but the sender knowing. */
function forgotten(events: readonly RecordedEvent[]): readonly string[] {
  const due = new Map<string, number>();
  const found: string[] = [];
  for (const event of events) {
    const fact = understand(event);
    if (typeof fact === 'string') continue;
    if (fact.type === 'handover.offered') due.set(event.stream, fact.body.deadlineAt);
    else if (fact.type === 'handover.escalated') due.delete(event.stream);
    else if (fact.type === 'handover.accepted') {
      const isLate = event.occurredAt > (due.get(event.stream) ?? Infinity) + SWEEP_MS;
      if (isLate) found.push(event.stream);
      due.delete(event.stream);
    }
  }
  return [...found, ...due.keys()];
}
const SWEEP_MS = 15_000; // the server looks four times a second, and this machine may be very busy

test(
  'a busy Friday hour at sixty times the speed: at no moment is anything without an owner, six desks agree, and how calls were answered is one figure',
  async () => {
    await using force = await NewForce.start();
    const windows = [];
    for (const name of DESKS) windows.push(await (await force.startDesk(name)).openWindow());
    const [first] = windows;
    if (!first) throw new Error('there are six desks');
    using training = new Training(
      force.url,
      `--seed 22 --speed ${SPEED} --rate 2 --from fri-22:00 --handlers 8 --dispatchers 3 --units 24`,
    );
    await training.begun();
    const begunAt = performance.now();
    // The desk hears the server every two seconds at least, and looks then.
    await first.until(
      'an hour of the force has passed',
      () => performance.now() - begunAt >= HOUR_MS,
      BUSY_MACHINE_MAX_MS,
    );
    const { counts, code } = await training.stop();
    expect([code, training.told]).toEqual([0, '']);
    expect(counts).toMatchObject({ lostRaces: 0, faults: {}, notHandedIn: 0, leftToPeople: 0 });

    const { events: stored, broken } = await force.compare(toldBy(windows));
    expect(broken).toEqual([]);
    expect(verifyServer(force.serverFolder).faults).toEqual([]);
    const events = stored.map(recordedOf);
    expect(everWithoutOwner(events)).toEqual([]);
    expect(forgotten(events)).toEqual([]);

    // One figure, from wherever it is counted.
    const desk = await readDesk(join(force.folder, 'desk-D2'));
    const log = levelsOfLog(events);
    const robots = (channel: Calls) => ({
      ...counts.answered[channel],
      abandoned: counts.abandoned[channel],
    });
    expect({
      robots: { '999': robots('999'), '101': robots('101') },
      desk: levelsOfDesk(desk),
      product: levelsOfProduct(desk, events.at(-1)?.recordedAt ?? (0 as EpochMs)),
    }).toEqual({ robots: log, desk: log, product: log });
    const { '999': emergency, '101': other } = log;
    const calls = (level: typeof emergency) => level.within + level.later + level.abandoned;
    expect(calls(emergency)).toBe(counts.contacts['999']);
    expect(calls(other)).toBe(counts.contacts['101']);
    expect(calls(emergency)).toBeGreaterThan(60); // a Friday evening at twice the real rate
    expect(counts.deployed).toBeGreaterThan(0);
  },
  BUSY_MACHINE_MAX_MS,
);
