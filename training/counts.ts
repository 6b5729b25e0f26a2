import { answerTargets, type TimedChannel } from '#domain/service-levels.ts';

/** What a training room has done so far. Told when it ends. */
export class Counts {
  /** Contacts that came in, by channel. */
  readonly contacts = { '999': 0, '101': 0, online: 0 };
  /** Calls that robots answered, within the target and later, by the virtual clock. */
  readonly answered: Readonly<Record<TimedChannel, { within: number; later: number }>> = {
    '999': { within: 0, later: 0 },
    '101': { within: 0, later: 0 },
  };
  /** Calls whose caller gave up before anybody answered. */
  readonly abandoned: Record<TimedChannel, number> = { '999': 0, '101': 0 };
  finished = 0;
  raised = 0;
  /** Calls that were put on hold and taken up again. */
  held = 0;
  accepted = 0;
  deployed = 0;
  closed = 0;
  regraded = 0;
  /** Hand-overs that nobody accepted in time, and that the supervisor did. */
  escalated = 0;
  /** Units' requests to be called back, answered. */
  requests = 0;
  /** Emergency buttons of units, owned and stood down. */
  emergencies = 0;
  /** Units whose crew went home and was followed by another. */
  relieved = 0;
  /** Contacts and incidents that a person at a desk took, and that were left to them. */
  leftToPeople = 0;
  /** Commands that were recorded. */
  recorded = 0;
  /** Commands that ran into what somebody else had decided in that moment. */
  lostRaces = 0;
  /** Commands that were refused for a fault of a robot, by reason. */
  readonly faults: Record<string, number> = {};
  /** Contacts that could not be handed in, because the server did not answer. */
  notHandedIn = 0;
}

/** Counts a call that a robot has answered, after so long by the clock on the wall. */
export function countAnswer(
  counts: Counts,
  channel: TimedChannel,
  waitedMs: number,
  speed: number,
): void {
  const isWithin = waitedMs * speed <= answerTargets[channel].withinMs;
  counts.answered[channel][isWithin ? 'within' : 'later'] += 1;
}

/** Refusals that tell of somebody who was quicker; every other one is a fault of the robot. */
const ofARace: ReadonlySet<string> = new Set([
  'already-taken',
  'already-accepted',
  'already-finished',
  'already-ended',
  'already-closed',
  'unit-committed',
  'unit-already-assigned',
  'unit-off-duty',
  'unit-not-assigned',
  'unit-on-duty',
  'emergency-owned',
  'no-emergency',
  'not-answered',
]);

/** Counts an answer; says whether the command was recorded. */
export function count(
  counts: Counts,
  answer:
    | { readonly state: 'recorded' }
    | { readonly state: 'refused'; readonly refusal: { readonly reason: string } },
): boolean {
  if (answer.state === 'recorded') {
    counts.recorded += 1;
    return true;
  }
  const { reason } = answer.refusal;
  if (ofARace.has(reason)) counts.lostRaces += 1;
  else counts.faults[reason] = (counts.faults[reason] ?? 0) + 1;
  return false;
}
