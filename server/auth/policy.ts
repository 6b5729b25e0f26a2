import { commands, type CommandType } from '#domain/commands.ts';
import type { Role } from '#domain/facts.ts';
import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import type { Accounts } from './accounts.ts';

/** Who asks: a person in a role, the server itself, or an outside system with a key. */
export type Actor = Role | 'system' | 'outside';

/** Whether this actor may not ask this. The table is `domain/commands.ts`; what has no row is refused. */
export function judge(type: string, actor: Actor): 'not-permitted' | undefined {
  if (!Object.hasOwn(commands, type)) return 'not-permitted';
  const allowed: readonly Actor[] = commands[type as CommandType].mayAsk; // it has a row
  return allowed.includes(actor) ? undefined : 'not-permitted';
}

/** What a desk's command says of itself. */
export interface Claim {
  readonly type: string;
  readonly actor: UserId;
  readonly grant: string;
  /** The desk that the command names, and the one whose key opened the socket. */
  readonly desk: DeskId;
  readonly socketDesk: DeskId;
  readonly occurredAt: EpochMs;
}

export type Judgement =
  | {
      readonly outcome: 'permitted';
      /** It is recorded, and the security queue is told why to look at it. */
      readonly flag?: 'since-revoked' | 'outside-grant';
    }
  | {
      readonly outcome: 'forbidden';
      readonly reason:
        | 'wrong-desk'
        | 'wrong-actor'
        | 'unknown-grant'
        | 'grant-expired'
        | 'grant-revoked'
        | 'not-permitted';
    };

/** How far a desk's clock may be off before what it stamps is outside a grant; clocks warn at 2 s. */
export const CLOCK_LEEWAY_MS = 5 * 60_000;

/**
 * Judges a desk's command. The actor is judged as at `occurredAt`, by the grant it carries: an outbox
 * drains after any outage and in any shift. What a since-revoked actor did is kept and flagged.
 */
export function judgeClaim(claim: Claim, accounts: Pick<Accounts, 'grantAt'>): Judgement {
  const forbid = (reason: Extract<Judgement, { outcome: 'forbidden' }>['reason']): Judgement => ({
    outcome: 'forbidden',
    reason,
  });
  const { type, actor, desk, socketDesk, occurredAt } = claim;
  if (desk !== socketDesk) return forbid('wrong-desk');
  const at = accounts.grantAt(claim.grant, occurredAt, CLOCK_LEEWAY_MS);
  if (at.outcome !== 'valid') return forbid(at.outcome);
  const { grant, isSinceRevoked } = at;
  if (grant.desk !== desk) return forbid('wrong-desk');
  if (grant.user !== actor) return forbid('wrong-actor');
  const reason = judge(type, grant.role);
  if (reason) return forbid(reason);
  if (isSinceRevoked) return { outcome: 'permitted', flag: 'since-revoked' };
  if (occurredAt < grant.issuedAt || occurredAt > grant.notAfter)
    return { outcome: 'permitted', flag: 'outside-grant' };
  return { outcome: 'permitted' };
}
