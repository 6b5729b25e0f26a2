import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import {
  incidentId,
  kindOf,
  type EpochMs,
  type IncidentId,
  type StreamId,
  type StreamKind,
} from '#domain/ids.ts';
import { isModest } from '#domain/lib/modest.ts';
import type { ViewReason } from '#domain/view-reason.ts';
import type { WindowDown } from '#protocol/down.ts';
import { limits } from '#protocol/limits.ts';
import { DEFAULT_LOOK } from '#protocol/look.ts';
import { queries, type Query } from '#protocol/query.ts';
import { windowUp, type WindowUp } from '#protocol/up.ts';
import type { Line, SeatRow, Subscribe } from '#protocol/view.ts';
import { jsonOf } from '#store/json-of.ts';
import { seatFrames } from '../auth/policy.ts';
import { NO_DESK } from '../auth/keys.ts';
import type { AuditRow, Recorder } from '../log/recorder-port.ts';
import type { Notices } from '../ops/notices.ts';
import type { Timers } from '../gateway/timers.ts';
import type { Turnaways } from '../gateway/turnaways.ts';
import type { LiveRecords } from './live-records.ts';
import type { Hanging, SeatEnd, SeatSession } from './seat-sessions.ts';

/** What a page sends is a reason, a word to find and a ping: far below what a desk's window may send. */
export const SEAT_FRAME_MAX_BYTES = 8_192;
const BURST = 60;
const PER_SECOND = 20;
const FLOOD = 200; // frames beyond what it may: no page of ours does that
const FOLLOWED_MAX = 4; // at once, of one window: more is not read by one person
const VIEWS_MAX = 16;
const GOODBYE_MS = 1_000;
const CHUNK_CHARS = 200_000; // of a view at once, as at a desk
const SUBJECT_MAX = 2_000;

/** Close codes of our own (RFC 6455, 7.4.2); the page says in words what they mean. */
export const seatCodes = { over: 4401, flood: 4008 } as const;

export interface SeatLineOptions {
  readonly recorder: Pick<Recorder, 'audit' | 'head'>;
  /** Made when the first look is asked for. Throws where the log cannot be read. */
  readonly records: () => LiveRecords;
  readonly forceName: string;
  readonly release?: string | undefined;
  readonly notices?: Pick<Notices, 'all' | 'onChanged'> | undefined;
  readonly now: () => EpochMs;
  readonly timers: Timers;
  readonly turnaways: Turnaways;
  readonly failed: (error: unknown) => void;
  readonly signOut: () => void;
  readonly closed: () => void;
}

/** An incident that a seat has in front of it. */
export interface Follow {
  readonly incident: IncidentId;
  /** Its name in the audit. */
  readonly view: string;
  readonly reason: ViewReason;
  /** The reason is on record: only from then on is anything shown. */
  isOnRecord: boolean;
  isOver: boolean;
  madeOf: ReadonlySet<StreamId>;
  /** What the page has of each row, as text. */
  readonly sent: Map<string, string>;
  /** Lines that have been shown, those too that are not any more. */
  readonly lines: Set<string>;
  upTo: number;
  isDirty: boolean;
}

/** One socket of one browser seat. It hears looks and sends rows; everything else is refused. */
export class SeatLine implements Hanging {
  readonly #socket: WebSocket;
  readonly #session: SeatSession;
  readonly #network: string;
  readonly #options: SeatLineOptions;
  readonly #follows = new Map<string, Follow>();
  #views = 0;
  /** Where the page wants the reference data, also when a list is taken over. */
  #seatSub: string | undefined;
  #referenceSub: string | undefined;
  #isEnded = false;
  #tokens = BURST;
  #filledAt: EpochMs;
  #isToldToSlowDown = false;
  #lagSince: EpochMs | undefined;
  #heardAt: EpochMs;
  #pingedAt: EpochMs;

  constructor(
    socket: WebSocket,
    who: { readonly session: SeatSession; readonly network: string },
    options: SeatLineOptions,
  ) {
    this.#socket = socket;
    this.#session = who.session;
    this.#network = who.network;
    this.#options = options;
    this.#filledAt = this.#heardAt = this.#pingedAt = options.now();
    who.session.lines.add(this);
    socket.on('close', () => {
      this.#endAll('the line was lost');
      who.session.lines.delete(this);
      options.closed();
    });
    // `close` always follows, and that is where it is dealt with.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('WS_ERR') === true) this.#refusedHere('frame', 'broken-frame');
    });
    socket.on('pong', () => void (this.#heardAt = options.now()));
    // The binary type of `ws` is a Buffer unless it is told otherwise.
    socket.on('message', (data, isBinary) =>
      this.#guard(() => this.#hear(data as Buffer, isBinary)),
    );
  }

  /** The session is over: not a byte more goes out. */
  end(why: SeatEnd): void {
    this.#hangUp(seatCodes.over, why);
  }

  /** The server stops. */
  stop(): void {
    this.#hangUp(1001, 'the server stops');
  }

  /** What was recorded touches these. */
  refresh(touched: ReadonlySet<StreamId>): void {
    // A name stands in lines of any record, and so does that of a status.
    const isRenamed = [...touched].some((stream) => NAMED.has(kindOf(stream)));
    for (const follow of this.#follows.values())
      follow.isDirty ||= isRenamed || !touched.isDisjointFrom(follow.madeOf);
    const isListNew = [...touched].some((stream) => kindOf(stream) === 'reference-data');
    this.#guard(() => {
      if (isListNew && this.#referenceSub !== undefined)
        this.#sendRow(this.#referenceSub, this.#options.records().reference);
      this.#sendDirty();
    });
  }

  /** Several times a second: a reader that is stuck is cut, one that has caught up is sent what it lacks. */
  tick(): void {
    const now = this.#options.now();
    // Asked of the browser itself, which answers also where the page sleeps.
    if (now - this.#heardAt > limits.deadAfterMs * 2) return this.#socket.terminate();
    if (now - this.#pingedAt >= limits.pingEveryMs) {
      this.#pingedAt = now;
      if (this.#isOpen) this.#socket.ping();
    }
    const isFull = this.#socket.bufferedAmount > limits.cutBytes;
    const isStuck = this.#isLagging() && now - (this.#lagSince ?? now) > limits.lagMs;
    if (isFull || isStuck) return this.#socket.terminate();
    this.#guard(() => this.#sendDirty());
  }

  /** What stands around the work has changed: sent where the page follows it. */
  tellSeat(): void {
    const [sub, upsert] = [this.#seatSub, [{ ...this.#seatRow() }]];
    if (sub === undefined) return;
    this.#guard(() => this.#send({ frame: 'view', sub, reset: false, upsert, remove: [] }));
  }

  get #isOpen(): boolean {
    return !this.#isEnded && this.#socket.readyState === this.#socket.OPEN;
  }

  #hangUp(code: number, why: string): void {
    if (this.#isEnded) return;
    this.#endAll(why);
    this.#isEnded = true;
    this.#socket.close(code, why);
    // Whoever does not answer the goodbye holds nothing.
    const stop = this.#options.timers.after(GOODBYE_MS, () => this.#socket.terminate());
    this.#socket.once('close', stop);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.failed(error);
      this.#hangUp(1011, 'the server could not do it');
    }
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (!this.#isOpen) return;
    this.#heardAt = this.#options.now();
    if (!this.#mayPass()) return;
    const frame = isBinary ? undefined : read(data.toString('utf8'));
    if (frame === undefined) {
      this.#refusedHere('frame', 'malformed');
      return this.#refuse('malformed', 'This frame was not understood; nothing was done.');
    }
    if (seatFrames[frame.frame] === 'heard') return this.#handle(frame);
    this.#refusedHere(frame.frame === 'command' ? frame.type : frame.frame, 'read-only');
    const id = 'id' in frame ? frame.id : undefined;
    this.#refuse('read-only', 'This seat is read-only: nothing can be written from it.', id);
  }

  #handle(frame: WindowUp): void {
    const { now, recorder } = this.#options;
    switch (frame.frame) {
      case 'ping':
        return this.#send({ frame: 'pong', t0: frame.t0, t1: now(), head: recorder.head().seq });
      case 'subscribe':
        return this.#subscribe(frame);
      case 'unsubscribe':
        return this.#endFollow(frame.sub, 'left');
      case 'query':
        return void this.#query(frame).catch((error: unknown) => this.#failed(error, frame.id));
      case 'sign-out':
        return this.#signOut();
      default:
    }
  }

  #signOut(): void {
    const subject = this.#session.person.id;
    const row = { operation: 'authentication', what: 'sign-out', subject } as const;
    this.#audit({ ...row, outcome: 'signed-out' }).catch(this.#options.failed);
    this.#options.signOut(); // ends this line too
  }

  #subscribe(asked: Subscribe): void {
    const { sub, view, key, reason } = asked;
    switch (view) {
      case 'seat':
        this.#seatSub = sub;
        return this.#sendOnce(sub, this.#seatRow());
      case 'reference-data':
        this.#referenceSub = sub;
        return this.#sendOnce(sub, this.#options.records().reference);
      case 'incident': {
        const incident = incidentId.safeParse(key).data;
        if (incident === undefined)
          return this.#turnDown('subscribe', 'malformed', 'This is no reference.', sub);
        if (!reason)
          return this.#turnDown(
            'subscribe',
            'reason-needed',
            'Say why you look at this incident: one of the six, and in your own words.',
            sub,
          );
        this.#endFollow(sub, 'asked for again');
        if (this.#follows.size >= FOLLOWED_MAX)
          return this.#turnDown(
            'subscribe',
            'too-many-views',
            `A window follows at most ${FOLLOWED_MAX} incidents.`,
            sub,
          );
        return void this.#follow(sub, incident, reason).catch((error: unknown) =>
          this.#failed(error, sub),
        );
      }
      default:
        return this.#turnDown(
          'subscribe',
          'not-permitted',
          'This seat follows one incident at a time and shows nothing else of the room.',
          sub,
        );
    }
  }

  /** First the reason is on record, durably, and only then is the first row made. */
  async #follow(sub: string, incident: IncidentId, reason: ViewReason): Promise<void> {
    const view = randomBytes(6).toString('hex');
    const follow: Follow = {
      incident,
      view,
      reason,
      isOnRecord: false,
      isOver: false,
      madeOf: new Set(),
      sent: new Map(),
      lines: new Set(),
      upTo: 0,
      isDirty: true,
    };
    this.#follows.set(sub, follow);
    const isThere = this.#options.records().incident(incident).rows.length > 0;
    // One line of letters, whatever was put into it: an auditor reads it, in a terminal too.
    const why = `reason ${reason.code}: ${reason.text.replaceAll(/\p{C}+/gu, ' ')}`;
    await this.#audit({
      operation: 'consultation',
      what: 'incident',
      subject: incident,
      outcome: isThere
        ? `view ${view} begins, from ${this.#network}, ${why}`
        : `shown 0, from ${this.#network}, ${why}`,
    });
    if (!isThere) {
      if (this.#follows.get(sub) === follow) this.#follows.delete(sub);
      return this.#refuse('no-such-incident', 'There is no incident of this reference.', sub);
    }
    follow.isOnRecord = true;
    // It may have been left while the row was written: that it showed nothing is on record too.
    if (follow.isOver) return this.#auditEnd(follow, 'left before anything was shown');
    this.#guard(() => this.#sendDirty());
  }

  #endFollow(sub: string, why: string): void {
    const follow = this.#follows.get(sub);
    if (!follow) return;
    this.#follows.delete(sub);
    follow.isOver = true;
    if (follow.isOnRecord) this.#auditEnd(follow, why);
  }

  #endAll(why: string): void {
    for (const sub of this.#follows.keys()) this.#endFollow(sub, why);
  }

  #auditEnd({ incident, view, lines, upTo }: Follow, why: string): void {
    this.#audit({
      operation: 'consultation',
      what: 'incident',
      subject: incident,
      outcome: `view ${view} ended: ${why}; ${lines.size} lines shown, up to event ${upTo}`,
    }).catch(this.#options.failed);
  }

  /** What was followed last of an incident, for the paper that is made of it. */
  followed(incident: IncidentId): Pick<Follow, 'view' | 'reason' | 'lines' | 'upTo'> | undefined {
    return [...this.#follows.values()].find(
      (it) => it.incident === incident && it.isOnRecord && it.sent.size > 0,
    );
  }

  #sendDirty(): void {
    for (const [sub, follow] of this.#follows) {
      if (!this.#isOpen || this.#isLagging()) return;
      if (!follow.isDirty || !follow.isOnRecord) continue;
      this.#sendRows(sub, follow);
    }
  }

  /** What reads differently from what the page has, in chunks; what does not go now goes the next time. */
  #sendRows(sub: string, follow: Follow): void {
    const records = this.#options.records();
    const { rows, madeOf } = records.incident(follow.incident);
    const { sent } = follow;
    follow.madeOf = madeOf;
    follow.isDirty = false;
    let upsert: { readonly id: string }[] = [];
    let chars = 0;
    const flush = (remove: string[] = []) => {
      if (upsert.length === 0 && remove.length === 0) return;
      this.#send({ frame: 'view', sub, reset: sent.size === 0, upsert, remove });
      for (const row of upsert) {
        sent.set(row.id, jsonOf(row));
        if (isLine(row)) follow.lines.add(row.id);
      }
      for (const id of remove) sent.delete(id);
      upsert = [];
      chars = 0;
    };
    for (const row of rows) {
      const text = jsonOf(row);
      if (sent.get(row.id) === text) continue;
      if (chars + text.length > CHUNK_CHARS) flush();
      if (this.#isLagging()) {
        follow.isDirty = true;
        return;
      }
      upsert.push({ ...row });
      chars += text.length;
    }
    const here = new Set(rows.map(({ id }) => id));
    flush([...sent.keys()].filter((id) => !here.has(id)));
    follow.upTo = records.seq;
  }

  async #query({ id, query, params }: Query): Promise<void> {
    if (query !== 'find')
      return this.#turnDown(
        query,
        'not-permitted',
        'This seat finds incidents, and nothing else.',
        id,
      );
    const parsed = queries.find.safeParse(params);
    if (!parsed.success)
      return this.#turnDown(query, 'malformed', 'Give a reference, a number or a place.', id);
    const rows = this.#options.records().find(parsed.data.text);
    // Which were found, and never what was typed to find them; on record before they are shown.
    await this.#audit({
      operation: 'consultation',
      what: 'find',
      subject: rows
        .map((row) => row.id)
        .join(' ')
        .slice(0, SUBJECT_MAX),
      outcome: `shown ${rows.length}, from ${this.#network}`,
    });
    const asAt = this.#options.now();
    this.#send({ frame: 'result', id, outcome: { kind: 'rows', rows: [...rows], asAt } });
  }

  #seatRow(): SeatRow {
    const { now, recorder, forceName, release, notices } = this.#options;
    const [at, head] = [now(), recorder.head().seq];
    return {
      id: 'seat',
      desk: NO_DESK,
      force: forceName,
      user: this.#session.person,
      mode: 'online',
      reason: 'a read-only seat of the server',
      since: at,
      asAt: at,
      offsetMs: 0,
      cursor: head,
      head,
      waiting: 0,
      tray: 0,
      referencesLeft: 0,
      version: release ?? 'unknown',
      protection: 'Nothing is stored on this computer.',
      isDemo: false,
      look: DEFAULT_LOOK,
      notices: notices?.all,
    };
  }

  #sendOnce(sub: string, row: { readonly id: string }): void {
    this.#views += 1;
    if (this.#views > VIEWS_MAX)
      return this.#turnDown('subscribe', 'too-many-views', 'This was sent already.', sub);
    this.#sendRow(sub, row);
  }

  #sendRow(sub: string, row: { readonly id: string }): void {
    this.#send({ frame: 'view', sub, reset: true, upsert: [{ ...row }], remove: [] });
  }

  #isLagging(): boolean {
    if (this.#socket.bufferedAmount <= limits.lagBytes) this.#lagSince = undefined;
    else this.#lagSince ??= this.#options.now();
    return this.#lagSince !== undefined;
  }

  #mayPass(): boolean {
    const now = this.#options.now();
    const filled = (Math.max(0, now - this.#filledAt) / 1_000) * PER_SECOND;
    this.#tokens = Math.min(BURST, this.#tokens + filled);
    this.#filledAt = now;
    this.#tokens -= 1;
    if (this.#tokens >= 0) {
      this.#isToldToSlowDown = false;
      return true;
    }
    if (!this.#isToldToSlowDown) {
      this.#isToldToSlowDown = true;
      this.#turnDown('frame', 'too-many', 'Too many frames; slow down.');
    }
    if (this.#tokens < -FLOOD) this.#hangUp(seatCodes.flood, 'too-many');
    return false;
  }

  /** Nothing is shown that could not be put on record. */
  #failed(error: unknown, id: string): void {
    this.#options.failed(error);
    for (const [sub, follow] of this.#follows)
      if (sub === id && !follow.isOnRecord) this.#follows.delete(sub);
    this.#refuse(
      'not-stored',
      'The server could not put on record that you look, so nothing is shown. Try again.',
      id,
    );
  }

  #turnDown(what: string, reason: string, message: string, id?: string): void {
    this.#refusedHere(what, reason);
    this.#refuse(reason, message, id);
  }

  #refusedHere(what: string, reason: string): void {
    const { id } = this.#session.person;
    this.#options.turnaways
      .add({ actor: id, desk: NO_DESK, what, subject: this.#network, outcome: `refused ${reason}` })
      .catch(this.#options.failed);
  }

  #refuse(reason: string, message: string, id?: string): void {
    this.#send({ frame: 'refused', reason, message, ...(id !== undefined && { id }) });
  }

  #audit(row: Pick<AuditRow, 'operation' | 'what' | 'subject' | 'outcome'>): Promise<void> {
    const at = this.#options.now();
    const actor = this.#session.person.id;
    return this.#options.recorder.audit([{ at, actor, desk: NO_DESK, ...row }]);
  }

  #send(frame: WindowDown): void {
    if (this.#isOpen) this.#socket.send(JSON.stringify(frame));
  }
}

const NAMED: ReadonlySet<StreamKind | undefined> = new Set(['user', 'reference-data']);

const isLine = (row: object): row is Line => 'logOf' in row;

function read(text: string): WindowUp | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isModest(value) ? windowUp.safeParse(value).data : undefined;
  } catch {
    return undefined; // not JSON: refused like anything else that is no frame
  }
}
