import type { Targets } from './decide.ts';
import type { Grade } from './facts.ts';
import { assert } from './lib/assert.ts';

/** What the reference data says of a grade, as `reference-data/grades.json` holds it. */
interface GradeTarget {
  readonly grade: number;
  readonly attendWithinMs: number | null;
  readonly acceptWithinMs: number;
}

/** The targets of a force, for deciding. Times run from the raising and from the hand-over. */
export function targetsOf(rows: readonly GradeTarget[]): Targets {
  const rowOf = (wanted: Grade) => {
    const found = rows.find((row) => row.grade === wanted);
    assert(found, `grade ${wanted} is in the table of grades`);
    return found;
  };
  return {
    attendWithinMs: (wanted) => rowOf(wanted).attendWithinMs,
    acceptWithinMs: (wanted) => rowOf(wanted).acceptWithinMs,
  };
}
