import type { Contact } from '#domain/contact.ts';
import type { Details } from '#domain/facts.ts';
import type { ContactId } from '#domain/ids.ts';
import { arrivalChannels } from './arrivals.ts';
import { countAnswer, type Counts } from './counts.ts';
import type { ForceRecord } from './force-record.ts';
import { LABEL } from './narratives.ts';
import type { Pace } from './pace.ts';
import { narrativeOf, type PlannedContact } from './plan.ts';
import type { Robot } from './robot.ts';
import type { Tasks } from './tasks.ts';

export interface CallFloorPorts {
  readonly record: ForceRecord;
  readonly pace: Pace;
  readonly counts: Counts;
  readonly tasks: Tasks;
  /** The caller gives up: told by the telephone system, not by a handler. */
  readonly abandon: (id: ContactId) => Promise<'abandoned' | 'not-abandoned'>;
}

// Contacts that a robot has in hand side by side once the training ends: far less than its line sends at once.
const AT_THE_END = 8;

interface Waiting {
  readonly id: ContactId;
  readonly plan: PlannedContact;
}

/**
 * The call handlers of the made-up force, with one queue: who is on the line first, and of those 999. A contact is given to one robot, and to
 * none where a person has it. What a person takes over is left as it is.
 */
export class CallFloor {
  readonly #free: Robot[];
  readonly #robots: readonly Robot[];
  readonly #ports: CallFloorPorts;
  readonly #queue: Waiting[] = [];

  constructor(robots: readonly Robot[], ports: CallFloorPorts) {
    this.#robots = robots;
    this.#free = [...robots];
    this.#ports = ports;
  }

  /** A contact that was handed in: it rings, waits for a robot, and may give up before there is one. */
  ring(id: ContactId, plan: PlannedContact): void {
    const { pace, tasks } = this.#ports;
    const waiting = { id, plan };
    const { answerMs } = plan.handling;
    if (plan.givesUpMs !== undefined) return this.#giveUp(waiting, plan.givesUpMs);
    tasks.run(async () => {
      await pace.wait(answerMs);
      this.#queue.push(waiting);
      this.#serve();
      if (!Number.isFinite(plan.patienceMs)) return;
      await pace.wait(plan.patienceMs - answerMs);
      const at = this.#queue.indexOf(waiting);
      if (pace.isHurried || at < 0 || !this.#isWaiting(id)) return;
      // No robot takes it while it is given up: one of the two would be refused.
      this.#queue.splice(at, 1);
      await this.#abandon(waiting);
    });
  }

  /** The caller rings off before anybody could have answered. */
  #giveUp(waiting: Waiting, afterMs: number): void {
    const { pace, tasks } = this.#ports;
    tasks.run(async () => {
      await pace.wait(afterMs);
      if (!pace.isHurried && this.#isWaiting(waiting.id)) return this.#abandon(waiting);
      this.#queue.push(waiting);
      this.#serve();
    });
  }

  /** Whoever gave up is rung back, in the order of the queue. */
  async #abandon(waiting: Waiting): Promise<void> {
    const { id, plan } = waiting;
    const { counts, abandon } = this.#ports;
    const { channel } = plan.arrival;
    if ((await abandon(id)) === 'abandoned' && channel !== 'online') counts.abandoned[channel] += 1;
    this.#queue.push(waiting);
    this.#serve();
  }

  /**
   * The training ends: what still waits is not worked off one by one, or the end of a busy day would take as
   * long as the day. Each robot takes several at once.
   */
  hurry(): void {
    for (let n = 1; n < AT_THE_END; n += 1) this.#free.push(...this.#robots);
    this.#serve();
  }

  #isWaiting(id: ContactId): boolean {
    return this.#ports.record.contact(id)?.owner === undefined;
  }

  #serve(): void {
    while (this.#queue.length > 0) {
      const next = this.#next();
      if (!next) return;
      if (!this.#isWaiting(next.id)) {
        this.#ports.counts.leftToPeople += 1;
        this.#queue.splice(this.#queue.indexOf(next), 1);
        continue;
      }
      const robot = this.#free.shift();
      if (!robot) return;
      this.#queue.splice(this.#queue.indexOf(next), 1);
      this.#ports.tasks.run(async () => {
        try {
          await this.#handle(robot, next);
        } finally {
          this.#free.push(robot);
        }
        this.#serve();
      });
    }
  }

  /**
   * Who is on the line comes before who has to be rung back: else a force that is too busy would only ever reach
   * those who have given up, and answer nobody.
   */
  #next(): Waiting | undefined {
    const hasGivenUp = ({ id }: Waiting) => this.#ports.record.contact(id)?.state === 'abandoned';
    const isRinging = (waiting: Waiting) => !hasGivenUp(waiting);
    for (const isNow of [isRinging, hasGivenUp])
      for (const channel of arrivalChannels) {
        const isFirst = (it: Waiting) => it.plan.arrival.channel === channel && isNow(it);
        const first = this.#queue.find(isFirst);
        if (first) return first;
      }
    return undefined;
  }

  /** From the first word to the outcome. Before each step it looks whether the contact is still its own. */
  async #handle(robot: Robot, { id, plan }: Waiting): Promise<void> {
    const { pace } = this.#ports;
    const { handling, arrival } = plan;
    const contactId = id;
    if (!(await robot.ask({ type: 'take-contact', body: { contactId } }))) return this.#left();
    const taken = this.#mine(robot, id);
    if (taken?.answeredAt !== undefined && arrival.channel !== 'online')
      countAnswer(
        this.#ports.counts,
        arrival.channel,
        taken.answeredAt - taken.offeredAt,
        pace.speed,
      );
    if (taken?.state === 'abandoned') {
      await pace.wait(handling.wrapUpMs);
      return this.#finish(robot, id, 'no-police-action', 'rang back, all is well');
    }
    await pace.wait(handling.describeMs);
    if (!this.#mine(robot, id)) return this.#left();
    await robot.ask({ type: 'describe-contact', body: { contactId, details: firstWords(plan) } });
    if (handling.holdMs !== undefined) await this.#hold(robot, id, handling.holdMs);
    await pace.wait(handling.decideMs);
    if (!this.#mine(robot, id)) return this.#left();
    const { becomes } = plan;
    // When the training ends nothing new is begun: what was to be raised is settled on the line.
    const isRaised =
      becomes.kind === 'incident' && !pace.isHurried && (await this.#raise(robot, id, plan));
    if (becomes.kind === 'settled') {
      const details = { narrative: narrativeOf(plan) };
      await robot.ask({ type: 'describe-contact', body: { contactId, details } });
    }
    if (arrival.channel !== 'online' && this.#mine(robot, id)?.state === 'answered')
      await robot.ask({ type: 'end-contact', body: { contactId, by: 'caller' } });
    await pace.wait(handling.wrapUpMs);
    if (!this.#mine(robot, id)) return this.#left();
    if (isRaised) return this.#finish(robot, id, 'incident');
    if (becomes.kind === 'settled') return this.#finish(robot, id, becomes.enquiry.outcome);
    return this.#finish(robot, id, 'advice-given', 'the training has ended');
  }

  async #hold(robot: Robot, contactId: ContactId, ms: number): Promise<void> {
    const { pace, counts } = this.#ports;
    if (pace.isHurried || this.#mine(robot, contactId)?.state !== 'answered') return;
    if (!(await robot.ask({ type: 'hold-contact', body: { contactId } }))) return;
    await pace.wait(ms);
    if (this.#mine(robot, contactId)?.state !== 'held') return; // a person took it up
    if (await robot.ask({ type: 'resume-contact', body: { contactId } })) counts.held += 1;
  }

  async #raise(robot: Robot, id: ContactId, plan: PlannedContact): Promise<boolean> {
    if (plan.becomes.kind !== 'incident') return false;
    const { openingCode, grade, qualifiers, narrative } = plan.becomes.report;
    const reference = await robot.raise({
      type: 'raise-incident',
      body: {
        contactId: id,
        place: placeIn(plan),
        openingCode,
        grade,
        qualifiers: [...qualifiers],
        narrative,
      },
    });
    if (reference === undefined) return false;
    this.#ports.counts.raised += 1;
    return true;
  }

  async #finish(
    robot: Robot,
    contactId: ContactId,
    outcome:
      | 'incident'
      | 'enquiry'
      | 'redirected'
      | 'advice-given'
      | 'duplicate'
      | 'no-police-action',
    words?: string,
  ): Promise<void> {
    const text = words === undefined ? {} : { text: `${LABEL} ${words}` };
    if (await robot.ask({ type: 'finish-contact', body: { contactId, outcome, ...text } }))
      this.#ports.counts.finished += 1;
  }

  /** The contact, while it is this robot's and there is something to do about it. */
  #mine(robot: Robot, id: ContactId): Contact | undefined {
    const contact = this.#ports.record.contact(id);
    const isMine = contact?.owner?.user === robot.user && contact.state !== 'finished';
    return isMine ? contact : undefined;
  }

  #left(): void {
    this.#ports.counts.leftToPeople += 1;
  }
}

const placeIn = ({ place: { text, lat, lon } }: PlannedContact) => ({
  text,
  lat,
  lon,
  isVerified: true,
  source: 'training',
});

/** What is written down first: who it is, where, and what is happening in a few words. */
function firstWords(plan: PlannedContact): Details {
  const words = narrativeOf(plan).slice(LABEL.length + 1);
  return {
    place: placeIn(plan),
    informant: plan.caller.name,
    ...(plan.caller.number !== undefined && { callbackNumber: plan.caller.number }),
    narrative: `${LABEL} ${words
      .split(/[,.:;] /)
      .slice(0, 2)
      .join(', ')} …`,
  };
}
