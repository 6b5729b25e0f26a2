import type { Asked } from '#domain/commands.ts';
import type { IncidentId, UserId } from '#domain/ids.ts';

/** Somebody of the made-up force who asks for things, as the floors see them: at a desk, or in a test. */
export interface Robot {
  readonly user: UserId;
  /** Asks, and resolves with whether it was recorded; by then the robots' record shows it. */
  readonly ask: (asked: Asked) => Promise<boolean>;
  /** Raises an incident under the next reference of its desk; that, or undefined where it was refused. */
  readonly raise: (
    asked: Extract<Asked, { type: 'raise-incident' }>,
  ) => Promise<IncidentId | undefined>;
}
