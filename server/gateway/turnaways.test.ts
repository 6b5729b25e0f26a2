import { expect, test } from 'vitest';
import type { EpochMs } from '#domain/ids.ts';
import type { AuditRow, Recorder } from '../log/recorder-port.ts';
import { HandTimers } from './running.suite.ts';
import { COUNT_FOR_MS, EACH_MAX, Turnaways } from './turnaways.ts';

function atTheDoor() {
  const timers = new HandTimers(1_000);
  const rows: AuditRow[] = [];
  const recorder = {
    audit: (added: readonly AuditRow[]) => Promise.resolve(void rows.push(...added)),
  } satisfies Pick<Recorder, 'audit'> as unknown as Recorder; // nothing else of it is used
  const now = () => timers.now as EpochMs;
  const failed = (error: unknown) => void rows.push(error as AuditRow);
  const turnaways = new Turnaways({ recorder, now, timers, failed });
  const knock = (outcome = 'refused wrong-host', desk = 'unknown') =>
    turnaways.add({ actor: 'unknown', desk, what: 'connect', subject: '10.0.0.9', outcome });
  return { timers, rows, turnaways, knock, outcomes: () => rows.map(({ outcome }) => outcome) };
}

test('the first of a minute have a row each and the rest one together, with their number', async () => {
  const { timers, rows, knock, outcomes } = atTheDoor();
  for (let n = 0; n < 500; n += 1) await knock();
  await knock('refused foreign-origin');
  expect(outcomes()).toEqual([
    ...Array<string>(EACH_MAX).fill('refused wrong-host'),
    'refused foreign-origin',
  ]);
  timers.pass(COUNT_FOR_MS);
  expect(rows.at(-1)).toEqual({
    at: 1_000 + COUNT_FOR_MS,
    actor: 'unknown',
    desk: 'unknown',
    operation: 'security',
    what: 'connect',
    subject: 'several',
    outcome: `refused wrong-host, ${500 - EACH_MAX} more`,
  });
  await knock();
  expect(outcomes()).toHaveLength(EACH_MAX + 3); // a minute later it is told again
});

test('made-up names fill neither the memory nor the audit: beyond a thousand kinds they are counted together', async () => {
  const { rows, turnaways, knock } = atTheDoor();
  for (let n = 0; n < 3_000; n += 1) await knock('refused not-enrolled', `made-up-${n}`);
  expect(rows).toHaveLength(1_000);
  await turnaways.close();
  expect(rows.at(-1)).toMatchObject({ what: 'others', outcome: 'refused, 2000 more' });
});
