import type { ContactId, IncidentId, UnitId } from '#domain/ids.ts';
import { metresBetween, type Position } from '#domain/lib/geo.ts';
import { status } from '#domain/unit.ts';
import type { Grade } from '#domain/facts.ts';
import type { ForceRecord } from './force-record.ts';
import { travelMs } from './jobs.ts';
import type { Pace } from './pace.ts';
import type { Robot } from './staff.ts';
import type { Tasks } from './tasks.ts';
import type { PlannedContact } from './plan.ts';
import { workOn } from './work.ts';

export interface CrewPorts {
  readonly record: ForceRecord;
  readonly pace: Pace;
  readonly tasks: Tasks;
  readonly seed: number;
  /** The plan of a contact of this training room; other people's contacts have none. */
  readonly planOf: (id: ContactId) => PlannedContact | undefined;
}

interface Crew {
  readonly unitId: UnitId;
  /** Speaks on the radio for it. */
  readonly voice: Robot;
  position: Position;
  /** A dispatcher has chosen it, and has not been answered yet. */
  isChosen: boolean;
}

const DEPLOYABLE: ReadonlySet<number> = new Set([status.onDuty, status.available, 3]);
const AVAILABLE = 2;

/**
 * The units of the made-up force. Whoever assigns one, a robot or a person: it answers, goes there, stays, and
 * says that it is free. What a person sets for it is taken as it is.
 */
export class Crews {
  readonly #crews = new Map<UnitId, Crew>();
  readonly #ports: CrewPorts;
  readonly #wanted: {
    readonly at: Position;
    readonly grade: Grade;
    readonly got: (crew: Crew | undefined) => void;
  }[] = [];
  #isEnding = false;

  constructor(ports: CrewPorts) {
    this.#ports = ports;
    ports.record.onEvent(({ type, stream }) => {
      if (!type.startsWith('unit.')) return;
      const crew = this.#crews.get(stream.slice('unit/'.length) as UnitId); // a unit's stream is made of its id
      if (!crew) return;
      const incidentId = ports.record.unit(crew.unitId)?.incidentId;
      if (type === 'unit.assigned' && incidentId !== undefined)
        ports.tasks.run(() => this.#attend(crew, incidentId));
      else this.#match();
    });
  }

  get size(): number {
    return this.#crews.size;
  }

  /** Books a unit on that nobody has on duty. */
  async bookOn(unitId: UnitId, officers: readonly string[], voice: Robot, position: Position) {
    const crew = { unitId, voice, position, isChosen: false };
    this.#crews.set(unitId, crew);
    const body = { unitId, officers: [...officers], skills: [] };
    const isOn = await voice.ask({ type: 'book-on-unit', body });
    if (isOn) await this.#say(crew, AVAILABLE);
    else this.#crews.delete(unitId);
  }

  async bookOff(): Promise<void> {
    await Promise.all(
      [...this.#crews.values()].map(async ({ unitId, voice }) => {
        const unit = this.#ports.record.unit(unitId);
        // One that a person has sent somewhere is still on that person's board: it stays.
        if (!unit?.isOnDuty || unit.incidentId !== undefined) return;
        await voice.ask({ type: 'book-off-unit', body: { unitId } });
      }),
    );
  }

  /** Sends the nearest unit that is free, as soon as there is one: by `assign`. Nobody where the training ends first. */
  async send(
    at: Position,
    grade: Grade,
    assign: (unitId: UnitId) => Promise<'sent' | 'taken' | 'not-wanted'>,
  ): Promise<UnitId | undefined> {
    while (!this.#isEnding) {
      const { promise, resolve } = Promise.withResolvers<Crew | undefined>();
      this.#wanted.push({ at, grade, got: resolve });
      this.#match();
      const crew = await promise;
      if (!crew) return undefined;
      const sent = await assign(crew.unitId);
      crew.isChosen = false;
      if (sent === 'sent') return crew.unitId;
      this.#match();
      if (sent === 'not-wanted') return undefined;
      // A person was quicker with this unit: the next one is looked for.
    }
    return undefined;
  }

  /** Nobody is sent any more. */
  hurry(): void {
    this.#isEnding = true;
    for (const { got } of this.#wanted.splice(0)) got(undefined);
  }

  /** The most urgent first, and of those the one that waits longest. */
  #match(): void {
    for (;;) {
      const [wanted] = this.#wanted.toSorted((a, b) => a.grade - b.grade);
      const free = [...this.#crews.values()].filter((crew) => this.#isFree(crew));
      const [crew] = wanted
        ? free.toSorted(
            (a, b) => metresBetween(a.position, wanted.at) - metresBetween(b.position, wanted.at),
          )
        : [];
      if (!wanted || !crew) return;
      this.#wanted.splice(this.#wanted.indexOf(wanted), 1);
      crew.isChosen = true;
      wanted.got(crew);
    }
  }

  #isFree({ unitId, isChosen }: Crew): boolean {
    const unit = this.#ports.record.unit(unitId);
    if (!unit || isChosen) return false;
    const { isOnDuty, incidentId, emergency, statusCode } = unit;
    return isOnDuty && incidentId === undefined && !emergency && DEPLOYABLE.has(statusCode);
  }

  async #attend(crew: Crew, incidentId: IncidentId): Promise<void> {
    const { pace, record, seed, planOf } = this.#ports;
    const incident = record.incident(incidentId);
    const plan = incident?.raisedFrom && planOf(incident.raisedFrom);
    if (!incident || !plan) return; // not of this training: the person who sent it speaks for it
    const { times, position, grade } = workOn(incident, plan, seed);
    const stages = [
      [times.turnOutMs, status.enRoute],
      [travelMs(crew.position, position, grade), status.atScene],
      [times.onSceneMs, status.available],
    ] as const;
    for (const [ms, statusCode] of stages) {
      await pace.wait(ms);
      const unit = this.#ports.record.unit(crew.unitId);
      if (unit?.incidentId !== incidentId) return;
      if (statusCode === status.atScene) crew.position = position;
      if (unit.statusCode !== statusCode) await this.#say(crew, statusCode);
    }
  }

  async #say({ unitId, voice }: Crew, statusCode: number): Promise<void> {
    await voice.ask({ type: 'set-unit-status', body: { unitId, statusCode } });
  }
}
