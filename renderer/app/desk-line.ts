import { commands, type CommandBody, type CommandType } from '#domain/commands.ts';
import type { Brand } from '#domain/lib/brand.ts';
import type { Doing } from '#protocol/administer.ts';
import { windowDown, type WindowDown } from '#protocol/down.ts';
import type { LookChange } from '#protocol/look.ts';
import type { HotkeyAction, HotkeyRow } from '#protocol/hotkey.ts';
import type { QueryName, QueryParams, Result } from '#protocol/query.ts';
import type { Presence } from '#protocol/signal.ts';
import type { WindowUp } from '#protocol/up.ts';
import type {
  ConflictRow,
  ContactRow,
  DeskRow,
  DraftRow,
  HandoverRow,
  IncidentDetail,
  IncidentRow,
  Line,
  PresenceRow,
  ReferenceRow,
  RosterRow,
  SeatRow,
  ShiftHandoverRow,
  TrayRow,
  UnitRow,
  UnownedRow,
  View,
  ViewName,
} from '#protocol/view.ts';
import { AskOnce } from './ask-once.ts';
import type { Channel, LineListener } from './bridge.ts';
import { adopt, contentOf, needsSaving, sent as sentPad, stored, unsent, type Pad } from './pad.ts';
import { refusalText } from './refusal-text.ts';
import {
  patch,
  patchLog,
  READINESS_ID,
  withNotice,
  withoutRow,
  withRow,
  withSent,
  type Change,
  type Notice,
  type Sent,
  type WindowState,
  type WindowStore,
} from './window-store.ts';

/** What a line needs from its window, so that tests own it. */
export interface LinePorts {
  readonly now: () => number;
  /** A new UUIDv7. */
  readonly makeId: () => string;
  readonly after: (ms: number, work: () => void) => void;
  /** Says what the operator cannot be told: frames that nobody could read. */
  readonly report: (what: string, cause: unknown) => void;
}

/** An id is a plain string in a window: rows bring it, commands take it back, the desk's schema reads it. */
export type Plain<Value> =
  Value extends Brand<string, string>
    ? string
    : Value extends string | number | boolean | null | undefined
      ? Value
      : Value extends readonly (infer Item)[]
        ? readonly Plain<Item>[]
        : { readonly [Key in keyof Value]: Plain<Value[Key]> };

export type PlainBody<Type extends CommandType> = Plain<CommandBody<Type>>;

export type Outcome = Result['outcome'];

const FLUSH_MS = 200; // a pad is on the desk's disk well within 500 ms of the key
const PING_MS = 2_000;
const DEAD_MS = 5_000;
const ANSWER_WAIT_MS = 6_000; // longer than a dead line takes to be noticed
const QUERIES_MAX = 50;

const listViews = [
  'seat',
  'reference-data',
  'contacts',
  'incidents',
  'units',
  'handovers',
  'shift-handovers',
  'roster',
  'unowned',
  'presence',
  'conflicts',
  'tray',
  'drafts',
  'hotkeys',
] as const satisfies readonly ViewName[];

type Answered = (sent: Sent) => void;

const isLine = (row: object): row is Line => 'logOf' in row;

/**
 * Everything that goes between this window and its desk. The line may break at any moment: what is
 * followed is asked for again, a command without its last answer goes again under the same id, a pad
 * is saved again, and nothing on screen changes but the word for it.
 */
export class DeskLine implements LineListener {
  readonly #store: WindowStore;
  readonly #ports: LinePorts;
  readonly #followed = new Map<string, { readonly view: ViewName; readonly key?: string }>();
  readonly #waiting = new Map<string, { frame: string; settle: (outcome: Outcome) => void }>();
  readonly #answered = new Map<string, Answered>();
  readonly #once: AskOnce;
  /** How far the drafts of dropped pads had come on the line. A pad begun anew goes on from there. */
  readonly #ended = new Map<string, number>();
  #hotkeyPressed: (action: HotkeyAction) => void = () => {};
  #channel: Channel | undefined;
  #presence: Presence | undefined;
  #heardAt = 0;
  #isFlushPlanned = false;
  #isWorkToResume = false;
  #queries = 0;

  /** `more` are the lists that this window follows beside those of every window. */
  constructor(store: WindowStore, ports: LinePorts, more: readonly ViewName[] = []) {
    this.#store = store;
    this.#ports = ports;
    this.#once = new AskOnce(ports.after);
    for (const view of [...listViews, ...more]) this.#followed.set(view, { view });
  }

  /** A new line; the one before is dead. */
  joined(channel: Channel): void {
    this.#channel = channel;
    this.#heardAt = this.#ports.now();
    // A late word from a line that has ended is still the desk's word: every frame is heard.
    channel.onFrame((frame) => this.#hear(frame));
    this.#resume();
    if (this.#presence) this.signal(this.#presence);
    this.#beat(channel, this.#ports.now());
  }

  /** The line has gone. Everything stays on screen and in hand; the bridge finds the way back. */
  lost(why: 'dropped' | 'turned-away'): void {
    this.#channel = undefined;
    this.#once.lost();
    if (why === 'turned-away') this.#set({ link: 'turned-away' });
    else this.#set({ link: this.#state.seat ? 'restarting' : 'connecting' });
  }

  /** Asks for something under a new id, or again under the id it had. `answered` hears each of its marks. */
  send<Type extends CommandType>(
    type: Type,
    body: PlainBody<Type>,
    answered?: Answered,
    id = this.#ports.makeId(),
  ): string {
    const one: Sent = {
      id,
      type,
      body: body, // every body is an object, see `commands`
      expect: this.#seen(type, body),
      at: this.#ports.now(),
      mark: 'sending',
      reference: undefined,
      refusal: undefined,
    };
    if (answered) this.#answered.set(id, answered);
    this.#set({ sent: withSent(this.#state.sent, one) });
    this.#sendCommand(one);
    return id;
  }

  /** Rows, or the reason there are none. Always answers, also where the desk does not. */
  ask<Name extends QueryName>(query: Name, params: QueryParams<Name>): Promise<Outcome> {
    return this.#request((id) => ({ frame: 'query', id, query, params }));
  }

  signIn(given: { name: string; password: string; newPassword?: string }): Promise<Outcome> {
    return this.#request((id) => ({ frame: 'sign-in', id, ...given }));
  }

  signOut(): Promise<Outcome> {
    this.flushPads();
    return this.#request((id) => ({ frame: 'sign-out', id }));
  }

  /** Covers every window of this desk. What has been typed is on its way first. */
  lock(): Promise<Outcome> {
    this.flushPads();
    return this.#request((id) => ({ frame: 'lock', id }));
  }

  /** What an administrator asks, under an id that the caller keeps. Always answers; it is never sent twice. */
  administer(doing: Doing, id: string): Promise<Outcome> {
    const message = 'This window has no line to its desk; nothing was done';
    if (!this.#channel) return Promise.resolve({ kind: 'refused', reason: 'desk-away', message });
    // The id is plain here; the desk's schema gives it its brand.
    return this.#once.ask(id, () => this.#frame({ frame: 'administer', id, doing } as WindowUp));
  }

  /** What this window has in front of it, for the other desks. Said again on each new line. */
  signal(presence: Presence): void {
    this.#presence = presence;
    this.#frame({ frame: 'signal', presence });
  }

  /** For all windows of this desk; the seat brings what came of it. Lost while the desk is away. */
  setLook(change: LookChange): void {
    this.#frame({ frame: 'set-look', change });
  }

  /** How long keys took to be seen: lost with a lost line, for the next ones say the same. */
  painted(ms: readonly number[]): void {
    this.#frame({ frame: 'keys-painted', ms: [...ms] });
  }

  settleTray(commandId: string): Promise<Outcome> {
    // The row's id is the command's; the desk's schema reads it.
    return this.#request((id) => ({ frame: 'settle-tray', id, commandId }) as WindowUp);
  }

  /** Asks for another key for what a telephone key does; what comes of it the view `hotkeys` says. */
  setHotkey(action: HotkeyAction, keys: string): Promise<Outcome> {
    return this.#request((id) => ({ frame: 'set-hotkey', id, action, keys }));
  }

  /** Told of each press of a telephone key, wherever on the desktop. There is one listener. */
  onHotkey(listener: (action: HotkeyAction) => void): void {
    this.#hotkeyPressed = listener;
  }

  /** Follows one record until `unfollow`. */
  follow(view: 'contact' | 'incident', key: string): void {
    const sub = `${view}:${key}`;
    if (this.#followed.has(sub)) return;
    this.#followed.set(sub, { view, key });
    this.#frame({ frame: 'subscribe', sub, view, key });
  }

  unfollow(view: 'contact' | 'incident', key: string): void {
    const sub = `${view}:${key}`;
    if (this.#followed.delete(sub)) this.#frame({ frame: 'unsubscribe', sub });
  }

  /** Saves what has been typed, soon and once however many keys there were. */
  savePads(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    this.#ports.after(FLUSH_MS, () => {
      this.#isFlushPlanned = false;
      this.flushPads();
    });
  }

  flushPads(): void {
    if (!this.#channel || this.#isWorkToResume) return;
    let { pads } = this.#state;
    for (const [draftId, pad] of pads) {
      if (!needsSaving(pad)) continue;
      const revision = this.#endedAt(draftId) + pad.revision;
      this.#frame({ frame: 'draft', draftId, revision, content: contentOf(pad) });
      pads = withRow(pads, draftId, sentPad(pad));
    }
    if (pads !== this.#state.pads) this.#set({ pads });
  }

  /** Ends the draft of a pad. What the desk says of it from before it has heard so is let go. */
  dropDraft({ draftId, revision }: Pick<Pad, 'draftId' | 'revision'>): void {
    this.#ended.set(draftId, this.#endedAt(draftId) + revision);
    this.#frame({ frame: 'drop-draft', draftId });
  }

  notice(tone: Notice['tone'], text: string, id = this.#ports.makeId()): void {
    const at = this.#ports.now();
    this.#set({ notices: withNotice(this.#state.notices, { id, at, tone, text }) });
  }

  #endedAt(draftId: string): number {
    return this.#ended.get(draftId) ?? 0;
  }

  get #state(): WindowState {
    return this.#store.getState();
  }

  #set(change: Partial<WindowState>): void {
    const linkChanged = change.link !== undefined && change.link !== this.#state.link;
    this.#store.setState(linkChanged ? { ...change, linkSince: this.#ports.now() } : change);
  }

  /** After the line is back: follow again, save again, ask again, in the order it was asked. */
  #resume(): void {
    this.#set({ link: 'open' });
    for (const [sub, { view, key }] of this.#followed)
      this.#frame({ frame: 'subscribe', sub, view, ...(key !== undefined && { key }) });
    for (const { frame } of this.#waiting.values()) this.#channel?.send(frame);
    this.#isWorkToResume = true;
  }

  /**
   * What this person did and typed goes again once the desk has said that it is still this person who
   * sits there: the desk stamps what comes with whoever does.
   */
  #resumeWork(): void {
    if (!this.#isWorkToResume) return;
    this.#isWorkToResume = false;
    const { sent, pads } = this.#state;
    for (const one of sent.values()) {
      if (one.mark === 'sending' || one.mark === 'stored-here') this.#sendCommand(one);
    }
    const again = new Map([...pads].map(([draftId, pad]) => [draftId, unsent(pad)]));
    if (again.size > 0) this.#set({ pads: again });
    this.flushPads();
  }

  #beat(channel: Channel, lastBeatAt: number): void {
    this.#ports.after(PING_MS, () => {
      if (this.#channel !== channel) return;
      const now = this.#ports.now();
      // A window that slept heard nothing because nobody listened: only a beat in time can judge.
      const wasAwake = now - lastBeatAt < PING_MS * 2;
      if (wasAwake && now - this.#heardAt > DEAD_MS) {
        channel.close(); // the bridge says `lost` and dials again
        return;
      }
      this.#frame({ frame: 'ping', t0: now });
      this.#beat(channel, now);
    });
  }

  #sendCommand({ id, type, body, expect }: Sent): void {
    // The ids are plain here; the cast gives them the brands that the desk's schema gives them again.
    this.#frame({ frame: 'command', id, type, body, ...(expect && { expect }) } as WindowUp);
  }

  /** What a person decides on is what that person saw: the version goes with it. */
  #seen(type: CommandType, body: object): Sent['expect'] {
    if (commands[type].late !== 'human') return undefined;
    const { incidents, incidentDetails, units } = this.#state;
    if ('incidentId' in body) {
      const id = String(body.incidentId);
      const row = incidents.get(id) ?? incidentDetails.get(id);
      return row && { [`incident/${id}`]: row.version };
    }
    if ('unitId' in body) {
      const row = units.get(String(body.unitId));
      return row && { [`unit/${row.id}`]: row.version };
    }
    return undefined;
  }

  #frame(frame: WindowUp): void {
    this.#channel?.send(JSON.stringify(frame));
  }

  #request(make: (id: string) => WindowUp): Promise<Outcome> {
    const refusedFor = (reason: string): Outcome => ({ kind: 'refused', reason, message: '' });
    if (this.#waiting.size >= QUERIES_MAX) return Promise.resolve(refusedFor('no-answer'));
    this.#queries += 1;
    const id = `q${this.#queries}`;
    const frame = JSON.stringify(make(id));
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        if (this.#waiting.delete(id)) resolve(outcome);
      };
      this.#waiting.set(id, { frame, settle });
      this.#channel?.send(frame);
      this.#ports.after(ANSWER_WAIT_MS, () => settle(refusedFor('no-answer')));
    });
  }

  #hear(text: string): void {
    this.#heardAt = this.#ports.now();
    let frame: WindowDown;
    try {
      frame = windowDown.parse(JSON.parse(text));
    } catch (error) {
      // A desk of another release may say what we cannot read; what we can read goes on.
      this.#ports.report('a frame that this window cannot read', error);
      return;
    }
    switch (frame.frame) {
      case 'ack':
        return this.#hearAnswer(frame.commandId, frame.answer);
      case 'view':
        return this.#hearView(frame);
      case 'result':
        if (this.#once.hear(frame.id, frame.outcome)) return undefined;
        return this.#waiting.get(frame.id)?.settle(frame.outcome);
      case 'draft-stored': {
        const { draftId } = frame;
        const { pads } = this.#state;
        const pad = pads.get(draftId);
        const revision = frame.revision - this.#endedAt(draftId);
        return pad && this.#set({ pads: withRow(pads, draftId, stored(pad, revision)) });
      }
      case 'refused': {
        const { id, reason, message } = frame;
        // Said once however often it happens: a pad is saved several times a second.
        if (id === undefined)
          return this.notice('bad', refusalText({ reason }, message), `refused ${reason}`);
        if (this.#once.hear(id, { kind: 'refused', reason, message })) return undefined;
        if (this.#waiting.has(id))
          return this.#waiting.get(id)?.settle({ kind: 'refused', reason, message });
        return this.#hearAnswer(id, { state: 'refused', refusal: { reason, message } });
      }
      case 'hotkey':
        return this.#hotkeyPressed(frame.action);
      case 'pong':
      case 'next-token': // the bridge keeps it
        return undefined;
      default:
        return frame satisfies never;
    }
  }

  #hearAnswer(
    id: string,
    answer:
      | { readonly state: 'stored-here'; readonly reference?: string | undefined }
      | { readonly state: 'recorded' }
      | { readonly state: 'refused'; readonly refusal: { reason: string; message?: unknown } },
  ): void {
    const before = this.#state.sent.get(id);
    if (!before) return; // of an earlier life of this window: the views show what became of it
    if (before.mark === 'recorded' || before.mark === 'refused') return;
    if (before.mark === answer.state) return;
    const now: Sent = {
      ...before,
      mark: answer.state,
      reference:
        answer.state === 'stored-here' ? (answer.reference ?? before.reference) : before.reference,
      refusal: answer.state === 'refused' ? { ...answer.refusal } : undefined,
    };
    this.#set({ sent: withSent(this.#state.sent, now) });
    if (now.refusal) {
      const { message } = now.refusal;
      const late = before.mark === 'stored-here' ? 'Refused by the server, see the tray: ' : '';
      const said = refusalText(now.refusal, typeof message === 'string' ? message : '');
      this.notice('bad', `${late}${said}`, id);
    }
    this.#answered.get(id)?.(now);
    if (now.mark !== 'stored-here') this.#answered.delete(id);
  }

  #hearView(frame: View): void {
    const followed = this.#followed.get(frame.sub);
    if (!followed) return; // on its way when we let go of it
    const { view, key = '' } = followed;
    const state = this.#state;
    // The shapes of rows are the desk's word; each cast names the view that the subscription asked for.
    const change = <Row>() => frame as unknown as Change<Row>;
    switch (view) {
      case 'seat': {
        const [row] = change<SeatRow>().upsert;
        return row && this.#hearSeat(row);
      }
      case 'reference-data': {
        const [row] = change<ReferenceRow>().upsert;
        return row && this.#set({ reference: row.data });
      }
      case 'contacts':
        return this.#set({ contacts: patch(state.contacts, change<ContactRow>()) });
      case 'incidents':
        return this.#set({ incidents: patch(state.incidents, change<IncidentRow>()) });
      case 'units':
        return this.#set({ units: patch(state.units, change<UnitRow>()) });
      case 'handovers':
        return this.#set({ handovers: patch(state.handovers, change<HandoverRow>()) });
      case 'shift-handovers':
        return this.#set({
          shiftHandovers: patch(state.shiftHandovers, change<ShiftHandoverRow>()),
        });
      case 'roster':
        return this.#set({ roster: patch(state.roster, change<RosterRow>()) });
      case 'unowned':
        return this.#set({ unowned: patch(state.unowned, change<UnownedRow>()) });
      case 'presence':
        return this.#set({ presence: patch(state.presence, change<PresenceRow>()) });
      case 'conflicts':
        return this.#set({ conflicts: patch(state.conflicts, change<ConflictRow>()) });
      case 'tray':
        return this.#set({ tray: patch(state.tray, change<TrayRow>()) });
      case 'contact':
        return this.#hearDetail(key, change<ContactRow | Line>(), (rows) => ({
          contactDetails: patch(state.contactDetails, rows),
        }));
      case 'incident':
        return this.#hearDetail(key, change<IncidentDetail | Line>(), (rows) => ({
          incidentDetails: patch(state.incidentDetails, rows),
        }));
      case 'hotkeys':
        return this.#hearHotkeys(change<HotkeyRow>());
      case 'drafts':
        return this.#hearDrafts(change<DraftRow>());
      case 'desks':
        return this.#set({ desks: patch(state.desks, change<DeskRow>()) });
      default:
        return view satisfies never;
    }
  }

  /** What is wrong with a key is said once, and stands where the keys are shown. */
  #hearHotkeys(change: Change<HotkeyRow>): void {
    const before = this.#state.hotkeys;
    this.#set({ hotkeys: patch(before, change) });
    for (const { id, problem } of this.#state.hotkeys.values())
      if (problem !== undefined && problem !== before.get(id)?.problem)
        this.notice('bad', `${problem} (Alt+K)`, `hotkey ${id}`);
  }

  /** A record and the lines of its log come as rows of one view. The other records that were shown stay. */
  #hearDetail<Row extends { readonly id: string }>(
    key: string,
    { reset, upsert, remove }: Change<Row | Line>,
    put: (change: Change<Row>) => Partial<WindowState>,
  ): void {
    const { logs } = this.#state;
    const own = upsert.filter((row): row is Row => !isLine(row));
    const log = patchLog(logs.get(key) ?? [], { reset, upsert: upsert.filter(isLine), remove });
    this.#set({
      ...put({ reset: false, upsert: own, remove }),
      logs: new Map(logs).set(key, log),
    });
  }

  #hearSeat(seat: SeatRow): void {
    const was = this.#state.seat?.user?.id;
    // The pads of one person are not the next one's: each signs in to their own.
    const isAnother = was !== undefined && was !== seat.user?.id;
    const emptied = isAnother
      ? {
          pads: new Map(),
          formAbout: 'new',
          selected: {},
          lastDraft: undefined,
          undoable: [],
          seatAsk: undefined,
        }
      : {};
    const { moved } = seat;
    const isNews = moved?.how === 'came-from' && moved.at !== this.#state.seat?.moved?.at;
    this.#set({ seat, ...emptied });
    if (isNews)
      this.notice(
        'plain',
        `You were signed in at ${moved.desk} too: it signs you out as soon as it hears of this. What is yours is here.`,
      );
    if (isAnother) {
      this.#ended.clear();
      this.#isWorkToResume = false;
    } else this.#resumeWork();
  }

  #hearDrafts({
    upsert,
    remove,
  }: {
    readonly upsert: readonly DraftRow[];
    readonly remove: readonly string[];
  }): void {
    let { pads, lastDraft } = this.#state;
    for (const id of remove) {
      // Dropped at this desk. What has been typed since is not what was dropped.
      const pad = pads.get(id);
      if (pad && pad.revision === pad.storedRevision) pads = withoutRow(pads, id);
    }
    for (const row of upsert) {
      const revision = row.revision - this.#endedAt(row.id);
      if (revision <= 0) continue; // said before the desk had heard of its end
      pads = withRow(pads, row.id, adopt(pads.get(row.id), { ...row, revision }));
      // Where the caret was is where somebody typed last.
      if (row.id !== READINESS_ID && row.savedAt >= (lastDraft?.savedAt ?? 0))
        lastDraft = { draftId: row.id, savedAt: row.savedAt };
    }
    this.#set({ pads, lastDraft });
  }
}
