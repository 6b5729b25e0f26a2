import * as z from 'zod';
import type { UnownedKind } from '#domain/unowned.ts';
import type { ReferenceData } from '#domain/reference-data.ts';
import type { Notice } from './server-notices.ts';
import type { CallerNumber, Channel, Details, Grade, Place, Role } from '#domain/facts.ts';
import { viewReason } from '#domain/view-reason.ts';
import type { Look } from './look.ts';
import type { Spread } from '#domain/lib/rolling-times.ts';

/**
 * What a window may follow. A list view sends rows by id; a detail view sends the row of its record, and a
 * row for each line of its log.
 */
export const viewNames = [
  'seat',
  'reference-data',
  'contacts',
  'contact',
  'incidents',
  'incident',
  'units',
  'handovers',
  'shift-handovers',
  'roster',
  'unowned',
  'presence',
  'conflicts',
  'tray',
  'drafts',
  'desks',
  'hotkeys',
] as const;
export type ViewName = (typeof viewNames)[number];

/** Sent by a window; `key` names the record of a detail view. Views come until `unsubscribe`. */
export const subscribe = z.strictObject({
  frame: z.literal('subscribe'),
  sub: z.string().min(1).max(64),
  view: z.enum(viewNames),
  key: z.string().min(1).max(128).optional(),
  /** Why a record is looked at: a browser seat is shown none without it. A desk infers it. */
  reason: viewReason.optional(),
});
export type Subscribe = z.infer<typeof subscribe>;

export const unsubscribe = z.strictObject({
  frame: z.literal('unsubscribe'),
  sub: z.string().min(1).max(64),
});

/** Sent by a desk: first everything (`reset`), then what has changed. A row has an `id`; its shape is the view's. */
export const view = z.strictObject({
  frame: z.literal('view'),
  sub: z.string().min(1).max(64),
  reset: z.boolean(),
  upsert: z.array(z.looseObject({ id: z.string() })).max(20_000),
  remove: z.array(z.string()).max(20_000),
});
export type View = z.infer<typeof view>;

/** Where a record stands: only on this desk's disk, or in the force's log. */
export type Mark = 'stored-here' | 'recorded';

export interface Person {
  readonly user: string;
  readonly name: string;
  readonly desk: string;
}

export type Mode = 'online' | 'alone';

/** The one row of `seat`. */
export interface SeatRow {
  readonly id: 'seat';
  readonly desk: string;
  readonly force: string;
  readonly user:
    | {
        readonly id: string;
        readonly name: string;
        readonly displayName: string;
        readonly role: Role;
      }
    | undefined;
  /** Since when the windows are covered; absent while they are not. */
  readonly lockedAt?: number | undefined;
  /** Whoever sits or sat here works, or worked, at another desk too: that is never left unsaid. */
  readonly moved?:
    | {
        readonly how: 'came-from' | 'went-to';
        readonly name: string;
        readonly desk: string;
        readonly at: number;
      }
    | undefined;
  readonly mode: Mode;
  /** Why the mode is what it is, in words for the operator. */
  readonly reason: string;
  readonly since: number;
  /** When this desk last heard the server: the age of everything it shows. */
  readonly asAt: number;
  /** The server's clock less this desk's. */
  readonly offsetMs: number;
  readonly cursor: number;
  readonly head: number;
  readonly waiting: number;
  readonly tray: number;
  readonly referencesLeft: number;
  /** The release of this desk. */
  readonly version: string;
  /** That of the server that it last joined; absent before that. */
  readonly serverVersion?: string | undefined;
  readonly protection: string;
  readonly isDemo: boolean;
  /** In a demo that plays a story: what happens now, in one line. No desk that is at work has one. */
  readonly caption?: string | undefined;
  /** How who sits here, or the empty chair, wants the windows to look. */
  readonly look: Look;
  /** What a person who signs in here should know. */
  readonly signInHint?: string | undefined;
  /** What is or was wrong with this desk's own files, in one line for the operator; absent where all is well. */
  readonly trouble?: string | undefined;
  /** What the people here have to know of the server's machine and of this desk's clock; absent where nothing. */
  readonly notices?: readonly Notice[] | undefined;
}

/** The one row of `reference-data`: every list as it holds in this force now. */
export interface ReferenceRow {
  readonly id: 'reference-data';
  readonly data: ReferenceData;
}

/** A row of `contact` and of `incident` beside the record's own: one line of its running log. */
export interface Line {
  readonly id: string;
  /** Of which record. */
  readonly logOf: string;
  readonly at: number;
  /** Lines of one moment stand in this order. */
  readonly order: number;
  readonly enteredAt?: number | undefined;
  readonly recordedAt?: number | undefined;
  readonly who: Person;
  readonly type: string;
  readonly text: string;
  readonly mark: Mark;
}

/** A row of `contacts`. */
export interface ContactRow {
  readonly id: string;
  readonly version: number;
  readonly state: 'offered' | 'answered' | 'held' | 'ended' | 'abandoned' | 'finished';
  readonly channel: Channel;
  readonly caller: CallerNumber | undefined;
  readonly details: Details;
  readonly offeredAt: number;
  readonly answeredAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly owner: Person | undefined;
  readonly incidentIds: readonly string[];
  readonly outcome: string | undefined;
  readonly readOnly: string | undefined;
  readonly mark: Mark;
}

/** A row of `incidents`. */
export interface IncidentRow {
  readonly id: string;
  readonly version: number;
  readonly grade: Grade;
  readonly openingCode: string;
  readonly closingCode: string | undefined;
  readonly place: Place;
  readonly narrative: string;
  readonly raisedAt: number;
  readonly raisedBy: Person;
  readonly attendBy: number | null;
  readonly owner: Person | undefined;
  readonly result: string | undefined;
  readonly closedAt: number | undefined;
  readonly units: readonly { readonly id: string; readonly statusCode: number }[];
  readonly handover: HandoverRow | undefined;
  readonly readOnly: string | undefined;
  readonly mark: Mark;
}
/** The record's own row of `incident`; that of `contact` is as in the list. */
export interface IncidentDetail extends IncidentRow {
  readonly qualifiers: readonly string[];
  readonly contacts: readonly ContactRow[];
}

/** A row of `units`. */
export interface UnitRow {
  readonly id: string;
  readonly version: number;
  readonly isOnDuty: boolean;
  readonly officers: readonly string[];
  readonly skills: readonly string[];
  readonly statusCode: number;
  readonly statusAt: number;
  readonly request: { readonly statusCode: number; readonly at: number } | undefined;
  readonly incidentId: string | undefined;
  readonly emergency: { readonly at: number; readonly owner: Person | undefined } | undefined;
  readonly readOnly: string | undefined;
  readonly mark: Mark;
}

/** A row of `handovers`: what nobody has accepted. */
export interface HandoverRow {
  readonly id: string;
  readonly incidentId: string;
  readonly from: Person;
  readonly to: 'dispatch' | 'supervisor';
  readonly grade: Grade;
  readonly offeredAt: number;
  readonly deadlineAt: number;
  readonly escalatedAt: number | undefined;
  readonly accepted: (Person & { readonly at: number }) | undefined;
  readonly mark: Mark;
}

/** Something that is or was on a shift hand-over, as a person would name it. */
export interface ShiftItemRow {
  readonly kind: 'contact' | 'incident' | 'emergency';
  readonly id: string;
  readonly what: string;
  /** Why it does not pass, or did not; absent where it does. */
  readonly keptBack?: string | undefined;
}

/** A row of `shift-handovers`: open ones that concern this person, and their last ones that have ended. */
export interface ShiftHandoverRow {
  readonly id: string;
  readonly from: Person;
  readonly to:
    | { readonly kind: 'person'; readonly user: string; readonly name: string }
    | { readonly kind: 'role'; readonly role: Role };
  /** While it is open as each would pass now; once it is accepted as each has. */
  readonly items: readonly ShiftItemRow[];
  readonly offeredAt: number;
  readonly deadlineAt: number;
  readonly escalatedAt: number | undefined;
  readonly state: 'open' | 'accepted' | 'declined' | 'withdrawn';
  /** Who ended it, when, and with which reason. */
  readonly ended:
    | { readonly by: Person; readonly at: number; readonly reason?: string | undefined }
    | undefined;
  /** Whether whoever sits here offered it; whether they may accept it or send it back. */
  readonly isMine: boolean;
  readonly isForMe: boolean;
  readonly mark: Mark;
}

/** A row of `roster`: who is on duty where. Its id is the person's. */
export interface RosterRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role | undefined;
  readonly desk: string;
  readonly since: number;
  readonly mark: Mark;
}

/** A row of `unowned`: what nobody on duty has in hand, or nobody answered in its time; the worst first. */
export interface UnownedRow {
  readonly id: string;
  readonly kind: UnownedKind;
  /** The id of what it is about: a reference, a call sign, a contact. */
  readonly subject: string;
  readonly what: string;
  readonly since: number;
  /** Who had it last, of what was left behind. */
  readonly owner: Person | undefined;
  readonly grade: Grade | undefined;
  /** Its place in the list. */
  readonly order: number;
}

/** A row of `presence`: what is in front of whom at another desk. Its id is the desk's. */
export interface PresenceRow {
  readonly id: string;
  readonly who: Person | undefined;
  readonly about: string;
  readonly isTyping: boolean;
  readonly availability: 'ready' | 'talking' | 'wrap-up' | 'away' | undefined;
  readonly at: number;
}

/** A row of `conflicts`: a late command of another desk that ran into a decision of this one. */
export interface ConflictRow {
  readonly id: string;
  readonly what: string;
  readonly subject: string;
  readonly reason: string;
  readonly by: Person;
  readonly askedAt: number;
  readonly other: string;
  readonly mark: Mark;
}

/** A row of `tray`: a command that was stored here and then refused, with all that depended on it. */
export interface TrayRow {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly refusedAt: number;
  readonly who: Person;
  readonly what: string;
  readonly reason: string;
  readonly message: string;
  readonly dependents: readonly {
    readonly id: string;
    readonly what: string;
    readonly reason: string;
    readonly message: string;
  }[];
}

/** A row of `drafts`. */
export interface DraftRow {
  readonly id: string;
  readonly revision: number;
  readonly savedAt: number;
  readonly content: {
    readonly about: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly caret?:
      | { readonly field: string; readonly start: number; readonly end: number }
      | undefined;
  };
}

/** A row of `desks`, for a supervisor or an administrator: how a desk is. Its id is the desk's. */
export interface DeskRow {
  readonly id: string;
  /** Who sits there, as the desk says, or else who is on duty there. */
  readonly person: string | undefined;
  readonly role: Role | undefined;
  readonly onDutySince: number | undefined;
  /**
   * `here` is the desk of this window; `joined` the server hears; `gone` it does not hear any more; of `unheard`
   * nothing is known but that somebody is on duty there.
   */
  readonly line: 'here' | 'joined' | 'gone' | 'unheard';
  readonly goneSince: number | undefined;
  /** When the report was heard; undefined for the desk of this window, whose report is of now. */
  readonly at: number | undefined;
  readonly report:
    | {
        readonly mode: Mode;
        readonly waiting: number;
        readonly oldestWaitingAt: number | undefined;
        readonly tray: number;
        readonly drafts: number;
        readonly oldestDraftAt: number | undefined;
        readonly version: string;
        readonly offsetMs: number;
        readonly keyToPaint?: Spread | undefined;
        readonly saveToRecord?: Spread | undefined;
      }
    | undefined;
}
