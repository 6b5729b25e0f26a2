import type { Asked } from '#domain/commands.ts';
import { contactIdOf } from '#domain/decide.ts';
import type { RecordedEvent } from '#domain/event.ts';
import type { Grade } from '#domain/facts.ts';
import type { ContactId, IncidentId, UnitId, UserId } from '#domain/ids.ts';
import { framesOf } from '#server/gateway/event-frames.ts';
import type { RecordRequest } from '#server/log/recorder-port.ts';
import { recordedOf } from '#store/event-log.ts';
import { CallFloor } from '#training/call-floor.ts';
import { Counts } from '#training/counts.ts';
import { Crews } from '#training/crews.ts';
import { DispatchFloor } from '#training/dispatch-floor.ts';
import { ForceRecord } from '#training/force-record.ts';
import { Pace } from '#training/pace.ts';
import { planOf, type PlannedContact } from '#training/plan.ts';
import type { Robot } from '#training/robot.ts';
import { Tasks } from '#training/tasks.ts';
import type { Turns } from '#training/turns.ts';
import { newWriter, request, startedAt } from './room.ts';

const FAST = 200_000; // an hour at the scene in 18 ms
export const A_WEEK_MS = 7 * 86_400_000;
const quiet: Turns = {
  units: 1,
  regrade: undefined,
  isForgotten: false,
  told: [],
  request: undefined,
  emergency: undefined,
};

/** A contact that becomes an incident to which somebody is sent, with nothing beside its usual course but `turns`. */
export function plannedJob(grade: Grade, turns: Partial<Turns> = {}): PlannedContact {
  for (let n = 0; ; n += 1) {
    const plan = planOf({ seed: 1 }, { channel: '999', day: 0, atMs: 0 }, n);
    const { becomes } = plan;
    if (becomes.kind !== 'incident') continue;
    return {
      ...plan,
      givesUpMs: undefined,
      patienceMs: Number.POSITIVE_INFINITY,
      handling: { ...plan.handling, holdMs: undefined },
      becomes: {
        ...becomes,
        report: { ...becomes.report, grade },
        isSomebodySent: true,
        turns: { ...quiet, ...turns },
      },
    };
  }
}

/** The floors of a training room over the real writer, without desks and lines between them. */
export class RobotRoom {
  readonly events: RecordedEvent[] = [];
  /** Why commands were refused, whoever asked. */
  readonly refused: string[] = [];
  readonly counts = new Counts();
  readonly record = new ForceRecord();
  readonly pace: Pace;
  readonly crews: Crews;
  readonly calls: CallFloor;
  readonly tasks: Tasks;
  readonly #writer = newWriter();
  readonly #plans = new Map<ContactId, PlannedContact>();
  readonly #faults: unknown[] = [];
  #asks = 0;

  constructor({ handlers = 1, speed = FAST }: { handlers?: number; speed?: number } = {}) {
    this.pace = new Pace(speed, 0);
    this.tasks = new Tasks((error) => this.#faults.push(error));
    const { record, pace, counts, tasks } = this;
    const planned = (id: ContactId) => this.#plans.get(id);
    const ports = { record, pace, counts, tasks, seed: 1, planOf: planned };
    this.crews = new Crews(ports);
    const floor = [...Array.from({ length: handlers }).keys()];
    this.calls = new CallFloor(
      floor.map((n) => this.robot(`u-ch${n}`)),
      {
        ...ports,
        abandon: async (contactId) => {
          const body = { contactId };
          const isAbandoned = await this.ask('u-telephony', { type: 'abandon-contact', body });
          return isAbandoned ? 'abandoned' : 'not-abandoned';
        },
      },
    );
    new DispatchFloor([this.robot('u-d1'), this.robot('u-d2')], this.robot('u-sup'), {
      ...ports,
      crews: this.crews,
    }).open();
  }

  robot(name: string): Robot {
    const user = name as UserId;
    return {
      user,
      ask: (asked) => this.ask(name, asked),
      raise: async (asked) => {
        const reference = `HC-20261123-${String(1_000 + this.#asks)}` as IncidentId;
        return (await this.ask(name, asked, { reference })) ? reference : undefined;
      },
    };
  }

  /** Asks as somebody, robot or person; says whether it was recorded. */
  async ask(name: string, asked: Asked, more: Partial<RecordRequest> = {}): Promise<boolean> {
    await Promise.resolve(); // never in the middle of what is being told
    this.#asks += 1;
    const actor = name as UserId;
    const { settled, events } = this.#writer.recordGroup([
      request(this.#asks, asked, { actor, ...more }),
    ]);
    this.events.push(...events.map(recordedOf));
    for (const { bytes } of framesOf(events)) this.record.take(JSON.parse(bytes.toString()));
    const [first] = settled;
    if (first?.outcome !== 'answered') return false;
    if (first.answer.state === 'refused') this.refused.push(first.answer.refusal.reason);
    return first.answer.state === 'recorded';
  }

  /** A contact rings that is planned so. */
  async ring(plan: PlannedContact): Promise<ContactId> {
    const { channel } = plan.arrival;
    await this.ask('u-telephony', { type: 'offer-contact', body: { channel } });
    const { commandId } = this.events.at(-1) ?? {};
    const id = contactIdOf(commandId as Parameters<typeof contactIdOf>[0]); // just recorded
    this.#plans.set(id, plan);
    this.calls.ring(id, plan);
    return id;
  }

  /** Units on duty in one street. */
  async bookOn(...callSigns: readonly string[]): Promise<void> {
    for (const id of callSigns)
      await this.crews.bookOn(id as UnitId, ['Officer 1, made up'], this.robot('u-d1'), {
        lat: 50.79,
        lon: -1.1,
      });
  }

  /** The system looks after all deadlines have passed. */
  async escalateAll(): Promise<void> {
    for (const { stream, type } of this.events.filter((it) => it.type === 'handover.offered')) {
      const handoverId = stream.slice(type.indexOf('.') + 1);
      const asked = { type: 'escalate-handover', body: { handoverId } } as Asked;
      await this.ask('system', asked, {
        occurredAt: (startedAt + A_WEEK_MS) as RecordRequest['occurredAt'],
      });
    }
  }

  /** Resolves once there is such an event; later ones of the same type are not waited for. */
  async seen(type: string): Promise<RecordedEvent> {
    const find = () => this.events.find((event) => event.type === type);
    await this.record.until(() => find() !== undefined);
    const found = find();
    if (!found) throw new Error(`there is no ${type}`);
    return found;
  }

  /** Resolves once nobody has anything in hand. Throws what has gone wrong in it. */
  async settled(): Promise<void> {
    await this.tasks.settled();
    const [first] = this.#faults;
    if (first !== undefined) throw first;
  }

  /** The events of these types in order, with who did it and what their body says. */
  told(...types: readonly string[]) {
    return this.events
      .filter(({ type }) => types.includes(type))
      .map(({ type, actor, stream, body }) => ({ type, actor, stream, body }));
  }
}
