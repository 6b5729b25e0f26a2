import { commands, type CommandType } from '#domain/commands.ts';
import { roles, type Role } from '#domain/facts.ts';
import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import type { WindowUp } from '#protocol/up.ts';
import type { Accounts } from './accounts.ts';
import { SESSION_MS } from './grants.ts';

/** Who asks: a person in a role, the server itself, or an outside system with a key. */
export type Actor = Role | 'system' | 'outside';

/** Whether this actor may not ask this. The table is `domain/commands.ts`; what has no row is refused. */
export function judge(type: string, actor: Actor): 'not-permitted' | undefined {
  if (!Object.hasOwn(commands, type)) return 'not-permitted';
  const allowed: readonly Actor[] = commands[type as CommandType].mayAsk; // it has a row
  return allowed.includes(actor) ? undefined : 'not-permitted';
}

/**
 * Who may use an address over HTTP. `open`: whoever comes; what they bring (a password, a code) is
 * checked there. `key`: an outside system with an API key. `desk`: who signs with an enrolled desk's
 * key. `people`: a signed-in person in one of these roles; `what` is what the audit calls it. `page`: a
 * page that this server serves, by its own origin; who sits there is looked at by `server/web`.
 */
export type Way =
  | { readonly by: 'open' | 'key' | 'desk' | 'page' }
  | {
      readonly by: 'people';
      readonly roles: readonly Role[];
      readonly what: string;
      /** Whoever asks from this very machine needs no session. */
      readonly isOpenHere?: true;
    };

const people = (what: string, ...may: readonly Role[]): Way => ({
  by: 'people',
  roles: may,
  what,
});

/** Every address and who may use it. What has no row is refused to everybody. */
export const ways = {
  'POST /api/session': { by: 'open' },
  'DELETE /api/session': people('sign-out', ...roles),
  'POST /api/desks/enrol': { by: 'open' },
  'POST /api/contacts': { by: 'key' },
  'POST /api/contacts/:id/abandoned': { by: 'key' },
  'POST /api/contacts/:id/ended': { by: 'key' },
  'POST /api/units/:callSign/status': { by: 'key' },
  'GET /api/drafts': people('read drafts', ...roles),
  'GET /api/events': people('read events', 'auditor'),
  'POST /api/users': people('add-user', 'administrator'),
  'GET /api/users': people('list-users', 'administrator'),
  'POST /api/users/role': people('set-user-role', 'administrator'),
  'POST /api/users/disable': people('disable-user', 'administrator'),
  'POST /api/users/reopen': people('reopen-user', 'administrator'),
  'POST /api/users/reset': people('reset-password', 'administrator'),
  'POST /api/users/unlock': people('unlock-user', 'administrator'),
  'GET /api/sessions': people('list-sessions', 'administrator'),
  'POST /api/sessions/revoke': people('revoke-session', 'administrator'),
  'GET /api/desks': people('list-desks', 'administrator'),
  'POST /api/desks/codes': people('make-desk-code', 'administrator'),
  'POST /api/desks/grants': { by: 'desk' },
  'POST /api/desks/revoke': people('revoke-desk', 'administrator'),
  'GET /api/api-keys': people('list-api-keys', 'administrator'),
  'POST /api/api-keys': people('make-api-key', 'administrator'),
  'POST /api/api-keys/revoke': people('revoke-api-key', 'administrator'),
  'GET /api/reference-data': people('list-reference-data', 'administrator'),
  'GET /api/reference-data/:list': people('show-reference-data', 'administrator'),
  'GET /api/reference-data/:list/revisions': people('list-revisions', 'administrator'),
  'POST /api/reference-data/:list/check': people('check-reference-data', 'administrator'),
  'POST /api/reference-data/:list': people('take-over-reference-data', 'administrator'),
  'POST /api/reference-data/:list/roll-back': people('take-over-reference-data', 'administrator'),
  'GET /live-log/': { by: 'page' },
  'GET /assets/*': { by: 'page' },
  'GET /live-log/session': { by: 'page' },
  'POST /live-log/session': { by: 'page' },
  'PUT /live-log/session': { by: 'page' },
  'DELETE /live-log/session': { by: 'page' },
  'POST /live-log/prints': { by: 'page' },
  'POST /ws-ticket': { by: 'page' },
  'GET /healthz': { by: 'open' },
  'GET /readyz': { by: 'open' },
  'GET /metrics': { by: 'people', roles: ['auditor'], what: 'read metrics', isOpenHere: true },
} as const satisfies Readonly<Record<string, Way>>;

/** The row of an address, such as `GET /api/events`; asking for its head alone is asking for it. */
export function wayTo(route: string): Way | undefined {
  const name = route.replace(/^HEAD /, 'GET ');
  return Object.hasOwn(ways, name) ? ways[name as keyof typeof ways] : undefined; // it has a row
}

/** Whether somebody in this role may ask this of the administration, from wherever: the rows above decide. */
const mayAdminister = (what: string, role: Role): boolean =>
  Object.values<Way>(ways).some(
    (way) => way.by === 'people' && way.what === what && way.roles.includes(role),
  );

export type DoingRefusal =
  | 'unknown-grant'
  | 'grant-expired'
  | 'grant-revoked'
  | 'wrong-desk'
  | 'wrong-actor'
  | 'not-permitted';

/**
 * Judges what an administrator asks at a desk, as at now: their sign-in has to be good at this moment, of
 * this desk, and seen by this server; their role is the one that they have now.
 */
export function judgeDoing(
  {
    what,
    actor,
    grant: id,
    desk,
    at,
  }: {
    readonly what: string;
    readonly actor: UserId;
    readonly grant: string;
    /** The one whose key opened the socket. */
    readonly desk: DeskId;
    readonly at: EpochMs;
  },
  accounts: Pick<Accounts, 'grantAt' | 'roleOf'>,
): DoingRefusal | undefined {
  const found = accounts.grantAt(id, at);
  if (found.outcome !== 'valid') return found.outcome;
  const { grant, isSinceRevoked } = found;
  if (grant.desk !== desk) return 'wrong-desk';
  if (grant.user !== actor) return 'wrong-actor';
  const role = accounts.roleOf(actor);
  if (isSinceRevoked || role === undefined) return 'grant-revoked';
  return grant.isOffline || !mayAdminister(what, role) ? 'not-permitted' : undefined;
}
/**
 * Who may sit at a browser seat of the server and follow a log there. An auditor reads the audit and the
 * log by their own address; whoever works on the floor does so at a desk, which goes on when this server
 * is away.
 */
const liveLogRoles: ReadonlySet<Role> = new Set(['investigator', 'supervisor']);
export const mayFollowLive = (role: Role): boolean => liveLogRoles.has(role);

/**
 * Every frame of the window hop, and what a browser seat does with it. It is read-only: whatever would
 * store, claim or tell something is refused there, by the server and not by its page.
 */
export const seatFrames = {
  ping: 'heard',
  subscribe: 'heard',
  unsubscribe: 'heard',
  query: 'heard',
  'sign-out': 'heard',
  'keys-painted': 'heard',
  command: 'read-only',
  'set-look': 'read-only',
  draft: 'read-only',
  'drop-draft': 'read-only',
  'settle-tray': 'read-only',
  'set-hotkey': 'read-only',
  signal: 'read-only',
  'sign-in': 'read-only',
  lock: 'read-only',
  administer: 'read-only',
} as const satisfies Readonly<Record<WindowUp['frame'], 'heard' | 'read-only'>>;

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
      readonly flag?:
        | 'since-revoked'
        | 'outside-grant'
        | 'offline-sign-in'
        | 'lost-grant'
        | 'role-since-changed';
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
 *
 * A server that was restored, at `restoredAt`, knows none of the grants that were given after its back-up.
 * What a desk brings under one of these is judged by the account, for as long as such a grant can last.
 */
export function judgeClaim(
  claim: Claim,
  accounts: Pick<Accounts, 'grantAt' | 'roleOf'>,
  restoredAt?: number,
): Judgement {
  const forbid = (reason: Extract<Judgement, { outcome: 'forbidden' }>['reason']): Judgement => ({
    outcome: 'forbidden',
    reason,
  });
  const { type, actor, desk, socketDesk, occurredAt } = claim;
  if (desk !== socketDesk) return forbid('wrong-desk');
  const at = accounts.grantAt(claim.grant, occurredAt, CLOCK_LEEWAY_MS);
  const isLost = restoredAt !== undefined && occurredAt <= restoredAt + SESSION_MS;
  if (at.outcome === 'unknown-grant' && isLost) {
    const role = accounts.roleOf(actor);
    if (role && judge(type, role) === undefined)
      return { outcome: 'permitted', flag: 'lost-grant' };
  }
  if (at.outcome !== 'valid') return forbid(at.outcome);
  const { grant, isSinceRevoked } = at;
  if (grant.desk !== desk) return forbid('wrong-desk');
  if (grant.user !== actor) return forbid('wrong-actor');
  const reason = judge(type, grant.role);
  if (reason) return forbid(reason);
  if (isSinceRevoked) return { outcome: 'permitted', flag: 'since-revoked' };
  const roleNow = accounts.roleOf(actor);
  if (roleNow !== undefined && judge(type, roleNow) !== undefined)
    return { outcome: 'permitted', flag: 'role-since-changed' };
  if (occurredAt < grant.issuedAt || occurredAt > grant.notAfter)
    return { outcome: 'permitted', flag: 'outside-grant' };
  // The server did not see who sat down there; the desk did, by the password of the last sign-in here.
  return grant.isOffline
    ? { outcome: 'permitted', flag: 'offline-sign-in' }
    : { outcome: 'permitted' };
}
