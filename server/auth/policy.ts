import { commands, type CommandType } from '#domain/commands.ts';
import type { Role } from '#domain/facts.ts';
import type { EpochMs } from '#domain/ids.ts';
import type { Grant } from './accounts.ts';

/** Whether this role may ask this. What the table does not say is forbidden. */
export function mayAsk(type: string, role: Role | 'system' | 'outside'): boolean {
  if (!Object.hasOwn(commands, type)) return false;
  const allowed: readonly string[] = commands[type as CommandType].mayAsk; // it has a row
  return allowed.includes(role);
}

export interface Claim {
  readonly type: CommandType;
  readonly actor: string;
  readonly desk: string;
  readonly occurredAt: EpochMs;
}

/**
 * Why a desk's command may not be recorded, or undefined. The actor is judged as at `occurredAt`, by
 * the grant the command carries: an outbox drains after any outage and in any shift.
 */
export function forbids(claim: Claim, grant: Grant | undefined): string | undefined {
  if (!grant || grant.user !== claim.actor || grant.desk !== claim.desk) return 'unknown-grant';
  if (claim.occurredAt > grant.notAfter) return 'grant-expired';
  return mayAsk(claim.type, grant.role) ? undefined : 'not-permitted';
}
