import { randomBytes } from 'node:crypto';
import { contactId, unitId, type ContactId } from '#domain/ids.ts';
import { arrivalsOn, DAY_MS, type Arrival } from './arrivals.ts';
import { CallFloor } from './call-floor.ts';
import { Counts } from './counts.ts';
import { Crews } from './crews.ts';
import { DispatchFloor } from './dispatch-floor.ts';
import { TurnedAway } from './ask-server.ts';
import { Doors, unlessUnknown } from './doors.ts';
import { drawsOf } from './draws.ts';
import { ForceRecord } from './force-record.ts';
import { LABEL } from './narratives.ts';
import { Pace } from './pace.ts';
import { placeOf } from './places.ts';
import { narrativeOf, planOf, type PlannedContact } from './plan.ts';
import { deskNameOf, everybodyOf, headsOf, hire, keyNameOf, nameOf, type Staff } from './staff.ts';
import { nextShift, officersOf } from './shifts.ts';
import { Tasks } from './tasks.ts';

/** How many may work in one training room: a large room, and each desk is a line and a sign-in. */
export const staffMax = { handlers: 100, dispatchers: 30, units: 300 } as const;

// More than can be open at once: what is older was dealt with.
const PLANS_MAX = 20_000;
const HANDING_IN_MAX = 64;
// A hurried end is a few commands for each thing in hand; a server that does not answer is not waited for.
const END_WITHIN_MS = 60_000;

export interface TrainingOptions {
  /** Address of the server, such as `http://127.0.0.1:7100`. */
  readonly server: string;
  /** The administrator who lets the made-up force in. */
  readonly as: string;
  readonly password: string;
  readonly seed: number;
  /** Virtual seconds a second. */
  readonly speed: number;
  /** Contacts, as a multiple of the real ones. */
  readonly rate: number;
  readonly handlers: number;
  readonly dispatchers: number;
  readonly units: number;
  readonly timeZone: string;
  /** The virtual time at which it begins: milliseconds from a Monday's midnight. */
  readonly startMs: number;
  readonly log: (line: string) => void;
}

/** A made-up force at work on a server, from when it is let in until it has gone. */
export class TrainingRoom {
  /** Tells it from other training rooms on the same server. */
  readonly run = randomBytes(3).toString('hex');
  readonly counts = new Counts();
  readonly #options: TrainingOptions;
  readonly #doors: Doors;
  readonly #record = new ForceRecord();
  readonly #pace: Pace;
  readonly #failure = Promise.withResolvers<never>();
  readonly #tasks: Tasks;
  readonly #arriving: Tasks;
  readonly #plans = new Map<ContactId, PlannedContact>();
  readonly #crews: Crews;
  #staff: Staff = { handlers: [], dispatchers: [], supervisors: [] };
  #floor: CallFloor | undefined;
  #key = '';
  #isLetIn = false;

  private constructor(options: TrainingOptions) {
    this.#options = options;
    this.#doors = new Doors(options.server);
    this.#pace = new Pace(options.speed, options.startMs);
    this.#failure.promise.catch(() => {}); // whoever waits for it hears it
    this.#tasks = new Tasks((error) => this.#failure.reject(error));
    this.#arriving = new Tasks((error) => this.#failure.reject(error));
    this.#crews = new Crews({
      record: this.#record,
      pace: this.#pace,
      counts: this.counts,
      tasks: this.#tasks,
      seed: options.seed,
      planOf: (id) => this.#plans.get(id),
    });
  }

  /** Lets it in and sets it to work. Where that fails half-way, what was let in is shut out again. */
  static async open(options: TrainingOptions): Promise<TrainingRoom> {
    const room = new TrainingRoom(options);
    try {
      await room.#begin();
    } catch (error) {
      // A password that was wrong is not tried again; what went wrong first is what is told.
      if (room.#isLetIn) await room.#leave().catch(() => {});
      throw error;
    }
    return room;
  }

  /** Rejects once it cannot go on. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  get desks(): readonly string[] {
    return everybodyOf(this.#staff).map(({ desk }) => desk);
  }

  get units(): number {
    return this.#crews.size;
  }

  /**
   * Ends it: nobody rings any more, what is in hand is brought to its end without waiting, units go off duty,
   * and people and desks are shut out. What people at desks have taken stays theirs.
   */
  async stop(): Promise<void> {
    this.#pace.hurry();
    this.#crews.hurry();
    this.#floor?.hurry();
    const ended = (async () => {
      await this.#arriving.settled();
      await this.#tasks.settled();
      await this.#crews.bookOff();
      await Promise.all(
        everybodyOf(this.#staff).map((robot) => robot.ask({ type: 'end-duty', body: {} })),
      );
    })();
    const tooLong = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        tooLong.reject(
          new Error(
            `the server did not take the end of the training within ${END_WITHIN_MS / 1_000} s; ` +
              `what "training-${this.run}" had in hand is left open: close it by hand`,
          ),
        ),
      END_WITHIN_MS,
    );
    try {
      await Promise.race([ended, tooLong.promise, this.failed]);
    } finally {
      clearTimeout(timer);
      await this.#leave();
    }
  }

  async #begin(): Promise<void> {
    const { as, password, handlers, dispatchers, units, seed, timeZone } = this.#options;
    const { token } = await this.#doors.signIn({ name: as, password });
    this.#isLetIn = true;
    try {
      this.#key = await this.#doors.apiKey(token, keyNameOf(this.run));
      this.#staff = await hire({
        doors: this.#doors,
        token,
        run: this.run,
        handlers,
        dispatchers,
        timeZone,
        record: this.#record,
        counts: this.counts,
        failed: (error) => this.#failure.reject(error),
      });
    } finally {
      await this.#doors.signOut(token);
    }
    const ports = {
      seed,
      record: this.#record,
      pace: this.#pace,
      counts: this.counts,
      tasks: this.#tasks,
    };
    const planned = (id: ContactId) => this.#plans.get(id);
    const floor = new CallFloor(this.#staff.handlers, {
      ...ports,
      abandon: (id) => this.#abandon(id),
    });
    this.#floor = floor;
    // It hears of what is handed over by itself, for as long as the record goes on.
    const [supervisor] = this.#staff.supervisors;
    if (!supervisor) throw new Error('a training room has a supervisor');
    const dispatch = new DispatchFloor(this.#staff.dispatchers, supervisor, {
      ...ports,
      crews: this.#crews,
      planOf: planned,
    });
    dispatch.open();
    await this.#bookOn(units);
    this.#pace.begin();
    this.#arriving.run(() => this.#arrive(floor));
    this.#arriving.run(() => this.#changeShifts());
  }

  /** At each change of the shift every crew is relieved. */
  async #changeShifts(): Promise<void> {
    for (;;) {
      const { shift, atMs } = nextShift(this.#pace.now);
      await this.#pace.wait(atMs - this.#pace.now);
      if (this.#pace.isHurried) return;
      this.#crews.relieve(shift, (unit) => officersOf(this.#options.seed, unit, shift));
    }
  }

  async #bookOn(units: number): Promise<void> {
    const { dispatchers } = this.#staff;
    const { seed } = this.#options;
    const draws = drawsOf(seed, 'units');
    const { shift } = nextShift(this.#pace.now);
    const booked: Promise<void>[] = [];
    for (let n = 1; booked.length < units && n <= 999; n += 1) {
      const id = unitId.parse(`TR${String(n).padStart(3, '0')}`);
      const voice = dispatchers[n % dispatchers.length];
      // One of another training room is left to it.
      if (!voice || this.#record.unit(id)?.isOnDuty) continue;
      const officers = officersOf(seed, id, shift - 1);
      booked.push(this.#crews.bookOn(id, officers, voice, placeOf(draws)));
    }
    await Promise.all(booked);
  }

  /** Everybody who rings or writes, each when it is time. */
  async #arrive(floor: CallFloor): Promise<void> {
    const { startMs } = this.#options;
    for (let day = Math.floor(startMs / DAY_MS); ; day += 1)
      for (const [n, arrival] of arrivalsOn(this.#options, day).entries()) {
        const atMs = day * DAY_MS + arrival.atMs;
        if (atMs < startMs) continue;
        await this.#pace.wait(atMs - this.#pace.now);
        if (this.#pace.isHurried) return;
        this.#arriving.run(() => this.#handIn(floor, arrival, n));
        // A server that takes them slower than they come is not buried: they queue here.
        while (this.#arriving.size > HANDING_IN_MAX) await this.#pace.wait(1_000);
      }
  }

  async #handIn(floor: CallFloor, arrival: Arrival, n: number): Promise<void> {
    const { channel, day } = arrival;
    const plan = planOf(this.#options, arrival, n);
    const { number } = plan.caller;
    const contact = {
      externalId: `training-${this.run}-${day}-${n}`,
      channel,
      ...(number === undefined ? { withheld: true } : { number }),
      // Of a call only the number is known; a form is whole when it comes.
      ...(channel === 'online'
        ? { narrative: narrativeOf(plan), place: plan.place.text }
        : { narrative: `${LABEL} a call, not answered yet` }),
    };
    let id: ContactId;
    try {
      id = contactId.parse(await this.#doors.handIn(this.#key, contact));
    } catch (error) {
      if (error instanceof TurnedAway && error.reason === 'malformed') throw error; // a fault of ours
      this.counts.notHandedIn += 1;
      this.#options.log(`a made-up contact was not handed in: ${String(error)}`);
      return;
    }
    this.counts.contacts[channel] += 1;
    this.#plans.set(id, plan);
    // In the order of insertion: the oldest first.
    for (const old of this.#plans.keys()) {
      if (this.#plans.size <= PLANS_MAX) break;
      this.#plans.delete(old);
    }
    floor.ring(id, plan);
  }

  async #abandon(id: ContactId): Promise<'abandoned' | 'not-abandoned'> {
    try {
      await this.#doors.abandoned(this.#key, id);
      return 'abandoned';
    } catch (error) {
      // A person has answered it in that very moment; or the server is away, and the call waits as before.
      const isAnswered = error instanceof TurnedAway && error.reason === 'already-ended';
      if (!isAnswered) this.#options.log(`a made-up call could not be given up: ${String(error)}`);
      return 'not-abandoned';
    }
  }

  /** Lines end, and nobody can come in under these names or by this key again. */
  async #leave(): Promise<void> {
    const { as, password } = this.#options;
    for (const robot of everybodyOf(this.#staff)) robot.end();
    const { token } = await this.#doors.signIn({ name: as, password });
    for (let n = 1; n <= headsOf(this.#options); n += 1) {
      await unlessUnknown(this.#doors.disableUser(token, nameOf(this.run, n)));
      await unlessUnknown(this.#doors.revokeDesk(token, deskNameOf(this.run, n)));
    }
    await unlessUnknown(this.#doors.revokeApiKey(token, keyNameOf(this.run)));
    await this.#doors.signOut(token);
  }
}
