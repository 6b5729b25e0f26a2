import { understand } from '#domain/facts.ts';
import type { ContactId, HandoverId, IncidentId, UnitId } from '#domain/ids.ts';
import type { Incident } from '#domain/incident.ts';
import type { Counts } from './counts.ts';
import type { Crews } from './crews.ts';
import type { ForceRecord } from './force-record.ts';
import { LABEL } from './narratives.ts';
import type { Pace } from './pace.ts';
import type { PlannedContact } from './plan.ts';
import type { Robot } from './staff.ts';
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

/**
 * The dispatchers of the made-up force. They accept what was raised from a contact of this training room, by a
 * robot or by a person, send a unit where one is wanted, and close it. What a person accepts is left to them.
 */
export class DispatchFloor {
  readonly #robots: readonly Robot[];
  readonly #ports: DispatchPorts;
  readonly #busy = new Map<Robot, number>();

  constructor(robots: readonly Robot[], ports: DispatchPorts) {
    this.#robots = robots;
    this.#ports = ports;
  }

  /** From now on what is handed over is dealt with. */
  open(): void {
    const ports = this.#ports;
    ports.record.onEvent((event) => {
      if (event.type !== 'handover.offered') return;
      const known = understand(event);
      if (typeof known === 'string' || known.type !== 'handover.offered') return;
      const { incidentId } = known.body;
      const raisedFrom = ports.record.incident(incidentId)?.raisedFrom;
      const plan = raisedFrom && ports.planOf(raisedFrom);
      const handoverId = event.stream.slice('handover/'.length) as HandoverId; // the stream is made of it
      if (plan) ports.tasks.run(() => this.#deal(handoverId, incidentId, plan));
    });
  }

  async #deal(handoverId: HandoverId, incidentId: IncidentId, plan: PlannedContact): Promise<void> {
    const { record, pace, counts, seed } = this.#ports;
    const raised = record.incident(incidentId);
    if (!raised) return;
    await pace.wait(workOn(raised, plan, seed).times.acceptMs);
    if (record.handover(handoverId)?.accepted) return this.#left();
    const robot = this.#leastBusy();
    this.#busy.set(robot, (this.#busy.get(robot) ?? 0) + 1);
    try {
      if (!(await robot.ask({ type: 'accept-handover', body: { handoverId } })))
        return this.#left();
      counts.accepted += 1;
      await this.#work(robot, incidentId, plan);
    } finally {
      this.#busy.set(robot, (this.#busy.get(robot) ?? 1) - 1);
    }
  }

  async #work(robot: Robot, incidentId: IncidentId, plan: PlannedContact): Promise<void> {
    const { pace, counts, seed } = this.#ports;
    const own = () => this.#own(robot, incidentId);
    const accepted = own();
    if (!accepted) return;
    await pace.wait(workOn(accepted, plan, seed).times.chooseMs);
    const incident = own(); // a handler may have put the place right meanwhile
    const work = incident && workOn(incident, plan, seed);
    if (!work) return this.#left();
    if (work.isSomebodySent) await this.#send(robot, incidentId, work);
    await pace.wait(work.times.closeMs);
    if (!own()) return this.#left();
    const result = pace.isHurried ? 'test' : work.result;
    const text = `${LABEL} ${pace.isHurried ? 'the training has ended' : 'dealt with'}`;
    await robot.ask({ type: 'result-incident', body: { incidentId, result, text } });
    if (!own()) return this.#left();
    const { closingCode } = work;
    if (await robot.ask({ type: 'close-incident', body: { incidentId, closingCode } }))
      counts.closed += 1;
  }

  /** Sends a unit and waits until it is free again, or the incident is no longer this robot's. */
  async #send(robot: Robot, incidentId: IncidentId, { position, grade }: Work): Promise<void> {
    const { record, counts, crews } = this.#ports;
    const assign = async (unitId: UnitId) => {
      if (!this.#own(robot, incidentId)) return 'not-wanted';
      const isSent = await robot.ask({ type: 'assign-unit', body: { incidentId, unitId } });
      return isSent ? 'sent' : 'taken';
    };
    const unitId = await crews.send(position, grade, assign);
    if (unitId === undefined) return;
    counts.deployed += 1;
    const text = `${LABEL} ${unitId} was nearest and is sent`;
    await robot.ask({ type: 'add-log-entry', body: { incidentId, text } });
    await record.until(
      () =>
        record.unit(unitId)?.incidentId !== incidentId ||
        this.#own(robot, incidentId) === undefined,
    );
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
