import type { EpochMs, StreamId, UserId } from '#domain/ids.ts';
import { unreachable } from '#domain/lib/assert.ts';
import { spaced } from '#domain/lib/spaced-number.ts';
import { isModest } from '#domain/lib/modest.ts';
import type { Administer } from '#protocol/administer.ts';
import type { WindowDown } from '#protocol/down.ts';
import type { LookChange } from '#protocol/look.ts';
import type { HotkeyAction, HotkeyRow } from '#protocol/hotkey.ts';
import { queries, type Found, type Query, type Result } from '#protocol/query.ts';
import { windowUp, type WindowUp } from '#protocol/up.ts';
import type { Presence } from '#protocol/signal.ts';
import type { SeatRow, Subscribe, ViewName } from '#protocol/view.ts';
import { searchPlaces } from '#store/places.ts';
import { near } from '#store/recorded-crimes.ts';
import type { Desk, Seat } from './desk.ts';
import type { Replica } from './replica.ts';
import { shiftHandoverRows } from './shift-handover-rows.ts';
import { unownedRows } from './unowned-rows.ts';
import { levelsOf } from './levels.ts';
import { deskRows, type OwnDesk } from './desk-rows.ts';
import { isForFew, mayFollow, mayLookUp, maySettle } from './view-policy.ts';
import {
  contactDetail,
  conflictRows,
  contactRows,
  handoverRows,
  incidentDetail,
  incidentRows,
  presenceRows,
  rosterRows,
  unitRows,
} from '#store/views.ts';
import { jsonOf } from '#store/json-of.ts';

/** What a window needs of its desk beside the desk itself: who sits there, and what the link says. */
export interface WindowHost {
  readonly desk: Desk;
  readonly timeZone: string;
  readonly seat: () => Seat | undefined;
  readonly seatRow: () => SeatRow;
  readonly signIn: (
    name: string,
    password: string,
    newPassword: string | undefined,
  ) => Promise<
    | { readonly outcome: 'signed-in' }
    | { readonly outcome: 'refused'; readonly reason: string; readonly message: string }
  >;
  readonly signOut: () => void;
  /** Covers the windows of this desk until somebody signs in at it. */
  readonly lock: () => void;
  readonly isLocked: () => boolean;
  /** Passes on what an administrator asks, as whoever sits here; always answers. */
  readonly administer: (asked: Administer, seat: Seat) => Promise<Result['outcome']>;
  /** For who sits here, or the empty chair; all windows of this desk hear it. */
  readonly setLook: (change: LookChange) => void;
  readonly hotkeys: () => readonly HotkeyRow[];
  /** Asks the shell for another key; what comes of it `hotkeys` shows. */
  readonly setHotkey: (user: UserId, action: HotkeyAction, keys: string) => void;
  readonly draftChanged: (user: UserId, draftId: string, how: 'kept' | 'dropped') => void;
  /** What this window has in front of it, for the other desks. */
  readonly signalled: (presence: Presence) => void;
  /** How long keys took to be seen in this window. */
  readonly painted: (ms: readonly number[]) => void;
  /** How this desk is now. */
  readonly ownDesk: () => OwnDesk;
  /** What a window may not have, for the audit: who asked, for what, and why not. */
  readonly refusedHere: (refusal: RefusedHere) => void;
  readonly now: () => EpochMs;
}

export interface RefusedHere {
  readonly actor: UserId | undefined;
  /** A command, a frame, or `connect` where nobody was let in. */
  readonly what: string;
  readonly reason: string;
  readonly times?: number;
}

const CHUNK_CHARS = 200_000; // of a view at once: a few milliseconds for the window, and far below the cut
const CHUNK_ROWS = 5_000;
const ROW_MAX_CHARS = 2_000_000; // an incident with all the lines that are shown of it, and far below the cut
const SUBSCRIPTIONS_MAX = 40; // a window shows a dozen panels
const CONTACTS_CLOSED_SHOWN = 60; // finished contacts in the list: an operator's own last ones
const RESULTS_MAX = 50;
const MESSAGE_MAX = 400; // of a refusal, in its schema
const FOR_THE_AUDIT: ReadonlySet<string> = new Set(['not-permitted', 'grant-expired']);

type Row = { readonly id: string };

interface Subscription {
  readonly view: ViewName;
  readonly key: string | undefined;
  /** What the window has of each row, as text: a row is sent when it reads differently. */
  readonly sent: Map<string, string>;
  isNew: boolean;
}

/** One window's line to its desk: frames in, frames out. What it cannot read is refused with the reason. */
export class WindowSession {
  readonly #host: WindowHost;
  readonly #send: (frame: WindowDown) => void;
  readonly #isLagging: () => boolean;
  readonly #subscriptions = new Map<string, Subscription>();
  #isSigningIn = false;

  /** `isLagging`: the line has enough on its way; what is left out now is sent at the next `refresh`. */
  constructor(
    host: WindowHost,
    send: (frame: WindowDown) => void,
    isLagging: () => boolean = () => false,
  ) {
    this.#host = host;
    this.#send = send;
    this.#isLagging = isLagging;
  }

  hear(text: string): void {
    const frame = parse(text);
    if ('error' in frame) {
      this.#refusedHere('frame', 'malformed');
      this.#send({ frame: 'refused', reason: 'malformed', message: frame.error });
      return;
    }
    try {
      this.#handle(frame.value);
    } catch (cause) {
      const { value } = frame;
      // Whoever asked must know: what is not stored is still in their hands.
      this.#send({
        frame: 'refused',
        reason: 'desk-cannot-store',
        message: 'This desk could not do it: its disk is full or failing.',
        ...('id' in value && { id: value.id }),
      });
      throw cause;
    }
  }

  /**
   * Sends every view what has changed since it was last sent. How the desks are is looked at when it is asked for
   * by name, once a second: of 300 desks it takes milliseconds, and events come by the hundred.
   */
  refresh(only?: ViewName): void {
    for (const [sub, subscription] of this.#subscriptions) {
      const { view } = subscription;
      if (only === undefined ? view !== 'desks' || !this.#isShown(view) : view === only)
        this.#sendView(sub, subscription);
    }
  }

  /** Passes on the server's word on a command that may be this window's. */
  tell(frame: WindowDown): void {
    this.#send(frame);
  }

  #handle(frame: WindowUp): void {
    const { desk, seat, now } = this.#host;
    switch (frame.frame) {
      case 'ping':
        return this.#send({ frame: 'pong', t0: frame.t0, t1: now(), head: desk.shownCursor });
      case 'subscribe':
        return this.#subscribe(frame);
      case 'unsubscribe':
        return void this.#subscriptions.delete(frame.sub);
      case 'keys-painted': // also of whoever is signing in: it says nothing but how long
        return this.#host.painted(frame.ms);
      case 'sign-in':
        return this.#signIn(frame);
      case 'sign-out':
        this.#host.signOut();
        return this.#answer(frame.id, []);
      case 'lock':
        this.#host.lock();
        return this.#answer(frame.id, []);
      case 'set-look': // also of the empty chair: who signs in has to be able to read
        return this.#host.setLook(frame.change);
      default:
    }
    // Everything below is a person's work: without somebody at the desk it is nobody's.
    const sitting = seat();
    if (!sitting) {
      this.#refusedHere(frame.frame === 'command' ? frame.type : frame.frame, 'not-signed-in');
      const id = 'id' in frame ? frame.id : undefined;
      return this.#send({
        frame: 'refused',
        reason: 'not-signed-in',
        message: 'Nobody is signed in at this desk. Sign in, then do it again.',
        ...(id !== undefined && { id }),
      });
    }
    const user = sitting.user.id;
    switch (frame.frame) {
      case 'command': {
        const ack = desk.ask(frame, sitting);
        const { answer } = ack;
        // What the record forbids is a matter of work, and told on screen; who may not ask is another.
        if (answer.state === 'refused' && FOR_THE_AUDIT.has(answer.refusal.reason))
          this.#refusedHere(frame.type, answer.refusal.reason);
        return this.#send(ack);
      }
      case 'query':
        return this.#query(frame);
      case 'draft':
        // Where another window of this desk has come further, nothing was stored and nothing is said.
        if (!desk.outbox.putDraft(user, frame.draftId, frame.revision, frame.content)) return;
        this.#host.draftChanged(user, frame.draftId, 'kept');
        return this.#send({
          frame: 'draft-stored',
          draftId: frame.draftId,
          revision: frame.revision,
        });
      case 'drop-draft':
        desk.outbox.dropDraft(user, frame.draftId);
        this.#host.draftChanged(user, frame.draftId, 'dropped');
        return this.refresh('drafts');
      case 'administer':
        return void this.#administer(frame, sitting);
      case 'signal':
        return this.#host.signalled(frame.presence);
      case 'set-hotkey':
        if (!mayFollow(sitting.user.role, 'hotkeys')) return this.#notPermitted(frame.id);
        this.#host.setHotkey(user, frame.action, frame.keys);
        return this.#answer(frame.id, []);
      case 'settle-tray':
        if (!maySettle(sitting.user.role)) return this.#notPermitted(frame.id);
        desk.outbox.settleTray(frame.commandId);
        this.#answer(frame.id, []);
        return this.refresh('tray');
      default:
        return unreachable(frame);
    }
  }

  /** Whether who sits here now may follow it; what they may not is taken away at once. */
  #isShown(view: ViewName): boolean {
    const role = this.#host.seat()?.user.role;
    return role !== undefined && mayFollow(role, view);
  }

  #refusedHere(what: string, reason: string): void {
    this.#host.refusedHere({ actor: this.#host.seat()?.user.id, what, reason });
  }

  #subscribe({ sub, view, key }: Subscribe): void {
    if (!this.#subscriptions.has(sub) && this.#subscriptions.size >= SUBSCRIPTIONS_MAX) {
      this.#refusedHere('subscribe', 'too-many-views');
      this.#send({
        frame: 'refused',
        reason: 'too-many-views',
        message: `A window follows at most ${SUBSCRIPTIONS_MAX} views.`,
        id: sub,
      });
      return;
    }
    const subscription: Subscription = { view, key, sent: new Map(), isNew: true };
    this.#subscriptions.set(sub, subscription);
    const role = this.#host.seat()?.user.role;
    // It stays: whoever sits down here next may be one who may.
    if (role !== undefined && isForFew(view) && !mayFollow(role, view)) {
      this.#refusedHere(`subscribe ${view}`, 'not-permitted');
      const message = 'Your role may not see this.';
      this.#send({ frame: 'refused', reason: 'not-permitted', message, id: sub });
    }
    // Opening a record is a look at it; the rows of the open set are the room itself.
    if (key !== undefined && (view === 'contact' || view === 'incident'))
      this.#consulted(view, key, Math.min(1, this.#rowsOf(subscription).length));
    this.#sendView(sub, subscription);
  }

  /**
   * In chunks, and no more of them while the window has not taken those before: a view can be of any
   * size. A row that was not sent reads differently from what the window has, so it goes the next time.
   */
  #sendView(sub: string, subscription: Subscription): void {
    if (this.#isLagging()) return;
    const { sent } = subscription;
    const rows = this.#rowsOf(subscription);
    const here = new Set(rows.map(({ id }) => id));
    const gone = [...sent.keys()].filter((id) => !here.has(id));
    let upsert: (readonly [Row, string])[] = [];
    let chars = 0;
    const flush = () => {
      const { isNew } = subscription;
      const remove = gone.splice(0, CHUNK_ROWS);
      if (!isNew && upsert.length === 0 && remove.length === 0) return;
      const all = upsert.map(([row]) => ({ ...row }));
      this.#send({ frame: 'view', sub, reset: isNew, upsert: all, remove });
      // The window has them only now: a frame that could not be sent is made again.
      subscription.isNew = false;
      for (const id of remove) sent.delete(id);
      for (const [row, text] of upsert) sent.set(row.id, text);
      upsert = [];
      chars = 0;
    };
    while (gone.length > CHUNK_ROWS) flush();
    for (const row of rows) {
      const text = jsonOf(row);
      if (sent.get(row.id) === text) continue;
      const isFull = chars + text.length > CHUNK_CHARS || upsert.length >= CHUNK_ROWS;
      if (isFull && upsert.length > 0) {
        flush();
        if (this.#isLagging()) return;
      }
      if (text.length > ROW_MAX_CHARS) {
        sent.set(row.id, text);
        const message = 'This record is too long to be shown whole. Look it up in the log.';
        this.#send({ frame: 'refused', reason: 'too-large', message, id: sub });
        continue;
      }
      upsert.push([row, text]);
      chars += text.length;
    }
    flush();
  }

  #rowsOf({ view, key = '' }: Subscription): readonly Row[] {
    const { desk, seat, seatRow, now } = this.#host;
    if (view === 'seat') return [seatRow()];
    if (view === 'reference-data') return [desk.reference];
    const sitting = seat();
    if (!sitting) return []; // nothing of the room is shown to an empty chair
    if (!mayFollow(sitting.user.role, view)) return [];
    const { source } = desk;
    switch (view) {
      case 'contacts':
        return contactRows(source, {
          user: sitting.user.id,
          finishedMax: CONTACTS_CLOSED_SHOWN,
        });
      case 'contact':
        return contactDetail(`contact/${key}` as StreamId, source); // shown only if it exists
      case 'incidents':
        return incidentRows(source);
      case 'incident':
        return incidentDetail(`incident/${key}` as StreamId, source); // the same
      case 'units':
        return unitRows(source);
      case 'handovers':
        return handoverRows(source);
      case 'shift-handovers':
        return shiftHandoverRows(source, sitting.user.id);
      case 'unowned':
        return unownedRows(source, now());
      case 'roster':
        return rosterRows(source);
      case 'presence':
        return presenceRows(desk.presence, source);
      case 'conflicts':
        return conflictRows(source, {
          desk: desk.desk,
          isSupervisor: sitting.user.role === 'supervisor',
        });
      case 'tray':
        return desk.tray();
      case 'drafts':
        return desk.outbox.drafts(sitting.user.id);
      case 'desks':
        return deskRows(desk, source, this.#host.ownDesk());
      case 'hotkeys':
        return this.#host.hotkeys();
      default:
        return unreachable(view);
    }
  }

  #signIn({ id, name, password, newPassword }: Extract<WindowUp, { frame: 'sign-in' }>): void {
    if (this.#isSigningIn) {
      this.#refusedHere('sign-in', 'already-asked');
      const message = 'A sign-in from this window is being checked. Wait for its answer.';
      const outcome = { kind: 'refused', reason: 'already-asked', message } as const;
      this.#send({ frame: 'result', id, outcome });
      return;
    }
    this.#isSigningIn = true;
    void this.#host.signIn(name, password, newPassword).then((result) => {
      this.#isSigningIn = false;
      if (result.outcome === 'signed-in') return this.#answer(id, []);
      const { reason, message } = result;
      return this.#send({ frame: 'result', id, outcome: { kind: 'refused', reason, message } });
    });
  }

  /** Whether they may is the server's to say. An answer may hold a secret: it is for who asked, and sits here still. */
  async #administer(frame: Administer, sitting: Seat): Promise<void> {
    const outcome = await this.#host.administer(frame, sitting);
    const isStillHere = this.#host.seat()?.user.id === sitting.user.id;
    const message = 'Your sign-in ended before the answer came: look at the list.';
    const ended = { kind: 'refused', reason: 'not-known', message } as const;
    this.#send({ frame: 'result', id: frame.id, outcome: isStillHere ? outcome : ended });
  }

  /** Refused, and on record: somebody asked for what their role may not see. */
  #notPermitted(id: string): void {
    const message = 'Your role may not see this.';
    const outcome = { kind: 'refused', reason: 'not-permitted', message } as const;
    this.#send({ frame: 'result', id, outcome });
  }

  #query(frame: Query): void {
    const { id, query, params } = frame;
    // Nobody sits there to read the answer. What was done and typed before the lock is still taken.
    if (this.#host.isLocked()) {
      this.#refusedHere(query, 'desk-locked');
      const message = 'This desk is locked.';
      const outcome = { kind: 'refused', reason: 'desk-locked', message } as const;
      this.#send({ frame: 'result', id, outcome });
      return;
    }
    const role = this.#host.seat()?.user.role;
    if (role === undefined || !mayLookUp(role, query)) {
      this.#consulted(query, 'refused not-permitted', 0);
      return this.#notPermitted(id);
    }
    const parsed = queries[query].safeParse(params);
    if (!parsed.success) {
      const message = (parsed.error.issues[0]?.message ?? 'not understood').slice(0, MESSAGE_MAX);
      const outcome = { kind: 'refused', reason: 'malformed', message } as const;
      this.#send({ frame: 'result', id, outcome });
      return;
    }
    // Figures, and nobody's record among them: nothing for the audit, however often they are asked for.
    if (query === 'service-levels') return this.#answerLevels(id, params);
    const rows = this.#look(query, parsed.data);
    const found = rows.flatMap((row) => (isNamed(row) ? [row.id] : []));
    this.#consulted(query, found.join(' '), rows.length);
    this.#answer(id, rows);
  }

  #answerLevels(id: string, params: unknown): void {
    const { desk, timeZone, now } = this.#host;
    const asked = queries['service-levels'].parse(params);
    const levels = levelsOf(desk, asked, { timeZone, now: now() });
    if ('rows' in levels) return this.#answer(id, levels.rows);
    const outcome = { kind: 'refused', reason: 'malformed', message: levels.fault } as const;
    this.#send({ frame: 'result', id, outcome });
  }

  /** Every look-up goes to the audit, hit or miss: which records, never what was typed to find them. */
  #consulted(what: string, subject: string, shown: number): void {
    const actor = this.#host.seat()?.user.id;
    if (actor !== undefined) this.#host.desk.outbox.consult({ actor, what, subject, shown });
  }

  #look(query: Exclude<Query['query'], 'service-levels'>, params: unknown): readonly unknown[] {
    return this.#host.desk.read((replica) => this.#lookIn(replica, query, params), []);
  }

  #lookIn(
    { db, picture }: Replica,
    query: Exclude<Query['query'], 'service-levels'>,
    params: unknown,
  ): readonly unknown[] {
    switch (query) {
      case 'find': {
        const { text } = queries.find.parse(params);
        return picture
          .find(text)
          .slice(0, RESULTS_MAX)
          .flatMap((found): Found[] => {
            const { entity, at, isOpen, why } = found;
            if (entity.kind === 'incident')
              return [
                {
                  kind: 'incident',
                  id: entity.id,
                  title: `${entity.openingCode} grade ${entity.grade}`,
                  place: entity.place.text,
                  at,
                  isOpen,
                  why,
                },
              ];
            if (entity.kind !== 'contact') return [];
            const { caller } = entity;
            return [
              {
                kind: 'contact',
                id: entity.id,
                title: `${entity.channel} ${caller?.kind === 'number' ? spaced(caller.number) : 'withheld'}`,
                place: entity.details.place?.text ?? '',
                at,
                isOpen,
                why,
              },
            ];
          });
      }
      case 'places':
        return searchPlaces(db, queries.places.parse(params).text, RESULTS_MAX);
      case 'crimes-near': {
        const { lat, lon, metres } = queries['crimes-near'].parse(params);
        return near(db, lat, lon, metres, RESULTS_MAX);
      }
      default:
        return unreachable(query);
    }
  }

  #answer(id: string, rows: readonly unknown[]): void {
    const { asAt } = this.#host.seatRow();
    const outcome: Result['outcome'] = { kind: 'rows', rows: [...rows], asAt };
    this.#send({ frame: 'result', id, outcome });
  }
}

const isNamed = (row: unknown): row is { readonly id: string } =>
  typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'string';

function parse(text: string): { readonly value: WindowUp } | { readonly error: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (!isModest(value)) return { error: 'more entries or levels than any frame has' };
    const parsed = windowUp.safeParse(value);
    if (parsed.success) return { value: parsed.data };
    const [issue] = parsed.error.issues;
    const error = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`;
    return { error: error.slice(0, MESSAGE_MAX) }; // it may name what came, at any length
  } catch {
    return { error: 'not JSON' }; // said to the window; nothing was stored
  }
}
