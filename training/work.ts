import type { Grade } from '#domain/facts.ts';
import type { Incident } from '#domain/incident.ts';
import type { Position } from '#domain/lib/geo.ts';
import { drawsOf } from './draws.ts';
import { isSomebodySent, jobTimes, type JobTimes } from './jobs.ts';
import type { PlannedContact } from './plan.ts';
import { turnsOf, type Turns } from './turns.ts';

/** What is done about an incident, how long each part takes, and how it ends. */
export interface Work {
  readonly position: Position;
  readonly grade: Grade;
  readonly times: JobTimes;
  readonly isSomebodySent: boolean;
  readonly result: string;
  readonly closingCode: string;
  readonly turns: Turns;
}

/** What happens with an incident, as it was planned, or drawn where a person raised it otherwise. */
export function workOn(incident: Incident, plan: PlannedContact, seed: number): Work {
  const { openingCode, grade, place } = incident;
  const { lat = plan.place.lat, lon = plan.place.lon } = place;
  const whole = { position: { lat, lon }, grade };
  const { becomes } = plan;
  if (becomes.kind === 'incident' && becomes.report.openingCode === openingCode) {
    const { times, report, turns, isSomebodySent: isPlanned } = becomes;
    const { result, closingCode } = report;
    const isSent = isPlanned || grade === 1; // it may have been graded again
    return { ...whole, times, isSomebodySent: isSent, result, closingCode, turns };
  }
  const draws = drawsOf(seed, 'job', incident.id);
  return {
    ...whole,
    times: jobTimes(openingCode, grade, draws),
    isSomebodySent: isSomebodySent(grade, draws),
    turns: turnsOf(grade, draws),
    result: 'advice-given',
    closingCode: openingCode,
  };
}
