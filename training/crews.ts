import type { ContactId, IncidentId, UnitId } from '#domain/ids.ts';
import { metresBetween, type Position } from '#domain/lib/geo.ts';
import { status } from '#domain/unit.ts';
import type { Grade } from '#domain/facts.ts';
import type { Counts } from './counts.ts';
import { drawsOf } from './draws.ts';
import type { ForceRecord } from './force-record.ts';
import { travelMs } from './jobs.ts';
import type { Pace } from './pace.ts';
import type { Robot } from './robot.ts';
import type { Tasks } from './tasks.ts';
import type { PlannedContact } from './plan.ts';
import { LABEL } from './narratives.ts';
import { workOn, type Work } from './work.ts';

export interface CrewPorts {
  readonly record: ForceRecord;
  readonly pace: Pace;
  readonly counts: Counts;
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
  /** A dispatcher has chosen it and has not been answered yet, or its crew goes home. */
  isChosen: boolean;
}

const DEPLOYABLE: ReadonlySet<number> = new Set([status.onDuty, status.available, 3]);
const AVAILABLE = 2;
const FURTHER_STAY = 0.6; // of the first unit's time at the scene: ours
const RELIEVED_WITHIN_MS = 20 * 60_000; // the crews of a force do not all go home in one minute
const CHANGING_MS = 6 * 60_000; // keys, kit and a word between two crews: ours

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
  /** Incidents on which one of the crews is the first. */
  readonly #firsts = new Set<IncidentId>();
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

  /**
   * The shift changes: each crew goes home when it is free, and another one comes under the same call sign.
   * `officersOf` names those who come.
   */
  relieve(shift: number, officersOf: (unitId: UnitId) => readonly string[]): void {
    for (const crew of this.#crews.values())
      this.#ports.tasks.run(() => this.#change(crew, shift, officersOf(crew.unitId)));
  }

  async #change(crew: Crew, shift: number, officers: readonly string[]): Promise<void> {
    const { pace, record, seed, counts } = this.#ports;
    const { unitId, voice } = crew;
    const { share } = drawsOf(seed, 'shift', shift, unitId);
    await pace.wait(share() * RELIEVED_WITHIN_MS);
    await record.until(() => this.#isFree(crew), pace.ending);
    if (pace.isHurried) return; // it goes off duty with all of them
    crew.isChosen = true;
    const isOff = await voice.ask({ type: 'book-off-unit', body: { unitId } });
    if (isOff) {
      await pace.wait(CHANGING_MS);
      const body = { unitId, officers: [...officers], skills: [] };
      const isBack = !pace.isHurried && (await voice.ask({ type: 'book-on-unit', body }));
      if (isBack) {
        counts.relieved += 1;
        await this.#say(crew, AVAILABLE);
      }
    }
    crew.isChosen = false;
    this.#match();
  }

  /** Sends the nearest unit that is free at this moment beside those that are sent already; or nobody. */
  async sendAnother(
    at: Position,
    assign: (unitId: UnitId) => Promise<'sent' | 'taken' | 'not-wanted'>,
  ): Promise<UnitId | undefined> {
    // Who waits for the first unit comes before who wants a second one.
    const crew = this.#wanted.length > 0 || this.#isEnding ? undefined : this.#nearest(at);
    if (!crew) return undefined;
    crew.isChosen = true;
    const sent = await assign(crew.unitId);
    crew.isChosen = false;
    if (sent === 'sent') return crew.unitId;
    this.#match();
    return undefined;
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
      const crew = wanted && this.#nearest(wanted.at);
      if (!wanted || !crew) return;
      this.#wanted.splice(this.#wanted.indexOf(wanted), 1);
      crew.isChosen = true;
      wanted.got(crew);
    }
  }

  #nearest(at: Position): Crew | undefined {
    return [...this.#crews.values()]
      .filter((crew) => this.#isFree(crew))
      .toSorted((a, b) => metresBetween(a.position, at) - metresBetween(b.position, at))[0];
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
    const work = workOn(incident, plan, seed);
    const { times, position, grade } = work;
    const isFirst = !this.#firsts.has(incidentId);
    if (isFirst) this.#firsts.add(incidentId);
    const onScene = async () =>
      isFirst ? this.#atScene(crew, incidentId, work) : pace.wait(times.onSceneMs * FURTHER_STAY);
    const stages = [
      [() => pace.wait(times.turnOutMs), status.enRoute],
      [() => pace.wait(travelMs(crew.position, position, grade)), status.atScene],
      [onScene, status.available],
    ] as const;
    for (const [stage, statusCode] of stages) {
      await stage();
      const unit = record.unit(crew.unitId);
      if (unit?.incidentId !== incidentId) break;
      if (statusCode === status.atScene) crew.position = position;
      if (unit.statusCode !== statusCode) await this.#say(crew, statusCode);
    }
    if (isFirst) this.#firsts.delete(incidentId);
  }

  /** What the first unit does there: it tells what it sees, may ask to be called, and may be in danger. */
  async #atScene(crew: Crew, incidentId: IncidentId, { times, turns }: Work): Promise<void> {
    const { pace, record } = this.#ports;
    const { unitId, voice } = crew;
    const isThere = () => !pace.isHurried && record.unit(unitId)?.incidentId === incidentId;
    const part = times.onSceneMs / (turns.told.length + 1);
    for (const [at, words] of turns.told.entries()) {
      await pace.wait(part);
      if (!isThere()) return;
      const text = `${LABEL} ${unitId}: ${words}`;
      await voice.ask({ type: 'add-log-entry', body: { incidentId, text } });
      if (at > 0) continue;
      if (turns.request !== undefined) await this.#say(crew, turns.request);
      if (turns.emergency === undefined) continue;
      await this.#say(crew, status.emergency);
      await record.until(() => !record.unit(unitId)?.emergency || !isThere(), pace.ending);
    }
    await pace.wait(part);
  }

  async #say({ unitId, voice }: Crew, statusCode: number): Promise<void> {
    await voice.ask({ type: 'set-unit-status', body: { unitId, statusCode } });
  }
}
