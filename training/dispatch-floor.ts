import { understand } from '#domain/facts.ts';
import type { ContactId, HandoverId, IncidentId, UnitId } from '#domain/ids.ts';
import type { Incident } from '#domain/incident.ts';
import { status } from '#domain/unit.ts';
import type { Counts } from './counts.ts';
import type { Crews } from './crews.ts';
import type { ForceRecord } from './force-record.ts';
import { LABEL } from './narratives.ts';
import type { Pace } from './pace.ts';
import type { PlannedContact } from './plan.ts';
import type { Robot } from './robot.ts';
import type { Tasks } from './tasks.ts';
import { workOn, type Work } from './work.ts';

export interface DispatchPorts {
  readonly seed: number;
  readonly record: ForceRecord;
  readonly pace: Pace;
  readonly counts: Counts;
  readonly tasks: Tasks;
  readonly crews: Crews;
  /** The plan of a contact of this training room; other people's contacts have none. */
  readonly planOf: (id: ContactId) => PlannedContact | undefined;
}

// Ours: how soon somebody sees to a unit that is in danger, or asks to be called.
const OWN_EMERGENCY_MS = 6_000;
const STAND_DOWN_MS = 3 * 60_000;
const CALL_BACK_MS: Readonly<Record<number, number>> = { 12: 60_000, 13: 120_000, 14: 25_000 };
const RECEIVED = 15;
const SUPERVISOR_SEES_MS = 20_000;

/**
 * The dispatchers of the made-up force, and its supervisor. They accept what was raised from a contact of this
 * training room, by a robot or by a person, send units where they are wanted, see to what units ask for, and
 * close it. What a person accepts is left to them, and so is what a person reports of a unit.
 */
export class DispatchFloor {
  readonly #robots: readonly Robot[];
  readonly #supervisor: Robot;
  readonly #ports: DispatchPorts;
  readonly #busy = new Map<Robot, number>();

  constructor(robots: readonly Robot[], supervisor: Robot, ports: DispatchPorts) {
    this.#robots = robots;
    this.#supervisor = supervisor;
    this.#ports = ports;
  }

  /** From now on what is handed over is dealt with. */
  open(): void {
    const { record, planOf, tasks } = this.#ports;
    record.onEvent((event) => {
      const known = understand(event);
      if (typeof known === 'string') return;
      if (known.type === 'handover.offered') {
        const { incidentId } = known.body;
        const raisedFrom = record.incident(incidentId)?.raisedFrom;
        const plan = raisedFrom && planOf(raisedFrom);
        const handoverId = event.stream.slice('handover/'.length) as HandoverId; // the stream is made of it
        if (plan) tasks.run(() => this.#deal(handoverId, incidentId, plan));
      } else if (known.type === 'unit.status-set' && this.#isOurs(event.actor)) {
        const { statusCode, incidentId } = known.body;
        const unitId = event.stream.slice('unit/'.length) as UnitId; // the stream is made of it
        if (incidentId === undefined) return;
        if (statusCode === status.emergency) tasks.run(() => this.#help(unitId, incidentId));
        else if (statusCode in CALL_BACK_MS)
          tasks.run(() => this.#callBack(unitId, incidentId, statusCode));
      }
    });
  }

  #isOurs(user: string): boolean {
    return user === this.#supervisor.user || this.#robots.some((robot) => robot.user === user);
  }

  /** The robot whose incident it is; where it is a person's, somebody who has time. */
  #ownerOf(incidentId: IncidentId): Robot {
    const user = this.#ports.record.incident(incidentId)?.owner?.user;
    return this.#robots.find((robot) => robot.user === user) ?? this.#leastBusy();
  }

  /** An officer in danger has one owner by name, until it is known how they are. */
  async #help(unitId: UnitId, incidentId: IncidentId): Promise<void> {
    const { record, pace, counts, seed, planOf } = this.#ports;
    await pace.wait(OWN_EMERGENCY_MS);
    const robot = this.#ownerOf(incidentId);
    const emergency = () => record.unit(unitId)?.emergency;
    if (!emergency() || emergency()?.owner) return this.#left();
    if (!(await robot.ask({ type: 'own-emergency', body: { unitId } }))) return this.#left();
    await pace.wait(STAND_DOWN_MS);
    if (emergency()?.owner?.user !== robot.user) return this.#left();
    const incident = record.incident(incidentId);
    const plan = incident?.raisedFrom && planOf(incident.raisedFrom);
    const planned = incident && plan && workOn(incident, plan, seed).turns.emergency;
    const reason = `${LABEL} ${planned?.reason ?? 'officer answers on the radio'}`;
    if (await robot.ask({ type: 'stand-down-emergency', body: { unitId, reason } }))
      counts.emergencies += 1;
  }

  async #callBack(unitId: UnitId, incidentId: IncidentId, statusCode: number): Promise<void> {
    const { record, pace, counts } = this.#ports;
    await pace.wait(CALL_BACK_MS[statusCode] ?? 0);
    if (record.unit(unitId)?.request?.statusCode !== statusCode) return; // answered, or no longer asked
    const robot = this.#ownerOf(incidentId);
    const body = { unitId, statusCode: RECEIVED };
    if (!(await robot.ask({ type: 'set-unit-status', body }))) return;
    counts.requests += 1;
    const text = `${LABEL} ${unitId} called back`;
    await robot.ask({ type: 'add-log-entry', body: { incidentId, text } });
  }

  async #deal(handoverId: HandoverId, incidentId: IncidentId, plan: PlannedContact): Promise<void> {
    const { record, pace, counts, seed } = this.#ports;
    const raised = record.incident(incidentId);
    if (!raised) return;
    const { times, turns } = workOn(raised, plan, seed);
    const handover = () => record.handover(handoverId);
    if (turns.isForgotten) {
      const isSeen = () => handover()?.accepted ?? handover()?.escalatedAt;
      await record.until(() => isSeen() !== undefined, pace.ending);
      await pace.wait(SUPERVISOR_SEES_MS);
    } else await pace.wait(times.acceptMs);
    if (handover()?.accepted) return this.#left();
    const isEscalated = handover()?.escalatedAt !== undefined;
    const robot = isEscalated ? this.#supervisor : this.#leastBusy();
    this.#busy.set(robot, (this.#busy.get(robot) ?? 0) + 1);
    try {
      if (!(await robot.ask({ type: 'accept-handover', body: { handoverId } })))
        return this.#left();
      counts.accepted += 1;
      if (isEscalated) counts.escalated += 1;
      await this.#work(robot, incidentId, plan);
    } finally {
      this.#busy.set(robot, (this.#busy.get(robot) ?? 1) - 1);
    }
  }

  async #work(robot: Robot, incidentId: IncidentId, plan: PlannedContact): Promise<void> {
    const { pace, counts, seed, record } = this.#ports;
    const own = () => this.#own(robot, incidentId);
    const accepted = own();
    if (!accepted) return this.#left();
    const { times, turns } = workOn(accepted, plan, seed);
    await pace.wait(times.chooseMs);
    if (!own()) return this.#left();
    // A person may have graded it again meanwhile: theirs stands.
    if (turns.regrade && !pace.isHurried && own()?.grade === accepted.grade) {
      const { grade, reason } = turns.regrade;
      const body = { incidentId, grade, reason: `${LABEL} ${reason}` };
      if (await robot.ask({ type: 'regrade-incident', body })) counts.regraded += 1;
    }
    const incident = own(); // a handler may have put the place right meanwhile
    const work = incident && workOn(incident, plan, seed);
    if (!work) return this.#left();
    if (work.isSomebodySent) await this.#send(robot, incidentId, work);
    await pace.wait(work.times.closeMs);
    // Closing lets go of every unit on it, so it waits for one that a person has sent.
    await record.until(() => !record.hasUnits(incidentId) || !own(), pace.ending);
    if (!own()) return this.#left();
    const result = pace.isHurried ? 'test' : work.result;
    const text = `${LABEL} ${pace.isHurried ? 'the training has ended' : 'dealt with'}`;
    await robot.ask({ type: 'result-incident', body: { incidentId, result, text } });
    if (!own()) return this.#left();
    const { closingCode } = work;
    if (await robot.ask({ type: 'close-incident', body: { incidentId, closingCode } }))
      counts.closed += 1;
  }

  /** Sends a unit, and more where they are wanted and free; waits until they are free again, or it is not its own. */
  async #send(
    robot: Robot,
    incidentId: IncidentId,
    { position, grade, turns }: Work,
  ): Promise<void> {
    const { record, counts, crews } = this.#ports;
    const assign = async (unitId: UnitId) => {
      if (!this.#own(robot, incidentId)) return 'not-wanted';
      const isSent = await robot.ask({ type: 'assign-unit', body: { incidentId, unitId } });
      return isSent ? 'sent' : 'taken';
    };
    const first = await crews.send(position, grade, assign);
    if (first === undefined) return;
    const sent = [first];
    while (sent.length < turns.units) {
      const another = await crews.sendAnother(position, assign);
      if (another === undefined) break;
      sent.push(another);
    }
    counts.deployed += sent.length;
    const text = `${LABEL} nearest sent: ${sent.join(', ')}`;
    await robot.ask({ type: 'add-log-entry', body: { incidentId, text } });
    const isOn = (unitId: UnitId) => record.unit(unitId)?.incidentId === incidentId;
    await record.until(() => !sent.some(isOn) || this.#own(robot, incidentId) === undefined);
  }

  #own(robot: Robot, incidentId: IncidentId): Incident | undefined {
    const incident = this.#ports.record.incident(incidentId);
    const isOwn = incident?.owner?.user === robot.user && incident.closedAt === undefined;
    return isOwn ? incident : undefined;
  }

  #leastBusy(): Robot {
    const [first] = this.#robots.toSorted(
      (a, b) => (this.#busy.get(a) ?? 0) - (this.#busy.get(b) ?? 0),
    );
    if (!first) throw new Error('a training room has at least one dispatcher');
    return first;
  }

  #left(): void {
    this.#ports.counts.leftToPeople += 1;
  }
}
