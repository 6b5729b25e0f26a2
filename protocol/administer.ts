import * as z from 'zod';
import { commands } from '#domain/commands.ts';
import type { Role } from '#domain/facts.ts';
import { commandId, deskId, userId } from '#domain/ids.ts';

const { name, displayName, role } = commands['add-user'].body.shape;
// It stands in each contact that the system hands in, so it is a name of a system and not of a person.
const system = z.string().trim().min(2).max(100);
/** Rows of a list that one answer holds: far below what a frame may weigh. */
export const ADMIN_PAGE = 500;
const page = {
  /** How many rows of the list stand before this page. */
  from: z.int().min(0).max(100_000),
  /** The digest of this page as it is shown already: where it is the same, its rows are not sent again. */
  known: z.string().max(64).optional(),
};

/** What an administrator asks; `what` is what the audit calls it. Who may is the server's to say. */
export const doing = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('list-users'), ...page }),
  z.strictObject({ what: z.literal('add-user'), name, displayName, role }),
  z.strictObject({ what: z.literal('set-user-role'), name, role }),
  z.strictObject({ what: z.literal('disable-user'), name }),
  z.strictObject({ what: z.literal('reopen-user'), name }),
  z.strictObject({ what: z.literal('reset-password'), name }),
  z.strictObject({ what: z.literal('unlock-user'), name }),
  z.strictObject({ what: z.literal('list-sessions'), ...page }),
  z.strictObject({
    what: z.literal('revoke-session'),
    of: z.union([z.strictObject({ session: z.uuid() }), z.strictObject({ name })], {
      error: 'give one of: session (its id), name (all of a person)',
    }),
  }),
  z.strictObject({ what: z.literal('list-desks'), ...page }),
  z.strictObject({ what: z.literal('make-desk-code'), desk: deskId.optional() }),
  z.strictObject({ what: z.literal('revoke-desk'), desk: deskId }),
  z.strictObject({ what: z.literal('list-api-keys'), ...page }),
  z.strictObject({ what: z.literal('make-api-key'), name: system }),
  z.strictObject({ what: z.literal('revoke-api-key'), name: system }),
]);
export type Doing = z.infer<typeof doing>;

/**
 * Sent by a window to its desk; the answer is a `result` with the same id, its one row an `AdminAnswer`.
 * It is never stored at the desk: where the server is away nothing is done. The id is a UUIDv7 of the
 * window's: what is asked again under it, after an answer that was lost, is done once.
 */
export const administer = z.strictObject({
  frame: z.literal('administer'),
  id: commandId,
  doing,
});
export type Administer = z.infer<typeof administer>;

/**
 * Sent by a desk to the server: the same, with who sits there and the grant of their sign-in. The server
 * judges by both, as at now, and does what the same over HTTP does.
 */
export const deskAdminister = z.strictObject({
  frame: z.literal('desk-administer'),
  id: commandId,
  doing,
  actor: userId,
  grant: z.string().min(1).max(64),
});
export type DeskAdminister = z.infer<typeof deskAdminister>;

/** The server's answer to `desk-administer`. It may hold a secret that is told once: nobody keeps it. */
export const administered = z.strictObject({
  frame: z.literal('administered'),
  id: commandId,
  outcome: z.discriminatedUnion('kind', [
    /** An `AdminAnswer`, which the desk passes on as it is. */
    z.strictObject({ kind: z.literal('done'), answer: z.looseObject({}) }),
    z.strictObject({
      kind: z.literal('refused'),
      reason: z.string().min(1).max(64),
      message: z.string().max(400),
    }),
  ]),
});
export type Administered = z.infer<typeof administered>;

export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly state: 'active' | 'password-change-needed' | 'locked' | 'closed';
  readonly lockedUntil?: number;
  readonly closedAt?: number;
  readonly lastSignInAt?: number;
}

export interface SessionRow {
  readonly id: string;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly desk: string;
  readonly since: number;
  readonly until: number;
  /** `offline`: by it the desk may sign them in while the server is away. */
  readonly signIn: 'online' | 'offline';
}

export interface DeskKeyRow {
  readonly desk: string;
  readonly state: 'joined' | 'away' | 'revoked';
  readonly enrolledAt?: number;
  /** Absent of a desk that is joined: it is seen now. */
  readonly lastSeenAt?: number;
  readonly revokedAt?: number;
}

export interface ApiKeyRow {
  readonly name: string;
  readonly madeAt?: number;
  readonly lastUsedAt?: number;
  readonly revokedAt?: number;
}

/** A page of a list, or that it is as it was. */
export type AdminPage<Row> =
  | { readonly rows: readonly Row[]; readonly digest: string; readonly isMore: boolean }
  | { readonly isUnchanged: true };

interface Changed {
  readonly user: AccountRow;
  readonly isChanged: boolean;
}

/** What the answer to each doing holds. */
export interface AdminAnswers {
  readonly 'list-users': AdminPage<AccountRow>;
  readonly 'list-sessions': AdminPage<SessionRow>;
  readonly 'list-desks': AdminPage<DeskKeyRow>;
  readonly 'list-api-keys': AdminPage<ApiKeyRow>;
  /** A password to be changed at the first sign-in, told once. */
  readonly 'add-user': {
    readonly user: Pick<AccountRow, 'id' | 'name' | 'displayName' | 'role'>;
    readonly password: string;
  };
  readonly 'reset-password': { readonly user: AccountRow; readonly password: string };
  readonly 'set-user-role': Changed;
  readonly 'disable-user': Changed;
  readonly 'reopen-user': Changed;
  readonly 'unlock-user': Changed;
  readonly 'revoke-session': { readonly revoked: number };
  readonly 'make-desk-code': {
    readonly code: string;
    readonly notAfter: number;
    readonly desk?: string;
  };
  readonly 'revoke-desk': { readonly desk: string };
  readonly 'make-api-key': { readonly name: string; readonly key: string };
  readonly 'revoke-api-key': { readonly name: string; readonly isChanged: boolean };
}
export type AdminAnswer = AdminAnswers[keyof AdminAnswers];
