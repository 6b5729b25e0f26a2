import { commands } from '#domain/commands.ts';
import type { Targets } from '#domain/decide.ts';
import type { RecordedEvent } from '#domain/event.ts';
import type { Role } from '#domain/facts.ts';
import {
  incidentStream,
  kindOf,
  unitStream,
  userStream,
  type CommandId,
  type DeskId,
  type EpochMs,
  type IncidentId,
  type StreamId,
  type UnitId,
  type UserId,
} from '#domain/ids.ts';
import type { Names } from '#domain/journal.ts';
import { OpenRoom } from '#domain/room.ts';
import { referenceOf } from '#domain/reference.ts';
import type { ReferenceData } from '#domain/reference-data.ts';
import { referenceIn } from '#domain/reference-table.ts';
import { targetsOf } from '#domain/targets.ts';
import { status } from '#domain/unit.ts';
import type { Ack, Answer } from '#protocol/ack.ts';
import type { Crimes } from '#protocol/crimes.ts';
import type { Signals } from '#protocol/signal.ts';
import type { Command } from '#protocol/command.ts';
import type { WireEvent } from '#protocol/events.ts';
import { howManyFit } from '#store/how-many-fit.ts';
import { limits } from '#protocol/limits.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';
import { TAIL_MAX, type Tail } from '#protocol/tail.ts';
import type { ReferenceRow, TrayRow } from '#protocol/view.ts';
import { ChainError } from '#store/sqlite-event-log.ts';
import { inJson, wholeOf, type StoredEvent } from '#store/event-log.ts';
import { emptyCursor, type Cursor } from '#store/picture.ts';
import { layOver, Merging } from './merge.ts';
import type { Outbox, Put } from './outbox.ts';
import { trayRows } from './tray-rows.ts';
import type { DeskPorts } from './ports.ts';
import type { Replica } from './replica.ts';
import { ReportsHeard } from './reports-heard.ts';
import type { ViewSource } from '#store/views.ts';

/** Who sits at the desk, with the grant under which their commands are authorised. */
export interface Seat {
  readonly user: {
    readonly id: UserId;
    readonly name: string;
    readonly displayName: string;
    readonly role: Role;
  };
  readonly grant: { readonly id: string; readonly notAfter: EpochMs };
}

export interface DeskOptions {
  readonly desk: DeskId;
  readonly force: string;
  readonly timeZone: string;
  /** What the release brings; lists that the force has taken over stand in the log. */
  readonly referenceData: ReferenceData;
  readonly ports: DeskPorts;
  readonly outbox: Outbox;
  readonly replica: Replica;
  /** Makes an empty replica to rebuild into, and puts a broken one aside. Names and folders are the caller's. */
  readonly freshReplica: (why: string) => Replica;
  /** Told that the copy has caught up: it is what is shown from here on. */
  readonly finished?: () => void;
  /** Told what the disk would not do, for the technical log; whoever asked is told as well. */
  readonly failed?: (error: Error) => void;
  /** Told that a command is on the disk here, and can go. */
  readonly stored?: (id: CommandId) => void;
  /** Told the server's last word on a command, once: a window that asked shows its mark. */
  readonly settled?: (ack: Ack) => void;
}

export type Received =
  | { readonly outcome: 'applied'; readonly cursor: Cursor }
  /** What came does not continue what is here: the caller says hello again and is sent it from the start. */
  | { readonly outcome: 'rebuilding'; readonly why: string };

// What the outbox adds to a command before it goes: its id, its place, a reference.
const PLACE_BYTES_MAX = 256;
const RECENT = 500; // closed records kept in memory, so that a late entry shows at once

/**
 * A desk without a network and without windows: it decides at once, keeps what it decided until the
 * server's last word, and shows the record with its own pending work laid over it.
 */
export class Desk {
  /** How the other desks are; the server tells it only where a supervisor or an administrator sits. */
  readonly reports: ReportsHeard;
  readonly #options: DeskOptions;
  readonly #listeners = new Set<() => void>();
  #replica: Replica;
  /** Set while the log is copied anew; the old picture is shown until the new one has caught up. */
  #building: Replica | undefined;
  #record: OpenRoom;
  #names: Names;
  #reference: ReferenceRow;
  readonly #targets: Targets;
  /** The record with what is pending laid over it: what is shown, and what is decided on. */
  #merged: Merging;
  /** While the log is copied anew: commands that are in the copy already and not yet in what is shown. */
  #inCopy = new Set<string>();
  /** What is in the record here and not in the outbox yet: its disk failed in between. */
  #owed: readonly RecordedEvent[] = [];
  /** What is in front of whom at the other desks: the latest word of each, while the server is heard. */
  #presence: ReadonlyMap<DeskId, Signals['latest'][number]> = new Map();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.reports = new ReportsHeard(options.ports.now, () => this.#changed());
    this.#replica = options.replica;
    this.#record = this.#roomShown();
    this.#reference = this.#makeReference();
    this.#targets = targetsOf(options.referenceData.grades.rows);
    this.#names = this.#makeNames();
    void this.cursor; // read once, so that a replica that cannot be read is known of now
    this.#merged = new Merging(this.#record, options.outbox.unanswered(), this.#targets);
  }

  get outboxId(): string {
    return this.#options.outbox.outboxId;
  }

  get desk(): DeskId {
    return this.#options.desk;
  }

  /** How far the log has come here, or how far the copy that is being made has. */
  get cursor(): Cursor {
    const shown = this.#building ? undefined : this.read((replica) => replica.cursor, undefined);
    return shown ?? this.#building?.cursor ?? emptyCursor('', 0);
  }

  get shownCursor(): number {
    return this.read((replica) => replica.cursor.seq, 0);
  }

  /** How far what is shown has come, while another copy of the log is made. */
  get shownBefore():
    | {
        readonly logId: string;
        readonly cursor: number;
        readonly cursorEpoch: number;
        readonly chainHash: string;
      }
    | undefined {
    if (!this.#building) return undefined;
    const { logId, epoch, seq, hash } = this.read((replica) => replica.cursor, emptyCursor('', 0));
    return seq > 0 ? { logId, cursor: seq, cursorEpoch: epoch, chainHash: hash } : undefined;
  }

  /** The highest epoch that is known here, whatever has become of the replica. */
  get epochSeen(): number {
    return Math.max(this.#options.outbox.epochSeen, this.cursor.epoch);
  }

  /**
   * The server is of a higher epoch than any before: it was promoted or restored, and may not have what
   * it has answered. What is answered as recorded and is not here yet is asked again, under the same
   * ids. Durable when it returns.
   */
  sawEpoch(epoch: number): void {
    const { outbox } = this.#options;
    if (!outbox.sawEpoch(epoch, this.shownCursor)) return;
    this.#merged.rebase(this.#record, outbox.unanswered());
    this.#changed();
  }

  /** What waits gets new places in an outbox of another name, see `Outbox`. */
  giveNewPlaces(): void {
    const { outbox } = this.#options;
    outbox.giveNewPlaces();
    const moved = new Map(outbox.unanswered().map((it) => [it.command.id, it]));
    // What is answered and not here yet stays laid over.
    this.#merged.rebase(
      this.#record,
      this.pending.map((it) => moved.get(it.command.id) ?? it),
    );
    this.#changed();
  }

  /** What is on record here after `after`, for a server that was restored and has lost it. */
  tail(after: number): Omit<Tail, 'frame'> {
    const events = this.read((replica) => replica.readAfter(after, TAIL_MAX + 1), []);
    const page = wholeCommands(events.map(inJson));
    const last = page.at(-1)?.header.seq ?? after;
    return { after, events: page, isEnd: page.length === 0 || last >= this.shownCursor };
  }

  get isRebuilding(): boolean {
    return this.#building !== undefined;
  }

  /** Commands stored here that the server has not answered, in order. */
  get pending(): readonly StampedCommand[] {
    return this.#merged.pending;
  }

  /** Told, soon and once, after anything that a view may show has changed. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Decides a command, stores it durably and answers `stored-here`; or refuses it with the reason and
   * stores nothing. The same command again gets the answer it has had.
   */
  ask(command: Command, seat: Seat): Ack {
    const { outbox, ports, desk } = this.#options;
    const refuse = (reason: string, more: object = {}): Ack => ({
      frame: 'ack',
      commandId: command.id,
      answer: { state: 'refused', refusal: { reason, ...more } },
    });
    const known = outbox.known(command.id);
    if (known) {
      const { reference } = known.stamped;
      return ackOf(command.id, known.answer ?? storedHere(reference));
    }
    const mayAsk: readonly string[] = commands[command.type].mayAsk;
    if (!mayAsk.includes(seat.user.role)) return refuse('not-permitted');
    const now = ports.now();
    if (now > seat.grant.notAfter) return refuse('grant-expired');
    for (const [stream, seen] of Object.entries(command.expect ?? {})) {
      const { decisive } = this.#record.get(stream as StreamId); // parsed by the command's schema
      if (decisive.version > seen && decisive.desk !== desk)
        return refuse('changed-since-seen', { stream, version: decisive.version });
    }

    const stamp = {
      frame: 'stamped-command' as const,
      command: this.#asSeen(command),
      occurredAt: now,
      actor: seat.user.id,
      grant: seat.grant.id,
      desk,
    };
    const makeReference = (number: number) =>
      referenceOf(this.#options.force, this.#options.timeZone, now, number);
    const isRaising = command.type === 'raise-incident';
    if (isRaising && !this.#passNumbers(makeReference)) return refuse('desk-cannot-store');
    const number = isRaising ? outbox.peekNumber() : undefined;
    const trial = layOver(
      this.#merged.room.overlay(),
      { ...stamp, ...(number !== undefined && { reference: makeReference(number) }) },
      this.#targets,
    );
    if ('refusal' in trial) {
      const { reason, ...more } = trial.refusal;
      return refuse(reason, more);
    }
    // The server hangs up on a frame over its limit, and what waits behind it would wait for ever.
    if (Buffer.byteLength(JSON.stringify(stamp)) + PLACE_BYTES_MAX > limits.frameMaxBytes)
      return refuse('too-long');
    const put = this.#put(stamp, trial.reads, isRaising ? makeReference : undefined);
    if (put.outcome !== 'stored')
      return refuse(put.outcome === 'full' ? 'outbox-full' : put.outcome);
    this.#merged.add(put.stamped); // laid over for good only now, when it is on the disk
    this.#options.stored?.(command.id);
    this.#changed();
    return ackOf(command.id, storedHere(put.stamped.reference));
  }

  /** A number that is on record already would be refused, and come next each time. Says whether the disk took it. */
  #passNumbers(makeReference: (number: number) => IncidentId): boolean {
    const { room } = this.#merged;
    try {
      this.#options.outbox.passNumbers(
        (number) => room.get(incidentStream(makeReference(number))).version > 0,
      );
      return true;
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.#options.failed?.(error);
      return false;
    }
  }

  /** A disk that cannot take it is told to who asks, like anything else that forbids it. */
  #put(...what: Parameters<Outbox['put']>): Put | { readonly outcome: 'desk-cannot-store' } {
    try {
      return this.#options.outbox.put(...what);
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.#options.failed?.(error);
      return { outcome: 'desk-cannot-store' };
    }
  }

  /** A status goes with the one that the operator saw: what another desk has set since is not overruled unseen. */
  #asSeen(command: Command): Command {
    const { unitId, statusCode, insteadOf } = command.body;
    if (command.type !== 'set-unit-status' || typeof unitId !== 'string') return command;
    if (insteadOf !== undefined || statusCode === status.emergency) return command;
    const { entity, version } = this.#merged.room.get(unitStream(unitId as UnitId)); // any text finds nothing
    if (entity.kind !== 'unit' || version === 0) return command;
    return { ...command, body: { ...command.body, insteadOf: entity.statusCode } };
  }

  /** The next page of recorded crimes that is missing here. None while the log is copied anew. */
  crimesWanted(): ReturnType<Replica['crimesWanted']> {
    return this.#building ? undefined : this.read((replica) => replica.crimesWanted(), undefined);
  }

  keepCrimes({ batchId, rows, digest }: Crimes): void {
    if (this.#building) return;
    this.read((replica) => replica.keepCrimes(batchId, rows, digest), undefined);
  }

  /** What the other desks have in front of them; kept in memory only, and gone with the line. */
  get presence(): ReadonlyMap<DeskId, Signals['latest'][number]> {
    return this.#presence;
  }

  heard({ latest, gone }: Pick<Signals, 'latest' | 'gone'>): void {
    const presence = new Map(this.#presence);
    for (const desk of gone) presence.delete(desk);
    for (const it of latest) presence.set(it.desk, it);
    this.#presence = presence;
    this.#changed();
  }

  /** The line is down: what was true of the others may not be any more. */
  forgetPresence(): void {
    if (this.#presence.size === 0) return;
    this.#presence = new Map();
    this.#changed();
  }

  /** Applies events of the log, each once and in order. What is wrong with them starts a new copy. */
  receive(events: readonly StoredEvent[], head: number): Received {
    const target = this.#building ?? this.#replica;
    try {
      const { fresh, touched } = target.apply(events);
      // It is on the disk: what is in memory follows, whatever becomes of the outbox.
      const done = this.#pendingIn(fresh);
      if (this.#building) {
        for (const id of done) this.#inCopy.add(id);
        if (this.#building.cursor.seq >= head) this.#swapIn();
      } else {
        for (const [stream, entry] of touched) this.#record.put(stream, entry);
        const kinds = new Set(fresh.map(({ stream }) => kindOf(stream)));
        if (kinds.has('reference-data')) this.#reference = this.#makeReference();
        if (kinds.has('reference-data') || kinds.has('user')) this.#names = this.#makeNames();
        this.#merged.recorded(fresh, done);
      }
      this.#owed = [...this.#owed, ...fresh.filter((event) => this.#isOfOutbox(event))];
      this.settleOwed();
      this.#changed();
      return { outcome: 'applied', cursor: this.cursor };
    } catch (error) {
      if (!(error instanceof ChainError) && !isDamage(error)) {
        // What is in memory may have moved less far than the files: it is what the files say.
        this.#readRecord();
        this.#merged.rebase(this.#record, this.#options.outbox.unanswered());
        this.#changed();
        throw error;
      }
      const why = error instanceof Error ? error.message : String(error);
      this.rebuild(why);
      return { outcome: 'rebuilding', why };
    }
  }

  /** Starts a new copy of the log. What is on screen stays until the copy has caught up. */
  rebuild(why: string): void {
    this.#building?.close();
    this.#inCopy = new Set();
    this.#building = this.#options.freshReplica(why);
    this.#changed();
  }

  /** The server has nothing to send: a new copy of an empty log is complete. */
  caughtUp(head: number): void {
    if (this.#building && this.#building.cursor.seq >= head) {
      this.#swapIn();
      this.#changed();
    }
  }

  /** The server's last word on a command. Says whether it was news here. */
  settle(ack: Ack): boolean {
    const { commandId, answer } = ack;
    if (answer.state === 'stored-here') return false;
    const isNews = this.#options.outbox.settle(commandId, answer);
    if (isNews) this.#options.settled?.(ack);
    // What is recorded stays laid over until its events are here, so that it never blinks away.
    const isHere = answer.state === 'refused' || answer.lastSeq <= this.shownCursor;
    if (isHere) this.#merged.drop(commandId);
    if (isNews || isHere) this.#changed();
    return isNews;
  }

  /** The room as this desk shows it. */
  get room(): OpenRoom {
    return this.#merged.room;
  }

  /** What every view is made of. Valid until the next change. */
  get source(): ViewSource {
    const provisional = [...this.#merged.provisional.values()].flat();
    return {
      room: this.#merged.room,
      unrecorded: new Set(provisional.map(({ stream }) => stream)),
      lines: (subject) => this.read((replica) => replica.lines(subject), []),
      provisional,
      names: this.names,
    };
  }

  /** Another object as soon as somebody's name may be another one. */
  get names(): Names {
    return this.#names;
  }

  /** What holds in this force as far as the log has come here: another object as soon as a list is another. */
  get reference(): ReferenceRow {
    return this.#reference;
  }

  #makeReference(): ReferenceRow {
    const data = referenceIn(this.#record, this.#options.referenceData);
    return { id: 'reference-data', data };
  }

  #makeNames(): Names {
    const record = this.#record;
    const statuses = new Map(
      this.#reference.data.unitStatuses.rows.map(({ code, name }) => [code, name]),
    );
    return {
      user: (id) => {
        const { entity } = record.get(userStream(id as UserId)); // any text may be asked for
        return entity.kind === 'user' && entity.displayName !== '' ? entity.displayName : id;
      },
      status: (code) => statuses.get(code) ?? `status ${code}`,
    };
  }

  get replica(): Replica {
    return this.#replica;
  }

  /**
   * Looks something up in what is shown. Where the disk has damaged it, the log is copied anew, and
   * until then this one thing reads as `otherwise`: nobody is stopped from working by it.
   */
  read<Found>(look: (replica: Replica) => Found, otherwise: Found): Found {
    try {
      return look(this.#replica);
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (!this.#building) this.rebuild(error.message);
      return otherwise;
    }
  }

  get outbox(): Outbox {
    return this.#options.outbox;
  }

  /** What the server refused after it was stored here, each with all that rested on it. */
  tray(): readonly TrayRow[] {
    return trayRows(this.#options.outbox.tray(), this.names);
  }

  close(): void {
    this.#building?.close();
    this.#replica.close();
  }

  /**
   * An event of this desk's own command is the proof that it is recorded, whether the ack came or not.
   * Where the outbox cannot be written now, it is tried again with whatever comes next.
   */
  settleOwed(): void {
    if (this.#owed.length === 0) return;
    const { outbox, desk } = this.#options;
    const answers = new Map<CommandId, Extract<Answer, { state: 'recorded' }>>();
    for (const { commandId, seq, desk: by } of this.#owed) {
      if (by !== desk) continue;
      const { firstSeq } = answers.get(commandId) ?? { firstSeq: seq };
      answers.set(commandId, { state: 'recorded', firstSeq, lastSeq: seq });
    }
    const news: Ack[] = [];
    try {
      outbox.atOnce(() => {
        for (const event of this.#owed)
          if (event.type === 'references.reserved') this.#keepBlock(event);
        for (const [id, answer] of answers)
          if (outbox.settle(id, answer)) news.push(ackOf(id, answer));
      });
    } catch (error) {
      if (!isDiskError(error)) throw error;
      return;
    }
    this.#owed = [];
    // Told only once it is on the disk.
    for (const ack of news) this.#options.settled?.(ack);
  }

  #isOfOutbox({ type, desk }: RecordedEvent): boolean {
    return desk === this.#options.desk || type === 'references.reserved';
  }

  /** Which of the pending commands some of these events are of. */
  #pendingIn(fresh: readonly RecordedEvent[]): ReadonlySet<string> {
    const own = new Set<string>();
    for (const { desk, commandId } of fresh) if (desk === this.#options.desk) own.add(commandId);
    if (own.size === 0) return own;
    return new Set(this.pending.map(({ command }) => command.id).filter((id) => own.has(id)));
  }

  #keepBlock(event: RecordedEvent): void {
    const { outbox, desk } = this.#options;
    const body = event.body as { desk?: string; from?: number; to?: number } | undefined;
    if (body?.desk === desk && body.from !== undefined && body.to !== undefined)
      outbox.addBlock(body.from, body.to);
  }

  #swapIn(): void {
    if (!this.#building) return;
    this.#replica.close();
    this.#replica = this.#building;
    this.#building = undefined;
    this.#options.finished?.();
    this.#readRecord();
    const inCopy = this.#inCopy;
    this.#inCopy = new Set();
    this.#merged.rebase(
      this.#record,
      this.pending.filter(({ command }) => !inCopy.has(command.id)),
    );
  }

  /** What is in memory of the record is again what its file says. */
  #readRecord(): void {
    this.#record = this.#roomShown();
    this.#reference = this.#makeReference();
    this.#names = this.#makeNames();
  }

  #roomShown(): OpenRoom {
    const room = OpenRoom.of((stream) =>
      this.read(({ picture }) => picture.get(stream), undefined),
    );
    for (const [stream, entry] of this.read(({ picture }) => picture.load(RECENT), []))
      room.put(stream, entry);
    return room;
  }

  #changed(): void {
    this.#options.ports.soon(() => {
      for (const listener of this.#listeners) listener();
    });
  }
}

/** As many of the events as one frame holds, and no command in part. */
function wholeCommands(events: readonly WireEvent[]): WireEvent[] {
  const texts = events.slice(0, TAIL_MAX).map((event) => JSON.stringify(event));
  const count = howManyFit(texts, limits.chunkMaxBytes - PLACE_BYTES_MAX);
  return events.slice(0, wholeOf(events, count));
}

const storedHere = (reference: string | undefined): Ack['answer'] => ({
  state: 'stored-here',
  ...(reference !== undefined && { reference }),
});

const ackOf = (commandId: Command['id'], answer: Ack['answer']): Ack => ({
  frame: 'ack',
  commandId,
  answer,
});

/** The disk, or the file on it: not this desk's own mistake. */
export const isDiskError = (error: unknown): error is Error =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.startsWith('SQLITE_');

const isDamage = (error: unknown): error is Error =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(error.code);
